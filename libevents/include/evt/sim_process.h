/* Sim process: what runs between a start and a kill: a heap, a number, and the fault that awaits
 * it.
 *
 * Code runs inside a process by evt_sim_process_run. A kill leaves it from any depth, through
 * libevents and SQLite, without closing anything. */
#ifndef EVT_SIM_PROCESS_H
#define EVT_SIM_PROCESS_H

#include <evt/sim_heap.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum evt_sim_fault {
    EVT_SIM_FAULT_NONE,
    EVT_SIM_FAULT_KILL, /* at the nth operation on the disk: before it, in its middle or after it */
    EVT_SIM_FAULT_FULL, /* the nth write finds the disk full */
    EVT_SIM_FAULT_WRITE, /* the nth write fails */
    EVT_SIM_FAULT_SYNC,  /* the nth fsync fails */
    EVT_SIM_FAULT_ALLOC, /* the nth allocation fails */
    EVT_SIM_FAULTS
};
const char *evt_sim_fault_str(enum evt_sim_fault fault);

struct evt_sim_process {
    int id; /* from 1; the disk knows its open files and locks by it */
    struct evt_sim_heap *heap;
    enum evt_sim_fault fault;
    uint64_t countdown; /* the fault comes when it reaches 0 */
    bool fired;
    bool running;
    jmp_buf out;
};

/* Once per program: installs the heap, with kills for aborts. */
void evt_sim_process_install(void);
void evt_sim_process_init(struct evt_sim_process *process, int id);
void evt_sim_process_release(struct evt_sim_process *process);
/* `fault` comes at the nth chance from now on. */
void evt_sim_process_fault(struct evt_sim_process *process, enum evt_sim_fault fault, uint64_t nth);
/* Runs `fn` inside. False: it was killed; evt_sim_disk_killed then ends what is left of it. */
bool evt_sim_process_run(struct evt_sim_process *process, void (*fn)(void *arg), void *arg);
struct evt_sim_process *evt_sim_process_current(void); /* NULL: the world */
/* Kills the current process. */
void evt_sim_process_kill(void) __attribute__((noreturn));

#endif

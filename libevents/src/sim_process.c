/* Sim process: setjmp at the door, longjmp for a kill. */
#include <evt/sim_process.h>

#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>

static struct evt_sim_process *current;

const char *evt_sim_fault_str(enum evt_sim_fault fault)
{
    static const char *const names[EVT_SIM_FAULTS] = {
        [EVT_SIM_FAULT_NONE] = "none",        [EVT_SIM_FAULT_KILL] = "kill on disk",
        [EVT_SIM_FAULT_FULL] = "disk full",   [EVT_SIM_FAULT_WRITE] = "write error",
        [EVT_SIM_FAULT_SYNC] = "fsync error", [EVT_SIM_FAULT_ALLOC] = "out of memory",
    };

    return fault < EVT_SIM_FAULTS ? names[fault] : "?";
}

/* Out of memory counts as a kill; in the world's own code it is the simulator's end. */
static void die(const char *why)
{
    if (current != NULL)
        evt_sim_process_kill();
    fprintf(stderr, "sim: %s\n", why);
    abort();
}

void evt_sim_process_install(void)
{
    evt_sim_heap_install(die);
}

void evt_sim_process_init(struct evt_sim_process *process, int id)
{
    *process = (struct evt_sim_process){.id = id, .heap = evt_sim_heap_new()};
}

void evt_sim_process_release(struct evt_sim_process *process)
{
    evt_sim_heap_free(process->heap);
    process->heap = NULL;
}

void evt_sim_process_fault(struct evt_sim_process *process, enum evt_sim_fault fault, uint64_t nth)
{
    process->fault = fault;
    process->countdown = nth;
    process->fired = false;
    evt_sim_heap_fail_at(process->heap, fault == EVT_SIM_FAULT_ALLOC ? nth : 0, &process->fired);
}

bool evt_sim_process_run(struct evt_sim_process *process, void (*fn)(void *arg), void *arg)
{
    /* Read again after a longjmp, so they must not live in registers. */
    struct evt_sim_process *volatile before = current;
    struct evt_sim_heap *volatile heap_before = evt_sim_heap_enter(process->heap);
    volatile bool lived = false;

    EVT_BUG_ON(process->running);
    current = process;
    process->running = true;
    if (setjmp(process->out) == 0) {
        fn(arg);
        lived = true;
    }
    process->running = false;
    current = before;
    evt_sim_heap_enter(heap_before);
    return lived;
}

struct evt_sim_process *evt_sim_process_current(void)
{
    return current;
}

void evt_sim_process_kill(void)
{
    EVT_BUG_ON(current == NULL);
    longjmp(current->out, 1);
}

/* Sim heap: the memory of one simulated process.
 *
 * While a process runs, libevents' allocator and SQLite's take from its heap; a kill drops the heap
 * as a whole. That is what makes a kill close nothing: no rollback, no checkpoint, no destructor.
 * Without a heap entered, memory is the world's own, from malloc. */
#ifndef EVT_SIM_HEAP_H
#define EVT_SIM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evt_sim_heap;

/* Takes over evt_mem's hooks and SQLite's allocator, and makes SQLite single-threaded (a mutex held
 * by a killed process would be held for ever). Once, before anything uses SQLite. `die` is called
 * when libevents runs out of memory or is asked to die; it must not return. */
void evt_sim_heap_install(void (*die)(const char *why));

struct evt_sim_heap *evt_sim_heap_new(void);
void evt_sim_heap_free(struct evt_sim_heap *heap); /* NULL is fine */
/* From now on memory comes from `heap`; returns the one before. NULL: the world's own. */
struct evt_sim_heap *evt_sim_heap_enter(struct evt_sim_heap *heap);
/* Gives everything back at once; the heap is empty and can be used again. */
void evt_sim_heap_drop(struct evt_sim_heap *heap);
/* The `nth` allocation from now on fails, once, and `*ret_fired` becomes true. 0: none will. */
void evt_sim_heap_fail_at(struct evt_sim_heap *heap, uint64_t nth, bool *ret_fired);
/* Fresh memory is filled with `junk`: what reads it uninitialised then differs between runs. -1:
 * no. */
void evt_sim_heap_junk(struct evt_sim_heap *heap, int junk);
size_t evt_sim_heap_live(const struct evt_sim_heap *heap); /* blocks that are not freed */

#endif

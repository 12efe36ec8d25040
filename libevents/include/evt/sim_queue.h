/* Sim queue: the virtual clock, as the list of what happens next.
 *
 * Time is in microseconds and jumps from one event to the next. Events of the same moment come in
 * the order in which they were added. Who sets `now_us` ahead lets time pass in which nothing
 * happens: what should have happened comes late. */
#ifndef EVT_SIM_QUEUE_H
#define EVT_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evt_sim_event {
    int64_t at_us;
    uint64_t order;
    void (*fn)(void *self, void *what, uint64_t life);
    void *self, *what;
    uint64_t life; /* for the receiver: of which life of it the event is */
};

struct evt_sim_queue {
    int64_t now_us;
    uint64_t added;
    struct evt_sim_event *events; /* a heap, the first is next */
    size_t n, cap;
};

void evt_sim_queue_reset(struct evt_sim_queue *queue, int64_t now_us); /* keeps memory */
void evt_sim_queue_release(struct evt_sim_queue *queue);
/* At `at_us`, or now when that is past. */
void evt_sim_queue_add(struct evt_sim_queue *queue, int64_t at_us,
                       void (*fn)(void *self, void *what, uint64_t life), void *self, void *what,
                       uint64_t life);
/* Moves the clock to the next event and runs it; false: none is left. */
bool evt_sim_queue_run(struct evt_sim_queue *queue);

#endif

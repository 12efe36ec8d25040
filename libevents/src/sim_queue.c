/* Sim queue: a binary heap of events by time and order. */
#include <evt/sim_queue.h>

#include <evt/mem.h>
#include <stdlib.h>

void evt_sim_queue_reset(struct evt_sim_queue *queue, int64_t now_us)
{
    queue->now_us = now_us;
    queue->added = 0;
    queue->n = 0;
}

void evt_sim_queue_release(struct evt_sim_queue *queue)
{
    free(queue->events);
    *queue = (struct evt_sim_queue){.n = 0};
}

static bool before(const struct evt_sim_event *a, const struct evt_sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void evt_sim_queue_add(struct evt_sim_queue *queue, int64_t at_us,
                       void (*fn)(void *self, void *what, uint64_t life), void *self, void *what,
                       uint64_t life)
{
    const struct evt_sim_event event = {.at_us = at_us < queue->now_us ? queue->now_us : at_us,
                                        .order = queue->added++,
                                        .fn = fn,
                                        .self = self,
                                        .what = what,
                                        .life = life};
    size_t i = queue->n++;

    if (queue->n > queue->cap) {
        queue->cap = queue->cap == 0 ? 256 : queue->cap * 2;
        queue->events = realloc(queue->events, queue->cap * sizeof *queue->events);
        EVT_BUG_ON(queue->events == NULL);
    }
    while (i > 0 && before(&event, &queue->events[(i - 1) / 2])) {
        queue->events[i] = queue->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    queue->events[i] = event;
}

bool evt_sim_queue_run(struct evt_sim_queue *queue)
{
    struct evt_sim_event first, last;
    size_t i = 0;

    if (queue->n == 0)
        return false;
    first = queue->events[0];
    last = queue->events[--queue->n];
    for (size_t child = 1; child < queue->n; child = 2 * i + 1) {
        if (child + 1 < queue->n && before(&queue->events[child + 1], &queue->events[child]))
            child++;
        if (!before(&queue->events[child], &last))
            break;
        queue->events[i] = queue->events[child];
        i = child;
    }
    queue->events[i] = last;
    if (queue->now_us < first.at_us)
        queue->now_us = first.at_us;
    first.fn(first.self, first.what, first.life);
    return true;
}

/* Saga bench, the load: orders placed by so many clients, each of which waits for its order's end
 * before it places another one (closed loop), or so many a second, whatever came back until then
 * (open loop). The shop and its floor are loaded by the same lines. */
#ifndef SAGA_LOAD_H
#define SAGA_LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an order is placed. Its end is told by saga_load_ended, from any thread. */
struct saga_way {
    void *self;
    void (*place)(void *self, uint64_t order); /* from any thread */
    void (*serve)(void *self, int timeout_ms); /* now and then; waits up to that long */
};

struct saga_load {
    struct saga_way way;
    size_t clients;      /* closed loop; 0: open */
    double per_s;        /* open loop */
    double warm_s, of_s; /* what counts begins after `warm_s` and lasts `of_s` */
    uint64_t first;      /* orders are numbered from here on */
    const char *name;    /* for who watches */
    void (*begin)(void *arg), (*end)(void *arg); /* called when what counts begins, and ends */
    void *arg;

    atomic_uint_fast64_t placed, ended, counted;
    double from_us, to_us;
    struct saga_time {
        double intended_us, took_us;
    } * times; /* by order, from `first` on */
};

/* What of it counted. */
struct saga_figures {
    double per_s, p50_ms, p99_ms, p999_ms;
};

/* Returns when every order has ended; the program ends with words when one does not. */
void saga_load_run(struct saga_load *load, struct saga_figures *ret_figures);
void saga_load_ended(struct saga_load *load, uint64_t order, double now_us);

#endif

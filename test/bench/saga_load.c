/* Saga bench, the load. */
#include "saga_load.h"

#include "bench.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ORDERS_MAX 2000000 /* of one case */
#define STUCK_US   60e6    /* without any end something is wrong */
#define SERVE_MS   20
#define SAY_US     1e6

static void place(struct saga_load *load, double at_us)
{
    const uint64_t i = atomic_fetch_add(&load->placed, 1);

    EVT_BUG_ON(i >= ORDERS_MAX);
    load->times[i].intended_us = at_us;
    load->way.place(load->way.self, load->first + i);
}

void saga_load_ended(struct saga_load *load, uint64_t order, double now_us)
{
    struct saga_time *time = &load->times[order - load->first];

    EVT_BUG_ON(order < load->first || order - load->first >= load->placed);
    time->took_us = now_us - time->intended_us;
    if (now_us >= load->from_us && now_us < load->to_us)
        atomic_fetch_add(&load->counted, 1);
    if (load->clients && now_us < load->to_us)
        place(load, bench_now_us());
    atomic_fetch_add(&load->ended, 1); /* last: who waits for it may take all away */
}

/* ---- who watches ---- */

static void say(const struct saga_load *load, double now_us)
{
    static double said_us;

    if (!isatty(STDERR_FILENO) || now_us < said_us + SAY_US)
        return;
    said_us = now_us;
    fprintf(stderr, "\r\033[K%s: %.0f of %.0f s, %" PRIuFAST64 " ended, %" PRIuFAST64 " under way",
            load->name, load->warm_s + load->of_s - (load->to_us - now_us) / 1e6,
            load->warm_s + load->of_s, load->ended, load->placed - load->ended);
}

static void say_no_more(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

/* ---- the loops ---- */

/* What happens at a time of its own, from the thread that places. */
struct marks {
    bool begun, ended;
};

static void look(struct saga_load *load, struct marks *marks)
{
    const double now_us = bench_now_us();

    if (!marks->begun && now_us >= load->from_us) {
        marks->begun = true;
        if (load->begin)
            load->begin(load->arg);
    }
    if (!marks->ended && now_us >= load->to_us) {
        marks->ended = true;
        if (load->end)
            load->end(load->arg);
    }
    say(load, now_us);
}

static void closed(struct saga_load *load, struct marks *marks)
{
    for (size_t i = 0; i < load->clients; i++)
        place(load, bench_now_us());
    while (!marks->ended) {
        load->way.serve(load->way.self, SERVE_MS);
        look(load, marks);
    }
}

static void open_loop(struct saga_load *load, struct marks *marks)
{
    const double begin_us = bench_now_us(), every_us = 1e6 / load->per_s;

    for (uint64_t i = 0; !marks->ended; i++) {
        const double at_us = begin_us + (double)i * every_us;

        load->way.serve(load->way.self, 0);
        look(load, marks);
        bench_wait_until(at_us);
        place(load, at_us);
    }
}

static void drain(struct saga_load *load)
{
    double last_us = bench_now_us();
    uint64_t before = load->ended;

    while (load->ended < load->placed) {
        load->way.serve(load->way.self, SERVE_MS);
        say(load, bench_now_us());
        if (load->ended != before) {
            before = load->ended;
            last_us = bench_now_us();
        }
        if (bench_now_us() - last_us < STUCK_US)
            continue;
        fprintf(stderr, "bench: %s: no end for %.0f s: %" PRIuFAST64 " of %" PRIuFAST64 " orders\n",
                load->name, STUCK_US / 1e6, load->ended, load->placed);
        exit(EXIT_FAILURE);
    }
}

/* Latencies of those that were to be placed while it counted. */
static void figure(const struct saga_load *load, struct saga_figures *ret_figures)
{
    double *took_ms = evt_alloc((load->placed + 1) * sizeof(*took_ms));
    size_t n = 0;

    for (uint64_t i = 0; i < load->placed; i++)
        if (load->times[i].intended_us >= load->from_us && load->times[i].intended_us < load->to_us)
            took_ms[n++] = load->times[i].took_us / 1e3;
    if (n == 0) {
        fprintf(stderr, "bench: %s: no order was placed in %.0f s\n", load->name, load->of_s);
        exit(EXIT_FAILURE);
    }
    bench_sort(took_ms, n);
    ret_figures->per_s = (double)load->counted / load->of_s;
    ret_figures->p50_ms = bench_quantile(took_ms, n, 0.5);
    ret_figures->p99_ms = bench_quantile(took_ms, n, 0.99);
    ret_figures->p999_ms = bench_quantile(took_ms, n, 0.999);
    evt_free(took_ms);
}

void saga_load_run(struct saga_load *load, struct saga_figures *ret_figures)
{
    struct marks marks = {0};

    load->times = evt_zalloc(ORDERS_MAX * sizeof(*load->times));
    load->from_us = bench_now_us() + load->warm_s * 1e6;
    load->to_us = load->from_us + load->of_s * 1e6;
    if (load->clients)
        closed(load, &marks);
    else
        open_loop(load, &marks);
    drain(load);
    say_no_more();
    figure(load, ret_figures);
    evt_free(load->times);
    load->times = NULL;
}

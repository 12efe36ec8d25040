/* Saga bench, the cases. */
#include "saga_cases.h"

#include "bench.h"
#include "kafka_pick.h"
#include "saga_count.h"
#include "saga_http.h"
#include "saga_ring.h"
#include "saga_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_S       5
#define CASE_S       20
#define FLOOR_WARM_S 2
#define FLOOR_S      8
#define JIT_S        25 /* until a broker's compiler is done with what a load needs */
#define PSS_MB_MAX   150.0
#define NONE         0.0 /* no aim */

/* What is aimed at, on two cores. */
struct aims {
    double p50_ms, p99_ms, per_s;
};

struct kind {
    const char *pick, *name;
    size_t clients; /* closed loop */
    double per_s;   /* open loop */
    bool http, fsync;
    struct aims aims;
};

static const struct kind kinds[] = {
    {"c1", "c1", 1, 0, false, false, {NONE, NONE, NONE}},
    {"c128", "c128", 128, 0, false, false, {NONE, NONE, NONE}},
    {"c1024", "c1024", 1024, 0, false, false, {NONE, NONE, 5000}},
    {"open200", "open200", 0, 200, false, false, {5, 20, NONE}},
    {"open500", "open500", 0, 500, false, false, {10, 40, NONE}},
    {"open1000", "open1000", 0, 1000, false, false, {NONE, NONE, NONE}},
    {"open2000", "open2000", 0, 2000, false, false, {NONE, NONE, NONE}},
    {"open200-http", "open200", 0, 200, true, false, {NONE, NONE, NONE}},
    {"c128-http", "c128", 128, 0, true, false, {NONE, NONE, NONE}},
    {"c1024-fsync", "c1024", 1024, 0, false, true, {NONE, NONE, 2000}},
};
#define KINDS_N (sizeof(kinds) / sizeof(*kinds))

/* One world for all cases of a broker: stores and log grow from case to case. */
struct world {
    struct saga_shop shop;
    struct saga_tally tally;
    struct evt_kafka kafka;
    struct saga_topics topics;
    struct saga_http http;
    uint64_t floors; /* orders of the floors */
};

/* What is measured beside the load itself. */
struct around {
    const struct saga_shop *shop;
    struct saga_usage from, to;
    struct saga_memory memory;
};

static void counts_begin(void *arg)
{
    struct around *around = arg;

    saga_shop_usage(around->shop, &around->from);
    saga_memory_begin(&around->memory, around->shop);
}

static void counts_end(void *arg)
{
    struct around *around = arg;

    saga_shop_usage(around->shop, &around->to);
    saga_memory_end(&around->memory);
}

static struct saga_figures run_ring(struct world *world, struct saga_load *load,
                                    const char *linger_ms)
{
    struct saga_figures figures;
    struct saga_ring ring;

    saga_ring_open(&ring, world->kafka.brokers, linger_ms);
    load->first = world->floors;
    ring.load = load;
    load->way = saga_ring_way(&ring);
    saga_load_run(load, &figures);
    saga_ring_close(&ring);
    world->floors += load->placed;
    return figures;
}

/* The first case is not to pay for the broker's start. */
static void warm_broker(struct world *world)
{
    struct saga_load load = {.clients = 32, .warm_s = JIT_S, .of_s = 1, .name = "the warm-up"};

    run_ring(world, &load, "0");
}

static struct saga_figures floor_of(struct world *world, const struct kind *kind)
{
    struct saga_load load = {.clients = kind->clients,
                             .per_s = kind->per_s,
                             .warm_s = FLOOR_WARM_S,
                             .of_s = FLOOR_S,
                             .name = "floor"};

    /* Where all is to go at once, a burst is gathered; where a person waits, nothing lingers. */
    return run_ring(world, &load, kind->clients > 1 ? "1" : "0");
}

static const char *yes(bool is)
{
    return is ? "yes" : "no";
}

static bool reached(const struct kind *kind, const struct saga_figures *is, double pss_mb)
{
    const struct aims *aims = &kind->aims;

    return (aims->p50_ms <= 0 || is->p50_ms <= aims->p50_ms) &&
           (aims->p99_ms <= 0 || is->p99_ms <= aims->p99_ms) &&
           (aims->per_s <= 0 || is->per_s >= aims->per_s) && pss_mb <= PSS_MB_MAX;
}

static void print(const struct kind *kind, const struct saga_figures *is,
                  const struct saga_figures *floor, const struct saga_load *load,
                  const struct around *around, double records, bool exact)
{
    const double sagas = (double)load->counted;
    double cpu_us = 0;

    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        cpu_us += around->to.cpu_us[i] - around->from.cpu_us[i];
    printf("case=%s via=%s fsync=%d rate=%.0f p50_ms=%.2f p99_ms=%.2f p999_ms=%.2f "
           "cpu_ms_per_saga=%.3f pss_mb=%.1f check=%s",
           kind->name, kind->http ? "http" : "topics", kind->fsync, is->per_s, is->p50_ms,
           is->p99_ms, is->p999_ms, cpu_us / 1e3 / sagas, around->memory.most_mb,
           exact ? "exact" : "mismatch");
    printf(" floor_rate=%.0f floor_p50_ms=%.2f floor_p99_ms=%.2f floor_p999_ms=%.2f", floor->per_s,
           floor->p50_ms, floor->p99_ms, floor->p999_ms);
    printf(" pss_mean_mb=%.1f records_per_saga=%.2f",
           around->memory.sum_mb / (double)(around->memory.looks ? around->memory.looks : 1),
           records);
    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        printf(" %s_us=%.0f", around->shop->services[i].name,
               (around->to.cpu_us[i] - around->from.cpu_us[i]) / sagas);
    printf(" broker_us=%.0f client_us=%.0f ok=%s\n",
           (around->to.broker_us - around->from.broker_us) / sagas,
           (around->to.client_us - around->from.client_us) / sagas,
           yes(exact && reached(kind, is, around->memory.most_mb)));
    fflush(stdout);
}

static bool run(struct world *world, const struct kind *kind)
{
    struct around around = {.shop = &world->shop};
    struct saga_load load = {.way = kind->http ? saga_http_way(&world->http)
                                               : saga_topics_way(&world->topics),
                             .clients = kind->clients,
                             .per_s = kind->per_s,
                             .warm_s = WARM_S,
                             .of_s = CASE_S,
                             .first = world->tally.placed,
                             .name = kind->pick,
                             .begin = counts_begin,
                             .end = counts_end,
                             .arg = &around};
    const struct saga_figures floor = floor_of(world, kind);
    const size_t before = saga_records(&world->kafka);
    struct saga_figures figures;
    bool exact;

    world->topics.load = world->http.load = &load;
    saga_load_run(&load, &figures);
    saga_wait_quiet(&world->shop, &world->kafka);
    world->topics.load = world->http.load = NULL;
    world->tally.placed += load.placed;
    if (!kind->http)
        world->tally.over_topics += load.placed;
    exact = saga_count(&world->shop, &world->kafka, &world->tally);
    print(kind, &figures, &floor, &load, &around,
          (double)(saga_records(&world->kafka) - before) / (double)load.placed, exact);
    return exact;
}

void saga_cases_brokers(char *const *picked)
{
    bool plain = false, fsync = false;

    kafka_pick_check(kinds, KINDS_N, sizeof(*kinds), picked);
    for (size_t i = 0; i < KINDS_N; i++)
        if (kafka_is_picked(kinds[i].pick, picked))
            *(kinds[i].fsync ? &fsync : &plain) = true;
    printf("%s%s", plain ? "0\n" : "", fsync ? "1\n" : "");
}

static void send_one(void *arg, const struct evt_send *send)
{
    kafka_sender_send(arg, send);
}

static void open_world(struct world *world, const char *build, const char *brokers,
                       const char *folder)
{
    static const char *const floors[] = {SAGA_RING_THERE, SAGA_RING_BACK, SAGA_RING_END, NULL};
    struct kafka_sender sender;
    const struct kafka_outside client = {send_one, &sender, "catalogue"};

    world->kafka = (struct evt_kafka){.brokers = brokers, .client = "bench"};
    kafka_topics_make(&world->kafka, "shop.order.inbox.v1", floors);
    saga_shop_open(&world->shop, build, brokers, folder);
    kafka_sender_open(&sender, &world->kafka);
    kafka_catalogue(&client);
    kafka_sender_close(&sender);
    saga_wait_quiet(&world->shop, &world->kafka);
    saga_tally_init(&world->tally);
    saga_topics_open(&world->topics, &world->kafka, &world->tally);
    saga_http_open(&world->http, world->shop.http, &world->tally);
}

static void close_world(struct world *world)
{
    saga_http_close(&world->http);
    saga_topics_close(&world->topics);
    saga_shop_close(&world->shop);
    saga_tally_release(&world->tally);
}

bool saga_cases_run(const char *build, const char *brokers, const char *folder, bool fsync,
                    char *const *picked)
{
    static struct world world;
    bool exact = true;

    kafka_pick_check(kinds, KINDS_N, sizeof(*kinds), picked);
    open_world(&world, build, brokers, folder);
    warm_broker(&world);
    for (size_t i = 0; i < KINDS_N; i++)
        if (kinds[i].fsync == fsync && kafka_is_picked(kinds[i].pick, picked))
            exact &= run(&world, &kinds[i]);
    close_world(&world);
    return exact;
}

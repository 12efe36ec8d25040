/* Kafka bench, the cases. One world for all of them: the log grows from case to case, and the
 * rebuild at the end reads all of it. */
#include "kafka_cases.h"

#include "bench.h"
#include "kafka_load.h"
#include "kafka_process.h"

#include "events/product.h"

#include <evt/cluster.h>
#include <evt/codec.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INBOX   "shop.product.inbox.v1"
#define REPLIES "shop.order.inbox.v1"
#define THERE   "bench.there.v1" /* floors: */
#define BACK    "bench.back.v1"
#define RAW     "bench.raw.v1"

#define ASK_MS       10000
#define WARM_US      5e6
#define RATE         200
#define PACED_ROUNDS 15 /* of a second each */
#define BURST        60000
#define RAW_TIMES    5 /* a raw round sends so many times as many */
#define BURST_ROUNDS 5
#define STARTS       5
#define REBUILDS     2
#define IDLE_LOOKS   20
#define IDLE_LOOK_US 100000

#define BAR_P50     2.0
#define BAR_P99     5.0
#define BAR_RATE    0.12
#define BAR_IDLE    20.0
#define BAR_LOAD    60.0
#define BAR_START   300.0
#define BAR_REBUILD 0.5

struct cases {
    struct evt_kafka paced;  /* where a person waits: nothing lingers */
    struct evt_kafka bursts; /* under load */
    struct kafka_product product;
    struct kafka_way service, two_hops, raw;
    struct kafka_sender sender;
    struct kafka_command *commands;
    struct kafka_memory most;
};

static const char *ok(bool is_ok)
{
    return is_ok ? "yes" : "no";
}

static void prefix_of(const struct evt_type *type, uint8_t ret_prefix[KAFKA_PREFIX])
{
    const uint32_t id = type->schemas[type->schemas_n - 1].id;

    for (int i = 0; i < KAFKA_PREFIX; i++)
        ret_prefix[i] = (uint8_t)(i == 0 ? 0 : id >> (8 * (4 - i)));
}

/* The floors' topics have the settings of an inbox. */
static void make_topics(const struct evt_kafka *kafka)
{
    static const char *const floors[] = {THERE, BACK, RAW};
    const struct evt_topic *topics[64];
    struct evt_topic made[3];
    struct evt_cluster *cluster;
    struct evt_error err;
    size_t n = 0;

    EVT_BUG_ON(evt_registry.topics_n + 3 > sizeof(topics) / sizeof(*topics));
    for (; n < evt_registry.topics_n; n++)
        topics[n] = &evt_registry.topics[n];
    for (size_t i = 0; i < 3; i++) {
        made[i] = *evt_registry_topic(&evt_registry, REPLIES);
        made[i].name = floors[i];
        topics[n++] = &made[i];
    }
    bench_need(evt_cluster_open(kafka, ASK_MS, &cluster, &err), &err);
    bench_need(evt_cluster_apply(cluster, &evt_registry, topics, n, NULL, NULL, &err), &err);
    evt_cluster_close(cluster);
}

static void send_one(void *arg, const struct evt_send *send)
{
    kafka_sender_send(arg, send);
}

/* ---- command to reply, where a person waits ---- */

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double quantile(const double *sorted, size_t n, double q)
{
    return sorted[(size_t)((double)(n - 1) * q + 0.5)];
}

static void paced_rounds(struct cases *cases, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        kafka_paced(&cases->two_hops, &cases->sender, RATE, 1e6 / RATE);
        kafka_paced(&cases->service, &cases->sender, RATE, 1e6 / RATE);
    }
}

static void reply_case(struct cases *cases)
{
    const size_t warm = (size_t)(WARM_US / 2e6 + 1), n = (size_t)PACED_ROUNDS * RATE;
    double *took = cases->service.latency_us + warm * RATE, *floor;
    const pid_t echo =
        kafka_process_self((const char *const[]){"echo", cases->paced.brokers, NULL});
    double p50, floor_p50, p99, floor_p99;

    kafka_way_open(&cases->two_hops, &cases->paced);
    kafka_sender_open(&cases->sender, &cases->paced);
    paced_rounds(cases, warm);
    paced_rounds(cases, PACED_ROUNDS);
    kafka_sender_close(&cases->sender);
    kafka_process_end(echo);
    floor = cases->two_hops.latency_us + warm * RATE;
    qsort(took, n, sizeof(*took), by_size);
    qsort(floor, n, sizeof(*floor), by_size);
    p50 = quantile(took, n, 0.5);
    floor_p50 = quantile(floor, n, 0.5);
    p99 = quantile(took, n, 0.99);
    floor_p99 = quantile(floor, n, 0.99);
    printf("bench=kafka case=reply_p50 rate=%d commands=%zu p50_us=%.0f floor_p50_us=%.0f "
           "ratio=%.2f bar=%.2f ok=%s\n",
           RATE, n, p50, floor_p50, p50 / floor_p50, BAR_P50, ok(p50 <= BAR_P50 * floor_p50));
    printf("bench=kafka case=reply_p99 rate=%d commands=%zu p99_us=%.0f floor_p99_us=%.0f "
           "ratio=%.2f bar=%.2f ok=%s\n",
           RATE, n, p99, floor_p99, p99 / floor_p99, BAR_P99, ok(p99 <= BAR_P99 * floor_p99));
    fflush(stdout);
    kafka_way_close(&cases->two_hops);
}

/* ---- as fast as it goes ---- */

static void look_at_memory(void *arg)
{
    struct cases *cases = arg;
    const struct kafka_memory now = kafka_memory(cases->product.pid);

    if (now.pss_mb > cases->most.pss_mb)
        cases->most = now;
}

static double service_round(struct cases *cases)
{
    for (size_t i = 0; i < BURST; i++)
        kafka_order_next(&cases->service.order, &cases->commands[i]);
    return BURST / kafka_burst(&cases->service, &cases->sender, cases->commands, BURST, 1,
                               look_at_memory, cases);
}

static double raw_round(struct cases *cases)
{
    return BURST * RAW_TIMES /
           kafka_burst(&cases->raw, &cases->sender, cases->commands, BURST, RAW_TIMES, NULL, NULL);
}

static void sustained_case(struct cases *cases)
{
    double rates[BURST_ROUNDS], floors[BURST_ROUNDS], rate, floor, cpu_us;
    double begin_us = bench_now_us();

    kafka_way_open(&cases->raw, &cases->paced);
    kafka_sender_open(&cases->sender, &cases->bursts);
    do {
        (void)service_round(cases);
        (void)raw_round(cases);
    } while (bench_now_us() - begin_us < WARM_US);
    cpu_us = kafka_cpu_us(cases->product.pid);
    for (size_t i = 0; i < BURST_ROUNDS; i++) {
        rates[i] = service_round(cases);
        floors[i] = raw_round(cases);
    }
    cpu_us = kafka_cpu_us(cases->product.pid) - cpu_us;
    kafka_sender_close(&cases->sender);
    kafka_way_close(&cases->raw);
    rate = bench_median(rates, BURST_ROUNDS);
    floor = bench_median(floors, BURST_ROUNDS);
    printf("bench=kafka case=sustained commands=%d cpu_us=%.2f per_s=%.0f "
           "floor_per_s=%.0f ratio=%.3f bar=%.2f ok=%s\n",
           BURST * BURST_ROUNDS, cpu_us / (BURST * BURST_ROUNDS), rate, floor, rate / floor,
           BAR_RATE, ok(rate >= BAR_RATE * floor));
    printf("bench=kafka case=memory_load rss_mb=%.1f pss_mb=%.1f bar_mb=%.0f ok=%s\n",
           cases->most.rss_mb, cases->most.pss_mb, BAR_LOAD, ok(cases->most.pss_mb <= BAR_LOAD));
    fflush(stdout);
}

/* ---- start, idle, rebuild ---- */

static void start_case(struct cases *cases)
{
    double seconds[STARTS], ms;

    for (size_t i = 0; i < STARTS; i++) {
        (void)kafka_product_stop(&cases->product);
        seconds[i] = kafka_product_start(&cases->product);
    }
    ms = bench_median(seconds, STARTS) * 1e3;
    printf("bench=kafka case=start starts=%d ms=%.0f bar_ms=%.0f ok=%s\n", STARTS, ms, BAR_START,
           ok(ms <= BAR_START));
    fflush(stdout);
}

/* The most of what is seen in a few seconds, as there is housekeeping in them. */
static void idle_case(struct cases *cases)
{
    cases->most = (struct kafka_memory){0};
    for (size_t i = 0; i < IDLE_LOOKS; i++) {
        look_at_memory(cases);
        usleep(IDLE_LOOK_US);
    }
    printf("bench=kafka case=memory_idle rss_mb=%.1f pss_mb=%.1f bar_mb=%.0f ok=%s\n",
           cases->most.rss_mb, cases->most.pss_mb, BAR_IDLE, ok(cases->most.pss_mb <= BAR_IDLE));
    fflush(stdout);
}

/* A log read, or built from: how long it took, and how much of a core. */
struct reading {
    double seconds[REBUILDS], cpu_us[REBUILDS];
};

/* By a bare consumer, begun anew. */
static void bare_read(const struct cases *cases, int32_t partition, size_t records, size_t round,
                      struct reading *reading)
{
    const double begin_us = bench_now_us(), cpu_us = kafka_cpu_us(getpid());
    struct kafka_watch watch = {0};

    kafka_watch_open(&watch, &cases->paced, INBOX, partition, KAFKA_FROM_BEGIN);
    while (atomic_load(&watch.received) < records)
        usleep(1000);
    reading->seconds[round] = (bench_now_us() - begin_us) / 1e6;
    reading->cpu_us[round] = kafka_cpu_us(getpid()) - cpu_us;
    kafka_watch_close(&watch);
}

static void print_reading(const char *name, size_t records, const struct reading *ours,
                          const struct reading *bare, const char *check)
{
    const double rate = (double)records / bench_median(ours->seconds, REBUILDS);
    const double floor = (double)records / bench_median(bare->seconds, REBUILDS);

    printf("bench=kafka case=%s records=%zu cpu_us=%.2f floor_cpu_us=%.2f per_s=%.0f "
           "floor_per_s=%.0f ratio=%.3f bar=%.2f ok=%s%s\n",
           name, records, bench_median(ours->cpu_us, REBUILDS) / (double)records,
           bench_median(bare->cpu_us, REBUILDS) / (double)records, rate, floor, rate / floor,
           BAR_REBUILD, ok(rate >= BAR_REBUILD * floor), check);
    fflush(stdout);
}

static void rebuild_case(struct cases *cases)
{
    const size_t records = kafka_records(&cases->paced, INBOX, -1);
    struct reading ours, bare;

    for (size_t i = 0; i < REBUILDS; i++) {
        bare_read(cases, -1, records, i, &bare);
        (void)kafka_product_stop(&cases->product);
        kafka_product_remove_store(&cases->product);
        ours.seconds[i] = kafka_product_start(&cases->product);
        ours.cpu_us[i] = kafka_cpu_us(cases->product.pid);
    }
    print_reading("rebuild", records, &ours, &bare, "");
}

static void replay_case(struct cases *cases)
{
    const size_t records = kafka_records(&cases->paced, INBOX, 0);
    struct reading ours, bare;

    for (size_t i = 0; i < REBUILDS; i++) {
        bare_read(cases, 0, records, i, &bare);
        ours.seconds[i] = kafka_product_replay(&cases->product, 0, &ours.cpu_us[i]);
    }
    print_reading("replay", records, &ours, &bare, " check=equal");
}

/* ---- all ---- */

int kafka_cases_echo(const char *brokers)
{
    return kafka_echo(&(const struct evt_kafka){.brokers = brokers, .client = "echo"}, THERE, BACK);
}

static void set_up(struct cases *cases)
{
    prefix_of(&product_stock_reserved_type, cases->service.prefix);
    prefix_of(&product_reserve_stock_type, cases->two_hops.prefix);
    cases->commands = evt_alloc(BURST * sizeof(*cases->commands));
    make_topics(&cases->paced);
    (void)kafka_product_start(&cases->product);
    kafka_sender_open(&cases->sender, &cases->paced);
    kafka_products(INBOX, send_one, &cases->sender);
    kafka_sender_close(&cases->sender);
    kafka_way_open(&cases->service, &cases->paced);
}

static const struct {
    const char *name;
    void (*run)(struct cases *cases);
} all_cases[] = {
    {"reply", reply_case}, {"sustained", sustained_case}, {"start", start_case},
    {"idle", idle_case},   {"rebuild", rebuild_case},     {"replay", replay_case},
};

static void check_picked(char *const *picked)
{
    for (; *picked; picked++) {
        size_t i = 0;

        while (i < sizeof(all_cases) / sizeof(*all_cases) &&
               strcmp(*picked, all_cases[i].name) != 0)
            i++;
        if (i == sizeof(all_cases) / sizeof(*all_cases)) {
            fprintf(stderr, "bench: no case is called %s; there are", *picked);
            for (i = 0; i < sizeof(all_cases) / sizeof(*all_cases); i++)
                fprintf(stderr, " %s", all_cases[i].name);
            fprintf(stderr, "\n");
            exit(2);
        }
    }
}

static bool is_picked(const char *name, char *const *picked)
{
    bool is = !*picked;

    for (; *picked; picked++)
        is = is || strcmp(*picked, name) == 0;
    return is;
}

void kafka_cases_run(const char *program, const char *brokers, const char *folder,
                     char *const *picked)
{
    static const char *const loaded[] = {"linger.ms=1", "queue.buffering.max.messages=100000",
                                         NULL};
    struct cases cases = {
        .paced = {.brokers = brokers, .client = "bench"},
        .bursts = {.brokers = brokers, .client = "bench", .properties = loaded},
        .product = {.program = program, .brokers = brokers, .folder = folder},
        .service = {.to = INBOX, .back = REPLIES, .lineage = "00000000000000b1"},
        .two_hops = {.to = THERE, .back = BACK, .lineage = "00000000000000b2", .by_order = true},
        .raw = {.to = RAW, .back = RAW, .lineage = "00000000000000b3", .raw = true},
    };

    check_picked(picked);
    set_up(&cases);
    for (size_t i = 0; i < sizeof(all_cases) / sizeof(*all_cases); i++)
        if (is_picked(all_cases[i].name, picked))
            all_cases[i].run(&cases);
    kafka_way_close(&cases.service);
    (void)kafka_product_stop(&cases.product);
    evt_free(cases.commands);
}

/* Kafka bench, the cases of the store: how soon a process is ready, what it holds, and how fast a
 * lost store is built again. */
#include "kafka_cases_internal.h"

#include "bench.h"
#include "kafka_product.h"

#include <stdio.h>
#include <unistd.h>

#define STARTS       5
#define REBUILDS     2
#define IDLE_LOOKS   20
#define IDLE_LOOK_US 100000

#define BAR_IDLE    20.0
#define BAR_START   300.0
#define BAR_REBUILD 0.5

void kafka_case_start(struct cases *cases)
{
    double seconds[STARTS], ms;

    for (size_t i = 0; i < STARTS; i++) {
        (void)kafka_service_stop(&cases->product);
        seconds[i] = kafka_service_start(&cases->product);
    }
    ms = bench_median(seconds, STARTS) * 1e3;
    printf("bench=kafka case=start starts=%d ms=%.0f bar_ms=%.0f ok=%s\n", STARTS, ms, BAR_START,
           kafka_ok(ms <= BAR_START));
    fflush(stdout);
}

/* The most of what is seen in a few seconds, as there is housekeeping in them. */
void kafka_case_idle(struct cases *cases)
{
    cases->most = (struct kafka_memory){0};
    for (size_t i = 0; i < IDLE_LOOKS; i++) {
        kafka_look_at_memory(cases);
        usleep(IDLE_LOOK_US);
    }
    printf("bench=kafka case=memory_idle rss_mb=%.1f pss_mb=%.1f bar_mb=%.0f ok=%s\n",
           cases->most.rss_mb, cases->most.pss_mb, BAR_IDLE,
           kafka_ok(cases->most.pss_mb <= BAR_IDLE));
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

    kafka_watch_open(&watch, &cases->paced, KAFKA_INBOX, partition, KAFKA_FROM_BEGIN);
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
           BAR_REBUILD, kafka_ok(rate >= BAR_REBUILD * floor), check);
    fflush(stdout);
}

void kafka_case_rebuild(struct cases *cases)
{
    const size_t records = kafka_records(&cases->paced, KAFKA_INBOX, -1);
    struct reading ours, bare;

    for (size_t i = 0; i < REBUILDS; i++) {
        bare_read(cases, -1, records, i, &bare);
        (void)kafka_service_stop(&cases->product);
        kafka_product_remove_store(&cases->product);
        ours.seconds[i] = kafka_service_start(&cases->product);
        ours.cpu_us[i] = kafka_cpu_us(cases->product.pid);
    }
    print_reading("rebuild", records, &ours, &bare, "");
}

void kafka_case_replay(struct cases *cases)
{
    const size_t records = kafka_records(&cases->paced, KAFKA_INBOX, 0);
    struct reading ours, bare;

    for (size_t i = 0; i < REBUILDS; i++) {
        bare_read(cases, 0, records, i, &bare);
        ours.seconds[i] = kafka_product_replay(&cases->product, 0, &ours.cpu_us[i]);
    }
    print_reading("replay", records, &ours, &bare, " check=equal");
}

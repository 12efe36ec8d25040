/* Kafka bench, the cases of load: beside raw hops of the same records, in rounds that take turns.
 */
#include "kafka_cases_internal.h"

#include "bench.h"

#include <evt/mem.h>

#include <stdio.h>

#define WARM_US      5e6
#define RATE         200
#define PACED_ROUNDS 15 /* of a second each */
#define BURST        60000
#define RAW_TIMES    5 /* a raw round sends so many times as many */
#define BURST_ROUNDS 5

#define BAR_P50  2.0
#define BAR_P99  5.0
#define BAR_RATE 0.12
#define BAR_LOAD 60.0

/* ---- command to reply, where a person waits ---- */

static void paced_rounds(struct cases *cases, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        kafka_paced(&cases->two_hops, &cases->sender, RATE, 1e6 / RATE);
        kafka_paced(&cases->service, &cases->sender, RATE, 1e6 / RATE);
    }
}

void kafka_case_reply(struct cases *cases)
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
    bench_sort(took, n);
    bench_sort(floor, n);
    p50 = bench_quantile(took, n, 0.5);
    floor_p50 = bench_quantile(floor, n, 0.5);
    p99 = bench_quantile(took, n, 0.99);
    floor_p99 = bench_quantile(floor, n, 0.99);
    printf("bench=kafka case=reply_p50 rate=%d commands=%zu p50_us=%.0f floor_p50_us=%.0f "
           "ratio=%.2f bar=%.2f ok=%s\n",
           RATE, n, p50, floor_p50, p50 / floor_p50, BAR_P50, kafka_ok(p50 <= BAR_P50 * floor_p50));
    printf("bench=kafka case=reply_p99 rate=%d commands=%zu p99_us=%.0f floor_p99_us=%.0f "
           "ratio=%.2f bar=%.2f ok=%s\n",
           RATE, n, p99, floor_p99, p99 / floor_p99, BAR_P99, kafka_ok(p99 <= BAR_P99 * floor_p99));
    fflush(stdout);
    kafka_way_close(&cases->two_hops);
}

/* ---- as fast as it goes ---- */

static double service_round(struct cases *cases, struct kafka_command *commands)
{
    for (size_t i = 0; i < BURST; i++)
        kafka_order_next(&cases->service.order, &commands[i]);
    return BURST / kafka_burst(&cases->service, &cases->sender, commands, BURST, 1,
                               kafka_look_at_memory, cases);
}

static double raw_round(struct cases *cases, const struct kafka_command *commands)
{
    return BURST * RAW_TIMES /
           kafka_burst(&cases->raw, &cases->sender, commands, BURST, RAW_TIMES, NULL, NULL);
}

void kafka_case_sustained(struct cases *cases)
{
    double rates[BURST_ROUNDS], floors[BURST_ROUNDS], rate, floor, cpu_us;
    struct kafka_command *commands = evt_alloc(BURST * sizeof(*commands));
    double begin_us = bench_now_us();

    cases->most = (struct kafka_memory){0};
    kafka_way_open(&cases->raw, &cases->paced);
    kafka_sender_open(&cases->sender, &cases->bursts);
    do {
        (void)service_round(cases, commands);
        (void)raw_round(cases, commands);
    } while (bench_now_us() - begin_us < WARM_US);
    cpu_us = kafka_cpu_us(cases->product.pid);
    for (size_t i = 0; i < BURST_ROUNDS; i++) {
        rates[i] = service_round(cases, commands);
        floors[i] = raw_round(cases, commands);
    }
    cpu_us = kafka_cpu_us(cases->product.pid) - cpu_us;
    kafka_sender_close(&cases->sender);
    kafka_way_close(&cases->raw);
    rate = bench_median(rates, BURST_ROUNDS);
    floor = bench_median(floors, BURST_ROUNDS);
    printf("bench=kafka case=sustained commands=%d duplicates=%zu cpu_us=%.2f per_s=%.0f "
           "floor_per_s=%.0f ratio=%.3f bar=%.2f ok=%s\n",
           BURST * BURST_ROUNDS, atomic_load(&cases->service.duplicates),
           cpu_us / (BURST * BURST_ROUNDS), rate, floor, rate / floor, BAR_RATE,
           kafka_ok(rate >= BAR_RATE * floor));
    printf("bench=kafka case=memory_load rss_mb=%.1f pss_mb=%.1f bar_mb=%.0f ok=%s\n",
           cases->most.rss_mb, cases->most.pss_mb, BAR_LOAD,
           kafka_ok(cases->most.pss_mb <= BAR_LOAD));
    fflush(stdout);
    evt_free(commands);
}

/* Kafka bench, the cases: what is there before the first, and their order. */
#include "kafka_cases.h"

#include "bench.h"
#include "kafka_cases_internal.h"

#include "events/product.h"

#include <evt/cluster.h>
#include <evt/codec.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS 10000

const char *kafka_ok(bool is_ok)
{
    return is_ok ? "yes" : "no";
}

void kafka_look_at_memory(void *arg)
{
    struct cases *cases = arg;
    const struct kafka_memory now = kafka_memory(cases->product.pid);

    if (now.pss_mb > cases->most.pss_mb)
        cases->most = now;
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
    static const char *const floors[] = {KAFKA_THERE, KAFKA_BACK, KAFKA_RAW};
    const struct evt_topic *topics[64];
    struct evt_topic made[3];
    struct evt_cluster *cluster;
    struct evt_error err;
    size_t n = 0;

    EVT_BUG_ON(evt_registry.topics_n + 3 > sizeof(topics) / sizeof(*topics));
    for (; n < evt_registry.topics_n; n++)
        topics[n] = &evt_registry.topics[n];
    for (size_t i = 0; i < 3; i++) {
        made[i] = *evt_registry_topic(&evt_registry, KAFKA_REPLIES);
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

int kafka_cases_echo(const char *brokers)
{
    return kafka_echo(&(const struct evt_kafka){.brokers = brokers, .client = "echo"}, KAFKA_THERE,
                      KAFKA_BACK);
}

static void set_up(struct cases *cases)
{
    prefix_of(&product_stock_reserved_type, cases->service.prefix);
    prefix_of(&product_reserve_stock_type, cases->two_hops.prefix);
    make_topics(&cases->paced);
    (void)kafka_product_start(&cases->product);
    kafka_sender_open(&cases->sender, &cases->paced);
    kafka_products(KAFKA_INBOX, send_one, &cases->sender);
    kafka_sender_close(&cases->sender);
    kafka_way_open(&cases->service, &cases->paced);
}

static const struct {
    const char *name;
    void (*run)(struct cases *cases);
} all_cases[] = {
    {"reply", kafka_case_reply}, {"sustained", kafka_case_sustained}, {"start", kafka_case_start},
    {"idle", kafka_case_idle},   {"rebuild", kafka_case_rebuild},     {"replay", kafka_case_replay},
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
        .service = {.to = KAFKA_INBOX, .back = KAFKA_REPLIES, .lineage = "00000000000000b1"},
        .two_hops = {.to = KAFKA_THERE,
                     .back = KAFKA_BACK,
                     .lineage = "00000000000000b2",
                     .by_order = true},
        .raw = {.to = KAFKA_RAW, .back = KAFKA_RAW, .lineage = "00000000000000b3", .raw = true},
    };

    check_picked(picked);
    set_up(&cases);
    for (size_t i = 0; i < sizeof(all_cases) / sizeof(*all_cases); i++)
        if (is_picked(all_cases[i].name, picked))
            all_cases[i].run(&cases);
    kafka_way_close(&cases.service);
    (void)kafka_product_stop(&cases.product);
}

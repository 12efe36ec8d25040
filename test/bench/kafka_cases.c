/* Kafka bench, the cases: what is there before the first, and their order. */
#include "kafka_cases.h"

#include "bench.h"
#include "kafka_cases_internal.h"
#include "kafka_pick.h"
#include "kafka_topics.h"

#include "events/product.h"

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
    static const char *const floors[] = {KAFKA_THERE, KAFKA_BACK, KAFKA_RAW, NULL};
    const struct kafka_outside client = {send_one, &cases->sender, "command"};

    kafka_prefix_of(&product_stock_reserved_type, cases->service.prefix);
    kafka_prefix_of(&product_reserve_stock_type, cases->two_hops.prefix);
    kafka_topics_make(&cases->paced, KAFKA_REPLIES, floors);
    (void)kafka_service_start(&cases->product);
    kafka_sender_open(&cases->sender, &cases->paced);
    kafka_catalogue(&client);
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

void kafka_cases_run(const char *program, const char *brokers, const char *folder,
                     char *const *picked)
{
    static const char *const loaded[] = {"linger.ms=1", "queue.buffering.max.messages=100000",
                                         NULL};
    struct cases cases = {
        .paced = {.brokers = brokers, .client = "bench"},
        .bursts = {.brokers = brokers, .client = "bench", .properties = loaded},
        .product = {.name = "product", .program = program, .brokers = brokers, .folder = folder},
        .service = {.to = KAFKA_INBOX, .back = KAFKA_REPLIES, .lineage = "00000000000000b1"},
        .two_hops = {.to = KAFKA_THERE,
                     .back = KAFKA_BACK,
                     .lineage = "00000000000000b2",
                     .by_order = true},
        .raw = {.to = KAFKA_RAW, .back = KAFKA_RAW, .lineage = "00000000000000b3", .raw = true},
    };

    kafka_pick_check(all_cases, sizeof(all_cases) / sizeof(*all_cases), sizeof(*all_cases), picked);
    set_up(&cases);
    for (size_t i = 0; i < sizeof(all_cases) / sizeof(*all_cases); i++)
        if (kafka_is_picked(all_cases[i].name, picked))
            all_cases[i].run(&cases);
    kafka_way_close(&cases.service);
    (void)kafka_service_stop(&cases.product);
}

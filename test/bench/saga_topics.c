/* Saga bench, the way over topics. */
#include "saga_topics.h"

#include "events/evt.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS "shop.order.events.v1"

static bool header(const rd_kafka_message_t *message, const char *name, const char **ret_text)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len;

    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &value, &len) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *ret_text = value; /* librdkafka ends it with a 0 */
    return true;
}

/* As every receiver drops what it has had: by the number in its stream. */
static bool is_new(struct saga_topics *topics, const rd_kafka_message_t *message)
{
    static const char from[] = "/shop/order/", stream[] = "order.events.";
    const char *source, *id, *at;
    uint64_t number;
    long shard;

    if (!header(message, "ce_source", &source) || !header(message, "ce_id", &id) ||
        strncmp(source, from, strlen(from)) != 0 || strncmp(id, stream, strlen(stream)) != 0)
        return false; /* a birth record */
    shard = strtol(source + strlen(from), NULL, 10);
    at = strchr(id + strlen(stream), '.');
    number = at ? strtoull(at + 1, NULL, 10) : 0;
    if (shard < 0 || shard >= KAFKA_SHARDS || message->partition >= KAFKA_SHARDS ||
        number <= topics->numbers[shard][message->partition])
        return false;
    topics->numbers[shard][message->partition] = number;
    return true;
}

static bool is_of(const rd_kafka_message_t *message, const uint8_t prefix[KAFKA_PREFIX])
{
    return message->len >= KAFKA_PREFIX && memcmp(message->payload, prefix, KAFKA_PREFIX) == 0;
}

static void heard(void *arg, const rd_kafka_message_t *message, double now_us)
{
    struct saga_topics *topics = arg;
    struct saga_tally *tally = topics->tally;
    const bool confirmed = is_of(message, topics->confirmed);
    uint64_t i;

    if (!is_new(topics, message))
        return;
    if (is_of(message, topics->answered))
        atomic_fetch_add(&tally->answered, 1);
    if (!confirmed && !is_of(message, topics->rejected))
        return;
    atomic_fetch_add(confirmed ? &tally->facts_confirmed : &tally->facts_rejected, 1);
    if (kafka_order_index(message->key, message->key_len, &i) &&
        saga_tally_end(tally, i, confirmed))
        saga_load_ended(topics->load, i, now_us);
}

static void send_one(void *arg, const struct evt_send *send)
{
    kafka_sender_send(arg, send);
}

void saga_topics_open(struct saga_topics *topics, const struct evt_kafka *kafka,
                      struct saga_tally *tally)
{
    *topics = (struct saga_topics){
        .tally = tally,
        .client = {.send = send_one, .arg = &topics->sender, .name = "order"},
        .watch = {.each = heard, .arg = topics},
    };
    kafka_prefix_of(&order_order_confirmed_type, topics->confirmed);
    kafka_prefix_of(&order_order_rejected_type, topics->rejected);
    kafka_prefix_of(&evt_command_answered_type, topics->answered);
    kafka_sender_open(&topics->sender, kafka);
    kafka_watch_open(&topics->watch, kafka, EVENTS, -1, KAFKA_FROM_BEGIN);
}

void saga_topics_close(struct saga_topics *topics)
{
    kafka_watch_close(&topics->watch);
    kafka_sender_close(&topics->sender);
}

static void place(void *self, uint64_t i)
{
    struct saga_topics *topics = self;
    struct saga_order order;
    const struct order_place_order msg = saga_order_message(&order, i);

    kafka_command(&topics->client, &order_place_order_type, order.id, &msg, i);
}

static void serve(void *self, int timeout_ms)
{
    kafka_sender_serve(&((struct saga_topics *)self)->sender, timeout_ms);
}

struct saga_way saga_topics_way(struct saga_topics *topics)
{
    return (struct saga_way){topics, place, serve};
}

/* Sender: what is under way lies in a ring, in its order, until it is acknowledged; after a fatal
 * error of the producer all of that is sent again by a new one, under the same ids. */
#include "test/crash/sender.h"

#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RING    16384 /* more than load.c lets be under way */
#define HISTORY 256   /* acknowledged ones that sender_again can still send */
#define SOURCE  "/test/crash"
#define HEADERS 4
#define BURY_MS 100

/* A message as it was handed over. */
struct letter {
    struct sender *sender;
    char id[SENDER_ID_MAX];
    const char *source;
    const struct evt_type *type;
    char *key;
    struct evt_buf value;
    int32_t partition;
    bool acknowledged;
};

struct stream {
    uint64_t number, chain;
};

struct sender {
    struct evt_kafka kafka;
    rd_kafka_t *rk;
    bool failed; /* the producer gave up on a message */
    bool buried; /* its reports mean nothing any more */
    const struct evt_topic *inbox, *home;
    char sources[SENDER_SHARDS][EVT_HEADER_MAX + 1];
    struct stream *streams; /* of each shard, one per partition of the inbox */
    struct letter *ring;
    size_t first, next; /* of all letters, those that the ring still holds */
    size_t left, repeated;
    char *brokers;
};

static struct letter *letter_at(const struct sender *sender, size_t i)
{
    return &sender->ring[i % RING];
}

static void letter_clear(struct letter *letter)
{
    evt_free(letter->key);
    evt_buf_release(&letter->value);
    *letter = (struct letter){0};
}

/* Only what was handed over for the first time has its letter as opaque. */
static void reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct letter *letter = message->_private;
    struct sender *sender = opaque;

    (void)rk;
    if (sender->buried)
        return;
    if (message->err) {
        sender->failed = true;
    } else if (letter && !letter->acknowledged) {
        letter->acknowledged = true;
        sender->left--;
    }
}

static void errored(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    struct sender *sender = opaque;

    (void)rk;
    (void)text;
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        sender->failed = true;
}

static enum evt_err producer_open(struct sender *sender, struct evt_error *err)
{
    rd_kafka_conf_t *conf;
    enum evt_err rc = evt_kafka_conf(&sender->kafka, EVT_KAFKA_PRODUCER, &conf, err);

    if (rc != EVT_OK)
        return rc;
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    rd_kafka_conf_set_error_cb(conf, errored);
    rd_kafka_conf_set_opaque(conf, sender);
    sender->failed = sender->buried = false;
    return evt_kafka_client(conf, EVT_KAFKA_PRODUCER, &sender->rk, err);
}

static void producer_close(struct sender *sender)
{
    if (!sender->rk)
        return;
    sender->buried = true;
    rd_kafka_purge(sender->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(sender->rk) > 0)
        rd_kafka_poll(sender->rk, BURY_MS);
    rd_kafka_destroy(sender->rk);
    sender->rk = NULL;
}

static struct evt_header header(const char *name, const char *text)
{
    return (struct evt_header){name, text, strlen(text)};
}

/* The queue has room for more than load.c lets be under way; what fails is noticed by `tend`. */
static void post(struct sender *sender, struct letter *letter, bool first)
{
    const struct evt_header headers[HEADERS] = {
        header("ce_specversion", "1.0"),
        header("ce_id", letter->id),
        header("ce_source", letter->source),
        header("ce_type", letter->type->name),
    };
    const struct evt_send send = {
        .topic = sender->inbox->name,
        .partition = letter->partition,
        .key = letter->key,
        .key_len = strlen(letter->key),
        .value = letter->value.data,
        .value_len = letter->value.len,
        .headers = headers,
        .headers_n = HEADERS,
    };

    if (evt_kafka_produce(sender->rk, &send, first ? letter : NULL, NULL) != EVT_OK)
        sender->failed = true;
}

static struct letter *letter_new(struct sender *sender, const struct evt_type *type,
                                 const void *msg)
{
    struct letter *letter;

    while (sender->next - sender->first > HISTORY && letter_at(sender, sender->first)->acknowledged)
        letter_clear(letter_at(sender, sender->first++));
    EVT_BUG_ON(sender->next - sender->first == RING);
    letter = letter_at(sender, sender->next++);
    letter->type = type;
    letter->key = evt_strdup(evt_type_text(type, msg, type->key_field));
    letter->partition =
        evt_partition_of(letter->key, strlen(letter->key), sender->inbox->partitions);
    EVT_BUG_ON(evt_type_encode(type, msg, &letter->value, NULL) != EVT_OK);
    sender->left++;
    return letter;
}

void sender_number(struct sender *sender, const char *order_id, const struct evt_type *type,
                   const void *msg, char id[SENDER_ID_MAX])
{
    const int32_t shard = evt_partition_of(order_id, strlen(order_id), sender->home->partitions);
    struct letter *letter = letter_new(sender, type, msg);
    struct stream *stream = &sender->streams[shard * sender->inbox->partitions + letter->partition];

    stream->number++;
    stream->chain = evt_chain_next(stream->chain, type->name, strlen(type->name), letter->key,
                                   strlen(letter->key), letter->value.data + EVT_FRAME_LEN,
                                   letter->value.len - EVT_FRAME_LEN);
    evt_message_id_print(letter->id, sizeof(letter->id), sender->inbox->stream, letter->partition,
                         stream->number, stream->chain);
    letter->source = sender->sources[shard];
    memcpy(id, letter->id, SENDER_ID_MAX);
    post(sender, letter, true);
}

void sender_outside(struct sender *sender, const char *id, const struct evt_type *type,
                    const void *msg)
{
    struct letter *letter = letter_new(sender, type, msg);

    snprintf(letter->id, sizeof(letter->id), "%s", id);
    letter->source = SOURCE;
    post(sender, letter, true);
}

void sender_again(struct sender *sender, size_t n)
{
    const size_t held = sender->next - sender->first;

    if (n > held)
        n = held;
    for (size_t i = sender->next - n; i < sender->next; i++)
        post(sender, letter_at(sender, i), false);
    sender->repeated += n;
}

enum evt_err sender_tend(struct sender *sender, int ms, struct evt_error *err)
{
    enum evt_err rc;

    rd_kafka_poll(sender->rk, ms);
    if (!sender->failed)
        return EVT_OK;
    producer_close(sender);
    rc = producer_open(sender, err);
    for (size_t i = sender->first; rc == EVT_OK && i < sender->next; i++)
        if (!letter_at(sender, i)->acknowledged) {
            post(sender, letter_at(sender, i), true);
            sender->repeated++;
        }
    return rc;
}

size_t sender_unacknowledged(const struct sender *sender)
{
    return sender->left;
}

size_t sender_repeated(const struct sender *sender)
{
    return sender->repeated;
}

static void streams_begin(struct sender *sender, const char *lineage)
{
    const char *name = sender->inbox->stream;
    const int32_t partitions = sender->inbox->partitions;

    sender->streams = evt_zalloc((size_t)(SENDER_SHARDS * partitions) * sizeof(*sender->streams));
    for (int32_t shard = 0; shard < SENDER_SHARDS; shard++) {
        char *source = sender->sources[shard];

        evt_source_print(source, sizeof(sender->sources[0]), sender->home->service, shard, lineage);
        for (int32_t p = 0; p < partitions; p++)
            sender->streams[shard * partitions + p].chain =
                evt_chain_first(source, strlen(source), name, strlen(name), p);
    }
}

enum evt_err sender_open(const char *brokers, const char *lineage, struct sender **ret_sender,
                         struct evt_error *err)
{
    /* Room for what may be under way, and its repetitions. */
    static const char *const properties[] = {"queue.buffering.max.messages=100000", NULL};
    struct sender *sender = evt_zalloc(sizeof(*sender));
    enum evt_err rc;

    sender->brokers = evt_strdup(brokers);
    sender->kafka = (struct evt_kafka){sender->brokers, properties, "crash-load"};
    sender->inbox = evt_registry_service_topic(&evt_registry, "product", EVT_TOPIC_INBOX);
    sender->home = evt_registry_service_topic(&evt_registry, "order", EVT_TOPIC_INBOX);
    EVT_BUG_ON(!sender->inbox || !sender->home || sender->home->partitions != SENDER_SHARDS);
    sender->ring = evt_zalloc(RING * sizeof(*sender->ring));
    streams_begin(sender, lineage);
    rc = producer_open(sender, err);
    if (rc == EVT_OK)
        *ret_sender = sender;
    else
        sender_close(sender);
    return rc;
}

void sender_close(struct sender *sender)
{
    if (!sender)
        return;
    producer_close(sender);
    for (size_t i = sender->first; i < sender->next; i++)
        letter_clear(letter_at(sender, i));
    evt_free(sender->ring);
    evt_free(sender->streams);
    evt_free(sender->brokers);
    evt_free(sender);
}

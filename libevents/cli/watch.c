/* Watch: one consumer over all partitions, which counts down those that have come to their end. */
#include "watch.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <string.h>

#define NUDGE_MS 10

struct part {
    char *topic;
    int32_t partition;
    int64_t from, until;
    bool met; /* something came of it */
    bool done;
};

struct cli_watch {
    rd_kafka_t *rk;
    struct part *parts;
    size_t n, left; /* without an end: never done */
    rd_kafka_topic_t **held;
    rd_kafka_message_t *message;
    struct evt_kafka_record rec;
};

enum evt_err cli_watch_new(const struct evt_kafka *kafka, struct cli_watch **ret_watch,
                           struct evt_error *err)
{
    struct cli_watch *watch = evt_zalloc(sizeof(*watch));
    rd_kafka_conf_t *conf = NULL;
    enum evt_err rc = evt_kafka_conf(kafka, EVT_KAFKA_CONSUMER, &conf, err);

    if (rc == EVT_OK)
        rc = evt_kafka_client(conf, EVT_KAFKA_CONSUMER, &watch->rk, err);
    if (rc != EVT_OK) {
        evt_free(watch);
        return rc;
    }
    rd_kafka_poll_set_consumer(watch->rk);
    *ret_watch = watch;
    return EVT_OK;
}

void cli_watch_free(struct cli_watch *watch)
{
    if (!watch)
        return;
    if (watch->message)
        rd_kafka_message_destroy(watch->message);
    evt_kafka_record_release(&watch->rec);
    for (size_t i = 0; i < watch->n; i++) {
        evt_free(watch->parts[i].topic);
        if (watch->held && watch->held[i])
            rd_kafka_topic_destroy(watch->held[i]);
    }
    evt_free(watch->held);
    evt_free(watch->parts);
    evt_kafka_leave(watch->rk);
    evt_free(watch);
}

rd_kafka_t *cli_watch_client(struct cli_watch *watch)
{
    return watch->rk;
}

void cli_watch_add(struct cli_watch *watch, const char *topic, int32_t partition, int64_t from,
                   int64_t until)
{
    const bool empty = until >= 0 && from >= until;

    watch->parts = evt_realloc(watch->parts, (watch->n + 1) * sizeof(*watch->parts));
    watch->parts[watch->n++] = (struct part){.topic = evt_strdup(topic),
                                             .partition = partition,
                                             .from = from,
                                             .until = until,
                                             .met = empty,
                                             .done = empty};
    watch->left += !empty;
}

enum evt_err cli_watch_start(struct cli_watch *watch, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)watch->n);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

    watch->held = evt_zalloc((watch->n + 1) * sizeof(rd_kafka_topic_t *));
    for (size_t i = 0; i < watch->n; i++) {
        const struct part *part = &watch->parts[i];

        watch->held[i] = rd_kafka_topic_new(watch->rk, part->topic, NULL);
        if (!part->done)
            rd_kafka_topic_partition_list_add(list, part->topic, part->partition)->offset =
                part->from;
    }
    if (list->cnt)
        code = rd_kafka_assign(watch->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? evt_kafka_fail(err, code, "read") : EVT_OK;
}

static struct part *part_of(struct cli_watch *watch, const rd_kafka_message_t *message)
{
    for (size_t i = 0; message->rkt && i < watch->n; i++)
        if (watch->parts[i].partition == message->partition &&
            strcmp(watch->parts[i].topic, rd_kafka_topic_name(message->rkt)) == 0)
            return &watch->parts[i];
    return NULL;
}

static void finish(struct cli_watch *watch, struct part *part)
{
    if (part->done)
        return;
    part->done = true;
    watch->left--;
}

static void nudge(struct cli_watch *watch)
{
    for (size_t i = 0; i < watch->n; i++)
        if (!watch->parts[i].met) {
            (void)evt_kafka_wake(watch->rk, watch->parts[i].topic, watch->parts[i].partition, 1000,
                                 NULL);
            return;
        }
}

/* True: it is one to be shown. */
static bool take(struct cli_watch *watch, struct part *part, const rd_kafka_message_t *message)
{
    part->met = true;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (part->until >= 0 && message->offset >= part->until)
            finish(watch, part);
        return false;
    }
    if (part->until >= 0 && message->offset >= part->until - 1)
        finish(watch, part);
    return message->offset >= part->from && (part->until < 0 || message->offset < part->until);
}

static enum evt_err refuse(struct part *part, const rd_kafka_message_t *message,
                           struct evt_error *err)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return evt_fail(err, EVT_E_USAGE, "%s/%d has no record at this offset: try start",
                        part->topic, (int)part->partition);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return evt_kafka_fail(err, message->err, "read %s/%d", part->topic, (int)part->partition);
    default:
        return EVT_OK; /* it is tried again */
    }
}

static void show(struct cli_watch *watch, struct cli_seen *ret_seen)
{
    rd_kafka_timestamp_type_t type;

    evt_kafka_record_set(&watch->rec, watch->message);
    rd_kafka_message_timestamp(watch->message, &type);
    ret_seen->rec = &watch->rec.rec;
    ret_seen->broker = rd_kafka_message_broker_id(watch->message);
    ret_seen->time_type = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? "logappend"
                          : type == RD_KAFKA_TIMESTAMP_CREATE_TIME   ? "create"
                                                                     : "unknown";
}

enum evt_err cli_watch_next(struct cli_watch *watch, int timeout_ms, struct cli_seen *ret_seen,
                            struct evt_error *err)
{
    const int64_t end_ms = evt_clock_ms() + timeout_ms;

    *ret_seen = (struct cli_seen){0};
    if (watch->message)
        rd_kafka_message_destroy(watch->message);
    watch->message = NULL;
    do {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(watch->rk, NUDGE_MS);
        struct part *part = message ? part_of(watch, message) : NULL;
        enum evt_err rc = EVT_OK;

        if (!message) {
            nudge(watch);
            continue;
        }
        if (part && message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            rc = refuse(part, message, err);
        else if (part && take(watch, part, message)) {
            watch->message = message;
            show(watch, ret_seen);
            return EVT_OK;
        }
        rd_kafka_message_destroy(message);
        if (rc != EVT_OK)
            return rc;
    } while (watch->left > 0 && evt_clock_ms() < end_ms);
    return EVT_OK;
}

bool cli_watch_done(const struct cli_watch *watch)
{
    return watch->left == 0;
}

/* Kafka bench, its clients. */
#include "kafka_client.h"

#include "bench.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>

#define ASK_MS   10000
#define POLL_MS  100
#define CLOSE_MS 10000

static void reported(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (!message->err)
        return;
    fprintf(stderr, "bench: not delivered: %s\n", rd_kafka_err2str(message->err));
    exit(EXIT_FAILURE);
}

void kafka_sender_open(struct kafka_sender *sender, const struct evt_kafka *kafka)
{
    struct evt_error err;
    rd_kafka_conf_t *conf;

    bench_need(evt_kafka_conf(kafka, EVT_KAFKA_PRODUCER, &conf, &err), &err);
    rd_kafka_conf_set_dr_msg_cb(conf, reported);
    bench_need(evt_kafka_client(conf, EVT_KAFKA_PRODUCER, &sender->rk, &err), &err);
}

void kafka_sender_close(struct kafka_sender *sender)
{
    rd_kafka_flush(sender->rk, CLOSE_MS);
    rd_kafka_destroy(sender->rk);
}

void kafka_sender_serve(struct kafka_sender *sender, int timeout_ms)
{
    rd_kafka_poll(sender->rk, timeout_ms);
}

void kafka_sender_send(struct kafka_sender *sender, const struct evt_send *send)
{
    struct evt_error err;
    enum evt_err rc;

    while ((rc = evt_kafka_produce(sender->rk, send, NULL, &err)) == EVT_E_BUSY)
        rd_kafka_poll(sender->rk, 1);
    bench_need(rc, &err);
}

static int32_t partitions_of(rd_kafka_t *rk, const char *topic)
{
    struct evt_error err;
    int32_t n = 0;

    bench_need(evt_kafka_partitions(rk, topic, ASK_MS, &n, &err), &err);
    return n;
}

static int64_t end_of(rd_kafka_t *rk, const char *topic, int32_t partition)
{
    struct evt_error err;
    int64_t low, high;

    bench_need(evt_kafka_ends(rk, topic, partition, ASK_MS, &low, &high, &err), &err);
    return high;
}

static void assign(rd_kafka_t *rk, const char *topic, int32_t only, enum kafka_from from)
{
    const int32_t n = partitions_of(rk, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
    rd_kafka_resp_err_t code;

    for (int32_t p = 0; p < n; p++)
        if (only < 0 || only == p)
            rd_kafka_topic_partition_list_add(list, topic, p)->offset =
                from == KAFKA_FROM_END ? end_of(rk, topic, p) : 0;
    code = rd_kafka_assign(rk, list);
    EVT_BUG_ON(code != RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_t *kafka_consumer_open(const struct evt_kafka *kafka, const char *topic, int32_t partition,
                                enum kafka_from from)
{
    struct evt_error err;
    rd_kafka_conf_t *conf;
    rd_kafka_t *rk;

    bench_need(evt_kafka_conf(kafka, EVT_KAFKA_CONSUMER, &conf, &err), &err);
    bench_need(evt_kafka_client(conf, EVT_KAFKA_CONSUMER, &rk, &err), &err);
    rd_kafka_poll_set_consumer(rk);
    assign(rk, topic, partition, from);
    return rk;
}

rd_kafka_message_t *kafka_consumer_poll(rd_kafka_t *rk)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, POLL_MS);

    if (!message || !message->err)
        return message;
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        fprintf(stderr, "bench: receive: %s\n", rd_kafka_message_errstr(message));
        exit(EXIT_FAILURE);
    }
    rd_kafka_message_destroy(message);
    return NULL;
}

static void *watch_run(void *arg)
{
    struct kafka_watch *watch = arg;

    while (!atomic_load(&watch->stop)) {
        rd_kafka_message_t *message = kafka_consumer_poll(watch->rk);

        if (!message)
            continue;
        if (watch->each)
            watch->each(watch->arg, message, bench_now_us());
        atomic_fetch_add(&watch->received, 1);
        rd_kafka_message_destroy(message);
    }
    return NULL;
}

void kafka_watch_open(struct kafka_watch *watch, const struct evt_kafka *kafka, const char *topic,
                      int32_t partition, enum kafka_from from)
{
    watch->rk = kafka_consumer_open(kafka, topic, partition, from);
    atomic_init(&watch->stop, false);
    atomic_init(&watch->received, 0);
    EVT_BUG_ON(pthread_create(&watch->thread, NULL, watch_run, watch) != 0);
}

void kafka_watch_close(struct kafka_watch *watch)
{
    atomic_store(&watch->stop, true);
    pthread_join(watch->thread, NULL);
    evt_kafka_leave(watch->rk);
}

/* Asked by a producer: a consumer would last to the end of the process. */
size_t kafka_records(const struct evt_kafka *kafka, const char *topic, int32_t partition)
{
    struct kafka_sender sender;
    size_t records = 0;
    int32_t n;

    kafka_sender_open(&sender, kafka);
    n = partitions_of(sender.rk, topic);
    for (int32_t p = 0; p < n; p++)
        if (partition < 0 || partition == p)
            records += (size_t)end_of(sender.rk, topic, p);
    kafka_sender_close(&sender);
    return records;
}

static void echo(rd_kafka_t *producer, const char *to, rd_kafka_message_t *message)
{
    static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_error_t *error;

    if (rd_kafka_message_detach_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    rd_kafka_header_add(headers, "traceparent", -1, trace, sizeof(trace) - 1);
    error = rd_kafka_produceva(
        producer,
        (const rd_kafka_vu_t[]){
            {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = to},
            {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
            {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
            {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK},
        },
        6);
    EVT_BUG_ON(error);
}

/* From the beginning, so that nothing is missed that came before it was there. */
int kafka_echo(const struct evt_kafka *kafka, const char *from, const char *to)
{
    rd_kafka_t *consumer = kafka_consumer_open(kafka, from, -1, KAFKA_FROM_BEGIN);
    struct kafka_sender sender;

    kafka_sender_open(&sender, kafka);
    for (;;) {
        rd_kafka_message_t *message = kafka_consumer_poll(consumer);

        kafka_sender_serve(&sender, 0);
        if (!message)
            continue;
        echo(sender.rk, to, message);
        rd_kafka_message_destroy(message);
    }
}

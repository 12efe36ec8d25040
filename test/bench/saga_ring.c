/* Saga bench, the floor. */
#include "saga_ring.h"

#include "bench.h"
#include "kafka_outside.h"
#include "kafka_process.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SIZE 110 /* what the shop's records have on average */
#define TRY_MS     100
#define TRY_US     30e6
#define TRIAL      "trial" /* the key of what is no order */

/* Records that hop `hop`, from 1 on, sends beside its own: shares of a whole. */
static int beside(int hop)
{
    const int all = SAGA_RING_RECORDS - SAGA_RING_HOPS, senders = SAGA_RING_HOPS - 1;

    return all * hop / senders - all * (hop - 1) / senders;
}

static void hand_on(struct kafka_sender *sender, const char *to,
                    const struct evt_kafka_record *from)
{
    const struct evt_record *rec = &from->rec;
    uint8_t value[VALUE_SIZE];
    struct evt_send send = {
        .partition = rec->partition,
        .key = rec->key,
        .key_len = rec->key_len,
        .value = value,
        .value_len = rec->value_len,
        .headers = rec->headers,
        .headers_n = rec->headers_n,
    };
    int left;

    if (rec->value_len != VALUE_SIZE)
        return; /* a birth record */
    memcpy(value, rec->value, rec->value_len);
    left = value[0];
    if (left == 0)
        return;
    value[0] = (uint8_t)(left - 1);
    send.topic = left == 1 ? SAGA_RING_END : to;
    kafka_sender_send(sender, &send);
    value[0] = 0;
    send.topic = to;
    for (int i = beside(SAGA_RING_HOPS - left); i > 0; i--)
        kafka_sender_send(sender, &send);
}

int saga_ring_hand_on(const struct evt_kafka *kafka, const char *from)
{
    const char *to = strcmp(from, SAGA_RING_THERE) == 0 ? SAGA_RING_BACK : SAGA_RING_THERE;
    rd_kafka_t *consumer = kafka_consumer_open(kafka, from, -1, KAFKA_FROM_END);
    struct evt_kafka_record rec = {0};
    struct kafka_sender sender;

    kafka_sender_open(&sender, kafka);
    for (;;) {
        rd_kafka_message_t *message = kafka_consumer_poll(consumer);

        kafka_sender_serve(&sender, 0);
        if (!message)
            continue;
        evt_kafka_record_set(&rec, message);
        hand_on(&sender, to, &rec);
        rd_kafka_message_destroy(message);
    }
}

static void send_off(struct saga_ring *ring, const char *key, int32_t partition)
{
    static const char id[] = "product.inbox.1.4711-9f3a11c2d4e5b607",
                      source[] = "/shop/order/1/0123456789abcdef",
                      type[] = "shop.product.v1.ReserveStock",
                      trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, sizeof(id) - 1},
        {"ce_source", source, sizeof(source) - 1},
        {"ce_type", type, sizeof(type) - 1},
        {"traceparent", trace, sizeof(trace) - 1},
    };
    /* The client's own sending is the first hop. */
    const uint8_t value[VALUE_SIZE] = {SAGA_RING_HOPS - 1};

    kafka_sender_send(&ring->sender,
                      &(const struct evt_send){.topic = SAGA_RING_THERE,
                                               .partition = partition,
                                               .key = key,
                                               .key_len = strlen(key),
                                               .value = value,
                                               .value_len = sizeof(value),
                                               .headers = headers,
                                               .headers_n = sizeof(headers) / sizeof(*headers)});
}

static void arrived(void *arg, const rd_kafka_message_t *message, double now_us)
{
    struct saga_ring *ring = arg;
    uint64_t i;

    if (kafka_order_index(message->key, message->key_len, &i))
        saga_load_ended(ring->load, i, now_us);
    else
        atomic_fetch_or(&ring->tried, 1U << message->partition);
}

/* Until a record came through every partition: both processes receive all that is sent now. */
static void try_out(struct saga_ring *ring)
{
    const double begin_us = bench_now_us();

    while (atomic_load(&ring->tried) != (1U << KAFKA_SHARDS) - 1) {
        for (int32_t p = 0; p < KAFKA_SHARDS; p++)
            send_off(ring, TRIAL, p);
        kafka_sender_serve(&ring->sender, TRY_MS);
        if (bench_now_us() - begin_us > TRY_US) {
            fprintf(stderr, "bench: the floor's processes hand nothing on\n");
            exit(EXIT_FAILURE);
        }
    }
}

void saga_ring_open(struct saga_ring *ring, const char *brokers, const char *linger_ms)
{
    static const char *const from[] = {SAGA_RING_THERE, SAGA_RING_BACK};
    const struct evt_kafka kafka = {.brokers = brokers, .client = "bench"};

    *ring = (struct saga_ring){.watch = {.each = arrived, .arg = ring}};
    for (size_t i = 0; i < 2; i++)
        ring->pids[i] =
            kafka_process_self((const char *const[]){"ring", brokers, from[i], linger_ms, NULL});
    kafka_sender_open(&ring->sender, &kafka);
    kafka_watch_open(&ring->watch, &kafka, SAGA_RING_END, -1, KAFKA_FROM_END);
    try_out(ring);
}

void saga_ring_close(struct saga_ring *ring)
{
    kafka_watch_close(&ring->watch);
    kafka_sender_close(&ring->sender);
    for (size_t i = 0; i < 2; i++)
        kafka_process_end(ring->pids[i]);
}

static void place(void *self, uint64_t i)
{
    char key[KAFKA_KEY_LEN + 1];

    kafka_order_id(key, i);
    send_off(self, key, kafka_shard_of(key));
}

static void serve(void *self, int timeout_ms)
{
    kafka_sender_serve(&((struct saga_ring *)self)->sender, timeout_ms);
}

struct saga_way saga_ring_way(struct saga_ring *ring)
{
    return (struct saga_way){ring, place, serve};
}

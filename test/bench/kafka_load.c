/* Kafka bench, the load. */
#include "kafka_load.h"

#include "bench.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW    20000 /* under way; several batches of every shard */
#define ANSWER_US 60e6  /* without any answer something is wrong */
#define TICK_US   200e3

static void wrong(const struct kafka_way *way, const char *what, uint64_t i)
{
    fprintf(stderr, "bench: %s: %s: command %" PRIu64 " of %zu\n", way->back, what, i, way->sent);
    exit(EXIT_FAILURE);
}

static void answered(void *arg, const rd_kafka_message_t *message, double now_us)
{
    struct kafka_way *way = arg;
    uint64_t i;

    /* Birth records, and commands of the set-up. */
    if (!way->raw && !kafka_order_index(message->key, message->key_len, &i))
        return;
    if (!way->raw) {
        if (message->len < KAFKA_PREFIX || memcmp(message->payload, way->prefix, KAFKA_PREFIX) != 0)
            wrong(way, "answered by something else", i);
        if (i >= KAFKA_ALL_MAX)
            wrong(way, "no command of ours", i);
        if (way->seen[i]) { /* the last reply of a stream comes again when a shard joins anew */
            atomic_fetch_add(&way->duplicates, 1);
            return;
        }
        way->seen[i] = 1;
        if (i < KAFKA_PACED_MAX)
            way->latency_us[i] = now_us - way->intended_us[i];
    }
    atomic_store_explicit(&way->last_us, now_us, memory_order_relaxed);
    atomic_fetch_add_explicit(&way->answered, 1, memory_order_release);
}

void kafka_way_open(struct kafka_way *way, const struct evt_kafka *kafka)
{
    kafka_order_init(&way->order, way->lineage);
    way->seen = evt_zalloc(KAFKA_ALL_MAX);
    way->intended_us = evt_zalloc(KAFKA_PACED_MAX * sizeof(double));
    way->latency_us = evt_zalloc(KAFKA_PACED_MAX * sizeof(double));
    way->watch.each = answered;
    way->watch.arg = way;
    kafka_watch_open(&way->watch, kafka, way->back, -1, KAFKA_FROM_END);
}

void kafka_way_close(struct kafka_way *way)
{
    kafka_watch_close(&way->watch);
    evt_free(way->seen);
    evt_free(way->intended_us);
    evt_free(way->latency_us);
}

static void send_command(struct kafka_way *way, struct kafka_sender *sender,
                         const struct kafka_command *command)
{
    struct evt_header headers[KAFKA_HEADERS];
    const struct evt_send record = kafka_command_send(command, way->to, way->by_order, headers);

    kafka_sender_send(sender, &record);
    way->sent++;
}

static size_t under_way(const struct kafka_way *way)
{
    return way->sent - atomic_load_explicit(&way->answered, memory_order_acquire);
}

/* Returns with at most `most` commands under way. */
static void wait_for(struct kafka_way *way, struct kafka_sender *sender, size_t most)
{
    const double begin_us = bench_now_us();

    while (under_way(way) > most) {
        const double last_us = atomic_load(&way->last_us);

        kafka_sender_serve(sender, 1);
        if (bench_now_us() - (last_us > begin_us ? last_us : begin_us) > ANSWER_US)
            wrong(way, "nothing comes back", way->sent - under_way(way));
    }
}

void kafka_paced(struct kafka_way *way, struct kafka_sender *sender, size_t n, double every_us)
{
    const double begin_us = bench_now_us() + every_us;

    for (size_t i = 0; i < n; i++) {
        const double at_us = begin_us + (double)i * every_us;
        struct kafka_command command;

        EVT_BUG_ON(way->order.orders >= KAFKA_PACED_MAX);
        way->intended_us[way->order.orders] = at_us;
        kafka_order_next(&way->order, &command);
        kafka_sender_serve(sender, 0);
        bench_wait_until(at_us);
        send_command(way, sender, &command);
    }
    wait_for(way, sender, 0);
}

double kafka_burst(struct kafka_way *way, struct kafka_sender *sender,
                   const struct kafka_command *commands, size_t n, size_t times,
                   void (*tick)(void *arg), void *arg)
{
    const double begin_us = bench_now_us();
    double ticked_us = begin_us;

    for (size_t i = 0; i < n * times; i++) {
        if (i % 64 == 0) {
            kafka_sender_serve(sender, 0);
            wait_for(way, sender, WINDOW);
        }
        if (tick && i % 1024 == 0 && bench_now_us() - ticked_us > TICK_US) {
            ticked_us = bench_now_us();
            tick(arg);
        }
        send_command(way, sender, &commands[i % n]);
    }
    wait_for(way, sender, 0);
    return (atomic_load(&way->last_us) - begin_us) / 1e6;
}

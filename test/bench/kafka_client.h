/* Kafka bench, its clients: what sends, and what receives on a thread of its own. The settings are
 * those of the services; the loops around them are the least that there can be. */
#ifndef KAFKA_CLIENT_H
#define KAFKA_CLIENT_H

#include <evt/kafka.h>

#include <pthread.h>
#include <stdatomic.h>

struct kafka_sender {
    rd_kafka_t *rk;
};
void kafka_sender_open(struct kafka_sender *sender, const struct evt_kafka *kafka);
void kafka_sender_close(struct kafka_sender *sender); /* when all is delivered */
/* Waits while the queue is full. */
void kafka_sender_send(struct kafka_sender *sender, const struct evt_send *send);
void kafka_sender_serve(struct kafka_sender *sender, int timeout_ms);

enum kafka_from { KAFKA_FROM_BEGIN, KAFKA_FROM_END };
/* `partition`: one of them, -1: all. A consumer lasts to the end of the process, which is by
 * evt_program_exit. */
rd_kafka_t *kafka_consumer_open(const struct evt_kafka *kafka, const char *topic, int32_t partition,
                                enum kafka_from from);
/* NULL: none came for a moment. */
rd_kafka_message_t *kafka_consumer_poll(rd_kafka_t *rk);

/* Receives every record of a topic from its beginning or its end on. */
struct kafka_watch {
    rd_kafka_t *rk;
    pthread_t thread;
    atomic_bool stop;
    atomic_size_t received;
    /* Called from the thread, with the time of receipt; NULL: only counted. */
    void (*each)(void *arg, const rd_kafka_message_t *message, double now_us);
    void *arg;
};
void kafka_watch_open(struct kafka_watch *watch, const struct evt_kafka *kafka, const char *topic,
                      int32_t partition, enum kafka_from from);
void kafka_watch_close(struct kafka_watch *watch);

/* How many records a partition holds; -1: all of them together. */
size_t kafka_records(const struct evt_kafka *kafka, const char *topic, int32_t partition);

/* The second of two raw hops: until a signal comes, whatever arrives at `from` goes on to `to`,
 * with the header that a reply has more than a command. */
int kafka_echo(const struct evt_kafka *kafka, const char *from, const char *to);

#endif

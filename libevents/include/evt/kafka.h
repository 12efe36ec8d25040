/* Kafka: what the bus, the tools and the tests share of librdkafka: clients with our settings,
 * records in and out, and one record read by its offset. */
#ifndef EVT_KAFKA_H
#define EVT_KAFKA_H

#include <evt/err.h>
#include <evt/record.h>
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Which cluster, and what a person set over our own settings. Borrowed as long as clients live. */
struct evt_kafka {
    const char *brokers;           /* "host:port,…" */
    const char *const *properties; /* "name=value", ends with NULL; NULL: none */
    const char *client;            /* shows in the broker's logs and metrics */
};

enum evt_kafka_role {
    EVT_KAFKA_PRODUCER,       /* idempotent, no gaps, waits for ever, sends at once */
    EVT_KAFKA_BURST_PRODUCER, /* the same, but gathers a burst into few requests */
    EVT_KAFKA_CONSUMER, /* assigned by us, no group membership, no offset reset, tells the end */
    EVT_KAFKA_READER    /* a consumer for a few records at a time: small and without prefetch */
};

/* The role's settings, for a caller who adds call-backs of its own. A property that librdkafka does
 * not take is EVT_E_USAGE and names it. */
EVT_MUST_USE enum evt_err evt_kafka_conf(const struct evt_kafka *kafka, enum evt_kafka_role role,
                                         rd_kafka_conf_t **ret_conf, struct evt_error *err);
/* Takes `conf` in any case. */
EVT_MUST_USE enum evt_err evt_kafka_client(rd_kafka_conf_t *conf, enum evt_kafka_role role,
                                           rd_kafka_t **ret_rk, struct evt_error *err);
/* A topic of a client's, held until rd_kafka_topic_destroy. What is gathered for it leaves
 * compressed as the topic wants it, unless a property names another codec; one that leaves alone
 * would only cost time by it. */
rd_kafka_topic_t *evt_kafka_topic(rd_kafka_t *rk, enum evt_kafka_role role, const char *name,
                                  const char *compression);
/* Stops a consumer, which then lasts to the end of the process, see kafka.c. NULL is fine. */
void evt_kafka_leave(rd_kafka_t *consumer);

/* One more with each connection that a client makes. It is the opaque of the client's call-backs,
 * and lasts as long as the client. */
struct evt_kafka_link {
    atomic_uint_fast64_t made;
    void *owner;
};
struct evt_kafka_link *evt_kafka_link(rd_kafka_conf_t *conf, void *owner);
/* What librdkafka says as ours: a destination that is away, unknown or closed to us is AWAY. */
enum evt_err evt_kafka_fail(struct evt_error *err, rd_kafka_resp_err_t code, const char *fmt, ...)
    EVT_PRINTF(3, 4);

/* Why a producer has failed for good, which is the same however often it is asked. False: it has
 * not. */
bool evt_kafka_fatal(rd_kafka_t *rk, struct evt_error *err);

/* A message as a record: memory is the message's, headers are put into `ret_rec`'s own array, which
 * lives until the next call or the release. A zeroed struct is empty. */
struct evt_kafka_record {
    struct evt_record rec;
    struct evt_header *headers;
    size_t headers_cap;
};
void evt_kafka_record_set(struct evt_kafka_record *ret_rec, const rd_kafka_message_t *message);
void evt_kafka_record_release(struct evt_kafka_record *rec);

/* Copies all of it. EVT_E_BUSY: the producer's queue is full; serve its reports, then again. */
EVT_MUST_USE enum evt_err evt_kafka_produce(rd_kafka_t *producer, const struct evt_send *send,
                                            void *opaque, struct evt_error *err);
/* Sends all and waits until each is acknowledged; `ret_offsets` (may be NULL) has their places. The
 * producer must have been made by evt_kafka_sender. */
EVT_MUST_USE enum evt_err evt_kafka_sender(const struct evt_kafka *kafka, rd_kafka_t **ret_rk,
                                           struct evt_error *err);
EVT_MUST_USE enum evt_err evt_kafka_send_all(rd_kafka_t *sender, const struct evt_send *sends,
                                             size_t n, int timeout_ms, int64_t *ret_offsets,
                                             struct evt_error *err);

/* A topic's partitions as the cluster has them; 0: there is no such topic. */
EVT_MUST_USE enum evt_err evt_kafka_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                               int32_t *ret_partitions, struct evt_error *err);
/* The first offset that a partition still has, and the one that comes next. They are the leader's
 * word. RD_KAFKA_RESP_ERR__PARTITION_EOF is not: a broker that has just started may be asked while
 * it is not the leader again, and tells an end that lies before the real one. */
EVT_MUST_USE enum evt_err evt_kafka_ends(rd_kafka_t *rk, const char *topic, int32_t partition,
                                         int timeout_ms, int64_t *ret_low, int64_t *ret_high,
                                         struct evt_error *err);

/* librdkafka 2.0.2's broker threads notice a new assignment, a seek or room in a queue that was
 * full only when they wake, up to a second later: a question makes them look. False: no answer.
 * `ret_low` (may be NULL): the first offset that the partition still has. */
bool evt_kafka_wake(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms,
                    int64_t *ret_low);
/* One place in one partition, as librdkafka wants it; the caller destroys it. */
rd_kafka_topic_partition_list_t *evt_kafka_place(const char *topic, int32_t partition,
                                                 int64_t offset);

/* Reads single records, in any order; one thread at a time. */
struct evt_kafka_reader;
EVT_MUST_USE enum evt_err evt_kafka_reader_new(const struct evt_kafka *kafka,
                                               struct evt_kafka_reader **ret_reader,
                                               struct evt_error *err);
void evt_kafka_reader_free(struct evt_kafka_reader *reader); /* NULL is fine */
rd_kafka_t *evt_kafka_reader_client(struct evt_kafka_reader *reader);
/* The first record at `offset` or behind it (a transactional producer leaves holes); NULL when
 * the log ends before. Borrowed until the next call. `ret_low`, `ret_high`: the log's ends. */
EVT_MUST_USE enum evt_err evt_kafka_read(struct evt_kafka_reader *reader, const char *topic,
                                         int32_t partition, int64_t offset, int timeout_ms,
                                         const struct evt_record **ret_rec, int64_t *ret_low,
                                         int64_t *ret_high, struct evt_error *err);

#endif

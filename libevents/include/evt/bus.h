/* Bus: the Kafka driver. It runs the shards of one service, each on a thread of its own: feeds them
 * their partition, sends what they send, commits when that is acknowledged, fires their timers,
 * makes their calls.
 *
 * One consumer with a queue per partition, assigned by us from the stores' positions; two
 * idempotent producers (one sends at once, one gathers bursts), made anew after a fatal error; one
 * reader for the join checks. Whatever goes wrong with the broker is waited out and said; what a
 * person must decide ends the shard, and with it the process. */
#ifndef EVT_BUS_H
#define EVT_BUS_H

#include <evt/kafka.h>
#include <evt/metric.h>
#include <evt/service.h>
#include <stdbool.h>

struct evt_bus;
struct evt_conf;

struct evt_bus_options {
    const struct evt_service *service;
    struct evt_kafka kafka;
    const char *data_dir;  /* stores: <data_dir>/<service or subscription>/<partition>.db */
    const int32_t *shards; /* which partitions of the inbox; NULL: all */
    size_t shards_n;
    int64_t watchdog_ms; /* a shard that has not moved for so long is said to be stuck */
    struct evt_metrics *metrics;
    const struct evt_conf *conf; /* the service's own options, for its callers; NULL: none is set */
    /* After each COMMIT, from the shard's thread: everything up to `position` has its effect. */
    void (*committed)(void *arg, int32_t partition, int64_t position);
    /* Before it, there: each record that it holds, perhaps more than once. NULL: nobody asks. */
    void (*applied)(void *arg, int32_t partition, const struct evt_record *rec);
    void *committed_arg;
};

/* Opens the stores, so that what is wrong with them shows before anything else; takes their locks.
 */
EVT_MUST_USE enum evt_err evt_bus_new(const struct evt_bus_options *opt, struct evt_bus **ret_bus,
                                      struct evt_error *err);
/* Waits for the broker (and says so), checks the topics, starts the threads. `*stop` ends the wait.
 */
EVT_MUST_USE enum evt_err evt_bus_start(struct evt_bus *bus, const volatile bool *stop,
                                        struct evt_error *err);
/* What became of the bus as a whole. */
enum evt_bus_state {
    EVT_BUS_RUNNING,
    EVT_BUS_SUPERSEDED, /* every shard stopped at the boundary of a newer generation */
    EVT_BUS_FAILED      /* a shard cannot go on: evt_bus_why says why and what to do */
};
/* To be called every 100 ms or so by the main thread: it serves what is nobody else's. */
enum evt_bus_state evt_bus_tend(struct evt_bus *bus);
const char *evt_bus_why(const struct evt_bus *bus);
enum evt_err evt_bus_why_code(const struct evt_bus *bus);
/* True when every shard has caught up, its sends are acknowledged, and it moves. Else `why` (may be
 * NULL) gets a line per reason. */
bool evt_bus_ready(struct evt_bus *bus, struct evt_buf *why);
/* Stops taking, finishes what is open, commits, closes the stores. False: not within `timeout_ms`;
 * nothing is lost, the process should _exit. */
bool evt_bus_stop(struct evt_bus *bus, int timeout_ms);
void evt_bus_free(struct evt_bus *bus); /* after the stop; NULL is fine */

/* A command of the edge's. `done` is called once, from another thread, when the record is
 * acknowledged (EVT_OK and its offset) or cannot be sent. EVT_E_AWAY at once: too much waits. */
EVT_MUST_USE enum evt_err evt_bus_publish(struct evt_bus *bus, const struct evt_send *send,
                                          void (*done)(void *arg, enum evt_err rc, int64_t offset),
                                          void *arg, struct evt_error *err);

/* The shards of this process, for the edge: which partitions, and where their stores lie. */
bool evt_bus_owns(const struct evt_bus *bus, int32_t partition);
const char *evt_bus_store_path(const struct evt_bus *bus, int32_t partition); /* NULL: not ours */
int64_t evt_bus_position(const struct evt_bus *bus, int32_t partition); /* committed; -1: none */

#endif

/* Bus, inside: a bus is one consumer, two producers, one reader, and a seat per shard.
 *
 *   bus.c           life: stores are opened, the broker is waited for, threads start and stop
 *   bus_consumer.c  the one consumer: assignment, connections, seeks, group offsets
 *   bus_producer.c  the producers and their reports; made anew after a fatal error
 *   bus_seat.c      a shard's thread: apply, idle, what follows a failure
 *   bus_join.c      before it applies anything: the store is opened, and joined to the log
 *   bus_batch.c     the end of a batch: send, wait until it is acknowledged, commit
 *   bus_calls.c     outside calls: begun by a seat, their ends brought back to its thread
 *   bus_status.c    what people see: readiness, metrics, the watchdog */
#ifndef EVT_BUS_INTERNAL_H
#define EVT_BUS_INTERNAL_H

#include <evt/buf.h>
#include <evt/bus.h>
#include <evt/calling.h>
#include <evt/due.h>
#include <evt/log.h>
#include <evt/shard.h>

#include <pthread.h>
#include <stdatomic.h>

#define EVT_SEATS_MAX    256  /* shards of one process: each is a thread and a file */
#define EVT_SEAT_READ_MS 3000 /* one question about its log; a stop waits for one at most */

/* What a message's report is told to; the opaque of every message that wants one. */
struct evt_report {
    void (*fn)(struct evt_report *self, const rd_kafka_message_t *message);
};

/* A producer and who still uses it. */
struct evt_producer {
    rd_kafka_t *rk;
    rd_kafka_topic_t **topics; /* held, so that the library keeps knowing them */
    size_t topics_n;
    struct evt_bus *bus;
    atomic_int users;
    atomic_bool fatal;
};

/* A way to send: the producer that serves it now, and the thread that serves its reports. */
struct evt_lane {
    struct evt_bus *bus;
    enum evt_kafka_role role;
    struct evt_producer *producer; /* under the bus's producer_mutex */
    pthread_t reporter;
    bool served;
};

enum {
    EVT_LANE_PROMPT, /* each message leaves at once */
    EVT_LANE_BURST,  /* many leave in few requests, some milliseconds later */
    EVT_LANES_N
};

/* A batch's messages under way. It outlives the batch when the seat gives up waiting. */
struct evt_burst {
    struct evt_report report;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t left;              /* not reported yet */
    rd_kafka_resp_err_t code; /* the first that failed */
    char where[96];           /* and where it went */
    bool abandoned;           /* the last report frees it */
};

/* How outside calls ended, until the seat's thread looks. At most one for each attempt that it
 * began, which evt_due bounds. */
struct evt_mail {
    int64_t id;
    enum evt_call_end end;
    uint8_t *response; /* on the heap */
    size_t response_len;
};
struct evt_mailbox {
    pthread_mutex_t mutex;
    struct evt_mail *mails; /* under the mutex, with n and cap */
    size_t n, cap;
    atomic_bool full; /* there is something */
};

enum evt_seat_state {
    EVT_SEAT_STARTING,
    EVT_SEAT_JOINING,
    EVT_SEAT_CATCHING_UP,
    EVT_SEAT_RUNNING,
    EVT_SEAT_RETRYING,
    EVT_SEAT_SUPERSEDED,
    EVT_SEAT_STOPPED,
    EVT_SEAT_FAILED
};

struct evt_seat_metrics {
    struct evt_metric **messages; /* by type of the registry and outcome, made when first needed */
    struct evt_metric *handle, *commit, *batch, *ack_wait;
    struct evt_metric *duplicates, *dead, *held, *parked, *timers, *calls, *calls_parked, *lag;
    struct evt_metric *sagas_parked; /* NULL: it has no sagas */
};

/* A shard as the bus runs it. Its thread owns all but what is marked otherwise. */
struct evt_seat {
    struct evt_bus *bus;
    const struct evt_subscription *subscription; /* NULL: the service itself */
    const char *name;                            /* the service's or the subscription's */
    const struct evt_topic *topic;
    int32_t partition;
    char *path;
    pthread_t thread;
    bool started;

    struct evt_store_lock *lock; /* the store's, while the shard is closed and opened again, too */
    struct evt_shard *sh;
    struct evt_due *due;
    rd_kafka_queue_t *queue;
    struct evt_kafka_record rec;

    bool joined;
    bool probes;          /* the tail is to be probed with the next join */
    uint64_t connections; /* of the consumer, when it joined */
    int32_t broker;       /* that the last message came from; -1: none since the join */
    bool at_end;          /* nothing has come since the end was told */
    bool no_hold_back;    /* a proof was wrong: everything is sent again */
    bool asked_group;     /* for its offset */
    int64_t asking_ms;    /* since when it is asked; 0: not yet */
    int64_t low;          /* the log's first offset, when it was asked last … */
    int64_t low_ms;       /* … at this time */
    int64_t end;          /* the log's next offset at the join: what was there is caught up with */
    int64_t tended_ms;
    int nudge_ms;     /* how long nothing may come, while it has not caught up */
    int64_t batch_us; /* when the open batch began */
    size_t batch_max;
    int retries;        /* since the last commit */
    int pauses;         /* how often the pause has doubled; a new connection makes it less */
    int64_t careful_to; /* up to this offset batches of one: one of these records failed */
    uint64_t woken;     /* records applied when the fetcher was woken last */
    uint64_t applied;
    int64_t offset_ms;   /* when the group's offset was told last … */
    int64_t offset_told; /* … and what it was */
    int64_t probe_ms;    /* when the tail is probed next */
    size_t probed;       /* how many streams went out, when the queue was full */
    struct evt_seat_metrics metrics;
    struct evt_mailbox mailbox; /* of the calling thread, for this one */

    /* Read by others. */
    _Atomic int64_t position;
    _Atomic int64_t offset_held; /* what the group has said that it has, -1: nothing */
    _Atomic int64_t moved_ms;    /* its thread was alive */
    atomic_int state;
    atomic_int code;       /* with which it failed */
    pthread_mutex_t mutex; /* of `reason` */
    char reason[sizeof(((struct evt_error *)0)->text) + 64];
    atomic_int file; /* one more each time that the store is another file */
    sqlite3 *look;   /* the main thread's own view of the store … */
    int look_file;   /* … as it was then */
};

struct evt_bus {
    struct evt_bus_options opt;
    struct evt_kafka kafka;
    struct evt_seat *seats;
    size_t seats_n;

    rd_kafka_t *consumer;
    bool wakes;                       /* its fetcher must be woken by hand */
    struct evt_kafka_link *link; /* the consumer's */

    pthread_mutex_t producer_mutex;
    struct evt_lane lanes[EVT_LANES_N];
    atomic_bool reporting;
    atomic_int burying; /* producers that are let go of and not gone yet */

    struct evt_calling *calling; /* NULL: its service makes no outside calls */

    pthread_mutex_t reader_mutex;
    struct evt_kafka_reader *reader;
    pthread_cond_t reader_free;
    bool reading;          /* a seat has it */
    uint64_t aways;        /* how often it waited for the broker in vain … */
    struct evt_error away; /* … and what it said last */

    atomic_bool stopping;
    _Atomic int64_t stop_by_ms; /* a batch under way is waited for until then */
    atomic_bool started;
    struct evt_error why;
    bool failed;
    int64_t looked_ms;
};

/* bus_consumer.c */
enum evt_err evt__bus_consumer_open(struct evt_bus *bus, struct evt_error *err);
enum evt_err evt__bus_assign(struct evt_bus *bus, struct evt_error *err);
void evt__bus_consumer_close(struct evt_bus *bus);
enum evt_err evt__seat_seek(struct evt_seat *seat, struct evt_error *err);
enum evt_err evt__seat_hold_back(struct evt_seat *seat, struct evt_error *err);
void evt__seat_tell_offset(struct evt_seat *seat, bool now);
/* See evt_kafka_wake. */
void evt__seat_wake(struct evt_seat *seat, int timeout_ms);
void evt__seat_wake_fetcher(struct evt_seat *seat);

/* bus_producer.c */
enum evt_err evt__bus_producer_open(struct evt_bus *bus, struct evt_error *err);
bool evt__bus_producer_close(struct evt_bus *bus, int timeout_ms);
/* The one for so many messages at a time; NULL: there is none just now. */
struct evt_producer *evt__bus_producer_use(struct evt_bus *bus, size_t messages);
void evt__bus_producer_done(struct evt_producer *producer);

/* bus_seat.c */
void *evt__seat_run(void *seat);

/* bus_join.c */
enum evt_err evt__seat_open(struct evt_seat *seat, struct evt_error *err);
void evt__seat_close(struct evt_seat *seat);
/* The log is not the one whose sends were acknowledged: the store is built again, all is sent. */
enum evt_err evt__seat_rebuild(struct evt_seat *seat, struct evt_error *err);
/* Before anything that is fetched from now on is applied, the record at the position is read. */
enum evt_err evt__seat_join(struct evt_seat *seat, struct evt_error *err);
bool evt__seat_connected_anew(struct evt_seat *seat);

/* bus_batch.c */
enum evt_err evt__seat_flush(struct evt_seat *seat, struct evt_error *err);
/* False: it was not taken, as the producer's queue is full or there is none just now. */
bool evt__seat_publish(struct evt_seat *seat, const struct evt_send *send);

/* bus_calls.c */
EVT_MUST_USE enum evt_err evt__bus_calls_start(struct evt_bus *bus, struct evt_error *err);
void evt__bus_calls_stop(struct evt_bus *bus);
void evt__seat_mailbox_init(struct evt_seat *seat);
void evt__seat_mailbox_release(struct evt_seat *seat);
void evt__seat_call(struct evt_seat *seat, const struct evt_call_request *request);
/* Tells evt_due what has ended since. */
void evt__seat_take_mail(struct evt_seat *seat);

/* bus_status.c */
void evt__seat_metrics_init(struct evt_seat *seat);
void evt__seat_metrics_free(struct evt_seat *seat);
void evt__seat_observe(void *seat, const struct evt_record *rec, enum evt_outcome outcome,
                       const char *reason);
void evt__seat_saga_ended(void *seat, const char *saga, const char *outcome, int64_t took_ms);
void evt__seat_say(struct evt_seat *seat, enum evt_seat_state state, const char *reason);
void evt__seat_moved(struct evt_seat *seat);
void evt__bus_look(struct evt_bus *bus);

#endif

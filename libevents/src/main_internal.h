/* The parts of a service's program, as they see each other.
 *
 *   main.c           the table of sub-commands and their options
 *   main_shards.c    --shards
 *   main_files.c     how many files may be open
 *   main_faults.c    what a service finds wrong with the values of its own options
 *   main_options.c   what several of them read from the options: shards, paths, the cluster
 *   main_time.c      points in time as people write them
 *   main_progress.c  how far long work is
 *   main_run.c       run: life of the process, from options to exit status
 *   main_health.c    /livez, /readyz, /metrics
 *   main_signal.c    signals, and the deadline of a stop
 *   main_notify.c    what systemd is told
 *   main_describe.c  describe; main_describe_saga.c  its --saga
 *   main_check.c     check
 *   main_replay.c    replay
 *   main_resend.c    resend
 *   main_upgrade.c   upgrade
 *   main_boundary.c  the records at which generations begin */
#ifndef EVT_MAIN_INTERNAL_H
#define EVT_MAIN_INTERNAL_H

#include <evt/buf.h>
#include <evt/command.h>
#include <evt/edge.h>
#include <evt/kafka.h>
#include <evt/main.h>
#include <evt/metric.h>
#include <evt/service.h>
#include <evt/store.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/un.h>

/* What every sub-command is handed. */
struct evt_main {
    const struct evt_service *service;
    const struct evt_command *commands; /* for describe */
    const struct evt_option *options;
    char program[80]; /* "svc-product" */
};

/* main.c */
extern const struct evt_command evt__main_commands[];
extern const struct evt_option evt__main_options[];
int evt__main_run(const struct evt_conf *conf, void *arg);
int evt__main_upgrade(const struct evt_conf *conf, void *arg);
int evt__main_replay(const struct evt_conf *conf, void *arg);
int evt__main_resend(const struct evt_conf *conf, void *arg);
int evt__main_describe(const struct evt_conf *conf, void *arg);
int evt__main_check(const struct evt_conf *conf, void *arg);

/* main_options.c */
/* The sub-commands with the service's own options, on the heap. */
struct evt_command *evt__main_commands_of(const struct evt_service *service);
void evt__main_commands_free(struct evt_command *commands);
/* The generation that topics.json declares must be the one that this program was built with. */
EVT_MUST_USE enum evt_err evt__main_generation(const struct evt_service *service,
                                               struct evt_error *err);
/* main_shards.c: "all", "0,2", "0-3", or "1/3": the second of three processes. Room for
 * `partitions` numbers; they come in rising order. */
EVT_MUST_USE enum evt_err evt__shards_parse(const char *text, int32_t partitions,
                                            int32_t *ret_shards, size_t *ret_n,
                                            struct evt_error *err);
/* main_faults.c: what the service finds wrong with its options, told one by one; how many. */
size_t evt__main_faults(const struct evt_main *main, const struct evt_conf *conf,
                        void (*each)(void *arg, const char *text), void *arg);
/* The shards that the options name, on the heap. */
EVT_MUST_USE enum evt_err evt__main_shards(const struct evt_main *main, const struct evt_conf *conf,
                                           int32_t **ret_shards, size_t *ret_n,
                                           struct evt_error *err);
EVT_MUST_USE enum evt_err evt__address_check(const char *address, struct evt_error *err);
struct evt_kafka evt__main_kafka(const struct evt_main *main, const struct evt_conf *conf);
/* "<data-dir>/<name>/<partition>.db", on the heap. */
char *evt__main_store_path(const struct evt_conf *conf, const char *name, int32_t partition);
/* Where a store stands, whoever has it open. */
/* Would it have the definitions of all sagas that the store has, were its generation to begin now?
 * The store is one of an older generation. */
EVT_MUST_USE enum evt_err evt__main_check_sagas(const struct evt_service *service, const char *path,
                                                int32_t partition, const struct evt_meta *meta,
                                                struct evt_error *err);
EVT_MUST_USE enum evt_err evt__main_meta(const char *path, const char *name, int32_t partition,
                                         struct evt_meta *ret_meta, struct evt_error *err);
/* The log that a sub-command is about: --partition of the service's inbox, or of --subscription's
 * source. */
struct evt_main_log {
    const struct evt_subscription *subscription; /* or NULL */
    const struct evt_topic *topic;
    const char *name; /* of the shard: the service's or the subscription's */
    int32_t partition;
};
EVT_MUST_USE enum evt_err evt__main_log(const struct evt_main *main, const struct evt_conf *conf,
                                        struct evt_main_log *ret_log, struct evt_error *err);
int evt__main_exit(enum evt_err code);
/* Says the words on stderr, after the program's name; returns the exit status. */
int evt__main_fail(const struct evt_main *main, const struct evt_error *err);

/* main_files.c: raises, where it can, how many files may be open; how many may be then. */
size_t evt__files_allow(size_t wanted);

/* main_time.c: RFC 3339, a date, 10:20 (the last one that was), -90s -30m -1h -2d; an @ in front
 * is fine. */
EVT_MUST_USE enum evt_err evt__time_parse(const char *text, int64_t now_ms, int64_t *ret_ms,
                                          struct evt_error *err);

/* main_progress.c */
struct evt_progress { /* a zeroed one is new */
    int64_t said_ms;
    bool terminal, shown;
};
void evt__progress(struct evt_progress *progress, int64_t at, int64_t end);
void evt__progress_end(struct evt_progress *progress); /* takes the line away */

/* main_notify.c */
struct evt_notify {
    int fd; /* -1: nobody is to be told */
    struct sockaddr_un to;
    socklen_t to_len;
    int64_t watchdog_ms; /* how often it wants to hear of us; 0: not at all */
};
/* From the environment's NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, any of which may be NULL.
 */
void evt__notify_open(struct evt_notify *notify, const char *address, const char *watchdog_us,
                      const char *watchdog_pid);
void evt__notify_close(struct evt_notify *notify);
void evt__notify(const struct evt_notify *notify, const char *fmt, ...) EVT_PRINTF(2, 3);

/* main_signal.c */
struct evt_signals {
    pthread_t thread;
    volatile bool stop;        /* the first signal came; the bus looks at it, too */
    atomic_bool ended;         /* the thread is to go */
    atomic_int_fast64_t until; /* when the process must be gone; 0: no such time yet */
    sem_t woken;               /* the main thread's sleep */
    int64_t stop_ms;           /* from the first signal on */
    const struct evt_notify *notify;
    atomic_int_fast64_t tended_ms; /* when the main thread moved last; 0: it waits for the broker */
};
/* Blocks the signals for this and all later threads, and starts the one that takes them: the first
 * sets `stop`, the second ends the process at once. */
void evt__signals_start(struct evt_signals *signals);
void evt__signals_end(struct evt_signals *signals);
bool evt__signals_stop(const struct evt_signals *signals);
/* The main thread sleeps, until something comes or `ms` have passed. */
void evt__signals_sleep(struct evt_signals *signals, int64_t ms);
/* From now on the process has `stop_ms`: what hangs at its end is left behind. */
void evt__signals_hurry(struct evt_signals *signals);

/* main_health.c */
struct evt_health {
    pthread_mutex_t mutex;
    bool ready;
    struct evt_buf why; /* a line per reason */
    struct evt_metrics *metrics;
};
void evt__health_init(struct evt_health *health, struct evt_metrics *metrics, const char *why);
void evt__health_release(struct evt_health *health);
/* True when that is a change. */
bool evt__health_set(struct evt_health *health, bool ready, const char *why);
/* The service's routes and our three, on the heap. */
struct evt_route *evt__health_routes(struct evt_health *health, const struct evt_route *own);

/* main_resend.c */
EVT_MUST_USE enum evt_err evt__stream_parse(const struct evt_registry *registry, const char *text,
                                            const struct evt_topic **ret_topic,
                                            int32_t *ret_partition, struct evt_error *err);

/* main_boundary.c */
/* The first boundary from `from` on whose generation is above `above`; offset -1: none. It gives up
 * when no record came for so long. */
EVT_MUST_USE enum evt_err evt__boundary_find(const struct evt_kafka *kafka,
                                             const struct evt_topic *topic, int32_t partition,
                                             int64_t from, uint32_t above, int silence_ms,
                                             int64_t *ret_offset, uint32_t *ret_generation,
                                             struct evt_error *err);
EVT_MUST_USE enum evt_err evt__boundary_append(const struct evt_kafka *kafka,
                                               const struct evt_topic *topic, int32_t partition,
                                               uint32_t generation, int64_t *ret_offset,
                                               struct evt_error *err);

/* main_describe_saga.c */
int evt__main_describe_saga(const struct evt_main *main, const struct evt_conf *conf);

/* main_describe.c */
struct json_t *evt__describe(const struct evt_main *main);

#endif

/* Replay: the driver that rebuilds a shard from its log without sending: for debugging, for the
 * verdict over a live store, and to make lost messages again. */
#ifndef EVT_REPLAY_H
#define EVT_REPLAY_H

#include <evt/kafka.h>
#include <evt/service.h>
#include <stdbool.h>

/* What a store holds, table by table, as of one moment: it may be live, its shard goes on. */
struct evt_content_table {
    char *name;
    int64_t rows;
    uint64_t hash;
};
struct evt_content {
    int64_t position; /* -1: nothing was applied yet */
    uint32_t generation;
    uint64_t hash;
    struct evt_content_table *tables; /* by name */
    size_t tables_n;
};
EVT_MUST_USE enum evt_err evt_content_read(const char *path, struct evt_content *ret_content,
                                           struct evt_error *err);
void evt_content_release(struct evt_content *content); /* a zeroed one is fine */
/* Equal when both stand at the same position and hold the same. `each` (may be NULL) is told every
 * table that differs, with rows of either; -1: it is not there. */
bool evt_content_equal(const struct evt_content *content, const struct evt_content *other,
                       void (*each)(void *arg, const char *table, int64_t rows, int64_t rows_other),
                       void *arg);

struct evt_replay_options {
    const struct evt_service *service;
    const struct evt_subscription *subscription; /* or NULL */
    struct evt_kafka kafka;
    int32_t partition;
    const char *out;   /* the store to be built: must not exist */
    const char *from;  /* a store's path whose snapshots may be begun from; NULL: the log's start */
    int64_t to_offset; /* the last record that is applied; -1: what the log holds now */
    int64_t to_ms;  /* … before the first that was written later than this; -1: no such bound */
    int silence_ms; /* it gives up when no record came for so long; 0: 30 s */
    /* What it would have sent, before each commit. May be NULL. */
    void (*sends)(void *arg, const struct evt_send *send);
    /* Progress: the offset applied last and the one to reach. May be NULL. */
    void (*progress)(void *arg, int64_t offset, int64_t end);
    void *arg;
};
struct evt_replay_result {
    int64_t records;
    bool superseded;            /* stopped at the boundary of a newer generation */
    struct evt_content content; /* of what was built: the caller releases it */
};
/* A failure leaves no file behind. */
EVT_MUST_USE enum evt_err evt_replay(const struct evt_replay_options *opt,
                                     struct evt_replay_result *ret_result, struct evt_error *err);

/* The same of two stores' paths. */
EVT_MUST_USE enum evt_err evt_replay_compare(const char *path, const char *other, bool *ret_equal,
                                             void (*each)(void *arg, const char *table,
                                                          int64_t rows, int64_t rows_other),
                                             void *arg, struct evt_error *err);

#endif

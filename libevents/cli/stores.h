/* Stores: the files of all shards under a data folder, looked at while their services run. */
#ifndef CLI_STORES_H
#define CLI_STORES_H

#include <evt/store.h>
#include <evt/type.h>

/* A shard's place: its log, and its store's path. */
struct cli_shard {
    const char *name; /* of the service or the subscription */
    const char *service;
    const struct evt_topic *topic;
    int32_t partition;
    const char *path;
};
/* Calls `each` for every declared shard whose store is there; it returns false to stop. Returns how
 * many were there. */
size_t cli_stores_each(const char *data_dir, bool (*each)(void *arg, const struct cli_shard *shard),
                       void *arg);
/* Read-only: nothing is locked, migrated or written. */
EVT_MUST_USE enum evt_err cli_store_open(const struct cli_shard *shard, struct evt_store **ret_st,
                                         struct evt_error *err);

/* The rows of `sql`, which has one parameter, ?1 as text, in every store that is there. `each` may
 * ask more of the store. Says what is wrong itself; returns an exit status. */
int cli_rows_each(const char *data_dir, const char *sql, const char *parameter,
                  void (*each)(void *arg, const struct cli_shard *shard, struct evt_store *st,
                               sqlite3_stmt *row),
                  void *arg, size_t *ret_stores);

/* A stream of which records wait. */
struct cli_held {
    const char *source;
    uint64_t mark, chain;
    int64_t parked;
    uint64_t next, next_chain; /* the first that waits above the mark; 0: none */
};
EVT_MUST_USE enum evt_err cli_store_held(struct evt_store *st, bool all,
                                         void (*each)(void *arg, const struct cli_held *held),
                                         void *arg, struct evt_error *err);

#endif

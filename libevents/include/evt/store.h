/* Store: one SQLite file per shard, a cache of the shard's inbox partition.
 *
 * It holds the service's own tables and libevents' (evt_*): position and hashes, marks, streams,
 * parked records, timers, calls, answers. What the log determines is guarded: functions that would
 * read a clock or chance raise, tables that could order their rows by accident are refused, and
 * handlers' statements cannot touch evt_* or local_*. */
#ifndef EVT_STORE_H
#define EVT_STORE_H

#include <evt/err.h>
#include <evt/fs.h>
#include <evt/service.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct evt_store;
struct evt_store_lock;

struct evt_store_options {
    const struct evt_fs *fs; /* NULL: the operating system's */
    const char *path;
    const char *service; /* the service's name, or the subscription's */
    int32_t partition;
    const struct evt_migration *migrations; /* ends with {0}; NULL: none */
    const char *const *statements;          /* ends with NULL; NULL: none */
    int checkpoint_pages;                   /* 0: 1000, SQLite's own */
    bool reverse_unordered;                 /* tests: rows without an order come backwards */
    bool read_only;                         /* no lock file, no migration */
    const struct evt_store_lock *lock;      /* the caller's, which outlives it; NULL: its own */
};

/* Ownership of a store's files, from before it is opened: to put a snapshot in its place, or to
 * remove it, is the owner's alone. EVT_E_STORE_LOCKED: another process has it. */
EVT_MUST_USE enum evt_err evt_store_lock_new(const struct evt_fs *fs, const char *path,
                                             struct evt_store_lock **ret_lock,
                                             struct evt_error *err);
void evt_store_lock_free(struct evt_store_lock *lock); /* NULL is fine */

/* Opens or creates the file, takes the lock file beside it, sets the purity guards. A new store is
 * created with libevents' tables; the service's migrations are run by evt_store_migrate. */
EVT_MUST_USE enum evt_err evt_store_open(const struct evt_store_options *opt,
                                         struct evt_store **ret_st, struct evt_error *err);
void evt_store_close(struct evt_store *st); /* checkpoints; NULL is fine */

/* Runs what is missing, in the open transaction or one of its own, then checks the rules over the
 * schema: a table that breaks one is named. */
EVT_MUST_USE enum evt_err evt_store_migrate(struct evt_store *st, struct evt_error *err);

/* What was declared has run, nothing is missing, and the rules hold. A migration is a decision:
 * one more of them is a new generation. */
EVT_MUST_USE enum evt_err evt_store_verify(struct evt_store *st, struct evt_error *err);

/* While a log is caught up with nobody waits for a commit: checkpoints are fewer and larger. At its
 * end what has gathered is carried over at once. Between transactions. */
void evt_store_catching_up(struct evt_store *st, bool catching_up);

EVT_MUST_USE enum evt_err evt_store_begin(struct evt_store *st, struct evt_error *err);
EVT_MUST_USE enum evt_err evt_store_commit(struct evt_store *st, struct evt_error *err);
void evt_store_rollback(struct evt_store *st); /* looks whether SQLite has done it already */
bool evt_store_in_transaction(const struct evt_store *st);
EVT_MUST_USE enum evt_err evt_store_savepoint(struct evt_store *st, struct evt_error *err);
EVT_MUST_USE enum evt_err evt_store_release(struct evt_store *st, struct evt_error *err);
EVT_MUST_USE enum evt_err
evt_store_undo(struct evt_store *st, struct evt_error *err); /* to the savepoint, and release it */

/* Statements. `types` has a letter per value: i int32_t · l int64_t · t const char * (NULL: null) ·
 * b const void *, size_t (NULL: null). Statement numbers are the service's own enum, the index in
 * its `statements`; each is prepared once, at its first use. */
EVT_MUST_USE enum evt_err evt_store_run(struct evt_store *st, int statement, struct evt_error *err,
                                        const char *types, ...);
/* The next row, or NULL at the end (and the statement is reset). Stopping early needs
 * evt_store_done. Columns are read with sqlite3_column_*; evt_row_text never returns NULL. */
EVT_MUST_USE enum evt_err evt_store_query(struct evt_store *st, int statement,
                                          sqlite3_stmt **ret_row, struct evt_error *err,
                                          const char *types, ...);
EVT_MUST_USE enum evt_err evt_store_next(struct evt_store *st, sqlite3_stmt **row,
                                         struct evt_error *err);
void evt_store_done(sqlite3_stmt *row); /* NULL is fine */
const char *evt_row_text(sqlite3_stmt *row, int column);
/* Prepares every statement, so that a wrong one shows at start and not at its first use. */
EVT_MUST_USE enum evt_err evt_store_prepare_all(struct evt_store *st, struct evt_error *err);

/* The result code of SQLite as ours, with the words of the failure. */
enum evt_err evt_store_fail(struct evt_store *st, int rc, struct evt_error *err);
sqlite3 *evt_store_db(struct evt_store *st);

/* A hash of all tables that the log determines: equal content gives equal hashes, whatever the page
 * layout and the order of insertion. `each` (may be NULL) is told every table's own. */
EVT_MUST_USE enum evt_err evt_store_content_hash(struct evt_store *st, uint64_t *ret_hash,
                                                 void (*each)(void *arg, const char *table,
                                                              int64_t rows, uint64_t hash),
                                                 void *arg, struct evt_error *err);

/* libevents' own row of the store. Hashes are kept as SQLite's signed integers. */
struct evt_meta {
    uint32_t generation;
    uint64_t declared; /* hash of what the service takes */
    char lineage[17];  /* the log's, from its birth record; "" before */
    int64_t pos;       /* offset applied last; -1: none */
    uint64_t pos_hash; /* of that record */
    uint64_t roll;     /* of all records up to there */
    int64_t now_ms;    /* the log's time, clamped */
    int64_t counter;   /* ids of timers, calls and things */
    int64_t held_back; /* rebuilding with sends withheld up to here, unproven; -1: no */
};
EVT_MUST_USE enum evt_err evt_store_meta_get(struct evt_store *st, struct evt_meta *ret_meta,
                                             struct evt_error *err);
/* Moves the position: exactly one row, and only from `pos_before`. */
EVT_MUST_USE enum evt_err evt_store_meta_put(struct evt_store *st, const struct evt_meta *meta,
                                             int64_t pos_before, struct evt_error *err);

#endif

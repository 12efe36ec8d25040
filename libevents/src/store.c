/* Store: opening, closing and transactions of a shard's SQLite file.
 *
 * The lock file keeps a second process out: SQLite's own locks would let it in between two
 * transactions. Only the shard's thread writes; readers open the same file and see the last commit.
 */
#include "store_internal.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

/* A reader of the file may hold the end of a checkpoint for a moment; a writer waits this long. */
#define BUSY_MS          2000
/* SQLite's own: a checkpoint runs in the committing thread, and larger ones are felt. */
#define CHECKPOINT_PAGES 1000
/* Debian's default is FULL, an fsync at every commit; what a power cut takes here is in the log. */
#define SETTINGS                                                                                   \
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864"

/* Settings of the connection; the journal's mode alone is kept in the file. */
static enum evt_err set_up(struct evt_store *st, struct evt_error *err)
{
    sqlite3_busy_timeout(st->db, BUSY_MS);
    sqlite3_extended_result_codes(st->db, 1);
    sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_wal_autocheckpoint(st->db, st->opt.checkpoint_pages ? st->opt.checkpoint_pages
                                                                : CHECKPOINT_PAGES);
    if (st->opt.read_only)
        return evt__store_exec(st, EVT_SPEAKER_LIBRARY, "PRAGMA query_only=ON", err);
    return evt__store_exec(st, EVT_SPEAKER_LIBRARY,
                           st->opt.reverse_unordered ? SETTINGS
                               "; PRAGMA reverse_unordered_selects=ON"
                                                     : SETTINGS,
                           err);
}

static size_t count_statements(const char *const *statements)
{
    size_t n = 0;

    while (statements && statements[n])
        n++;
    return n;
}

static enum evt_err open_database(struct evt_store *st, struct evt_error *err)
{
    int flags =
        st->opt.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    enum evt_err rc;
    int sqlite_rc = sqlite3_open_v2(st->path, &st->db, flags | SQLITE_OPEN_NOMUTEX, st->fs->vfs);

    if (sqlite_rc != SQLITE_OK)
        return evt_store_fail(st, sqlite_rc, err);
    rc = set_up(st, err);
    if (rc == EVT_OK)
        rc = evt__guard_install(st, err);
    if (rc == EVT_OK)
        rc = evt__schema_open(st, err);
    return rc;
}

enum evt_err evt_store_open(const struct evt_store_options *opt, struct evt_store **ret_st,
                            struct evt_error *err)
{
    struct evt_store *st = evt_zalloc(sizeof(*st));
    size_t path_len = strlen(opt->path);
    enum evt_err rc = EVT_OK;

    st->opt = *opt;
    st->fs = opt->fs ? opt->fs : &evt_fs_posix;
    st->lock = -1;
    st->path = evt_strdup(opt->path);
    st->statements_n = count_statements(opt->statements);
    st->statements = evt_zalloc((st->statements_n + 1) * sizeof(*st->statements));
    if (!opt->read_only) {
        st->lock_path = evt_alloc(path_len + sizeof(".lock"));
        snprintf(st->lock_path, path_len + sizeof(".lock"), "%s.lock", opt->path);
        rc = st->fs->lock(st->fs->self, st->lock_path, &st->lock, err);
    }
    if (rc == EVT_OK)
        rc = open_database(st, err);
    if (rc != EVT_OK) {
        evt_store_close(st);
        return evt_wrap(err, rc, "%s", opt->path);
    }
    *ret_st = st;
    return EVT_OK;
}

void evt_store_close(struct evt_store *st)
{
    if (!st)
        return;
    if (st->db) {
        evt_store_rollback(st);
        evt__store_forget_statements(st);
        sqlite3_close_v2(st->db);
    }
    if (st->lock >= 0)
        st->fs->unlock(st->fs->self, st->lock);
    evt_free(st->statements);
    evt_free(st->lock_path);
    evt_free(st->path);
    evt_free(st);
}

enum evt_err evt_store_begin(struct evt_store *st, struct evt_error *err)
{
    /* What may have to undo it must not need memory then. */
    enum evt_err rc = evt__own_ready(st, EVT_OWN_ROLLBACK, err);

    return rc == EVT_OK ? evt__own_run(st, EVT_OWN_BEGIN, err, "") : rc;
}

/* SQLite may have rolled back by itself, after a failure that nobody looked at: what is done then
 * would be done outside of any transaction. */
static enum evt_err check_open(const struct evt_store *st, struct evt_error *err)
{
    if (evt_store_in_transaction(st))
        return EVT_OK;
    return evt_fail(err, EVT_E_IO, "the transaction was rolled back by SQLite");
}

enum evt_err evt_store_commit(struct evt_store *st, struct evt_error *err)
{
    enum evt_err rc = check_open(st, err);

    evt__store_reset_statements(st);
    return rc == EVT_OK ? evt__own_run(st, EVT_OWN_COMMIT, err, "") : rc;
}

void evt_store_rollback(struct evt_store *st)
{
    evt__store_reset_statements(st);
    /* Some errors (disk full, no memory, interrupted) make SQLite roll back by itself. */
    if (!evt_store_in_transaction(st))
        return;
    (void)!evt__own_run(st, EVT_OWN_ROLLBACK, NULL, "");
    /* To go on would be to commit what was to be undone. */
    EVT_BUG_ON(evt_store_in_transaction(st));
}

bool evt_store_in_transaction(const struct evt_store *st)
{
    return !sqlite3_get_autocommit(st->db);
}

enum evt_err evt_store_savepoint(struct evt_store *st, struct evt_error *err)
{
    enum evt_err rc = check_open(st, err);

    return rc == EVT_OK ? evt__own_run(st, EVT_OWN_SAVEPOINT, err, "") : rc;
}

enum evt_err evt_store_release(struct evt_store *st, struct evt_error *err)
{
    enum evt_err rc = check_open(st, err);

    return rc == EVT_OK ? evt__own_run(st, EVT_OWN_RELEASE, err, "") : rc;
}

enum evt_err evt_store_undo(struct evt_store *st, struct evt_error *err)
{
    enum evt_err rc;

    evt__store_reset_statements(st);
    rc = check_open(st, err);
    if (rc == EVT_OK)
        rc = evt__own_run(st, EVT_OWN_UNDO, err, "");
    return rc == EVT_OK ? evt_store_release(st, err) : rc;
}

sqlite3 *evt_store_db(struct evt_store *st)
{
    return st->db;
}

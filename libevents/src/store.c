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
#define BUSY_MS           2000
/* SQLite's own: a checkpoint runs in the committing thread, and larger ones are felt. */
#define CHECKPOINT_PAGES  1000
/* 40 MB, below journal_size_limit. On a disk a rebuild gains 3 % at 5,000 products, 9 % at 50,000.
 */
#define CATCHING_UP_PAGES 10000
/* Debian's default is FULL, an fsync at every commit; what a power cut takes here is in the log. */
#define SETTINGS                                                                                   \
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864"

static int checkpoint_pages(const struct evt_store *st)
{
    const int pages = st->opt.checkpoint_pages ? st->opt.checkpoint_pages : CHECKPOINT_PAGES;

    return st->catching_up && pages < CATCHING_UP_PAGES ? CATCHING_UP_PAGES : pages;
}

/* Settings of the connection; the journal's mode alone is kept in the file. */
static enum evt_err set_up(struct evt_store *st, struct evt_error *err)
{
    sqlite3_busy_timeout(st->db, BUSY_MS);
    sqlite3_extended_result_codes(st->db, 1);
    sqlite3_db_config(st->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    sqlite3_db_config(st->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_wal_autocheckpoint(st->db, checkpoint_pages(st));
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
    /* SQLite opens what it may not write for reading, and would say so at the first write. */
    if (!st->opt.read_only && sqlite3_db_readonly(st->db, "main") == 1)
        return evt_fail(err, EVT_E_STORE_READONLY, "the file is read-only");
    rc = set_up(st, err);
    if (rc == EVT_OK)
        rc = evt__guard_install(st, err);
    if (rc == EVT_OK)
        rc = evt__schema_open(st, err);
    return rc;
}

enum evt_err evt_store_lock_new(const struct evt_fs *fs, const char *path,
                                struct evt_store_lock **ret_lock, struct evt_error *err)
{
    struct evt_buf name = {0};
    enum evt_err rc;
    int fd = -1;

    fs = fs ? fs : &evt_fs_posix;
    evt_buf_printf(&name, "%s.lock", path);
    rc = fs->lock(fs->self, evt_buf_text(&name), &fd, err);
    evt_buf_release(&name);
    if (rc != EVT_OK)
        return rc;
    *ret_lock = evt_alloc(sizeof(**ret_lock));
    **ret_lock = (struct evt_store_lock){.fs = fs, .path = evt_strdup(path), .fd = fd};
    return EVT_OK;
}

void evt_store_lock_free(struct evt_store_lock *lock)
{
    if (!lock)
        return;
    lock->fs->unlock(lock->fs->self, lock->fd);
    evt_free(lock->path);
    evt_free(lock);
}

enum evt_err evt_store_open(const struct evt_store_options *opt, struct evt_store **ret_st,
                            struct evt_error *err)
{
    struct evt_store *st = evt_zalloc(sizeof(*st));
    enum evt_err rc = EVT_OK;

    EVT_BUG_ON(opt->lock && strcmp(opt->lock->path, opt->path) != 0);
    st->opt = *opt;
    st->fs = opt->fs ? opt->fs : &evt_fs_posix;
    st->path = evt_strdup(opt->path);
    st->statements_n = count_statements(opt->statements);
    st->statements = evt_zalloc((st->statements_n + 1) * sizeof(*st->statements));
    if (!opt->read_only && !opt->lock)
        rc = evt_store_lock_new(st->fs, opt->path, &st->lock, err);
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
    evt_store_lock_free(st->lock);
    evt_free(st->statements);
    evt_free(st->path);
    evt_free(st);
}

void evt_store_catching_up(struct evt_store *st, bool catching_up)
{
    EVT_BUG_ON(evt_store_in_transaction(st));
    if (st->catching_up == catching_up)
        return;
    st->catching_up = catching_up;
    sqlite3_wal_autocheckpoint(st->db, checkpoint_pages(st));
    if (!catching_up) /* one that fails is tried again by the next commit, as any is */
        sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
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

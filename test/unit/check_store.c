/* Store: one file, one owner, statements that are refused in words, content that has one hash. */
#include <evt/mem.h>
#include <evt/snapshot.h>
#include <evt/store.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "test/lib/folder.h"
#include "test/lib/suite.h"

enum { PUT, GET, ALL, PUT_TWICE, TOO_LARGE };
static const char *const statements[] = {
    [PUT] = "INSERT INTO thing (name, count, note) VALUES (?1, ?2, ?3)",
    [GET] = "SELECT count, note FROM thing WHERE name = ?1",
    [ALL] = "SELECT name FROM thing ORDER BY name",
    [PUT_TWICE] = "INSERT INTO thing (name, count) VALUES (?1, 1)",
    [TOO_LARGE + 1] = NULL,
    [TOO_LARGE] = "SELECT abs(-9223372036854775807 - 1)",
};

#define THING                                                                                      \
    "CREATE TABLE thing (name TEXT NOT NULL PRIMARY KEY, count INTEGER NOT NULL, note TEXT) "      \
    "STRICT"
static const struct evt_migration things[] = {{1, "things", THING}, {0}};

static struct folder folder;

static struct evt_store_options options(const char *name)
{
    return (struct evt_store_options){
        .path = folder_path(&folder, name),
        .service = "test",
        .partition = 3,
        .migrations = things,
        .statements = statements,
    };
}

static struct evt_store *open_store(const char *name)
{
    struct evt_store_options opt = options(name);
    struct evt_store *st;
    struct evt_error err;

    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_ok(evt_store_migrate(st, &err), err);
    return st;
}

static void put(struct evt_store *st, const char *name, int64_t count)
{
    struct evt_error err;

    ck_ok(evt_store_run(st, PUT, &err, "tlt", name, count, "note"), err);
}

static int64_t count_of(struct evt_store *st, const char *name)
{
    sqlite3_stmt *row = NULL;
    struct evt_error err;
    int64_t count = -1;

    ck_ok(evt_store_query(st, GET, &row, &err, "t", name), err);
    if (row)
        count = sqlite3_column_int64(row, 0);
    evt_store_done(row);
    return count;
}

static uint64_t hash_of(struct evt_store *st)
{
    struct evt_error err;
    uint64_t hash = 0;

    ck_ok(evt_store_content_hash(st, &hash, NULL, NULL, &err), err);
    return hash;
}

START_TEST(what_is_committed_is_there_again)
{
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    st = open_store("a.db");
    ck_ok(evt_store_begin(st, &err), err);
    put(st, "kept", 1);
    ck_ok(evt_store_commit(st, &err), err);
    ck_ok(evt_store_begin(st, &err), err);
    put(st, "lost", 2);
    ck_assert(evt_store_in_transaction(st));
    evt_store_rollback(st);
    evt_store_rollback(st); /* of nothing: harmless */
    ck_assert(!evt_store_in_transaction(st));
    evt_store_close(st);
    st = open_store("a.db");
    ck_assert_int_eq(count_of(st, "kept"), 1);
    ck_assert_int_eq(count_of(st, "lost"), -1);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(a_savepoint_undoes_only_its_own)
{
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    st = open_store("a.db");
    ck_ok(evt_store_begin(st, &err), err);
    put(st, "before", 1);
    ck_ok(evt_store_savepoint(st, &err), err);
    put(st, "undone", 2);
    ck_ok(evt_store_undo(st, &err), err);
    ck_ok(evt_store_savepoint(st, &err), err);
    put(st, "after", 3);
    ck_ok(evt_store_release(st, &err), err);
    ck_ok(evt_store_commit(st, &err), err);
    ck_assert_int_eq(count_of(st, "before"), 1);
    ck_assert_int_eq(count_of(st, "undone"), -1);
    ck_assert_int_eq(count_of(st, "after"), 3);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(rows_come_until_null)
{
    struct evt_store *st;
    struct evt_error err;
    sqlite3_stmt *row = NULL;
    int n = 0;

    folder_init(&folder);
    st = open_store("a.db");
    put(st, "b", 1);
    put(st, "a", 1);
    ck_ok(evt_store_query(st, ALL, &row, &err, ""), err);
    for (; row; n++) {
        ck_assert_str_eq(evt_row_text(row, 0), n ? "b" : "a");
        ck_ok(evt_store_next(st, &row, &err), err);
    }
    ck_assert_int_eq(n, 2);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(a_statement_says_why_it_is_refused)
{
    struct evt_store *st;
    struct evt_error err;
    sqlite3_stmt *row = NULL;

    folder_init(&folder);
    st = open_store("a.db");
    put(st, "a", 1);
    ck_refused(evt_store_run(st, PUT_TWICE, &err, "t", "a"), err, EVT_E_INVARIANT,
               "the message breaks an invariant: UNIQUE in "
               "INSERT INTO thing (name, count) VALUES (?1, 1)");
    ck_refused(evt_store_run(st, PUT, &err, "ttt", "b", "no number", "note"), err, EVT_E_INVARIANT,
               "the message breaks an invariant: the type of a column in INSERT INTO thing (name, "
               "count, note) VALUES (?1, ?2, ?3)");
    ck_refused(evt_store_query(st, TOO_LARGE, &row, &err, ""), err, EVT_E_STORE_SQL,
               "the store refuses a statement: integer overflow");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(a_wrong_statement_shows_at_start)
{
    static const char *const wrong[] = {"SELECT 1 FROM nowhere", NULL};
    struct evt_store_options opt;
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    evt_store_close(open_store("a.db"));
    opt = options("a.db");
    opt.statements = wrong;
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_refused(evt_store_verify(st, &err), err, EVT_E_STORE_SQL,
               "SELECT 1 FROM nowhere: the store refuses a statement: no such table: nowhere");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(one_owner_at_a_time)
{
    struct evt_store *st, *second = NULL;
    struct evt_store_options opt;
    struct evt_error err;
    char words[256];

    folder_init(&folder);
    st = open_store("a.db");
    opt = options("a.db");
    snprintf(words, sizeof(words), "%s: another process owns the store", opt.path);
    ck_assert_int_eq(evt_store_open(&opt, &second, &err), EVT_E_STORE_LOCKED);
    ck_assert_msg(strncmp(err.text, words, strlen(words)) == 0, "%s", err.text);
    ck_assert_ptr_null(second);
    opt.read_only = true; /* a reader needs no lock */
    ck_ok(evt_store_open(&opt, &second, &err), err);
    ck_refused(evt_store_run(second, PUT, &err, "tlt", "x", (int64_t)1, "n"), err,
               EVT_E_STORE_READONLY,
               "the store cannot be written: attempt to write a readonly database");
    evt_store_close(second);
    evt_store_close(st);
    st = open_store("a.db");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(a_store_knows_whose_it_is)
{
    struct evt_store_options opt;
    struct evt_store *st = NULL;
    struct evt_error err;
    char words[256];

    folder_init(&folder);
    evt_store_close(open_store("a.db"));
    opt = options("a.db");
    opt.partition = 4;
    snprintf(words, sizeof(words),
             "%s: the store belongs to another service or partition: it is test's partition 3, not "
             "test's 4",
             opt.path);
    ck_refused(evt_store_open(&opt, &st, &err), err, EVT_E_STORE_OTHER, words);
    opt.partition = 3;
    opt.service = "other";
    snprintf(words, sizeof(words),
             "%s: the store belongs to another service or partition: it is test's partition 3, not "
             "other's 3",
             opt.path);
    ck_refused(evt_store_open(&opt, &st, &err), err, EVT_E_STORE_OTHER, words);
    folder_release(&folder);
}
END_TEST

START_TEST(a_store_of_another_format_is_refused)
{
    struct evt_store_options opt;
    struct evt_store *st;
    struct evt_error err;
    char words[256];

    folder_init(&folder);
    st = open_store("a.db");
    ck_assert_int_eq(sqlite3_exec(evt_store_db(st), "UPDATE evt_meta SET format = 99", NULL, NULL,
                                  NULL),
                     0);
    evt_store_close(st);
    opt = options("a.db");
    snprintf(
        words, sizeof(words),
        "%s: the store belongs to another service or partition: its format is 99, this version "
        "reads 2: remove it to rebuild it from its log",
        opt.path);
    ck_refused(evt_store_open(&opt, &st, &err), err, EVT_E_STORE_OTHER, words);
    folder_release(&folder);
}
END_TEST

START_TEST(a_store_without_its_row_is_corrupt)
{
    struct evt_store_options opt;
    struct evt_store *st;
    struct evt_meta meta;
    struct evt_error err;
    char words[256];

    folder_init(&folder);
    st = open_store("a.db");
    ck_assert_int_eq(sqlite3_exec(evt_store_db(st), "DELETE FROM evt_meta", NULL, NULL, NULL), 0);
    ck_refused(evt_store_meta_get(st, &meta, &err), err, EVT_E_STORE_CORRUPT,
               "the store is corrupt: evt_meta has no row");
    evt_store_close(st);
    opt = options("a.db");
    snprintf(words, sizeof(words), "%s: the store is corrupt: evt_meta has no row", opt.path);
    ck_refused(evt_store_open(&opt, &st, &err), err, EVT_E_STORE_CORRUPT, words);
    folder_release(&folder);
}
END_TEST

START_TEST(what_is_no_database_is_corrupt)
{
    struct evt_store_options opt;
    struct evt_store *st = NULL;
    struct evt_error err;
    char text[4096];

    folder_init(&folder);
    memset(text, 'x', sizeof(text));
    folder_write(&folder, "a.db", text, sizeof(text));
    opt = options("a.db");
    ck_assert_int_eq(evt_store_open(&opt, &st, &err), EVT_E_STORE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.text, "the store is corrupt: file is not a database"));
    folder_release(&folder);
}
END_TEST

START_TEST(migrations_run_once_in_order)
{
    static const struct evt_migration two[] = {
        {1, "things", THING}, {2, "more", "ALTER TABLE thing ADD COLUMN more INTEGER"}, {0}};
    static const struct evt_migration changed[] = {{1, "things", THING " -- better"}, {0}};
    static const struct evt_migration wrong[] = {{1, "things", THING},
                                                 {2, "wrong", "CREATE TABLE ("},
                                                 {0}};
    struct evt_store_options opt;
    struct evt_store *st;
    struct evt_error err;

    folder_init(&folder);
    evt_store_close(open_store("a.db"));
    opt = options("a.db");
    opt.migrations = wrong;
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_refused(evt_store_migrate(st, &err), err, EVT_E_MIGRATION,
               "migration 2 (wrong): the store refuses a statement: near \"(\": syntax error");
    ck_assert(!evt_store_in_transaction(st));
    evt_store_close(st);
    opt.migrations = two;
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_ok(evt_store_migrate(st, &err), err);
    ck_ok(evt_store_migrate(st, &err), err);
    evt_store_close(st);
    opt.migrations = changed;
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_refused(evt_store_migrate(st, &err), err, EVT_E_MIGRATION,
               "a migration failed: migration 1 (things) was changed after it had run: add a new "
               "one instead");
    evt_store_close(st);
    opt.migrations = things;
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_refused(
        evt_store_migrate(st, &err), err, EVT_E_MIGRATION,
        "a migration failed: the store has migration 2 (more), which this version does not know");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(equal_content_has_an_equal_hash)
{
    struct evt_store *a, *b;
    struct evt_error err;
    uint64_t before;

    folder_init(&folder);
    a = open_store("a.db");
    b = open_store("b.db");
    ck_assert_uint_eq(hash_of(a), hash_of(b));
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        put(a, name, i);
        snprintf(name, sizeof(name), "%d", 499 - i);
        put(b, name, 499 - i);
    }
    ck_assert_uint_eq(hash_of(a), hash_of(b));
    before = hash_of(a);
    ck_assert_int_eq(sqlite3_exec(evt_store_db(a), "DELETE FROM thing WHERE count > 250; VACUUM",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_uint_ne(hash_of(a), before);
    for (int i = 499; i > 250; i--) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        put(a, name, i);
    }
    ck_assert_uint_eq(hash_of(a), before);
    /* A local table and what is not of the log do not count. */
    ck_assert_int_eq(
        sqlite3_exec(evt_store_db(a),
                     "CREATE TABLE local_cache (x); INSERT INTO local_cache VALUES (1);"
                     "UPDATE evt_meta SET held_back = 7",
                     NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_uint_eq(hash_of(a), before);
    ck_assert_int_eq(sqlite3_exec(evt_store_db(a), "UPDATE thing SET note = NULL WHERE name = '7'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_uint_ne(hash_of(a), before);
    ck_ok(evt_store_begin(b, &err), err);
    evt_store_close(a);
    evt_store_close(b);
    folder_release(&folder);
}
END_TEST

START_TEST(the_position_moves_from_where_it_was)
{
    struct evt_store *st;
    struct evt_error err;
    struct evt_meta meta;

    folder_init(&folder);
    st = open_store("a.db");
    ck_ok(evt_store_meta_get(st, &meta, &err), err);
    ck_assert_int_eq(meta.pos, -1);
    ck_assert_int_eq(meta.held_back, -1);
    meta.pos = 5;
    meta.roll = UINT64_MAX;
    meta.generation = 2;
    snprintf(meta.lineage, sizeof(meta.lineage), "0123456789abcdef");
    ck_ok(evt_store_meta_put(st, &meta, -1, &err), err);
    meta.pos = 6;
    ck_refused(evt_store_meta_put(st, &meta, 4, &err), err, EVT_E_STORE_MOVED,
               "another process moved the store's position: it is no longer at offset 4");
    memset(&meta, 0, sizeof(meta));
    ck_ok(evt_store_meta_get(st, &meta, &err), err);
    ck_assert_int_eq(meta.pos, 5);
    ck_assert_uint_eq(meta.roll, UINT64_MAX);
    ck_assert_uint_eq(meta.generation, 2);
    ck_assert_str_eq(meta.lineage, "0123456789abcdef");
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

/* Locked before it is opened, it stays so while stores of it come and go. */
START_TEST(a_store_is_opened_under_a_lock_that_is_held)
{
    struct evt_store_options opt;
    struct evt_store_lock *lock, *second = NULL;
    struct evt_store *st;
    struct evt_error err;
    const char *path;
    char want[200];

    folder_init(&folder);
    path = folder_path(&folder, "a.db");
    snprintf(want, sizeof(want), "another process owns the store: %s.lock", path);
    ck_ok(evt_store_lock_new(NULL, path, &lock, &err), err);
    ck_refused(evt_store_lock_new(NULL, path, &second, &err), err, EVT_E_STORE_LOCKED, want);
    opt = options("a.db");
    ck_assert_int_eq(evt_store_open(&opt, &st, &err), EVT_E_STORE_LOCKED);
    opt.lock = lock;
    for (int i = 0; i < 2; i++) {
        ck_ok(evt_store_open(&opt, &st, &err), err);
        ck_refused(evt_store_lock_new(NULL, path, &second, &err), err, EVT_E_STORE_LOCKED, want);
        evt_store_close(st);
    }
    ck_refused(evt_store_lock_new(NULL, path, &second, &err), err, EVT_E_STORE_LOCKED, want);
    ck_assert_ptr_null(second);
    evt_store_lock_free(lock);
    evt_store_close(open_store("a.db"));
    folder_release(&folder);
}
END_TEST

static long pages_of(const char *path)
{
    struct stat file;

    ck_assert_int_eq(stat(path, &file), 0);
    return (long)file.st_size / 4096;
}

/* So many pages of log that an ordinary commit would carry them over. */
static void write_pages(struct evt_store *st, int first, int pages)
{
    struct evt_error err;
    char note[3000];

    memset(note, 'x', sizeof(note) - 1);
    note[sizeof(note) - 1] = '\0';
    for (int i = first; i < first + pages; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%d", i);
        ck_ok(evt_store_run(st, PUT, &err, "tlt", name, (int64_t)i, note), err);
    }
}

START_TEST(while_it_catches_up_checkpoints_are_rare)
{
    struct evt_store *st;
    struct evt_error err;
    const char *path;
    long before;

    folder_init(&folder);
    path = folder_path(&folder, "a.db");
    st = open_store("a.db");
    evt_store_catching_up(st, true);
    before = pages_of(path);
    for (int i = 0; i < 3; i++) {
        ck_ok(evt_store_begin(st, &err), err);
        write_pages(st, 1000 * i, 1000);
        ck_ok(evt_store_commit(st, &err), err);
        ck_assert_int_eq(pages_of(path), before);
    }
    evt_store_catching_up(st, true); /* said twice it is the same */
    ck_assert_int_eq(pages_of(path), before);
    evt_store_catching_up(st, false);
    ck_assert_int_gt(pages_of(path), before + 2000);
    before = pages_of(path);
    for (int i = 3; i < 5; i++) {
        ck_ok(evt_store_begin(st, &err), err);
        write_pages(st, 1000 * i, 1000);
        ck_ok(evt_store_commit(st, &err), err);
    }
    ck_assert_int_gt(pages_of(path), before);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

START_TEST(a_snapshot_brings_the_store_back)
{
    struct evt_store_lock *lock;
    struct evt_store *st;
    struct evt_error err;
    int64_t offset = 0;
    uint64_t hash;
    const char *path;

    folder_init(&folder);
    path = folder_path(&folder, "a.db");
    ck_ok(evt_snapshot_find(NULL, path, 1, &offset, &err), err);
    ck_assert_int_eq(offset, -1);
    st = open_store("a.db");
    put(st, "early", 1);
    hash = hash_of(st);
    ck_ok(evt_snapshot_take(st, NULL, path, 1, 9, &err), err);
    ck_ok(evt_snapshot_take(st, NULL, path, 1, 10, &err), err);
    ck_ok(evt_snapshot_take(st, NULL, path, 2, 70, &err), err);
    put(st, "late", 2);
    ck_ok(evt_snapshot_find(NULL, path, 1, &offset, &err), err);
    ck_assert_int_eq(offset, 10);
    ck_ok(evt_snapshot_find(NULL, path, 2, &offset, &err), err);
    ck_assert_int_eq(offset, 70);
    ck_ok(evt_snapshot_find(NULL, path, 3, &offset, &err), err);
    ck_assert_int_eq(offset, -1);
    evt_store_close(st);
    /* A -wal that lies about must not be replayed into the restored file. */
    folder_write(&folder, "a.db-wal", "old", 3);
    ck_ok(evt_store_lock_new(NULL, path, &lock, &err), err);
    ck_ok(evt_snapshot_restore(lock, 1, 10, &err), err);
    evt_store_lock_free(lock);
    st = open_store("a.db");
    ck_assert_uint_eq(hash_of(st), hash);
    ck_assert_int_eq(count_of(st, "late"), -1);
    evt_store_close(st);
    ck_ok(evt_store_remove(NULL, path, &err), err);
    ck_ok(evt_store_remove(NULL, path, &err), err);
    ck_ok(evt_store_lock_new(NULL, path, &lock, &err), err);
    ck_assert_int_ne(evt_snapshot_restore(lock, 1, 11, &err), EVT_OK);
    evt_store_lock_free(lock);
    ck_ok(evt_snapshot_find(NULL, path, 1, &offset, &err), err);
    ck_assert_int_eq(offset, 10);
    folder_release(&folder);
}
END_TEST

SUITE("store", what_is_committed_is_there_again, a_savepoint_undoes_only_its_own,
      rows_come_until_null, a_statement_says_why_it_is_refused, a_wrong_statement_shows_at_start,
      one_owner_at_a_time, a_store_knows_whose_it_is, a_store_of_another_format_is_refused,
      a_store_without_its_row_is_corrupt, what_is_no_database_is_corrupt,
      migrations_run_once_in_order, equal_content_has_an_equal_hash,
      the_position_moves_from_where_it_was, a_store_is_opened_under_a_lock_that_is_held,
      while_it_catches_up_checkpoints_are_rare, a_snapshot_brings_the_store_back)

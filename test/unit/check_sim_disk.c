/* The simulated process, heap and disk under SQLite: whatever kills, tears or refuses, a database
 * that is opened again is whole and holds a prefix of its commits. */
#include <evt/sim_disk.h>

#include <evt/mem.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/lib/suite.h"

enum { COMMITS = 24 };

static struct evt_sim_disk *disk;
static struct evt_sim_process process;

static void setup(void)
{
    struct evt_sim_rand rand;

    evt_sim_process_install();
    evt_sim_rand_init(&rand, 1, 1);
    disk = evt_sim_disk_new(&rand);
    evt_sim_process_init(&process, 1);
}

static void teardown(void)
{
    evt_sim_process_release(&process);
    evt_sim_disk_free(disk);
}

struct work {
    int acked; /* commits that returned */
    int rc;    /* of the last statement */
};

static void run_sql(sqlite3 *db, struct work *work, const char *sql)
{
    if (work->rc == SQLITE_OK)
        work->rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* Commit k writes rows of the number k into two tables, enough for several pages and checkpoints.
 */
static void write_commits(void *arg)
{
    struct work *work = arg;
    sqlite3 *db = NULL;

    work->rc = sqlite3_open("/m1/a.db", &db);
    run_sql(db, work,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "PRAGMA wal_autocheckpoint=7;"
            "CREATE TABLE IF NOT EXISTS a (k INTEGER PRIMARY KEY, t TEXT) STRICT;"
            "CREATE TABLE IF NOT EXISTS b (k INTEGER PRIMARY KEY, t TEXT) STRICT;");
    for (int k = work->acked + 1; k <= COMMITS && work->rc == SQLITE_OK; k++) {
        char sql[400];

        snprintf(sql, sizeof sql,
                 "BEGIN IMMEDIATE; INSERT INTO a VALUES (%d, hex(zeroblob(1500)));"
                 "INSERT INTO b VALUES (%d, hex(zeroblob(3000))); COMMIT",
                 k, k);
        run_sql(db, work, sql);
        if (work->rc == SQLITE_OK)
            work->acked = k;
    }
    sqlite3_close(db);
}

static int ask(sqlite3 *db, const char *sql, char *ret_text, size_t size)
{
    sqlite3_stmt *row = NULL;
    int number = -1;

    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
    if (sqlite3_step(row) == SQLITE_ROW) {
        number = sqlite3_column_int(row, 0);
        snprintf(ret_text, size, "%s", (const char *)sqlite3_column_text(row, 0));
    }
    sqlite3_finalize(row);
    return number;
}

/* The number of commits that the file holds; whole, and no commit in part. */
static int commits_held(void)
{
    char text[64] = "";
    sqlite3 *db = NULL;
    int held;

    ck_assert_int_eq(sqlite3_open("/m1/a.db", &db), SQLITE_OK);
    ask(db, "PRAGMA integrity_check", text, sizeof text);
    ck_assert_str_eq(text, "ok");
    if (ask(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'", text, sizeof text) == 0) {
        sqlite3_close(db);
        return 0;
    }
    held = ask(db, "SELECT count(*) FROM a", text, sizeof text);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM b", text, sizeof text), held);
    ck_assert_int_eq(ask(db, "SELECT coalesce(max(k), 0) FROM a", text, sizeof text), held);
    sqlite3_close(db);
    return held;
}

static void fresh(uint64_t seed)
{
    struct evt_sim_rand rand;

    evt_sim_rand_init(&rand, seed, 2);
    evt_sim_disk_reset(disk, &rand, NULL);
}

START_TEST(kill_at_every_operation_loses_no_commit)
{
    int killed = 0;

    setup();
    for (uint64_t nth = 1;; nth++) {
        struct work work = {.acked = 0};
        int held;

        fresh(nth);
        evt_sim_process_fault(&process, EVT_SIM_FAULT_KILL, nth);
        if (evt_sim_process_run(&process, write_commits, &work)) {
            ck_assert(!process.fired);
            break;
        }
        killed++;
        evt_sim_disk_killed(disk, &process);
        held = commits_held();
        ck_assert_int_ge(held, work.acked);
        ck_assert_int_le(held, work.acked + 1);
        /* And it goes on from there. */
        work.acked = held;
        ck_assert(evt_sim_process_run(&process, write_commits, &work));
        ck_assert_int_eq(work.rc, SQLITE_OK);
        ck_assert_uint_eq(evt_sim_heap_live(process.heap), 0);
        ck_assert_int_eq(commits_held(), COMMITS);
    }
    ck_assert_int_gt(killed, 100);
    teardown();
}
END_TEST

START_TEST(power_cut_at_every_operation_leaves_a_prefix_of_commits)
{
    int shorter = 0;

    setup();
    for (uint64_t nth = 1;; nth++) {
        struct work work = {.acked = 0};
        int held;

        fresh(nth);
        evt_sim_process_fault(&process, EVT_SIM_FAULT_KILL, nth);
        if (evt_sim_process_run(&process, write_commits, &work))
            break;
        evt_sim_disk_killed(disk, &process);
        evt_sim_disk_power_cut(disk, "/m1/");
        held = commits_held();
        ck_assert_int_le(held, work.acked + 1);
        shorter += held < work.acked;
    }
    ck_assert_int_gt(shorter, 20); /* synchronous=NORMAL may lose commits; the log has them */
    teardown();
}
END_TEST

START_TEST(a_synced_commit_outlives_the_power_cut)
{
    struct work work = {.acked = 0};

    setup();
    ck_assert(
        evt_sim_process_run(&process, write_commits, &work)); /* close checkpoints and syncs */
    evt_sim_disk_power_cut(disk, "/m1/");
    ck_assert_int_eq(commits_held(), COMMITS);
    ck_assert_uint_eq(evt_sim_disk_power_cut(disk, "/m1/"), 0);
    teardown();
}
END_TEST

/* The fault fires once; SQLite reports `rc`, and afterwards the file is whole. */
static void refuse_every(enum evt_sim_fault fault, int rc, bool or_other)
{
    int refused = 0;

    for (uint64_t nth = 1;; nth++) {
        struct work work = {.acked = 0};
        int held;

        fresh(nth);
        evt_sim_process_fault(&process, fault, nth);
        ck_assert(evt_sim_process_run(&process, write_commits, &work));
        if (!process.fired)
            break;
        if (work.rc != SQLITE_OK) {
            ck_assert(work.rc == rc || or_other);
            refused++;
        }
        evt_sim_disk_killed(disk, &process);
        held = commits_held();
        ck_assert_int_ge(held, work.acked);
        ck_assert_int_le(held, work.acked + 1);
    }
    ck_assert_int_gt(refused, 0);
}

START_TEST(disk_full)
{
    setup();
    refuse_every(EVT_SIM_FAULT_FULL, SQLITE_FULL, false);
    teardown();
}
END_TEST

START_TEST(write_error)
{
    setup();
    refuse_every(EVT_SIM_FAULT_WRITE, SQLITE_IOERR, false);
    teardown();
}
END_TEST

START_TEST(sync_error)
{
    setup();
    refuse_every(EVT_SIM_FAULT_SYNC, SQLITE_IOERR, false);
    teardown();
}
END_TEST

START_TEST(out_of_memory)
{
    setup();
    refuse_every(EVT_SIM_FAULT_ALLOC, SQLITE_NOMEM, true); /* CANTOPEN from sqlite3_open */
    teardown();
}
END_TEST

static void allocate_until_killed(void *arg)
{
    int *done = arg;

    for (;; ++*done)
        memset(evt_alloc((size_t)(*done % 5000) * 10), 1, 1);
}

START_TEST(our_allocator_kills_when_memory_ends)
{
    int done = 0;

    setup();
    evt_sim_process_fault(&process, EVT_SIM_FAULT_ALLOC, 6000);
    ck_assert(!evt_sim_process_run(&process, allocate_until_killed, &done));
    ck_assert(process.fired);
    ck_assert_int_eq(done, 5999);
    ck_assert_ptr_null(evt_sim_process_current());
    evt_sim_disk_killed(disk, &process);
    ck_assert_uint_eq(evt_sim_heap_live(process.heap), 0);
    teardown();
}
END_TEST

static void use_heap(void *arg)
{
    uint8_t *blocks[200];

    (void)arg;
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = evt_alloc(i * i + 1);
        memset(blocks[i], (int)i, i * i + 1);
    }
    for (size_t i = 0; i < 200; i += 2) {
        blocks[i] = evt_realloc(blocks[i], i * i * 2 + 1);
        ck_assert_int_eq(blocks[i][i * i / 2], (int)i);
    }
    for (size_t i = 0; i < 200; i++) {
        ck_assert_int_eq(blocks[i][i * i], (int)i);
        evt_free(blocks[i]);
    }
}

START_TEST(heap_keeps_blocks_apart)
{
    setup();
    evt_sim_heap_junk(process.heap, 0xa5);
    ck_assert(evt_sim_process_run(&process, use_heap, NULL));
    ck_assert(evt_sim_process_run(&process, use_heap, NULL));
    ck_assert_uint_eq(evt_sim_heap_live(process.heap), 0);
    teardown();
}
END_TEST

static void take_lock(void *arg)
{
    const struct evt_fs *fs = evt_sim_disk_fs(disk);
    struct evt_error err;
    int lock;

    *(enum evt_err *)arg = fs->lock(fs->self, "/m1/a.lock", &lock, &err);
}

START_TEST(a_lock_ends_with_its_process)
{
    const struct evt_fs *fs;
    struct evt_sim_process other;
    enum evt_err e = EVT_E_IO;
    struct evt_error err;
    int lock;

    setup();
    fs = evt_sim_disk_fs(disk);
    evt_sim_process_init(&other, 2);
    ck_assert(evt_sim_process_run(&process, take_lock, &e));
    ck_assert_int_eq(e, EVT_OK);
    ck_assert(evt_sim_process_run(&other, take_lock, &e));
    ck_assert_int_eq(e, EVT_E_STORE_LOCKED);
    evt_sim_disk_killed(disk, &process);
    ck_assert_int_eq(fs->lock(fs->self, "/m1/a.lock", &lock, &err), EVT_OK);
    ck_assert(evt_sim_process_run(&other, take_lock, &e));
    ck_assert_int_eq(e, EVT_E_STORE_LOCKED);
    fs->unlock(fs->self, lock);
    ck_assert(evt_sim_process_run(&other, take_lock, &e));
    ck_assert_int_eq(e, EVT_OK);
    evt_sim_disk_killed(disk, &other);
    evt_sim_process_release(&other);
    teardown();
}
END_TEST

static void count_name(void *arg, const char *name)
{
    ck_assert_str_eq(name, "b.db");
    ++*(int *)arg;
}

START_TEST(names_change_at_once)
{
    const struct evt_fs *fs;
    struct work work = {.acked = 0};
    struct evt_error err = {.text = ""};
    int names = 0;

    setup();
    fs = evt_sim_disk_fs(disk);
    ck_assert(evt_sim_process_run(&process, write_commits, &work));
    ck_assert(fs->exists(fs->self, "/m1/a.db"));
    ck_assert_int_eq(fs->copy(fs->self, "/m1/a.db", "/m2/b.db", &err), EVT_OK);
    ck_assert_int_eq(fs->rename(fs->self, "/m1/a.db", "/m3/c.db", &err), EVT_OK);
    ck_assert(!fs->exists(fs->self, "/m1/a.db"));
    ck_assert_int_eq(fs->list(fs->self, "/m2", count_name, &names, &err), EVT_OK);
    ck_assert_int_eq(names, 1);
    ck_assert_int_eq(fs->rename(fs->self, "/m1/a.db", "/m1/d.db", &err), EVT_E_IO);
    ck_assert_str_eq(err.text, "input or output error: /m1/a.db: no such file");
    ck_assert_int_eq(fs->sync(fs->self, "/m1/a.db", &err), EVT_E_IO);
    ck_assert_int_eq(fs->remove(fs->self, "/m1/a.db", &err), EVT_OK);
    ck_assert(evt_sim_disk_copy(disk, "/m2/b.db", "/m1/a.db"));
    ck_assert(!evt_sim_disk_copy(disk, "/m2/x.db", "/m2/y.db"));
    evt_sim_disk_remove(disk, "/m2/");
    ck_assert(!evt_sim_disk_has(disk, "/m2/b.db"));
    ck_assert_int_eq(commits_held(), COMMITS);
    teardown();
}
END_TEST

static void leave_open(void *arg)
{
    sqlite3 *db = NULL;

    (void)arg;
    ck_assert_int_eq(sqlite3_open("/m1/a.db", &db), SQLITE_OK);
    sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM a", NULL, NULL, NULL);
    evt_sim_process_kill();
}

/* What a dead connection leaves in SQLite's own memory must not matter to the next. */
START_TEST(thousands_of_kills)
{
    struct work work = {.acked = 0};

    setup();
    ck_assert(evt_sim_process_run(&process, write_commits, &work));
    for (int i = 0; i < 3000; i++) {
        ck_assert(!evt_sim_process_run(&process, leave_open, NULL));
        evt_sim_disk_killed(disk, &process);
    }
    ck_assert_int_eq(commits_held(), COMMITS);
    teardown();
}
END_TEST

SUITE("sim_disk", kill_at_every_operation_loses_no_commit,
      power_cut_at_every_operation_leaves_a_prefix_of_commits,
      a_synced_commit_outlives_the_power_cut, disk_full, write_error, sync_error, out_of_memory,
      our_allocator_kills_when_memory_ends, heap_keeps_blocks_apart, a_lock_ends_with_its_process,
      names_change_at_once, thousands_of_kills)

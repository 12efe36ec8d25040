/* Snapshots: what is refused; that they bring a store back is the store's test. */
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <evt/buf.h>
#include <evt/snapshot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct evt_error err;

static struct evt_store *open_store(const char *path)
{
    const struct evt_store_options opt = {.path = path, .service = "product"};
    struct evt_store *st;

    ck_ok(evt_store_open(&opt, &st, &err), err);
    return st;
}

START_TEST(a_path_must_fit)
{
    static const char words[] = "wrong use: the path of the store is too long: ";
    struct folder folder;
    struct evt_store *st;
    char path[1100], want[200];
    int64_t offset = 7;

    folder_init(&folder);
    st = open_store(folder_path(&folder, "a.db"));
    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    path[1080] = '/';
    snprintf(want, sizeof(want), "%s%.80s…", words, path);
    ck_refused(evt_snapshot_take(st, NULL, path, 1, 0, &err), err, EVT_E_USAGE, want);
    ck_refused(evt_snapshot_find(NULL, path, 1, &offset, &err), err, EVT_E_USAGE, want);
    ck_refused(evt_store_remove(NULL, path, &err), err, EVT_E_USAGE, want);
    ck_assert_int_eq(offset, 7);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

/* A path that is too long only with what a snapshot's name has behind it. */
START_TEST(a_snapshots_path_must_fit)
{
    struct evt_store_lock *lock;
    struct evt_buf path = {0};
    struct folder folder;
    char want[200];

    folder_init(&folder);
    evt_buf_printf(&path, "%s", folder.path);
    while (path.len < 1016)
        evt_buf_printf(&path, "/.");
    evt_buf_printf(&path, "/a.db");
    snprintf(want, sizeof(want), "wrong use: the path of the store is too long: %.80s…",
             evt_buf_text(&path));
    ck_ok(evt_store_lock_new(NULL, evt_buf_text(&path), &lock, &err), err);
    ck_refused(evt_snapshot_restore(lock, 1, 0, &err), err, EVT_E_USAGE, want);
    evt_store_lock_free(lock);
    evt_buf_release(&path);
    folder_release(&folder);
}
END_TEST

START_TEST(a_snapshot_that_cannot_be_written_is_named)
{
    struct folder folder;
    struct evt_store *st;
    char path[200], want[300];

    folder_init(&folder);
    st = open_store(folder_path(&folder, "a.db"));
    snprintf(path, sizeof(path), "%s/nowhere/a.db", folder.path);
    snprintf(want, sizeof(want), "snapshot %s.g2@7: ", path);
    ck_assert_int_ne(evt_snapshot_take(st, NULL, path, 2, 7, &err), EVT_OK);
    ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0, "%s", err.text);
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

/* A store that is called like another one's beginning, and what only looks like a snapshot. */
START_TEST(only_its_own_snapshots_are_found)
{
    static const char *const others[] = {"a.db.g1@9.new", "a.db.g1@",  "a.db.g1",   "a.db.g12@9",
                                         "a.dbx.g1@9",    "b.db.g1@9", "a.db.gx@9", "a.db.g1@-1",
                                         "a.db.g1@ 9",    "a.db.g01@9"};
    struct folder folder;
    int64_t offset = 7;

    folder_init(&folder);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        folder_write(&folder, others[i], "", 0);
    ck_ok(evt_snapshot_find(NULL, folder_path(&folder, "a.db"), 1, &offset, &err), err);
    ck_assert_int_eq(offset, -1);
    folder_write(&folder, "a.db.g1@0", "", 0);
    ck_ok(evt_snapshot_find(NULL, folder_path(&folder, "a.db"), 1, &offset, &err), err);
    ck_assert_int_eq(offset, 0);
    folder_release(&folder);
}
END_TEST

/* A half-written one of an earlier try is in nobody's way. */
START_TEST(a_snapshot_is_taken_over_what_is_left)
{
    struct folder folder;
    struct evt_store *st;
    int64_t offset = -1;
    size_t len = 0;
    char *bytes;

    folder_init(&folder);
    folder_write(&folder, "a.db.g1@7.new", "half", 4);
    folder_write(&folder, "a.db.g1@7", "old", 3);
    st = open_store(folder_path(&folder, "a.db"));
    ck_ok(evt_snapshot_take(st, NULL, folder_path(&folder, "a.db"), 1, 7, &err), err);
    ck_ok(evt_snapshot_find(NULL, folder_path(&folder, "a.db"), 1, &offset, &err), err);
    ck_assert_int_eq(offset, 7);
    bytes = folder_read(&folder, "a.db.g1@7", &len);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_gt(len, 1000);
    free(bytes);
    ck_assert_ptr_null(folder_read(&folder, "a.db.g1@7.new", NULL));
    evt_store_close(st);
    folder_release(&folder);
}
END_TEST

SUITE("snapshot", a_path_must_fit, a_snapshots_path_must_fit,
      a_snapshot_that_cannot_be_written_is_named, only_its_own_snapshots_are_found,
      a_snapshot_is_taken_over_what_is_left)

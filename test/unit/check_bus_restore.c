/* The bus takes a store's lock before it puts a snapshot in the store's place. */
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <evt/snapshot.h>
#include <evt/store.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Shard 0's store becomes a snapshot of the generation that runs. */
static void leave_snapshot(struct running *run, const char *store)
{
    struct evt_error err;
    struct evt_store_options opt = {.path = store, .service = "product"};
    struct evt_store *st;
    struct evt_meta meta;

    running_start(run);
    running_create(run, "tea");
    running_expect_records(run, "shop.product.events.v1", "shop.evt.v1.CommandAnswered", 1);
    running_stop(run);
    ck_ok(evt_store_open(&opt, &st, &err), err);
    ck_ok(evt_store_meta_get(st, &meta, &err), err);
    ck_ok(evt_snapshot_take(st, NULL, store, 1, meta.pos, &err), err);
    evt_store_close(st);
    ck_assert_int_eq(unlink(store), 0);
}

START_TEST(a_snapshot_is_restored_under_the_lock)
{
    struct evt_store_lock *lock;
    struct evt_bus *bus = NULL;
    struct running run;
    char store[100], want[300];

    running_init(&run);
    snprintf(store, sizeof(store), "%s", folder_path(&run.folder, "product/0.db"));
    leave_snapshot(&run, store);
    ck_ok(evt_store_lock_new(NULL, store, &lock, &run.err), run.err);
    snprintf(want, sizeof(want),
             "another process owns the store: %s.lock: stop that one, or name another data-dir",
             store);
    ck_refused(evt_bus_new(&run.opt, &bus, &run.err), run.err, EVT_E_STORE_LOCKED, want);
    ck_assert(access(store, F_OK) != 0); /* it was left to its owner */
    evt_store_lock_free(lock);
    running_start(&run);
    ck_assert(access(store, F_OK) == 0);
    running_release(&run);
}
END_TEST

SUITE("bus restore", a_snapshot_is_restored_under_the_lock)

/* Due, many calls: what one destination does not answer keeps no other waiting, nor those behind
 * it; what gave its place away is made again; memory is bounded. */
#include "test/lib/core_driver.h"

#include "libevents/src/store_internal.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

#define HELD  1024 /* of each name */
#define CALLS 5000

struct made {
    int64_t last_ms;
    int n, early; /* `early`: of these, sooner than after the shortest pause */
};

/* A driver that counts; ids of calls are from 1. */
struct world {
    struct core *core;
    struct evt_due *due;
    int64_t now_ms;
    struct made made[CALLS + 2];
    int64_t begun[CALLS + 2];
    size_t begun_n, published;
};

static void publish(void *self, const struct evt_send *send)
{
    struct world *world = self;

    (void)send;
    world->published++;
}

static void call(void *self, const struct evt_call_request *request)
{
    struct world *world = self;
    struct made *made = &world->made[request->id];

    if (made->n++ && world->now_ms - made->last_ms < EVT_CALL_AGAIN_MS / 2)
        made->early++;
    made->last_ms = world->now_ms;
    world->begun[world->begun_n++] = request->id;
    ck_assert_uint_le(world->begun_n, (size_t)2 * HELD);
}

/* Rows as handlers would have written them. */
static void add_rows(struct world *world, const char *name, int from, int until)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
             " INSERT INTO evt_calls SELECT i, '%s', 'k' || i, 'key', '', x'', 0, %lld, '' FROM n",
             from, until, name, (long long)CORE_NOW);
    core_rows(world->core, sql);
    evt_due_free(world->due);
    world->due = evt_due_new(world->core->sh, CORE_JITTER);
}

static struct world *world_new(void)
{
    struct world *world = evt_zalloc(sizeof(*world));

    world->core = core_new(&fake_product);
    core_run(world->core);
    core_ok(world->core, evt_shard_caught_up(world->core->sh, &world->core->err));
    world->now_ms = CORE_NOW + 1000;
    return world;
}

static void world_free(struct world *world)
{
    evt_due_free(world->due);
    core_free(world->core);
    evt_free(world);
}

static void tick(struct world *world)
{
    const struct evt_due_driver hooks = {world, publish, call};

    world->begun_n = 0;
    core_ok(world->core, evt_due_run(world->due, world->now_ms, &hooks, &world->core->err));
}

static void end(struct world *world, int64_t id, enum evt_call_end how)
{
    evt_due_call_ended(world->due, id, how, (struct evt_bytes){NULL, 0}, world->now_ms);
}

static void end_all(struct world *world, enum evt_call_end how)
{
    for (size_t i = 0; i < world->begun_n; i++)
        end(world, world->begun[i], how);
}

START_TEST(a_dead_destination_keeps_no_other_waiting)
{
    struct world *world = world_new();

    add_rows(world, "bank", 1, CALLS);
    add_rows(world, "mail", CALLS + 1, CALLS + 1);
    tick(world);
    ck_assert_uint_eq(world->begun_n, HELD + 1);
    for (int64_t id = 1; id <= HELD; id++)
        ck_assert_int_eq(world->made[id].n, 1);
    ck_assert_int_eq(world->made[CALLS + 1].n, 1);
    /* Whatever ends at the one makes no place for those of the other. */
    end(world, CALLS + 1, EVT_CALL_END_OK);
    tick(world);
    ck_assert_uint_eq(world->published, 1);
    ck_assert_uint_eq(world->begun_n, 0);
    ck_assert_int_eq(evt_due_next_ms(world->due, world->now_ms), world->now_ms + EVT_FIRE_AGAIN_MS);
    end(world, 7, EVT_CALL_END_OK);
    core_rows(world->core, "DELETE FROM evt_calls WHERE id = 7");
    tick(world);
    ck_assert_uint_eq(world->begun_n, 1);
    ck_assert_int_eq(world->begun[0], HELD + 1);
    world_free(world);
}
END_TEST

/* One that the destination does not take today, as a mail to a full box, is no bar to the next. */
START_TEST(what_pauses_gives_its_place_to_those_behind)
{
    struct world *world = world_new();
    const int64_t from_ms = world->now_ms;

    add_rows(world, "mail", 1, HELD + 10);
    tick(world);
    end_all(world, EVT_CALL_END_UNKNOWN);
    tick(world);
    ck_assert_uint_eq(world->begun_n, 10);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(world->begun[i], HELD + 1 + i);
    end_all(world, EVT_CALL_END_OK);
    core_rows(world->core, "DELETE FROM evt_calls WHERE id > 1024");
    /* Those that kept their place are made again after their pause, the ten within the minute. */
    world->now_ms = from_ms + EVT_CALL_AGAIN_MS;
    tick(world);
    ck_assert_uint_eq(world->begun_n, HELD - 10);
    ck_assert_int_eq(evt_due_next_ms(world->due, world->now_ms), from_ms + EVT_CALL_AGAIN_MS_MAX);
    world->now_ms = from_ms + EVT_CALL_AGAIN_MS_MAX;
    tick(world);
    ck_assert_uint_eq(world->begun_n, 10);
    for (int64_t id = 1; id <= HELD; id++)
        ck_assert_int_eq(world->made[id].n, 2);
    ck_assert_int_eq(evt_due_next_ms(world->due, world->now_ms), INT64_MAX);
    world_free(world);
}
END_TEST

/* Ten minutes in which nothing has a definite end: each is made again and again, though only a part
 * is held at a time; and none much more often than its own pauses would let it, since giving its
 * place away can make it forget one pause a minute. */
START_TEST(each_has_its_turn_and_its_pause)
{
    struct world *world = world_new();
    const int64_t until_ms = world->now_ms + 10LL * EVT_CALL_AGAIN_MS_MAX;
    int64_t next_ms;

    add_rows(world, "mail", 1, CALLS);
    tick(world);
    end_all(world, EVT_CALL_END_UNKNOWN);
    while ((next_ms = evt_due_next_ms(world->due, world->now_ms)) <= until_ms) {
        ck_assert(next_ms > world->now_ms || world->begun_n > 0); /* no turning in one place */
        world->now_ms = next_ms;
        tick(world);
        end_all(world, EVT_CALL_END_UNKNOWN);
    }
    for (int id = 1; id <= CALLS; id++) {
        ck_assert_int_ge(world->made[id].n, 9);
        ck_assert_int_le(world->made[id].n, 30);
        ck_assert_int_le(world->made[id].early, 10);
        ck_assert_int_gt(world->made[id].last_ms, until_ms - 3LL * EVT_CALL_AGAIN_MS_MAX);
    }
    world_free(world);
}
END_TEST

/* Past the provider's memory all are parked, however many there are and whoever holds a place. */
START_TEST(all_are_parked_in_the_end)
{
    struct world *world = world_new();

    add_rows(world, "bank", 1, HELD + 10);
    tick(world);
    end_all(world, EVT_CALL_END_UNKNOWN);
    tick(world);
    end_all(world, EVT_CALL_END_UNKNOWN);
    world->now_ms = CORE_NOW + EVT_CALL_MEMORY_MS;
    tick(world);
    ck_assert_uint_eq(world->begun_n, 0);
    ck_assert_uint_eq(world->published, HELD);
    core_rows(world->core, "UPDATE evt_calls SET state = 1 WHERE id > 10");
    world->now_ms += EVT_FIRE_AGAIN_MS;
    tick(world);
    ck_assert_uint_eq(world->published, HELD + 10);
    world_free(world);
}
END_TEST

static const char *plan(struct core *core, const char *sql)
{
    static char explain[1024];

    snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    return core_rows(core, explain);
}

/* A tick reads no row of which it needs nothing; also in a store of before the index was. */
START_TEST(rows_are_found_by_an_index)
{
#define SQL_OF(name, text) [EVT_OWN_##name] = (text),
    static const char *const sql[EVT_OWN_COUNT] = {EVT_OWN_SQL(SQL_OF)};
#undef SQL_OF
    struct world *world = world_new();

    core_rows(world->core, "DROP INDEX evt_calls_pending");
    ck_assert_ptr_nonnull(strstr(plan(world->core, sql[EVT_OWN_CALL_SOME]), "PRIMARY KEY"));
    core_restart(world->core);
    ck_assert_ptr_nonnull(
        strstr(plan(world->core, sql[EVT_OWN_CALL_SOME]), "evt_calls_pending (name=? AND "));
    ck_assert_ptr_nonnull(
        strstr(plan(world->core, sql[EVT_OWN_CALL_NAME]), "evt_calls_pending (name>?)"));
    world_free(world);
}
END_TEST

SUITE("due fair", a_dead_destination_keeps_no_other_waiting,
      what_pauses_gives_its_place_to_those_behind, each_has_its_turn_and_its_pause,
      all_are_parked_in_the_end, rows_are_found_by_an_index)

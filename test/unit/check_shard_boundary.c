/* Boundaries: the record that ends the old version's work and begins the new one's. */
#include "test/lib/core.h"

#include <evt/snapshot.h>

#include <stdio.h>
#include <string.h>

/* A record, the boundary of generation 2, a record. */
static struct core *with_boundary(struct core_sender *order)
{
    struct core *core = core_new(&fake_product);

    core_sender(core, order, "order");
    core_append(core, RESERVE(core, order, "tea", "o1"));
    core_append(core, core_boundary(core, "1", 2));
    core_append(core, RESERVE(core, order, "tea", "o2"));
    return core;
}

static void use_2(struct core *core)
{
    core_use(core, core->store);
    core->opt.service = &fake_product_2;
}

START_TEST(the_old_version_stops_at_the_boundary)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);
    uint32_t generation = 0;
    int64_t offset = 0;

    ck_assert(!evt_shard_superseded(core->sh, &generation, &offset));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied");
    ck_assert(evt_shard_superseded(core->sh, &generation, &offset));
    ck_assert_uint_eq(generation, 2);
    ck_assert_int_eq(offset, 2);
    ck_assert_int_eq(evt_shard_position(core->sh), 1);
    core_ok(core, evt_shard_supersede(core->sh, &core->err));
    core_ok(core, evt_snapshot_find(NULL, core->opt.store.path, 2, &offset, &core->err));
    ck_assert_int_eq(offset, 2);
    /* A restart finds it again. */
    core_restart(core);
    core_run(core);
    ck_assert(evt_shard_superseded(core->sh, &generation, &offset));
    core_free(core);
}
END_TEST

START_TEST(the_new_version_begins_at_the_boundary)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);

    core_run(core);
    use_2(core);
    core_start(core);
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 control\n3 applied");
    ck_assert_str_eq(core_rows(core, "SELECT generation, pos FROM evt_meta"), "2|3");
    ck_assert_str_eq(core_rows(core, "SELECT number FROM evt_migrations ORDER BY number"), "1;2");
    ck_assert_str_eq(core_rows(core, "SELECT id FROM further"),
                     "1"); /* what there was at the boundary */
    core_free(core);
}
END_TEST

/* From the store, or from the snapshot, in one batch or in many: the same. */
START_TEST(the_snapshot_is_as_good_as_the_store)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);
    uint64_t hash;

    core_run(core);
    core_ok(core, evt_shard_supersede(core->sh, &core->err));
    use_2(core);
    core_start(core);
    core_run(core);
    hash = core_hash(core);
    use_2(core);
    core_restore(core, 2, 2);
    core_start(core);
    for (int i = 0; i < 2; i++) {
        core_ok(core, core_apply_some(core, 1));
        core_ok(core, core_commit(core));
    }
    ck_assert_uint_eq(core_hash(core), hash);
    core_free(core);
}
END_TEST

/* The boundary is in a batch that is rolled back: it is still to come. */
START_TEST(a_boundary_may_be_rolled_back)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);
    uint64_t hash;

    core_run(core);
    use_2(core);
    core_start(core);
    fake_product_busy = 1;
    core_append(core, RESERVE(core, &order, "busy", "o3"));
    ck_refused(core_apply(core), core->err, EVT_E_BUSY,
               "shop.product.inbox.v1/1 at offset 4: the store is busy: the test says so");
    evt_shard_rollback(core->sh);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT generation FROM evt_meta"), "2");
    ck_assert_str_eq(core_rows(core, "SELECT id FROM further"), "1");
    hash = core_hash(core);
    core_restart(core);
    ck_assert_uint_eq(core_hash(core), hash);
    core_free(core);
}
END_TEST

/* A boundary may be written twice, or late: it begins nothing. */
START_TEST(a_boundary_of_the_past_begins_nothing)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);

    core_run(core);
    use_2(core);
    core_start(core);
    core_append(core, core_boundary(core, "2", 2));
    core_append(core, core_boundary(core, "3", 1));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 control\n3 applied\n4 control\n5 control\n6 applied");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM further"), "1");
    core_free(core);
}
END_TEST

/* Also while the new version waits for its own. */
START_TEST(a_late_boundary_is_passed_over)
{
    struct core *core = core_new(&fake_product);

    core_append(core, core_boundary(core, "1", 1));
    core_append(core, core_boundary(core, "2", 2));
    use_2(core);
    core_start(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 control\n2 control");
    ck_assert_str_eq(core_rows(core, "SELECT generation FROM evt_meta"), "2");
    core_free(core);
}
END_TEST

/* It was seen in a batch that was rolled back, with all that was before it. */
START_TEST(a_rollback_forgets_that_it_ends)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);
    uint32_t generation;
    int64_t offset;

    core_ok(core, core_apply(core));
    ck_assert(evt_shard_superseded(core->sh, &generation, &offset));
    evt_shard_rollback(core->sh);
    ck_assert(!evt_shard_superseded(core->sh, &generation, &offset));
    core_run(core);
    ck_assert(evt_shard_superseded(core->sh, &generation, &offset));
    ck_assert_int_eq(evt_shard_position(core->sh), 1);
    core_free(core);
}
END_TEST

/* What the old version would have refused is no boundary for the new one either. */
START_TEST(a_broken_boundary_is_none)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *whole = core_boundary(core, "1", 2);
    struct core_sender order;
    const struct evt_send *broken[6] = {
        core_with_header(core, whole, "ce_id", NULL),
        core_with_header(core, whole, "ce_source", "/shop/order/0/00000000000000aa"),
        core_with_value(core, whole, whole->value, whole->value_len - 1),
        core_boundary(core, "2", 0),
        core_boundary(core, "3", -1),
    };
    char want[64];

    core_sender(core, &order, "order");
    broken[5] = core_number(core, &order, &evt_generation_begins_type,
                            &(const struct evt_generation_begins){2, "v"});
    use_2(core);
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        evt_sim_log_truncate(core->part, 1);
        core_append(core, broken[i]);
        core_restart(core);
        ck_assert_str_eq(evt_err_name(core_apply(core)), "GENERATION_OLD");
    }
    core_use(core, core->store);
    core->opt.service = &fake_product;
    core_start(core);
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        evt_sim_log_truncate(core->part, (int64_t)i + 1);
        core_append(core, broken[i]);
        core_told(core);
        core_run(core);
        snprintf(want, sizeof(want), "%zu rejected: ", i + 1);
        ck_assert_int_eq(strncmp(core_told(core), want, strlen(want)), 0);
    }
    core_free(core);
}
END_TEST

SUITE("shard boundary", the_old_version_stops_at_the_boundary,
      the_new_version_begins_at_the_boundary, the_snapshot_is_as_good_as_the_store,
      a_boundary_may_be_rolled_back, a_boundary_of_the_past_begins_nothing,
      a_broken_boundary_is_none, a_late_boundary_is_passed_over, a_rollback_forgets_that_it_ends)

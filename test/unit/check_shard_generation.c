/* Generations: no version applies records of another one, or takes another one's store. */
#include "test/lib/core.h"

#include <string.h>

#define AT(offset) "shop.product.inbox.v1/1 at offset " offset ": "
#define OLD        "records up to the boundary belong to an older generation: "

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

START_TEST(a_new_version_does_not_apply_old_records)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);

    use_2(core);
    core_start(core);
    ck_refused(
        core_apply(core), core->err, EVT_E_GENERATION_OLD,
        AT("1") OLD
        "offset 1 belongs to generation 1: start that version once, it stops at the boundary of"
        " generation 2");
    ck_assert_int_eq(evt_shard_position(core->sh), 0);
    core_free(core);
}
END_TEST

START_TEST(a_new_version_waits_for_its_boundary)
{
    struct core *core = core_new(&fake_product);

    use_2(core);
    core_start(core);
    ck_refused(
        evt_shard_caught_up(core->sh, &core->err), core->err, EVT_E_GENERATION_OLD,
        OLD "the log holds no boundary of generation 2 yet: run upgrade while generation 1 runs");
    ck_assert(!evt_shard_is_caught_up(core->sh));
    core_append(core, core_boundary(core, "1", 2));
    core_run(core);
    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    core_free(core);
}
END_TEST

START_TEST(an_empty_store_does_not_begin_in_the_middle)
{
    static const char words[] =
        OLD "the log begins with generation 1 and there is no snapshot of generation 2: start"
            " version 1 once, it stops at the boundary";
    struct core_sender order;
    struct core *core = with_boundary(&order);

    use_2(core);
    core->store = "empty.db";
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_GENERATION_OLD, words);
    /* Nor when the log was empty at the join. */
    evt_sim_log_recreate(core->part);
    core_ok(core, core_join(core));
    core_append(core, core_outside(core, "/cli/topics", "birth", &evt_log_begins_type,
                                   &(const struct evt_log_begins){CORE_LINEAGE, 1}));
    ck_assert_str_eq(evt_err_name(core_apply(core)), "GENERATION_OLD");
    ck_assert_str_eq(strstr(core->err.text, OLD), words);
    core_free(core);
}
END_TEST

START_TEST(an_old_version_refuses_a_newer_store)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);

    core_run(core);
    use_2(core);
    core_start(core);
    core_run(core);
    core_use(core, core->store);
    core->opt.service = &fake_product;
    ck_assert_str_eq(evt_err_name(core_open(core)), "STORE_NEWER");
    ck_assert_str_eq(core->err.text, "the store belongs to a newer generation: it is of generation "
                                     "2, this version is 1: start the newer one");
    core_free(core);
}
END_TEST

START_TEST(an_old_version_refuses_a_newer_log)
{
    struct core *core = core_new_log(&fake_product_2, NULL);

    core->opt.service = &fake_product;
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_GENERATION_NEW,
               "the log belongs to a newer generation: it begins with generation 2, this version "
               "is 1: start the newer one");
    core_free(core);
}
END_TEST

START_TEST(a_generation_may_not_be_passed_over)
{
    struct core_sender order;
    struct core *core = with_boundary(&order);
    struct evt_service third = fake_product_2;

    third.generation = 3;
    core_run(core);
    core_use(core, core->store);
    core->opt.service = &third;
    core_start(core);
    ck_refused(core_apply(core), core->err, EVT_E_GENERATION_OLD,
               AT("2") OLD "offset 2 begins generation 2: start that version once, it stops at the "
                           "boundary of generation 3");
    core_free(core);
}
END_TEST

START_TEST(a_generation_takes_what_it_declared)
{
    struct core *core = core_new(&fake_product);

    core_use(core, core->store);
    core->opt.service = fake_service_older(&fake_product, fake_registry_older(NULL, 8, 100));
    ck_assert_str_eq(evt_err_name(core_open(core)), "GENERATION_CHANGED");
    ck_assert_str_eq(
        core->err.text,
        "what the service takes changed without a new generation: generation 1 was begun"
        " with other schemas, senders, bounds or sagas: bump the generation");
    core_free(core);
}
END_TEST

SUITE("shard generation", a_new_version_does_not_apply_old_records,
      a_new_version_waits_for_its_boundary, an_empty_store_does_not_begin_in_the_middle,
      an_old_version_refuses_a_newer_store, an_old_version_refuses_a_newer_log,
      a_generation_may_not_be_passed_over, a_generation_takes_what_it_declared)

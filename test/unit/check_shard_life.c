/* The life of a shard: birth, batches, commit and rollback, and what it may not do before. */
#include "test/lib/core.h"

#include <string.h>

START_TEST(a_shard_begins_with_the_birth_of_its_log)
{
    struct core *core = core_new_log(&fake_product, NULL);
    int64_t offset = 7;

    core_ok(core, core_open(core));
    ck_assert_str_eq(evt_shard_source(core->sh), "");
    ck_assert_int_eq(evt_shard_position(core->sh), -1);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, -1);
    core_ok(core, core_join(core));
    ck_assert(!evt_shard_join_next(core->sh, &offset));
    core_run(core);
    ck_assert_str_eq(core_told(core), "0 control");
    ck_assert_str_eq(core_sent(core), "");
    ck_assert_str_eq(evt_shard_source(core->sh), "/shop/product/1/" CORE_LINEAGE);
    ck_assert_int_eq(evt_shard_position(core->sh), 0);
    ck_assert_str_eq(core_rows(core, "SELECT generation, lineage, pos FROM evt_meta"),
                     "1|" CORE_LINEAGE "|0");
    core_free(core);
}
END_TEST

/* A log without records is no fault: the birth comes later. */
START_TEST(an_empty_log_may_be_joined)
{
    struct core *core = core_new_log(&fake_product, NULL);

    evt_sim_log_recreate(core->part);
    core_start(core);
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    ck_refused(core_apply(core), core->err, EVT_E_LOG_NO_BIRTH,
               "shop.product.inbox.v1/1 at offset 0: the log does not begin with a birth record:"
               " shop.product.inbox.v1/1 at offset 0: create the topic with its births");
    core_free(core);
}
END_TEST

static void refuse_birth(struct core *core, const struct evt_send *birth)
{
    evt_sim_log_recreate(core->part);
    core_append(core, birth);
    core_use(core, "refused.db");
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_LOG_NO_BIRTH,
               "the log does not begin with a birth record: shop.product.inbox.v1/1 at offset 0:"
               " create the topic with its births");
}

static const struct evt_send *birth_of(struct core *core, const char *lineage, int32_t generation)
{
    const struct evt_log_begins birth = {lineage, generation};

    return core_outside(core, "/cli/topics", "birth", &evt_log_begins_type, &birth);
}

START_TEST(a_log_without_a_birth_is_refused)
{
    struct core *core = core_new_log(&fake_product, NULL);
    const struct evt_send *birth = birth_of(core, CORE_LINEAGE, 1);

    refuse_birth(core, CREATE(core, "/cli/a", "1", "tea"));
    refuse_birth(core, core_with_value(core, birth, birth->value, birth->value_len - 1));
    refuse_birth(core, birth_of(core, "00000000000000C1", 1));
    refuse_birth(core, birth_of(core, "00000000000000c", 1));
    refuse_birth(core, birth_of(core, CORE_LINEAGE "0", 1));
    refuse_birth(core, birth_of(core, CORE_LINEAGE, 0));
    core_free(core);
}
END_TEST

START_TEST(a_batch_is_seen_when_it_is_committed)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *sends;
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    core_ok(core, core_apply(core));
    ck_assert_uint_eq(evt_shard_batch(core->sh), 2);
    ck_assert_uint_eq(evt_shard_sends(core->sh, &sends), 2);
    ck_assert_int_eq(evt_shard_position(core->sh), 0);
    ck_assert_int_eq(evt_shard_next_offset(core->sh), 3);
    core_ok(core, core_commit(core));
    ck_assert_int_eq(evt_shard_position(core->sh), 2);
    ck_assert_uint_eq(evt_shard_batch(core->sh), 0);
    ck_assert_uint_eq(evt_shard_sends(core->sh, &sends), 0);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied");
    core_restart(core);
    ck_assert_int_eq(evt_shard_position(core->sh), 2);
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;o2");
    core_free(core);
}
END_TEST

/* Sent first, committed afterwards: a close without a commit loses the whole batch, and the same
 * records make the same messages again. */
START_TEST(what_is_not_committed_is_done_again)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *sends, *before[2];
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "uuid", "o2"));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_ok(core, core_apply(core));
    ck_assert_uint_eq(evt_shard_sends(core->sh, &sends), 2);
    before[0] = evt_sim_log_keep(core->log, &sends[0]);
    before[1] = evt_sim_log_keep(core->log, &sends[1]);
    core_restart(core);
    ck_assert_int_eq(evt_shard_position(core->sh), 0);
    core_ok(core, core_apply(core));
    ck_assert_uint_eq(evt_shard_sends(core->sh, &sends), 2);
    for (int i = 0; i < 2; i++) {
        char id[128];

        snprintf(id, sizeof(id), "%s", core_header(before[i], "ce_id"));
        ck_assert_str_eq(core_header(&sends[i], "ce_id"), id);
    }
    core_free(core);
}
END_TEST

/* Counters, marks and stream numbers are read again from the store. */
START_TEST(a_rollback_forgets_the_batch)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *sends;
    struct core_sender order;
    uint64_t hash;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "uuid", "o1"));
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    core_append(core, RESERVE(core, &order, "timer", "o3"));
    core_ok(core, core_apply(core));
    evt_shard_rollback(core->sh);
    ck_assert_uint_eq(evt_shard_batch(core->sh), 0);
    ck_assert_uint_eq(evt_shard_sends(core->sh, &sends), 0);
    ck_assert_int_eq(evt_shard_next_offset(core->sh), 1);
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "");
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied\n3 applied");
    ck_assert_str_eq(core_sent(core), "order.inbox.0.1 StockReserved");
    hash = core_hash(core);
    core_use(core, "straight.db");
    core_start(core);
    core_run(core);
    ck_assert_uint_eq(core_hash(core), hash);
    core_free(core);
}
END_TEST

START_TEST(a_record_that_comes_again_is_passed_over)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    uint64_t hash;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_run(core);
    hash = core_hash(core);
    core_told(core);
    core_ok(core, evt_shard_apply(core->sh, evt_sim_log_at(core->part, 1), &core->err));
    core_ok(core, core_commit(core));
    ck_assert_str_eq(core_told(core), "");
    ck_assert_uint_eq(core_hash(core), hash);
    core_free(core);
}
END_TEST

START_TEST(offsets_may_have_holes)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    evt_sim_log_hole(core->part, 3);
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    evt_sim_log_hole(core->part, 1);
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "4 applied\n6 applied");
    ck_assert_int_eq(evt_shard_position(core->sh), 6);
    core_restart(core);
    core_free(core);
}
END_TEST

/* Log time never goes back for what is stored; timers see it as it is. */
START_TEST(a_handler_sees_the_logs_time)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core->now_ms = CORE_NOW + 500;
    core_append(core, RESERVE(core, &order, "look", "o1"));
    core->now_ms = CORE_NOW + 400;
    core_append(core, RESERVE(core, &order, "look", "o2"));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT substr(text, 1, 41) FROM notes ORDER BY id"),
                     "now 1700000000500 time 1700000000500 key ;"
                     "now 1700000000500 time 1700000000400 key ");
    core_free(core);
}
END_TEST

START_TEST(a_store_moved_by_another_is_noticed)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_rows(core, "UPDATE evt_meta SET pos = 9");
    core_ok(core, core_apply(core));
    ck_refused(core_commit(core), core->err, EVT_E_STORE_MOVED,
               "commit: another process moved the store's position: it is no longer at offset 0");
    core_free(core);
}
END_TEST

SUITE("shard life", a_shard_begins_with_the_birth_of_its_log, an_empty_log_may_be_joined,
      a_log_without_a_birth_is_refused, a_batch_is_seen_when_it_is_committed,
      what_is_not_committed_is_done_again, a_rollback_forgets_the_batch,
      a_record_that_comes_again_is_passed_over, offsets_may_have_holes,
      a_handler_sees_the_logs_time, a_store_moved_by_another_is_noticed)

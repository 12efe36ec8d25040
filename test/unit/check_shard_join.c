/* The join check: a log that was truncated, refilled or replaced is noticed, at start and after
 * every reconnect, first for the open transaction and then for the committed position. */
#include "test/lib/core.h"

static struct core *with_two_records(struct core_sender *order)
{
    struct core *core = core_new(&fake_product);

    core_sender(core, order, "order");
    core_append(core, RESERVE(core, order, "tea", "o1"));
    core_append(core, RESERVE(core, order, "tea", "o2"));
    core_run(core);
    return core;
}

START_TEST(the_record_at_the_position_is_read_again)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);
    int64_t offset = -7;

    core_use(core, core->store);
    core_ok(core, core_open(core));
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 2);
    core_ok(core, core_join(core));
    ck_assert(!evt_shard_join_next(core->sh, &offset));
    core_free(core);
}
END_TEST

START_TEST(a_lost_tail_is_noticed)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    evt_sim_log_truncate(core->part, 2);
    core_use(core, core->store);
    core_ok(core, core_open(core));
    ck_refused(
        core_join(core), core->err, EVT_E_LOG_LOST,
        "the log no longer holds the record at the store's position: offset 2: its tail was lost;"
        " remove the store to rebuild it from what is left");
    core_free(core);
}
END_TEST

/* A driver that asks for an offset may get the next one that there is. */
START_TEST(the_record_after_a_hole_is_not_the_one)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    evt_sim_log_truncate(core->part, 2);
    evt_sim_log_hole(core->part, 1);
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_use(core, core->store);
    core_ok(core, core_open(core));
    ck_refused(
        evt_shard_join(core->sh, evt_sim_log_from(core->part, 2), 0, &core->err), core->err,
        EVT_E_LOG_LOST,
        "the log no longer holds the record at the store's position: offset 2: its tail was lost;"
        " remove the store to rebuild it from what is left");
    core_free(core);
}
END_TEST

START_TEST(a_refilled_tail_is_noticed)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    evt_sim_log_truncate(core->part, 2);
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_use(core, core->store);
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_LOG_DIFFERS,
               "the log holds another record at the store's position: offset 2: it was replaced;"
               " remove the store to rebuild it from what is there");
    core_free(core);
}
END_TEST

START_TEST(a_log_that_begins_after_the_position_is_refused)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    core->part->low = 3;
    core_use(core, core->store);
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_LOG_BEGIN,
               "the log begins after the store's position: it begins at 3, the store is at 2:"
               " restore a newer snapshot");
    core->part->low = 2;
    core_ok(core, core_join(core));
    core_use(core, "empty.db");
    core_ok(core, core_open(core));
    ck_refused(core_join(core), core->err, EVT_E_LOG_BEGIN,
               "the log begins after the store's position: it begins at 2 and the store is empty:"
               " restore a snapshot");
    core_free(core);
}
END_TEST

START_TEST(after_a_reconnect_the_open_batch_is_checked_first)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);
    int64_t offset = -7;

    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_ok(core, core_apply(core));
    evt_shard_reconnected(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 3);
    core_ok(core, evt_shard_join(core->sh, evt_sim_log_at(core->part, 3), 0, &core->err));
    ck_assert_uint_eq(evt_shard_batch(core->sh), 0);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 2);
    core_ok(core, core_join(core));
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "3 applied");
    core_free(core);
}
END_TEST

/* What the open transaction sent may be out already, so it must not be forgotten silently. */
START_TEST(a_lost_record_of_the_open_batch_is_noticed)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_ok(core, core_apply(core));
    evt_sim_log_truncate(core->part, 3);
    evt_shard_reconnected(core->sh);
    ck_refused(
        core_join(core), core->err, EVT_E_LOG_LOST,
        "the log no longer holds the record at the store's position: offset 3: its tail was lost;"
        " remove the store to rebuild it from what is left");
    ck_assert_uint_eq(evt_shard_batch(core->sh), 0);
    core_free(core);
}
END_TEST

START_TEST(after_a_reconnect_between_batches_the_position_is_checked)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);

    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    ck_assert(evt_shard_is_caught_up(core->sh));
    evt_sim_log_truncate(core->part, 2);
    evt_shard_reconnected(core->sh);
    ck_assert(!evt_shard_is_caught_up(core->sh));
    ck_refused(
        core_join(core), core->err, EVT_E_LOG_LOST,
        "the log no longer holds the record at the store's position: offset 2: its tail was lost;"
        " remove the store to rebuild it from what is left");
    core_free(core);
}
END_TEST

START_TEST(a_failed_batch_is_rolled_back_by_a_reconnect)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);
    int64_t offset = -7;

    fake_product_busy = 1;
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_append(core, RESERVE(core, &order, "busy", "o4"));
    ck_refused(core_apply(core), core->err, EVT_E_BUSY,
               "shop.product.inbox.v1/1 at offset 4: the store is busy: the test says so");
    evt_shard_reconnected(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 2);
    core_ok(core, core_join(core));
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "3 applied\n4 applied");
    core_free(core);
}
END_TEST

/* Its sends were acknowledged: losing its cause must be noticed all the same. */
START_TEST(a_batch_that_could_not_be_committed_is_checked)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);
    int64_t offset = -7;

    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_ok(core, core_apply(core));
    core_rows(core, "UPDATE evt_meta SET pos = 9");
    ck_assert_str_eq(evt_err_name(core_commit(core)), "STORE_MOVED");
    evt_sim_log_truncate(core->part, 3);
    evt_shard_reconnected(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 3);
    ck_assert_str_eq(evt_err_name(core_join(core)), "LOG_LOST");
    core_free(core);
}
END_TEST

/* There is nothing open any more: the position is checked, or the birth where there is none. */
START_TEST(a_rollback_ends_the_check_of_the_batch)
{
    struct core *core = core_new_log(&fake_product, NULL);
    int64_t offset = -7;

    core_start(core);
    core_ok(core, core_apply(core));
    evt_shard_reconnected(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 0);
    evt_shard_rollback(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, -1);
    core_ok(core, core_join(core));
    core_run(core);
    core_free(core);
}
END_TEST

/* A COMMIT that was said to fail may have succeeded: the store is read again, and asks anew. */
START_TEST(the_store_says_where_it_stands)
{
    struct core_sender order;
    struct core *core = with_two_records(&order);
    int64_t offset = -7;

    core_rows(core, "UPDATE evt_meta SET pos = 1");
    evt_shard_reconnected(core->sh);
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 2);
    core_ok(core, evt_shard_join(core->sh, evt_sim_log_at(core->part, 2), 0, &core->err));
    ck_assert(evt_shard_join_next(core->sh, &offset));
    ck_assert_int_eq(offset, 1);
    core_free(core);
}
END_TEST

SUITE("shard join", the_store_says_where_it_stands, the_record_at_the_position_is_read_again,
      a_lost_tail_is_noticed, the_record_after_a_hole_is_not_the_one, a_refilled_tail_is_noticed,
      a_log_that_begins_after_the_position_is_refused,
      after_a_reconnect_the_open_batch_is_checked_first, a_lost_record_of_the_open_batch_is_noticed,
      after_a_reconnect_between_batches_the_position_is_checked,
      a_failed_batch_is_rolled_back_by_a_reconnect, a_batch_that_could_not_be_committed_is_checked,
      a_rollback_ends_the_check_of_the_batch)

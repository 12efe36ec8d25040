/* Due: when a shard's timers are fired, and fired again, as a clock that only the test moves says.
 */
#include "test/lib/core_driver.h"

#include <stdio.h>
#include <string.h>

#define DUE (CORE_NOW + 60000)

START_TEST(a_timer_is_fired_when_it_is_due)
{
    struct core_driver driver;

    core_driver_begin(&driver, "timer");
    ck_assert_str_eq(core_driver_at(&driver, DUE - 1), "");
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE - 1), DUE);
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 applied");
    ck_assert_str_eq(core_driver_at(&driver, DUE + EVT_FIRE_AGAIN_MS), "");
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE + EVT_FIRE_AGAIN_MS), INT64_MAX);
    core_driver_end(&driver);
}
END_TEST

/* Its record is like any other, from the shard's own source, and goes on with the cause's trace. */
START_TEST(a_fired_timer_is_a_record)
{
    struct core_driver driver;
    const struct evt_record *rec;
    struct evt_timer_fired msg;
    struct evt_arena arena = {0};
    struct evt_error err;
    char trace[64];

    core_driver_begin(&driver, "timer");
    snprintf(trace, sizeof(trace), "%s", core_rows(driver.core, "SELECT trace FROM evt_timers"));
    core_driver_at(&driver, DUE);
    rec = evt_sim_log_at(driver.core->part, 2);
    ck_assert_ptr_nonnull(rec);
    ck_assert_mem_eq(evt_record_header(rec, "ce_source")->value, "/own/product/1/" CORE_LINEAGE,
                     31);
    ck_assert_mem_eq(evt_record_header(rec, "ce_type")->value, "shop.evt.v1.TimerFired", 22);
    ck_assert_mem_eq(evt_record_header(rec, "ce_specversion")->value, "1.0", 3);
    ck_assert_mem_eq(evt_record_header(rec, "traceparent")->value, trace, EVT_TRACE_LEN);
    ck_assert_mem_eq(rec->key, core_key(driver.core, "timer", true), rec->key_len);
    ck_ok(evt_timer_fired_decode(rec->value, rec->value_len, &arena, &msg, &err), err);
    ck_assert_int_eq(msg.timer_id, 1);
    ck_assert_str_eq(msg.name, "deadline");
    evt_arena_release(&arena);
    core_driver_end(&driver);
}
END_TEST

/* Its clock is ahead of the log's: it waits for the difference, and no longer. */
START_TEST(a_timer_that_was_too_early_is_fired_when_it_is_due)
{
    struct core_driver driver;

    core_driver_begin(&driver, "timer");
    driver.ahead_ms = 4;
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 ignored: not pending");
    ck_assert_str_eq(core_driver_at(&driver, DUE + 1), "");
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE + 1), DUE + 5);
    ck_assert_str_eq(core_driver_at(&driver, DUE + 5), "timer.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "3 applied");
    core_driver_end(&driver);
}
END_TEST

/* Of one that is far too early it is known no better than of any: it is fired again as they are. */
START_TEST(a_timer_that_was_far_too_early_is_fired_again)
{
    struct core_driver driver;

    core_driver_begin(&driver, "timer");
    driver.ahead_ms = 50000;
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 ignored: not pending");
    ck_assert_str_eq(core_driver_at(&driver, DUE + 1), "");
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE + 1), DUE + EVT_FIRE_AGAIN_MS);
    core_driver_end(&driver);
}
END_TEST

/* A lost record, or one that the log dated too early, is published again while the row is pending.
 */
START_TEST(a_timer_is_fired_again)
{
    struct core_driver driver;

    core_driver_begin(&driver, "timer");
    driver.lost = true;
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    ck_assert_str_eq(core_driver_at(&driver, DUE + EVT_FIRE_AGAIN_MS - 1), "");
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE + 1), DUE + EVT_FIRE_AGAIN_MS);
    driver.lost = false;
    ck_assert_str_eq(core_driver_at(&driver, DUE + EVT_FIRE_AGAIN_MS), "timer.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 applied");
    core_driver_end(&driver);
}
END_TEST

/* Another one's time is not its time. */
START_TEST(each_timer_has_its_own_pause)
{
    struct core_driver driver;
    struct core_sender order;

    core_driver_begin(&driver, "timer");
    core_sender(driver.core, &order, "order");
    (void)RESERVE(driver.core, &order, "timer", "o1");
    driver.lost = true;
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    core_append(driver.core, RESERVE(driver.core, &order, "timer", "o2"));
    core_run(driver.core);
    ck_assert_str_eq(core_driver_at(&driver, DUE + 1000), "timer.2;");
    ck_assert_str_eq(core_driver_at(&driver, DUE + EVT_FIRE_AGAIN_MS), "timer.1;");
    core_driver_end(&driver);
}
END_TEST

START_TEST(nothing_is_fired_before_the_shard_has_caught_up)
{
    struct core_driver driver;

    core_driver_begin(&driver, "timer");
    core_use(driver.core, driver.core->store);
    evt_due_free(driver.due);
    core_start(driver.core);
    driver.due = evt_due_new(driver.core->sh, CORE_JITTER);
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE), INT64_MAX);
    ck_assert_str_eq(core_driver_at(&driver, DUE), "");
    core_ok(driver.core, evt_shard_caught_up(driver.core->sh, &driver.core->err));
    ck_assert_int_eq(evt_due_next_ms(driver.due, DUE), DUE);
    ck_assert_str_eq(core_driver_at(&driver, DUE), "timer.1;");
    evt_shard_reconnected(driver.core->sh);
    core_ok(driver.core, core_join(driver.core));
    ck_assert_str_eq(core_driver_at(&driver, DUE + EVT_FIRE_AGAIN_MS), "");
    core_driver_end(&driver);
}
END_TEST

/* What a transaction wrote may yet be undone. */
START_TEST(nothing_is_fired_before_the_commit)
{
    struct core_driver driver;
    struct core_sender order;

    core_driver_begin(&driver, "tea");
    core_sender(driver.core, &order, "order");
    (void)RESERVE(driver.core, &order, "tea", "o1");
    core_append(driver.core, RESERVE(driver.core, &order, "timer", "o2"));
    core_append(driver.core, RESERVE(driver.core, &order, "call", "o3"));
    core_ok(driver.core, core_apply(driver.core));
    ck_assert_str_eq(core_driver_at(&driver, DUE), "");
    evt_shard_rollback(driver.core->sh);
    ck_assert_str_eq(core_driver_at(&driver, DUE), "");
    core_run(driver.core);
    ck_assert_str_eq(core_driver_at(&driver, DUE),
                     "timer.1;bank 2 o3 'pay' attempt 1;bank 3  '' attempt 1;");
    core_driver_end(&driver);
}
END_TEST

/* Nor while a record has failed and the driver has not rolled back yet. */
START_TEST(nothing_of_a_failed_record_is_fired)
{
    struct core_driver driver;
    struct core_sender order;

    core_driver_begin(&driver, "tea");
    core_sender(driver.core, &order, "order");
    (void)RESERVE(driver.core, &order, "tea", "o1");
    core_append(driver.core, RESERVE(driver.core, &order, "busy", "o2"));
    fake_product_busy = 1;
    ck_assert_str_eq(evt_err_name(core_apply(driver.core)), "BUSY");
    ck_assert_str_eq(core_driver_at(&driver, DUE), "");
    evt_shard_rollback(driver.core->sh);
    ck_assert_str_eq(core_driver_at(&driver, DUE), "");
    core_run(driver.core);
    ck_assert_str_eq(core_driver_at(&driver, DUE),
                     "timer.1;bank 2 o2 'pay' attempt 1;bank 3  '' attempt 1;");
    core_driver_end(&driver);
}
END_TEST

/* Published timers are bounded too: those that were published are taken first. */
START_TEST(fired_timers_are_bounded)
{
    struct core_driver driver;
    struct core_sender order;
    char id[16];

    core_driver_begin(&driver, "tea");
    core_sender(driver.core, &order, "order");
    (void)RESERVE(driver.core, &order, "tea", "o1");
    for (int i = 0; i < 1025; i++) {
        snprintf(id, sizeof(id), "o%d", i);
        core_append(driver.core, RESERVE(driver.core, &order, "timer", id));
    }
    core_run(driver.core);
    core_driver_at(&driver, DUE);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&driver.did), "timer.1024;"));
    ck_assert_ptr_null(strstr(evt_buf_text(&driver.did), "timer.1025;"));
    core_run(driver.core);
    ck_assert_str_eq(core_driver_at(&driver, DUE + 1), "timer.1025;");
    core_driver_end(&driver);
}
END_TEST

SUITE("due", a_timer_is_fired_when_it_is_due, a_fired_timer_is_a_record, a_timer_is_fired_again,
      a_timer_that_was_too_early_is_fired_when_it_is_due,
      a_timer_that_was_far_too_early_is_fired_again, each_timer_has_its_own_pause,
      nothing_is_fired_before_the_shard_has_caught_up, nothing_is_fired_before_the_commit,
      nothing_of_a_failed_record_is_fired, fired_timers_are_bounded)

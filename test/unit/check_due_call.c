/* Due: when a shard's outside calls are made, how their outcomes are published, and when either is
 * done again. */
#include "test/lib/core_driver.h"

#include <evt/codec.h>

#include <stdio.h>
#include <string.h>

START_TEST(a_call_is_made_and_its_outcome_published)
{
    struct core_driver driver;

    core_driver_begin(&driver, "call");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 5),
                     "bank 1 o1 'pay' attempt 1;bank 2  '' attempt 1;");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 600000), ""); /* under way */
    ck_assert_int_eq(evt_due_next_ms(driver.due, CORE_NOW + 600000), INT64_MAX);
    core_driver_ended(&driver, 1, EVT_CALL_END_OK, "yes", CORE_NOW + 600000);
    core_driver_ended(&driver, 2, EVT_CALL_END_REFUSED, "", CORE_NOW + 600000);
    core_driver_ended(&driver, 1, EVT_CALL_END_UNKNOWN, "", CORE_NOW + 600000); /* it has ended */
    ck_assert_int_eq(evt_due_next_ms(driver.due, CORE_NOW + 600000), CORE_NOW + 600000);
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 600000), "call.1;call.2;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 applied\n3 applied");
    ck_assert_str_eq(core_rows(driver.core, "SELECT substr(text, 1, 20) FROM notes ORDER BY id"),
                     "calls 1 2;bank 1 o1 ok 'yes' k;bank 2  refused '' k");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 700000), "");
    core_driver_end(&driver);
}
END_TEST

START_TEST(a_lost_outcome_is_published_again)
{
    struct core_driver driver;

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_driver_ended(&driver, 1, EVT_CALL_END_OK, "yes", CORE_NOW + 10);
    driver.lost = true;
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 10), "call.1;");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 9 + EVT_FIRE_AGAIN_MS), "");
    driver.lost = false;
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 10 + EVT_FIRE_AGAIN_MS), "call.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 applied");
    core_driver_end(&driver);
}
END_TEST

/* Never a failure: made again under the same key, after a pause that doubles up to a minute. */
START_TEST(an_unknown_end_is_tried_again)
{
    struct core_driver driver;
    int64_t now_ms = CORE_NOW + 5, pause_ms = EVT_CALL_AGAIN_MS, next_ms;
    char want[64];

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, now_ms);
    core_driver_ended(&driver, 2, EVT_CALL_END_OK, "", now_ms);
    core_driver_at(&driver, now_ms);
    core_run(driver.core);
    for (int attempt = 1; attempt < 60; attempt++) {
        core_driver_ended(&driver, 1, EVT_CALL_END_UNKNOWN, "", now_ms);
        ck_assert_str_eq(core_driver_at(&driver, now_ms), "");
        next_ms = evt_due_next_ms(driver.due, now_ms);
        ck_assert_int_ge(next_ms - now_ms, pause_ms / 2);
        ck_assert_int_le(next_ms - now_ms, pause_ms);
        ck_assert_str_eq(core_driver_at(&driver, next_ms - 1), "");
        snprintf(want, sizeof(want), "bank 1 o1 'pay' attempt %d;", attempt + 1);
        ck_assert_str_eq(core_driver_at(&driver, next_ms), want);
        now_ms = next_ms;
        pause_ms = 2 * pause_ms < EVT_CALL_AGAIN_MS_MAX ? 2 * pause_ms : EVT_CALL_AGAIN_MS_MAX;
    }
    core_driver_end(&driver);
}
END_TEST

/* Past the provider's memory a repetition could pay twice. */
START_TEST(past_the_providers_memory_a_call_is_parked)
{
    struct core_driver driver;
    int64_t forgotten_ms = CORE_NOW + 1 + EVT_CALL_MEMORY_MS; /* the row is of the first record */

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_driver_ended(&driver, 1, EVT_CALL_END_UNKNOWN, "", forgotten_ms - 100000);
    ck_assert_str_eq(core_driver_at(&driver, forgotten_ms - 1), "bank 1 o1 'pay' attempt 2;");
    core_driver_ended(&driver, 1, EVT_CALL_END_UNKNOWN, "", forgotten_ms - 1);
    ck_assert_str_eq(core_driver_at(&driver, forgotten_ms + EVT_CALL_AGAIN_MS_MAX), "call.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_rows(driver.core, "SELECT id, state FROM evt_calls ORDER BY id"),
                     "1|1;2|0");
    ck_assert_str_eq(core_driver_at(&driver, forgotten_ms + 10 * EVT_CALL_AGAIN_MS_MAX), "");
    /* The second is still under way: its end may come, and is known. */
    core_driver_ended(&driver, 2, EVT_CALL_END_OK, "", forgotten_ms + 10 * EVT_CALL_AGAIN_MS_MAX);
    ck_assert_str_eq(core_driver_at(&driver, forgotten_ms + 10 * EVT_CALL_AGAIN_MS_MAX), "call.2;");
    core_driver_end(&driver);
}
END_TEST

/* A person decides; the driver makes no further attempt. */
START_TEST(a_call_that_cannot_be_made_is_parked)
{
    struct core_driver driver;

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_driver_ended(&driver, 1, EVT_CALL_END_PARKED, "no such card", CORE_NOW + 5);
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 5), "call.1;");
    core_run(driver.core);
    ck_assert_str_eq(core_rows(driver.core, "SELECT id, state FROM evt_calls ORDER BY id"),
                     "1|1;2|0");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 10 * EVT_CALL_AGAIN_MS_MAX), "");
    core_driver_end(&driver);
}
END_TEST

/* Whatever a provider says, what is published of it fits a message. */
START_TEST(a_long_response_is_cut)
{
    static char response[EVT_VALUE_MAX + 1];
    struct core_driver driver;

    memset(response, 'x', sizeof(response) - 1);
    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_driver_ended(&driver, 2, EVT_CALL_END_OK, response, CORE_NOW + 5);
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 5), "call.2;");
    core_run(driver.core);
    ck_assert_str_eq(core_told(driver.core), "2 applied");
    ck_assert_str_eq(core_rows(driver.core, "SELECT count(*) FROM evt_calls"), "1");
    core_driver_end(&driver);
}
END_TEST

/* What is remembered here may be lost at any time: the rows are the truth. */
START_TEST(a_new_driver_makes_the_call_again)
{
    struct core_driver driver;

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_driver_ended(&driver, 1, EVT_CALL_END_OK, "yes", CORE_NOW + 5);
    evt_due_free(driver.due);
    driver.due = evt_due_new(driver.core->sh, CORE_JITTER);
    core_driver_ended(&driver, 1, EVT_CALL_END_OK, "late", CORE_NOW + 5);
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 6),
                     "bank 1 o1 'pay' attempt 1;bank 2  '' attempt 1;");
    evt_due_free(NULL);
    core_driver_end(&driver);
}
END_TEST

/* When the rows cannot be read, what is known of them stays. */
START_TEST(a_call_under_way_survives_a_failure)
{
    struct core_driver driver;

    core_driver_begin(&driver, "call");
    core_driver_at(&driver, CORE_NOW + 5);
    core_rows(driver.core, "ALTER TABLE evt_calls RENAME TO away");
    core_driver_ended(&driver, 2, EVT_CALL_END_UNKNOWN, "", CORE_NOW + 5);
    ck_refused(core_driver_run(&driver, CORE_NOW + 6), driver.core->err, EVT_E_STORE_SQL,
               "the store refuses a statement: no such table: evt_calls");
    core_rows(driver.core, "ALTER TABLE away RENAME TO evt_calls");
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 600), "bank 2  '' attempt 2;");
    core_driver_end(&driver);
}
END_TEST

/* So many at a time; the rest have their turn when these are over. */
START_TEST(calls_under_way_are_bounded)
{
    struct core_driver driver;
    struct core_sender order;
    char want[32];

    core_driver_begin(&driver, "tea");
    core_sender(driver.core, &order, "order");
    (void)RESERVE(driver.core, &order, "tea", "o1");
    for (int i = 0; i < 513; i++)
        core_append(driver.core, RESERVE(driver.core, &order, "call", ""));
    core_run(driver.core);
    core_driver_at(&driver, CORE_NOW + 1000);
    for (int i = 0; i < 1024; i++) {
        snprintf(want, sizeof(want), "bank %d ", i + 1);
        ck_assert_ptr_nonnull(strstr(evt_buf_text(&driver.did), want));
    }
    ck_assert_ptr_null(strstr(evt_buf_text(&driver.did), "bank 1025 "));
    ck_assert_int_eq(evt_due_next_ms(driver.due, CORE_NOW + 1000), INT64_MAX);
    core_driver_ended(&driver, 1, EVT_CALL_END_OK, "", CORE_NOW + 1000);
    core_driver_at(&driver, CORE_NOW + 1000);
    core_run(driver.core);
    ck_assert_str_eq(core_driver_at(&driver, CORE_NOW + 2000), "bank 1025  'pay' attempt 1;");
    core_driver_end(&driver);
}
END_TEST

SUITE("due call", a_long_response_is_cut, a_call_that_cannot_be_made_is_parked,
      a_call_is_made_and_its_outcome_published, a_lost_outcome_is_published_again,
      an_unknown_end_is_tried_again, past_the_providers_memory_a_call_is_parked,
      a_new_driver_makes_the_call_again, a_call_under_way_survives_a_failure,
      calls_under_way_are_bounded)

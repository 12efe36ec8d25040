/* Calling, the circuit of a destination: when it opens, how long attempts wait, what closes it. */
#include "libevents/src/calling_internal.h"
#include "test/lib/suite.h"

#define NOW 1000000

static struct evt__circuit circuit;

static enum evt__circuit_turn end_of_one(bool definite, int64_t now_ms)
{
    const bool let_through = evt__circuit_begin(&circuit);

    return evt__circuit_end(&circuit, let_through, definite, 0, now_ms);
}

static void open_it(void)
{
    for (int i = 1; i < EVT_CALL_UNKNOWNS; i++)
        ck_assert_int_eq(end_of_one(false, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(end_of_one(false, NOW), EVT__CIRCUIT_OPENS);
}

START_TEST(it_opens_after_unknown_ends_in_a_row)
{
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), 0);
    for (int i = 1; i < EVT_CALL_UNKNOWNS; i++)
        ck_assert_int_eq(end_of_one(false, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(end_of_one(true, NOW), EVT__CIRCUIT_STAYS); /* the row begins again */
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), 0);
    open_it();
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), EVT_CALL_PAUSE_MS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + EVT_CALL_PAUSE_MS - 1), 1);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + EVT_CALL_PAUSE_MS), 0);
}
END_TEST

START_TEST(after_a_pause_one_is_let_through)
{
    int64_t now_ms = NOW + EVT_CALL_PAUSE_MS;

    open_it();
    ck_assert(evt__circuit_begin(&circuit));
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, now_ms + 1000000), INT64_MAX);
    ck_assert_int_eq(evt__circuit_end(&circuit, true, true, 0, now_ms), EVT__CIRCUIT_CLOSES);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, now_ms), 0);
    ck_assert(!evt__circuit_begin(&circuit));
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, now_ms), 0);
}
END_TEST

START_TEST(the_pause_doubles_and_begins_anew)
{
    int64_t now_ms = NOW, pause_ms = EVT_CALL_PAUSE_MS;

    open_it();
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(evt__circuit_wait_ms(&circuit, now_ms), pause_ms);
        now_ms += pause_ms;
        ck_assert_int_eq(end_of_one(false, now_ms), EVT__CIRCUIT_STAYS);
        pause_ms = 2 * pause_ms < EVT_CALL_PAUSE_MS_MAX ? 2 * pause_ms : EVT_CALL_PAUSE_MS_MAX;
    }
    ck_assert_int_eq(pause_ms, EVT_CALL_PAUSE_MS_MAX);
    ck_assert_int_eq(end_of_one(true, now_ms), EVT__CIRCUIT_CLOSES);
    open_it();
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), EVT_CALL_PAUSE_MS);
}
END_TEST

/* They began before it opened. */
START_TEST(others_unknown_ends_say_nothing_new)
{
    open_it();
    ck_assert_int_eq(evt__circuit_end(&circuit, false, false, 0, NOW + 500), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + 500), EVT_CALL_PAUSE_MS - 500);
    ck_assert(evt__circuit_begin(&circuit));
    ck_assert_int_eq(evt__circuit_end(&circuit, false, false, 0, NOW + 1500), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + 1500), INT64_MAX); /* it is still asked */
    ck_assert_int_eq(evt__circuit_end(&circuit, false, true, 0, NOW + 1600), EVT__CIRCUIT_CLOSES);
    /* And what was let through then may end as it likes. */
    ck_assert_int_eq(evt__circuit_end(&circuit, true, false, 0, NOW + 1700), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + 1700), 0);
}
END_TEST

START_TEST(a_providers_wish_is_heeded_within_a_bound)
{
    ck_assert_int_eq(evt__circuit_end(&circuit, false, false, 7000, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), 7000);
    ck_assert_int_eq(evt__circuit_end(&circuit, false, false, 1000, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), 7000); /* the later one */
    ck_assert_int_eq(end_of_one(true, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW),
                     7000); /* one answer is not leave for all */
    ck_assert_int_eq(evt__circuit_end(&circuit, false, false, INT32_MAX, NOW), EVT__CIRCUIT_STAYS);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), EVT_CALL_RETRY_MS_MAX);
    /* Open, the longer of both. */
    for (int i = 0; i < EVT_CALL_UNKNOWNS; i++)
        (void)evt__circuit_end(&circuit, false, false, 0, NOW);
    ck_assert(circuit.open);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW), EVT_CALL_RETRY_MS_MAX);
    ck_assert_int_eq(evt__circuit_wait_ms(&circuit, NOW + EVT_CALL_RETRY_MS_MAX), 0);
}
END_TEST

SUITE("calling circuit", it_opens_after_unknown_ends_in_a_row, after_a_pause_one_is_let_through,
      the_pause_doubles_and_begins_anew, others_unknown_ends_say_nothing_new,
      a_providers_wish_is_heeded_within_a_bound)

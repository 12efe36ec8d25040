/* Saga, settled by hand: a person says how a parked part ended, and that is taken as its answer. */
#include "test/lib/saga_case.h"
#include "test/lib/suite.h"

#include <string.h>

#define HOUR_MS 3600000

static void settle(struct harness *h, const char *step, int32_t item,
                   enum evt_settle_saga_outcome outcome)
{
    GIVE(h, "outside", evt_settle_saga, .saga = "trip", .ref = SAGA_REF, .step = step, .item = item,
         .outcome = outcome, .why = "by the bank");
}
#define UNDONE EVT_SETTLE_SAGA_OUTCOME_UNDONE
#define DONE   EVT_SETTLE_SAGA_OUTCOME_DONE

/* The undoing of its one step was asked for in vain too often. */
static struct harness *stuck(void)
{
    struct harness *h;

    saga_case_reset();
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}});
    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    harness_wait(h, 60000);
    SENT(h, "undo a1, done, undo a1, undo a1");
    PARTS(h, "a 1 stuck 3");
    return h;
}

START_TEST(what_is_stuck_was_undone)
{
    struct harness *h = stuck();

    settle(h, "a", 1, UNDONE);
    SENT(h, "done");
    HISTORY(h, 7, "settled by hand a1: /cli/test; undone a1: by the bank; undone: no");
    ROWS(h, "SELECT parked FROM evt_sagas", "0");
    settle(h, "a", 1, UNDONE);
    SENT(h, "refused (that part is not parked)");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(what_is_stuck_was_not_done)
{
    struct harness *h = stuck();

    settle(h, "a", 1, DONE);
    SENT(h, "refused (it is to be undone: settle it once it is)");
    PARTS(h, "a 1 stuck 3");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_word_needs_its_part_and_a_reason)
{
    struct harness *h = stuck();

    settle(h, "a", 2, UNDONE);
    SENT(h, "refused (that part is not parked)");
    settle(h, "b", 1, UNDONE);
    SENT(h, "refused (that part is not parked)");
    settle(h, "a", 1, EVT_SETTLE_SAGA_OUTCOME_UNKNOWN);
    SENT(h, "refused (a person settles a parked part as done or undone)");
    GIVE(h, "outside", evt_settle_saga, .saga = "trip", .ref = SAGA_REF, .step = "a", .item = 1,
         .outcome = UNDONE, .why = "");
    SENT(h, "refused (a person says why)");
    GIVE(h, "outside", evt_settle_saga, .saga = "trap", .ref = SAGA_REF, .step = "a", .item = 1,
         .outcome = UNDONE, .why = "so");
    SENT(h, "refused (there is no such saga here)");
    PARTS(h, "a 1 stuck 3");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

/* Only a person's: another service has its own words. */
START_TEST(no_service_settles)
{
    struct harness *h = stuck();

    GIVE(h, "product", evt_settle_saga, .saga = "trip", .ref = SAGA_REF, .step = "a", .item = 1,
         .outcome = UNDONE, .why = "so");
    ck_assert_ptr_nonnull(strstr(saga_sent(h), "dead ("));
    PARTS(h, "a 1 stuck 3");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

/* Nobody knows whether the pivot took place. */
static struct harness *with_parked_pivot(void)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    harness_wait(h, HOUR_MS);
    SENT(h, "ask b1, ask b1, ask b1");
    PARTS(h, "a 1 done 1; b 1 parked 3");
    return h;
}

START_TEST(a_pivot_took_place)
{
    struct harness *h = with_parked_pivot();

    settle(h, "b", 1, DONE);
    SENT(h, "ask c1, ask d1, ask e1, done");
    saga_done(h, "c1");
    saga_done(h, "d1");
    saga_done(h, "e1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(a_pivot_never_took_place)
{
    struct harness *h = with_parked_pivot();

    settle(h, "b", 1, UNDONE);
    SENT(h, "undo a1, done");
    HISTORY(h, 7,
            "settled by hand b1: /cli/test; refused b1: by the bank; turned back: by the bank; to"
            " be undone a1");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(behind_the_pivot_it_must_be_done)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "e1");
    saga_done(h, "d1");
    harness_wait(h, HOUR_MS);
    SENT(h, "ask c1, ask c1");
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 parked 3; d 1 done 1; e 1 done 1");
    settle(h, "c", 1, UNDONE);
    SENT(h, "refused (behind the pivot it cannot fail: see that it is done, or cancel all)");
    settle(h, "c", 1, DONE);
    SENT(h, "done");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(behind_the_pivot_it_may_turn_back)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "e1");
    saga_done(h, "c1");
    harness_wait(h, HOUR_MS);
    SENT(h, "ask d1, ask d1");
    settle(h, "d", 1, UNDONE);
    SENT(h, "undo c1, done");
    saga_undone(h, "c1");
    SENT(h, "undo b1");
    saga_undone(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}
END_TEST

/* ---- what the service keeps of it ---- */

static enum evt_err keep(struct evt_ctx *ctx, int32_t item, enum evt_saga_word word,
                         struct evt_error *err)
{
    evt_saga_because(ctx, "item %d, word %d", (int)item, (int)word);
    return item == 2 ? evt_reject(err, "not this one") : EVT_OK;
}

START_TEST(the_service_is_told)
{
    struct evt_saga_step steps[] = {STEP(0, 1), {0}};
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = 2;
    steps[0].settled = keep;
    h = saga_case(steps);
    SENT(h, "ask a1, ask a2, done");
    saga_cancel(h, "no");
    harness_wait(h, 60000);
    SENT(h, "undo a1, undo a2, done, undo a1, undo a2, undo a1, undo a2");
    PARTS(h, "a 1 stuck 3; a 2 stuck 3");
    settle(h, "a", 1, UNDONE);
    SENT(h, "done");
    HISTORY(h, 12, "settled by hand a1: /cli/test; undone a1: item 1, word 2");
    settle(h, "a", 2, UNDONE); /* refused, it leaves the part parked */
    PARTS(h, "a 1 undone 3; a 2 stuck 3");
    ck_assert_ptr_nonnull(strstr(saga_sent(h), "not this one"));
    saga_undone(h, "a2");
    saga_case_end(h, "undone");
}
END_TEST

SUITE("saga: settled", what_is_stuck_was_undone, what_is_stuck_was_not_done,
      a_word_needs_its_part_and_a_reason, no_service_settles, a_pivot_took_place,
      a_pivot_never_took_place, behind_the_pivot_it_must_be_done, behind_the_pivot_it_may_turn_back,
      the_service_is_told)

/* Saga, what fails for long: asked again, too late, given up, parked for a person and taken up. */
#include "test/lib/saga_case.h"
#include "test/lib/suite.h"

#define MINUTE_MS    60000
#define HOUR_MS      (60LL * MINUTE_MS)
#define PARKED(h, n) ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), n)

static struct harness *one_step(void)
{
    saga_case_reset();
    return saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}});
}

START_TEST(it_is_asked_again_after_pauses_that_grow)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    harness_wait(h, 9999);
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "ask a1");
    harness_wait(h, 19999);
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "ask a1");
    PARTS(h, "a 1 asked 3");
    harness_wait(h, 24999); /* not 40: that is the most */
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "undo a1"); /* what came of it is not known */
    HISTORY(h, 1,
            "asked a1; asked again a1; asked again a1; late a1: no answer; turned back: no"
            " answer to a; to be undone a1");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_rejected_undoing_stays_parked)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    SENT(h, "undo a1, done");
    harness_wait(h, MINUTE_MS);
    SENT(h, "undo a1, undo a1");
    saga_rejected(h);
    SENT(h, "");
    PARTS(h, "a 1 stuck 3");
    saga_retry(h);
    SENT(h, "undo a1, done");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

/* ---- its functions reject ---- */

/* For some time, as a rebuild will find again. */
static enum evt_err or_reject(evt_saga_ask_fn *fn, struct evt_ctx *ctx,
                              const struct evt_saga_run *run, int32_t item, struct evt_error *err)
{
    const int64_t age_ms = evt_time_ms(ctx) - run->started_ms;
    const enum evt_err rc = fn(ctx, run, item, err); /* what it did is undone with it */

    return rc == EVT_OK && age_ms > 0 && age_ms < 2 * MINUTE_MS
               ? evt_reject(err, "not in the first two minutes")
               : rc;
}

static enum evt_err ask_or_reject(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                  struct evt_error *err)
{
    return or_reject(fake_saga_ask[0], ctx, run, item, err);
}

static enum evt_err undo_or_reject(struct evt_ctx *ctx, const struct evt_saga_run *run,
                                   int32_t item, struct evt_error *err)
{
    return or_reject(fake_saga_undo[0], ctx, run, item, err);
}

static struct harness *one_that_rejects(void)
{
    struct evt_saga_step steps[] = {STEP(0, 1), {0}};

    saga_case_reset();
    steps[0].ask = ask_or_reject;
    steps[0].undo = undo_or_reject;
    return saga_case(steps);
}

#define REASON "saga trip c-1: the message breaks an invariant: not in the first two minutes"
#define DEAD   "dead (" REASON ")"

START_TEST(a_timer_that_was_rejected_comes_again)
{
    struct harness *h = one_that_rejects();

    SENT(h, "ask a1, done");
    harness_wait(h, 10000);
    SENT(h, DEAD); /* and nothing else of what it did */
    PARTS(h, "a 1 asked 1");
    harness_wait(h, MINUTE_MS - 1);
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, DEAD);
    harness_wait(h, 69999); /* as long as it lasts already */
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "ask a1");
    HISTORY(h, 1, "asked a1; failed: " REASON "; failed: " REASON "; asked again a1");
    saga_done(h, "a1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(an_undoing_that_was_rejected_comes_again)
{
    struct harness *h = one_that_rejects();

    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    SENT(h, "undo a1, done");
    harness_wait(h, 10000);
    SENT(h, DEAD);
    PARTS(h, "a 1 undoing 1");
    saga_undone(h, "a1"); /* an answer does not wait for it */
    saga_case_end(h, "undone");
}
END_TEST

/* In the fourth hour. */
static enum evt_err ask_rejected_late(struct evt_ctx *ctx, const struct evt_saga_run *run,
                                      int32_t item, struct evt_error *err)
{
    const int64_t hours = (evt_time_ms(ctx) - run->started_ms) / HOUR_MS;

    return hours == 3 ? evt_reject(err, "too late") : fake_saga_ask[0](ctx, run, item, err);
}

START_TEST(a_rejected_timer_waits_an_hour_at_most)
{
    struct evt_saga_step steps[] = {STEP(0, 1), {0}};
    struct harness *h;

    saga_case_reset();
    steps[0].wait_ms = steps[0].wait_ms_max = 3 * HOUR_MS;
    steps[0].ask = ask_rejected_late;
    steps[0].flags = EVT_SAGA_PIVOT; /* no deadline any more */
    h = saga_case(steps);
    SENT(h, "ask a1, done");
    harness_wait(h, 3 * HOUR_MS);
    SENT(h, "dead (saga trip c-1: the message breaks an invariant: too late)");
    harness_wait(h, HOUR_MS - 1);
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "ask a1");
    saga_done(h, "a1");
    saga_case_end(h, "completed");
}
END_TEST

/* ---- nobody waits for them ---- */

START_TEST(what_is_detached_is_given_up)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "c1");
    saga_done(h, "d1");
    PHASE(h, "completed 3");
    ROWS(h, "SELECT forget_ms IS NULL FROM evt_sagas", "1"); /* it is not forgotten before */
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask e1, ask e1");
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 done 1; d 1 done 1; e 1 dropped 3");
    HISTORY(h, 11, "asked again e1; asked again e1; dropped e1: no answer");
    saga_done(h, "e1"); /* too late to matter */
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(what_is_detached_may_be_refused)
{
    struct harness *h = saga_case_behind_pivot();

    saga_refused(h, "e1");
    saga_done(h, "e1");
    SENT(h, "");
    saga_done(h, "c1");
    saga_done(h, "d1");
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 done 1; d 1 done 1; e 1 refused 1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(what_comes_after_the_undoing_is_given_up_too)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_refused(h, "a1");
    SENT(h, "ask f1");
    ROWS(h, "SELECT text FROM notes", "undone by 1: a was refused");
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask f1, ask f1");
    PARTS(h, "a 1 refused 1; f 1 dropped 3");
    saga_case_end(h, "undone");
}
END_TEST

/* ---- compensations ---- */

START_TEST(an_undoing_without_answer_is_parked)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    SENT(h, "undo a1, done");
    harness_wait(h, MINUTE_MS);
    SENT(h, "undo a1, undo a1");
    PARTS(h, "a 1 stuck 3");
    PARKED(h, 1);
    PHASE(h, "undoing 1");
    saga_done(h, "a1"); /* it was known that it might be */
    SENT(h, "");
    saga_retry(h);
    SENT(h, "undo a1, done");
    PARTS(h, "a 1 undoing 1");
    HISTORY(h, 4,
            "to be undone, again a1; to be undone, again a1; stuck a1: no answer; to be undone"
            " a1; taken up again: /cli/test");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(an_answer_comes_to_what_is_stuck)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    SENT(h, "undo a1, done");
    harness_wait(h, MINUTE_MS);
    SENT(h, "undo a1, undo a1");
    saga_not_undone(h, "a1");
    PARKED(h, 1);
    saga_undone(h, "a1");
    PARKED(h, 0);
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_refused_undoing_is_tried_again_then_parked)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    saga_cancel(h, "no");
    SENT(h, "undo a1, done");
    saga_not_undone(h, "a1");
    saga_not_undone(h, "a1"); /* twice: still it waits for its time */
    harness_wait(h, 10000);
    SENT(h, "undo a1");
    saga_not_undone(h, "a1");
    harness_wait(h, 20000);
    SENT(h, "undo a1");
    saga_not_undone(h, "a1");
    PARKED(h, 1);
    PARTS(h, "a 1 stuck 3");
    saga_retry(h);
    SENT(h, "undo a1, done");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_rejected_undoing_is_parked_at_once)
{
    struct harness *h;

    saga_case_reset();
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), {0}});
    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "b1");
    SENT(h, "undo a1");
    saga_rejected(h);
    SENT(h, "");
    PARTS(h, "a 1 stuck 1; b 1 refused 1");
    PARKED(h, 1);
    HISTORY(h, 6, "stuck a1: rejected: it cannot be");
    saga_retry(h);
    SENT(h, "undo a1, done");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(retry_finds_its_saga)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    saga_retry(h);
    SENT(h, "refused (nothing of it is parked)");
    GIVE(h, "outside", evt_retry_saga, .saga = "trap", .ref = SAGA_REF);
    SENT(h, "refused (there is no such saga here)");
    saga_done(h, "a1");
    saga_retry(h);
    SENT(h, "refused (nothing of it is parked)");
    saga_case_end(h, "completed");
}
END_TEST

SUITE("saga: parked", it_is_asked_again_after_pauses_that_grow, a_rejected_undoing_stays_parked,
      a_timer_that_was_rejected_comes_again, an_undoing_that_was_rejected_comes_again,
      a_rejected_timer_waits_an_hour_at_most, what_is_detached_is_given_up,
      what_is_detached_may_be_refused, what_comes_after_the_undoing_is_given_up_too,
      an_undoing_without_answer_is_parked, an_answer_comes_to_what_is_stuck,
      a_refused_undoing_is_tried_again_then_parked, a_rejected_undoing_is_parked_at_once,
      retry_finds_its_saga)

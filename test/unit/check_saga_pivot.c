/* Saga, its pivot: in front of it time turns back, behind it nothing does by itself. */
#include "test/lib/saga_case.h"
#include "test/lib/suite.h"

#define MINUTE_MS    60000
#define PARKED(h, n) ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), n)

static struct harness *one_step(void)
{
    saga_case_reset();
    return saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}});
}

/* From here to the end, everything being undone. */
static void undo_all(struct harness *h)
{
    saga_undone(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}

/* ---- in front of the pivot ---- */

START_TEST(all_in_front_of_the_pivot_has_its_time)
{
    struct harness *h;

    saga_case_reset(); /* four stages of two and a half minutes */
    fake_saga_items[0] = 4;
    h = saga_case((const struct evt_saga_step[]){{.name = "a",
                                                  .stage = 1,
                                                  .items = fake_saga_items_of[0],
                                                  .ask = fake_saga_ask[0],
                                                  .asks = &product_reserve_stock_type,
                                                  .undo = fake_saga_undo[0],
                                                  .undoes = &product_release_stock_type,
                                                  .wait_ms = MINUTE_MS,
                                                  .wait_ms_max = MINUTE_MS,
                                                  .tries = 100,
                                                  .undo_tries = 1},
                                                 {0}});
    saga_sent(h);
    for (int i = 1; i < 4; i++) {
        static const char *const parts[] = {"", "a1", "a2", "a3"};

        saga_done(h, parts[i]);
    }
    harness_wait(h, 10 * MINUTE_MS - 1);
    SENT(h, "ask a4, ask a4, ask a4, ask a4, ask a4, ask a4, ask a4, ask a4, ask a4");
    harness_wait(h, 1);
    SENT(h, "undo a1, undo a2, undo a3, undo a4");
    ROWS(h, "SELECT why FROM evt_sagas", "it took too long");
    saga_undone(h, "a1");
    saga_undone(h, "a2");
    saga_undone(h, "a3");
    saga_undone(h, "a4");
    saga_case_end(h, "undone");
}
END_TEST

/* The answer is there before the timer: still it is too late. */
START_TEST(the_pivot_is_not_asked_for_too_late)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    harness_skip(h, 10 * MINUTE_MS - 1);
    saga_noted(h, "a1");
    harness_skip(h, 1);
    saga_done(h, "a1");
    SENT(h, "undo a1");
    ROWS(h, "SELECT why FROM evt_sagas", "it took too long");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}
END_TEST

/* All is done: there is nothing to be gained by undoing it. */
START_TEST(what_is_done_too_late_is_done)
{
    struct harness *h = one_step();

    SENT(h, "ask a1, done");
    harness_skip(h, 10 * MINUTE_MS);
    saga_done(h, "a1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(the_deadline_ends_when_the_pivot_is_asked_for)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    harness_wait(h, 20 * MINUTE_MS);
    SENT(h, "ask b1, ask b1");
    PARTS(h, "a 1 done 1; b 1 parked 3"); /* whether it took place is not for us to guess */
    PARKED(h, 1);
    HISTORY(h, 4, "asked again b1; asked again b1; parked b1: no answer");
    saga_cancel(h, "no more");
    SENT(h, "undo b1, done");
    PARKED(h, 0);
    undo_all(h);
}
END_TEST

/* That it never took place is known after all. */
START_TEST(a_rejected_pivot_turns_back_though_it_is_parked)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask b1, ask b1");
    PARKED(h, 1);
    saga_rejected(h);
    SENT(h, "undo a1");
    PARKED(h, 0);
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_refused_pivot_turns_back)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    saga_refused(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    saga_done(h, "f1");
    ROWS(h, "SELECT pivoted FROM evt_sagas", "0");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_rejected_command_is_a_refusal)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_rejected(h); /* the answer to the command, which no saga sent: the service's own */
    ROWS(h, "SELECT text FROM notes", "it cannot be");
    harness_end(h);
    saga_case_reset();
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}});
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    saga_rejected(h);
    SENT(h, "undo a1");
    ROWS(h, "SELECT why FROM evt_sagas", "rejected: it cannot be");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

/* ---- behind it ---- */

START_TEST(a_refusal_behind_the_pivot_is_asked_again_then_parked)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "d1");
    saga_done(h, "e1");
    saga_refused_because(h, "c1");
    SENT(h, "");
    harness_wait(h, 9999);
    SENT(h, "");
    harness_wait(h, 1);
    SENT(h, "ask c1");
    saga_refused(h, "c1");
    harness_wait(h, 20000);
    SENT(h, "ask c1");
    PARKED(h, 0);
    saga_refused(h, "c1");
    PARKED(h, 1);
    PHASE(h, "forward 3");
    HISTORY(h, 10,
            "refused c1: not enough of c 1; asked again c1; refused c1; asked again c1; parked c1");
    harness_wait(h, 60 * MINUTE_MS);
    SENT(h, "");
    saga_retry(h);
    SENT(h, "ask c1, done");
    PARKED(h, 0);
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 asked 1; d 1 done 1; e 1 done 1");
    saga_retry(h);
    SENT(h, "refused (nothing of it is parked)");
    saga_done(h, "c1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(an_answer_comes_to_what_is_parked)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "d1");
    saga_done(h, "e1");
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask c1, ask c1");
    PARKED(h, 1);
    saga_done(h, "c1");
    PARKED(h, 0);
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(what_is_parked_is_undone_by_a_cancel)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "d1");
    saga_done(h, "e1");
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask c1, ask c1");
    saga_cancel(h, "no more");
    SENT(h, "undo c1, undo d1, done");
    PARKED(h, 0);
    saga_undone(h, "c1");
    saga_undone(h, "d1");
    SENT(h, "undo b1");
    undo_all(h);
}
END_TEST

START_TEST(a_rejected_command_behind_the_pivot_is_parked_at_once)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "d1");
    saga_done(h, "e1");
    harness_wait(h, 10000);
    SENT(h, "ask c1");
    saga_rejected(h);
    PARKED(h, 1);
    saga_rejected(h); /* and once more: it waits for nothing */
    ROWS(h, "SELECT text FROM notes", "it cannot be");
    saga_retry(h);
    SENT(h, "ask c1, done");
    saga_done(h, "c1");
    saga_case_end(h, "completed");
}
END_TEST

/* The second asking was rejected, the first refused: it is parked and stays so. */
START_TEST(a_refusal_of_what_is_parked_changes_nothing)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "d1");
    saga_done(h, "e1");
    harness_wait(h, 10000);
    SENT(h, "ask c1");
    saga_rejected(h);
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 parked 2; d 1 done 1; e 1 done 1");
    saga_refused(h, "c1");
    harness_wait(h, 60 * MINUTE_MS);
    SENT(h, "");
    PARKED(h, 1);
    saga_retry(h);
    SENT(h, "ask c1, done");
    saga_done(h, "c1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(what_turns_back_undoes_the_pivot_too)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "c1");
    saga_refused(h, "d1");
    SENT(h, "undo c1");
    PARTS(h, "a 1 done 1; b 1 done 1; c 1 undoing 1; d 1 refused 1; e 1 dropped 1");
    saga_done(h, "e1");
    saga_undone(h, "c1");
    SENT(h, "undo b1");
    ROWS(h, "SELECT count(*) FROM notes", "0");
    saga_undone(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    SENT(h, "ask f1");
    ROWS(h, "SELECT text FROM notes", "undone by 1 pivoted: d was refused");
    saga_done(h, "f1");
    saga_case_end(h, "undone");
}
END_TEST

/* It is late, not refused: nothing turns back. */
START_TEST(what_turns_back_is_parked_when_it_is_late)
{
    struct harness *h = saga_case_behind_pivot();

    saga_done(h, "c1");
    saga_done(h, "e1");
    harness_wait(h, MINUTE_MS);
    SENT(h, "ask d1, ask d1");
    PARKED(h, 1);
    saga_retry(h);
    SENT(h, "ask d1, done");
    saga_refused(h, "d1");
    SENT(h, "undo c1");
    saga_undone(h, "c1");
    SENT(h, "undo b1");
    undo_all(h);
}
END_TEST

SUITE("saga: pivot", all_in_front_of_the_pivot_has_its_time, the_pivot_is_not_asked_for_too_late,
      what_is_done_too_late_is_done, the_deadline_ends_when_the_pivot_is_asked_for,
      a_rejected_pivot_turns_back_though_it_is_parked, a_refused_pivot_turns_back,
      a_rejected_command_is_a_refusal, a_refusal_behind_the_pivot_is_asked_again_then_parked,
      an_answer_comes_to_what_is_parked, what_is_parked_is_undone_by_a_cancel,
      a_rejected_command_behind_the_pivot_is_parked_at_once,
      a_refusal_of_what_is_parked_changes_nothing, what_turns_back_undoes_the_pivot_too,
      what_turns_back_is_parked_when_it_is_late)

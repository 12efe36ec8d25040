/* Saga, going back: what is undone and what is not, in which order, and answers that come late. */
#include "test/lib/saga_case.h"
#include "test/lib/suite.h"

#include <evt/buf.h>

/* a and b, then c, then d; e when all is undone. */
static struct harness *three_stages(void)
{
    saga_case_reset();
    return saga_case((const struct evt_saga_step[]){STEP(0, 1),
                                                    STEP(1, 1),
                                                    STEP(2, 2),
                                                    STEP(3, 3),
                                                    STEP_AS(4, EVT_SAGA_AFTER_UNDO, 0, NULL),
                                                    {0}});
}

static struct harness *two_steps(void)
{
    saga_case_reset();
    return saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), {0}});
}

START_TEST(stages_are_undone_from_the_last)
{
    struct harness *h = three_stages();

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "a1");
    saga_done(h, "b1");
    SENT(h, "ask c1");
    saga_done(h, "c1");
    SENT(h, "ask d1");
    saga_refused_because(h, "d1");
    SENT(h, "undo c1");
    PHASE(h, "undoing 2");
    saga_undone(h, "c1");
    SENT(h, "undo a1, undo b1");
    saga_undone(h, "b1");
    SENT(h, "");
    saga_undone(h, "a1");
    SENT(h, "ask e1");
    ROWS(h, "SELECT text FROM notes", "undone by 1: not enough of d 1");
    saga_done(h, "e1");
    HISTORY(h, 8,
            "refused d1: not enough of d 1; turned back: not enough of d 1; to be undone c1;"
            " undone c1; to be undone a1; to be undone b1; undone b1; undone a1;"
            " undone: not enough of d 1; asked e1; done e1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_refusal_without_words_gets_some)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "b1");
    SENT(h, "undo a1"); /* what is not answered yet, and not what was refused */
    saga_undone(h, "a1");
    ROWS(h, "SELECT why FROM evt_sagas", "b was refused");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(items_are_undone_each_for_itself)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = 3;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}});
    SENT(h, "ask a1, ask a2, ask a3, done");
    saga_done(h, "a1");
    saga_refused(h, "a2");
    SENT(h, "undo a1, undo a3");
    saga_undone(h, "a3");
    PARTS(h, "a 1 undoing 1; a 2 refused 1; a 3 undone 1");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(a_join_may_say_that_it_goes_no_further)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_last_stage = 2;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), STEP(2, 3), {0}});
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    saga_done(h, "b1");
    SENT(h, "undo b1");
    saga_undone(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    ROWS(h, "SELECT text FROM notes", "undone by 1: no further than stage 2");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(what_an_answer_says_may_turn_it_back)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_done_but(h, "a1", "too dear");
    SENT(h, "undo a1, undo b1");
    saga_done_but(h, "b1", "too dear, too"); /* it goes back already */
    SENT(h, "");
    saga_undone(h, "a1");
    saga_undone(h, "b1");
    ROWS(h, "SELECT why FROM evt_sagas", "too dear");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(what_has_nothing_to_undo_is_dropped)
{
    struct harness *h;

    saga_case_reset();
    h = saga_case((const struct evt_saga_step[]){STEP_AS(0, 1, 0, NULL), STEP(1, 1), {0}});
    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "b1");
    SENT(h, "");
    PARTS(h, "a 1 dropped 1; b 1 refused 1");
    saga_done(h, "a1"); /* nobody waits for it */
    saga_case_end(h, "undone");
}
END_TEST

/* ---- answers that come late ---- */

START_TEST(late_while_it_is_undone)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "a1");
    SENT(h, "undo b1");
    saga_done(h, "b1"); /* what was sent to undo it comes behind */
    saga_refused(h, "b1");
    SENT(h, "");
    PARTS(h, "a 1 refused 1; b 1 undoing 1");
    saga_undone(h, "b1");
    saga_undone(h, "b1"); /* twice */
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(late_when_it_was_undone)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "a1");
    SENT(h, "undo b1");
    saga_undone(h, "b1");
    saga_done(h, "b1");
    SENT(h, "undo b1");
    PHASE(h, "undone 0");
    ROWS(h, "SELECT forget_ms IS NULL FROM evt_sagas", "1"); /* it is open again */
    harness_wait(h, 10000);
    SENT(h, "undo b1"); /* and is tried again like any other */
    saga_undone(h, "b1");
    ROWS(h, "SELECT count(*) FROM notes", "1"); /* it ended once */
    HISTORY(h, 7,
            "undone: a was refused; done late b1; to be undone b1; to be undone, again b1;"
            " undone b1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(late_when_it_was_refused)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_refused(h, "a1");
    SENT(h, "undo b1");
    saga_done(h, "a1"); /* of two that were asked, one was refused and one done */
    SENT(h, "undo a1");
    saga_undone(h, "b1");
    PHASE(h, "undoing 1");
    saga_undone(h, "a1");
    saga_refused(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(late_behind_its_stage)
{
    struct harness *h = three_stages();

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "a1");
    saga_done(h, "b1");
    SENT(h, "ask c1");
    saga_refused(h, "c1");
    SENT(h, "undo a1, undo b1");
    saga_done(h, "c1");
    SENT(h, "undo c1");
    saga_undone(h, "a1");
    saga_undone(h, "b1");
    SENT(h, "ask e1"); /* what came late holds nothing up */
    saga_done(h, "e1");
    ROWS(h, "SELECT forget_ms IS NULL FROM evt_sagas", "1");
    saga_undone(h, "c1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(late_when_it_was_done)
{
    struct harness *h = two_steps();

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "a1");
    saga_refused(h, "a1"); /* it is done, whoever says otherwise */
    saga_undone(h, "a1");
    saga_not_undone(h, "a1");
    SENT(h, "");
    saga_done(h, "b1");
    saga_refused(h, "b1");
    saga_case_end(h, "completed");
}
END_TEST

/* An answer that is about a stage further down is heard before its turn to be undone. */
START_TEST(answers_of_a_stage_that_waits_to_be_undone)
{
    struct harness *h;

    saga_case_reset();
    h = saga_case((const struct evt_saga_step[]){
        STEP(0, 1), STEP(1, 2), STEP_AS(2, 1 + 1, 0, fake_saga_undo[2]), {0}});
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1, ask c1");
    saga_refused(h, "b1");
    SENT(h, "undo c1");
    saga_refused(h, "a1"); /* done is done */
    saga_undone(h, "c1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

/* ---- cancelled ---- */

START_TEST(cancelled_on_its_way)
{
    struct harness *h = three_stages();

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "b1");
    saga_cancel(h, "no need");
    SENT(h, "undo a1, undo b1, done");
    saga_cancel(h, "twice");
    SENT(h, "refused (it cannot be cancelled)");
    saga_undone(h, "a1");
    saga_undone(h, "b1");
    SENT(h, "ask e1");
    ROWS(h, "SELECT text FROM notes", "undone by 1 cancelled: no need");
    saga_cancel(h, "too late");
    SENT(h, "refused (it cannot be cancelled)");
    saga_done(h, "e1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(cancelled_when_it_was_completed)
{
    struct harness *h = three_stages();

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "a1");
    saga_done(h, "b1");
    SENT(h, "ask c1");
    saga_done(h, "c1");
    SENT(h, "ask d1");
    saga_done(h, "d1");
    saga_cancel(h, "");
    SENT(h, "undo d1, done");
    ROWS(h, "SELECT forget_ms IS NULL FROM evt_sagas", "1");
    saga_undone(h, "d1");
    SENT(h, "undo c1");
    saga_undone(h, "c1");
    SENT(h, "undo a1, undo b1");
    saga_undone(h, "a1");
    saga_undone(h, "b1");
    SENT(h, "ask e1");
    saga_done(h, "e1");
    ROWS(h, "SELECT text FROM notes ORDER BY id", "completed by 1: ; undone by 1 cancelled: ");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(long_words_are_cut)
{
    struct harness *h = two_steps();
    struct evt_buf words = {0};

    SENT(h, "ask a1, ask b1, done");
    evt_buf_printf(&words, "x"); /* so that the cut would be within a character */
    for (int i = 0; i < EVT_SAGA_WHY_MAX; i++)
        evt_buf_printf(&words, "€");
    saga_cancel(h, evt_buf_text(&words));
    evt_buf_release(&words);
    SENT(h, "undo a1, undo b1, done");
    ROWS(h, "SELECT length(CAST(why AS BLOB)) || ' ' || substr(why, -1) FROM evt_sagas", "199 €");
    saga_undone(h, "a1");
    saga_undone(h, "b1");
    saga_case_end(h, "undone");
}
END_TEST

SUITE("saga: undoing", stages_are_undone_from_the_last, a_refusal_without_words_gets_some,
      items_are_undone_each_for_itself, a_join_may_say_that_it_goes_no_further,
      what_an_answer_says_may_turn_it_back, what_has_nothing_to_undo_is_dropped,
      late_while_it_is_undone, late_when_it_was_undone, late_when_it_was_refused,
      late_behind_its_stage, late_when_it_was_done, answers_of_a_stage_that_waits_to_be_undone,
      cancelled_on_its_way, cancelled_when_it_was_completed, long_words_are_cut)

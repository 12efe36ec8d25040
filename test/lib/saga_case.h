/* Saga case: the harness around one instance, "c-1", of a saga that a test makes up, in few words:
 *
 *     struct harness *h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}});
 *     SENT(h, "ask a1, done");            it was started, and the command answered
 *     saga_done(h, "a1");
 *     SENT(h, "ask b1");
 *     saga_done(h, "b1");
 *     saga_case_end(h, "completed");      at rest, and equal to its rebuild */
#ifndef TEST_SAGA_CASE_H
#define TEST_SAGA_CASE_H

#include "test/lib/fake_saga.h"
#include "test/lib/harness.h"

#include <events/product.h>

#define SAGA_REF "c-1"

/* Step `i` of stage `stage`: asked up to 3 times, after 10, 20 and 25 s; so for undoing. `undo_`
 * NULL for DETACHED and AFTER_UNDO steps. */
#define STEP_AS(i, stage_, flags_, undo_)                                                          \
    {                                                                                              \
        .name = (const char *const[]){"a", "b", "c", "d", "e", "f"}[i], .stage = (stage_),         \
        .flags = (flags_), .items = fake_saga_items_of[i], .ask = fake_saga_ask[i],                \
        .asks = &product_reserve_stock_type, .undo = (undo_),                                      \
        .undoes = &product_release_stock_type, .wait_ms = 10000, .wait_ms_max = 25000, .tries = 3, \
        .undo_tries = 3                                                                            \
    }
#define STEP(i, stage_) STEP_AS(i, stage_, 0, fake_saga_undo[i])

/* The saga "trip" of these steps: ten minutes to its pivot, an hour until it is forgotten. All
 * steps have the items that fake_saga_items says, reset to one by saga_case_reset. */
void saga_case_reset(void);
const struct evt_saga *saga_case_definition(const struct evt_saga_step *steps, uint32_t number);
struct harness *saga_case(const struct evt_saga_step *steps);
/* a, the pivot b, then c, d which turns back, and the detached e; f when all is undone. */
struct harness *saga_case_with_pivot(void);
struct harness *saga_case_behind_pivot(void); /* stage 3 was asked for */
/* Compares the phase, and that nothing waits. */
void saga_case_end(struct harness *h, const char *phase);

void saga_start(struct harness *h, const char *ref);
void saga_cancel(struct harness *h, const char *why);
void saga_retry(struct harness *h);
/* "b2": of step b, item 2. */
void saga_done(struct harness *h, const char *part);
void saga_done_but(struct harness *h, const char *part, const char *turn_back);
void saga_refused(struct harness *h, const char *part);
void saga_refused_because(struct harness *h, const char *part);
void saga_undone(struct harness *h, const char *part);
void saga_not_undone(struct harness *h, const char *part);
void saga_noted(struct harness *h, const char *part);
/* The message that was sent last is refused by its taker. */
void saga_rejected(struct harness *h);

/* What was sent since it was asked last: "ask a1, undo b2, done, refused (why), rejected (why)". */
const char *saga_sent(struct harness *h);
/* The first column of all rows, separated by "; ". */
const char *saga_text(struct harness *h, const char *sql);
#define SENT(h, want)      ck_assert_str_eq(saga_sent(h), want)
#define ROWS(h, sql, want) ck_assert_str_eq(saga_text(h, sql), want)
#define PHASE(h, want)     ROWS(h, "SELECT phase || ' ' || stage FROM evt_sagas", want)
/* The instance's parts without their times: "a 1 done 1; b 1 asked 2". */
const char *saga_parts(struct harness *h);
#define PARTS(h, want) ck_assert_str_eq(saga_parts(h), want)
/* Its history from the `from`th line on: "asked a1; done a1; completed: why". */
const char *saga_history(struct harness *h, int from);
#define HISTORY(h, from, want) ck_assert_str_eq(saga_history(h, from), want)

#endif

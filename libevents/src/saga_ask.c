/* Saga, its parts' life: a part is asked, answered, asked again when it waits too long, and undone.
 *
 *     asked --> done, refused, parked     done, asked --> undoing --> undone, stuck */
#include "saga_internal.h"

#include <evt/mem.h>

#include <string.h>

static bool is_detached(const struct evt_saga_step *step)
{
    return step->flags & EVT_SAGA_DETACHED || step->stage == EVT_SAGA_AFTER_UNDO;
}

bool evt__part_is_parked(const struct evt__saga_part *part)
{
    return part->state == EVT__PART_PARKED || part->state == EVT__PART_STUCK;
}

bool evt__part_is_open(const struct evt__saga_part *part)
{
    return part->state == EVT__PART_ASKED || part->state == EVT__PART_UNDOING ||
           evt__part_is_parked(part);
}

int64_t evt__saga_deadline_ms(const struct evt__saga *saga)
{
    if (saga->phase != EVT__SAGA_FORWARD || saga->run.pivoted)
        return 0;
    for (size_t i = 0; i < saga->parts_n; i++)
        if (evt__part_step(saga, &saga->parts[i])->flags & EVT_SAGA_PIVOT)
            return 0;
    return saga->run.deadline_ms;
}

/* After so many tries. */
static int64_t pause_ms(const struct evt_saga_step *step, int32_t tries)
{
    int64_t pause = step->wait_ms;

    for (int32_t i = 1; i < tries && pause < step->wait_ms_max; i++)
        pause *= 2;
    return pause < step->wait_ms_max ? pause : step->wait_ms_max;
}

static void wait_for_answer(struct evt__saga *saga, struct evt__saga_part *part, const char *sent)
{
    part->sent = evt_arena_strndup(&saga->ctx->sh->msg_arena, sent, strlen(sent));
    part->next_ms = evt_time_ms(saga->ctx) + pause_ms(evt__part_step(saga, part), part->tries);
}

static enum evt_err send_one(struct evt__saga *saga, struct evt__saga_part *part,
                             evt_saga_ask_fn *fn, const struct evt_type *type,
                             struct evt_error *err)
{
    const size_t before = saga->ctx->sh->sends_n;
    enum evt_err rc = fn(saga->ctx, &saga->run, part->item, err);

    if (rc != EVT_OK)
        return rc;
    /* Its answer is what the part waits for. */
    EVT_BUG_ON(saga->ctx->sh->sends_n != before + 1 || saga->ctx->sent_type != type);
    wait_for_answer(saga, part, evt_sent_id(saga->ctx));
    return EVT_OK;
}

static enum evt_err note(struct evt__saga *saga, const struct evt__saga_part *part,
                         const char *what, const char *why, struct evt_error *err)
{
    return evt__saga_note(saga, evt__part_step(saga, part)->name, part->item, what, why, err);
}

enum evt_err evt__part_ask(struct evt__saga *saga, int step, int32_t item, struct evt_error *err)
{
    const struct evt_saga_step *at = &saga->run.saga->steps[step];
    struct evt__saga_part *part = evt__parts_find(saga, step, item);
    enum evt_err rc = part ? EVT_OK : evt__parts_add(saga, step, item, &part, err);

    if (rc != EVT_OK)
        return rc;
    part->state = EVT__PART_ASKED;
    part->tries++;
    rc = send_one(saga, part, at->ask, at->asks, err);
    return rc == EVT_OK ? note(saga, part, part->tries == 1 ? "asked" : "asked again", "", err)
                        : rc;
}

enum evt_err evt__part_undo(struct evt__saga *saga, struct evt__saga_part *part,
                            struct evt_error *err)
{
    const struct evt_saga_step *step = evt__part_step(saga, part);
    enum evt_err rc;

    if (part->state != EVT__PART_UNDOING)
        part->tries = 0;
    part->state = EVT__PART_UNDOING;
    part->tries++;
    rc = send_one(saga, part, step->undo, step->undoes, err);
    return rc == EVT_OK ? note(saga, part,
                               part->tries == 1 ? "to be undone" : "to be undone, again", "", err)
                        : rc;
}

static enum evt_err settle(struct evt__saga *saga, struct evt__saga_part *part,
                           enum evt__part_state state, const char *why, struct evt_error *err)
{
    part->state = state;
    part->next_ms = 0;
    part->sent = "";
    return note(saga, part, evt__part_str(state), why, err);
}

/* A person's, unless an answer to what was sent last still comes. */
static enum evt_err park(struct evt__saga *saga, struct evt__saga_part *part,
                         enum evt__part_state state, struct evt_error *err)
{
    part->state = state;
    part->next_ms = 0;
    return note(saga, part, evt__part_str(state), "no answer", err);
}

bool evt__part_heeds(const struct evt__saga_part *part, enum evt_saga_word word)
{
    switch (word) {
    case EVT_SAGA_DONE:
    case EVT_SAGA_REFUSED:
        return part->state == EVT__PART_ASKED || part->state == EVT__PART_PARKED;
    case EVT_SAGA_UNDONE:
        return part->state == EVT__PART_UNDOING || part->state == EVT__PART_STUCK;
    case EVT_SAGA_NOT_UNDONE:
        return part->state == EVT__PART_UNDOING;
    case EVT_SAGA_NOTED:
        return true;
    }
    return false;
}

/* It is tried again after a pause, or waits for a person. */
static enum evt_err again_or_park(struct evt__saga *saga, struct evt__saga_part *part,
                                  int32_t tries, enum evt__part_state parked, const char *what,
                                  const char *why, struct evt_error *err)
{
    if (part->tries >= tries)
        return settle(saga, part, parked, why, err);
    wait_for_answer(saga, part, "");
    return note(saga, part, what, why, err);
}

/* Nobody waits for it, but the service may want to say so. */
static enum evt_err fail(struct evt__saga *saga, struct evt__saga_part *part,
                         enum evt__part_state state, const char *why, struct evt_error *err)
{
    const struct evt_saga_step *step = evt__part_step(saga, part);
    const enum evt_err rc = settle(saga, part, state, why, err);

    return rc == EVT_OK && step->failed ? step->failed(saga->ctx, why, err) : rc;
}

static enum evt_err refused(struct evt__saga *saga, struct evt__saga_part *part, const char *why,
                            bool for_good, bool *ret_refused, struct evt_error *err)
{
    const struct evt_saga_step *step = evt__part_step(saga, part);

    if (saga->phase == EVT__SAGA_FORWARD && !is_detached(step)) {
        if (saga->run.pivoted && !(step->flags & EVT_SAGA_TURNS_BACK))
            return again_or_park(saga, part,
                                 for_good || part->state == EVT__PART_PARKED ? 0 : step->tries,
                                 EVT__PART_PARKED, "refused", why, err);
        *ret_refused = true;
    }
    return fail(saga, part, EVT__PART_REFUSED, why, err);
}

/* Done after all: nobody wants it any more. */
static enum evt_err undo_late(struct evt__saga *saga, struct evt__saga_part *part,
                              struct evt_error *err)
{
    enum evt_err rc;

    if ((part->state != EVT__PART_UNDONE && part->state != EVT__PART_REFUSED) ||
        !evt__part_step(saga, part)->undo)
        return EVT_OK;
    rc = note(saga, part, "done late", "", err);
    return rc == EVT_OK ? evt__part_undo(saga, part, err) : rc;
}

enum evt_err evt__part_take(struct evt__saga *saga, struct evt__saga_part *part,
                            enum evt_saga_word word, const char *why, bool for_good,
                            bool *ret_refused, struct evt_error *err)
{
    const struct evt_saga_step *step = evt__part_step(saga, part);

    if (!evt__part_heeds(part, word))
        return word == EVT_SAGA_DONE ? undo_late(saga, part, err) : EVT_OK;
    switch (word) {
    case EVT_SAGA_DONE:
        return settle(saga, part, EVT__PART_DONE, why, err);
    case EVT_SAGA_REFUSED:
        return refused(saga, part, why, for_good, ret_refused, err);
    case EVT_SAGA_UNDONE:
        return settle(saga, part, EVT__PART_UNDONE, why, err);
    case EVT_SAGA_NOT_UNDONE:
        return again_or_park(saga, part, for_good ? 0 : step->undo_tries, EVT__PART_STUCK,
                             "not undone", why, err);
    case EVT_SAGA_NOTED:
        return note(saga, part, "noted", why, err);
    }
    return EVT_OK;
}

enum evt_err evt__part_late(struct evt__saga *saga, struct evt__saga_part *part, bool *ret_refused,
                            struct evt_error *err)
{
    const struct evt_saga_step *step = evt__part_step(saga, part);

    if (part->state == EVT__PART_UNDOING)
        return part->tries < step->undo_tries ? evt__part_undo(saga, part, err)
                                              : park(saga, part, EVT__PART_STUCK, err);
    EVT_BUG_ON(part->state != EVT__PART_ASKED);
    if (part->tries < step->tries)
        return evt__part_ask(saga, part->step, part->item, err);
    if (is_detached(step))
        return fail(saga, part, EVT__PART_DROPPED, "no answer", err);
    /* Whether the pivot took place is not for us to guess. */
    if (saga->run.pivoted || step->flags & EVT_SAGA_PIVOT)
        return park(saga, part, EVT__PART_PARKED, err);
    *ret_refused = true; /* it stays asked: what came of it is not known, so it is undone */
    part->next_ms = 0;
    return note(saga, part, "late", "no answer", err);
}

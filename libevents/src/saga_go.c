/* Saga, where it goes: some of its parts have changed, and it goes as far as their states allow:
 * forward from stage to stage, or back, undoing them. */
#include "saga_internal.h"

#include <evt/mem.h>

struct evt__saga_before evt__saga_enter(struct evt__saga *saga)
{
    struct evt_ctx *ctx = saga->ctx;
    const struct evt__saga_before before = {ctx->key, ctx->trace, ctx->saga};

    saga->outer = ctx->saga;
    ctx->key = saga->run.ref;
    ctx->trace = (struct evt_text){saga->trace, EVT_TRACE_LEN};
    ctx->saga = saga;
    return before;
}

void evt__saga_leave(struct evt__saga *saga, const struct evt__saga_before *before)
{
    saga->ctx->key = before->key;
    saga->ctx->trace = before->trace;
    saga->ctx->saga = before->saga;
}

static bool step_is_joined(struct evt__saga *saga, int step)
{
    const struct evt_saga_step *at = &saga->run.saga->steps[step];
    const int32_t items = at->items ? at->items(&saga->run) : 1;

    if (at->flags & EVT_SAGA_DETACHED)
        return true;
    for (int32_t item = 1; item <= items; item++) {
        const struct evt__saga_part *part = evt__parts_find(saga, step, item);

        EVT_BUG_ON(!part); /* there are never more of them than were asked for */
        if (part->state != EVT__PART_DONE)
            return false;
    }
    return true;
}

static bool stage_is_joined(struct evt__saga *saga)
{
    const struct evt_saga_step *steps = saga->run.saga->steps;

    for (int i = 0; steps[i].name; i++) {
        if (steps[i].stage != saga->stage)
            continue;
        if (!step_is_joined(saga, i))
            return false;
        if (steps[i].flags & EVT_SAGA_PIVOT)
            saga->run.pivoted = true;
    }
    return true;
}

enum evt_err evt__saga_ask_stage(struct evt__saga *saga, int32_t stage, struct evt_error *err)
{
    const struct evt_saga_step *steps = saga->run.saga->steps;
    enum evt_err rc = EVT_OK;

    for (int i = 0; steps[i].name && rc == EVT_OK; i++) {
        const int32_t items = steps[i].items ? steps[i].items(&saga->run) : 1;

        for (int32_t item = 1; steps[i].stage == stage && item <= items && rc == EVT_OK; item++)
            rc = evt__part_ask(saga, i, item, err);
    }
    return rc;
}

static enum evt_err end(struct evt__saga *saga, enum evt__saga_phase phase,
                        enum evt_saga_outcome outcome, struct evt_error *err)
{
    const struct evt_saga *definition = saga->run.saga;
    enum evt_err rc = evt__saga_note(saga, "", 0, evt__saga_phase_str(phase), saga->run.why, err);

    saga->phase = phase;
    if (saga->ctx->sh->opt.saga_ended)
        saga->ctx->sh->opt.saga_ended(saga->ctx->sh->opt.observe_arg, definition->name,
                                      evt__saga_phase_str(phase),
                                      evt_now_ms(saga->ctx) - saga->run.started_ms);
    if (rc == EVT_OK && definition->ended)
        rc = definition->ended(saga->ctx, &saga->run, outcome, err);
    return rc;
}

/* Undoes from the stage that was reached. What waits has nothing to wait for any more. */
enum evt_err evt__saga_turn_back(struct evt__saga *saga, const char *why, struct evt_error *err)
{
    saga->phase = EVT__SAGA_UNDOING;
    saga->run.why = why;
    saga->turn_back = false;
    for (struct evt__saga_part *part = saga->parts; part < saga->parts + saga->parts_n; part++) {
        if (part->state != EVT__PART_ASKED && part->state != EVT__PART_PARKED)
            continue;
        part->next_ms = 0;
        part->sent = "";
        part->state = evt__part_step(saga, part)->undo ? EVT__PART_ASKED : EVT__PART_DROPPED;
    }
    return evt__saga_note(saga, "", 0, "turned back", why, err);
}

bool evt__saga_is_too_late(const struct evt__saga *saga)
{
    const int64_t deadline_ms = evt__saga_deadline_ms(saga);

    return deadline_ms && deadline_ms <= evt_time_ms(saga->ctx);
}

/* The next stage behind the one that is joined, or the end. */
static enum evt_err go_forward(struct evt__saga *saga, bool *ret_further, struct evt_error *err)
{
    const struct evt_saga *definition = saga->run.saga;
    const struct evt_saga_step *step = definition->steps;
    enum evt_err rc = EVT_OK;

    *ret_further = stage_is_joined(saga);
    if (*ret_further && definition->joined)
        rc = definition->joined(saga->ctx, &saga->run, saga->stage, err);
    if (rc != EVT_OK || !*ret_further)
        return rc;
    if (saga->turn_back)
        return evt__saga_turn_back(saga, saga->because, err);
    while (step->name && step->stage <= saga->stage)
        step++;
    if (!step->name || step->stage == EVT_SAGA_AFTER_UNDO)
        return end(saga, EVT__SAGA_COMPLETED, EVT_SAGA_COMPLETED, err);
    if (evt__saga_is_too_late(saga)) /* the answer came before the timer */
        return evt__saga_turn_back(saga, EVT__SAGA_TOO_LATE, err);
    saga->stage = step->stage;
    return evt__saga_ask_stage(saga, saga->stage, err);
}

static bool stage_is_undone(const struct evt__saga *saga)
{
    for (size_t i = 0; i < saga->parts_n; i++)
        if (evt__part_step(saga, &saga->parts[i])->stage == saga->stage &&
            (saga->parts[i].state == EVT__PART_UNDOING || saga->parts[i].state == EVT__PART_STUCK))
            return false;
    return true;
}

static enum evt_err undo_stage(struct evt__saga *saga, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; i < saga->parts_n && rc == EVT_OK; i++) {
        struct evt__saga_part *part = &saga->parts[i];
        const struct evt_saga_step *step = evt__part_step(saga, part);

        if (step->stage == saga->stage && step->undo &&
            (part->state == EVT__PART_ASKED || part->state == EVT__PART_DONE))
            rc = evt__part_undo(saga, part, err);
    }
    return rc;
}

/* Undoes the stage, or the one before when that is done, or ends. */
static enum evt_err go_back(struct evt__saga *saga, bool *ret_further, struct evt_error *err)
{
    enum evt_err rc = undo_stage(saga, err);

    *ret_further = stage_is_undone(saga);
    if (rc != EVT_OK || !*ret_further)
        return rc;
    if (--saga->stage > 0)
        return EVT_OK;
    rc = end(saga, EVT__SAGA_UNDONE, EVT_SAGA_TURNED_BACK, err);
    return rc == EVT_OK ? evt__saga_ask_stage(saga, EVT_SAGA_AFTER_UNDO, err) : rc;
}

enum evt_err evt__saga_go_on(struct evt__saga *saga, struct evt_error *err)
{
    bool further = true;
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && further) {
        further = false;
        if (saga->phase == EVT__SAGA_FORWARD)
            rc = go_forward(saga, &further, err);
        else if (saga->phase == EVT__SAGA_UNDOING)
            rc = go_back(saga, &further, err);
    }
    return rc == EVT_OK ? evt__saga_put(saga, err) : rc;
}

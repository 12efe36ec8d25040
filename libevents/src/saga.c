/* Saga: what starts, answers, times out and cancels an instance, and where that leads. Each of them
 * changes some parts and then goes as far as their states allow. */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <events/evt.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct evt_saga_run *evt_saga_current(const struct evt_ctx *ctx)
{
    return ctx->saga ? &ctx->saga->run : NULL;
}

static void because(struct evt_ctx *ctx, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
static void because(struct evt_ctx *ctx, const char *fmt, va_list args)
{
    char text[EVT_SAGA_WHY_MAX + 1];

    EVT_BUG_ON(!ctx->saga);
    vsnprintf(text, sizeof(text), fmt, args);
    ctx->saga->because =
        evt_arena_strndup(&ctx->sh->msg_arena, text, evt_utf8_cut(text, strlen(text)));
}

void evt_saga_because(struct evt_ctx *ctx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    because(ctx, fmt, args);
    va_end(args);
}

void evt_saga_turn_back(struct evt_ctx *ctx, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    because(ctx, fmt, args);
    va_end(args);
    ctx->saga->turn_back = true;
}

/* What is sent while its functions run goes under its key's trace. */
struct before {
    const char *key;
    struct evt_text trace;
    struct evt__saga *saga;
};

static struct before enter(struct evt__saga *saga)
{
    struct evt_ctx *ctx = saga->ctx;
    const struct before before = {ctx->key, ctx->trace, ctx->saga};

    ctx->key = saga->run.ref;
    ctx->trace = (struct evt_text){saga->trace, EVT_TRACE_LEN};
    ctx->saga = saga;
    return before;
}

static void leave(struct evt__saga *saga, const struct before *before)
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

static enum evt_err ask_stage(struct evt__saga *saga, int32_t stage, struct evt_error *err)
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
static enum evt_err turn_back(struct evt__saga *saga, const char *why, struct evt_error *err)
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

static const char too_late[] = "it took too long";

static bool is_too_late(const struct evt__saga *saga)
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
        return turn_back(saga, saga->because, err);
    while (step->name && step->stage <= saga->stage)
        step++;
    if (!step->name || step->stage == EVT_SAGA_AFTER_UNDO)
        return end(saga, EVT__SAGA_COMPLETED, EVT_SAGA_COMPLETED, err);
    if (is_too_late(saga)) /* the answer came before the timer */
        return turn_back(saga, too_late, err);
    saga->stage = step->stage;
    return ask_stage(saga, saga->stage, err);
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
    return rc == EVT_OK ? ask_stage(saga, EVT_SAGA_AFTER_UNDO, err) : rc;
}

static enum evt_err go_on(struct evt__saga *saga, struct evt_error *err)
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

static const char *start_trace(struct evt_ctx *ctx, const char *ref)
{
    char *trace = evt_arena_alloc(&ctx->sh->msg_arena, EVT_TRACE_LEN + 1);

    evt_trace_print(trace, ctx->trace, ref, strlen(ref), ctx->rec->topic, ctx->rec->partition,
                    ctx->rec->offset);
    return trace;
}

/* Counted before it begins: of a stage that did not fit later nobody would take the blame. */
static enum evt_err check_room(const struct evt_saga_run *run, struct evt_error *err)
{
    int64_t parts = 0;

    for (const struct evt_saga_step *step = run->saga->steps; step->name; step++)
        parts += step->items ? step->items(run) : 1;
    return parts <= EVT_SAGA_PARTS_MAX
               ? EVT_OK
               : evt_reject(err, "more than %d items of all steps", EVT_SAGA_PARTS_MAX);
}

enum evt_err evt_saga_start(struct evt_ctx *ctx, const char *name, const char *ref, void *data,
                            struct evt_error *err)
{
    const struct evt_saga *definition = evt__saga_definition(ctx->sh->service, name, 0);
    const size_t len = strlen(ref);
    struct evt__saga *saga;
    struct before before;
    enum evt_err rc;

    EVT_BUG_ON(!definition);
    if (len == 0 || len > EVT_SAGA_REF_MAX)
        return evt_reject(err, "a saga's reference is not 1 to %d bytes", EVT_SAGA_REF_MAX);
    rc = evt__saga_get(ctx, name, ref, &saga, err);
    if (rc == EVT_OK && saga)
        return evt_reject(err, "there is a saga %s %s already", name, ref);
    if (rc != EVT_OK)
        return rc;
    saga = evt_ctx_alloc(ctx, sizeof(*saga));
    saga->ctx = ctx;
    saga->run = (struct evt_saga_run){
        .saga = definition,
        .ref = evt_arena_strndup(&ctx->sh->msg_arena, ref, len),
        .data = data,
        .started_ms = evt_now_ms(ctx),
        .deadline_ms = evt_time_ms(ctx) + definition->within_ms,
        .why = "",
    };
    saga->stage = 1;
    saga->trace = start_trace(ctx, ref);
    rc = check_room(&saga->run, err);
    if (rc == EVT_OK)
        rc = evt__saga_add(saga, err);
    before = enter(saga);
    if (rc == EVT_OK)
        rc = ask_stage(saga, saga->stage, err);
    if (rc == EVT_OK)
        rc = go_on(saga, err);
    leave(saga, &before);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "saga %s %s", name, ref);
}

enum evt_err evt_saga_cancel(struct evt_ctx *ctx, const char *name, const char *ref,
                             const char *why, bool *ret_cancelled, struct evt_error *err)
{
    struct evt__saga *saga;
    struct before before;
    enum evt_err rc = evt__saga_get(ctx, name, ref, &saga, err);

    if (rc != EVT_OK)
        return rc;
    *ret_cancelled =
        saga && (saga->phase == EVT__SAGA_FORWARD || saga->phase == EVT__SAGA_COMPLETED);
    if (!*ret_cancelled)
        return EVT_OK;
    before = enter(saga);
    saga->run.cancelled = true;
    evt_saga_because(ctx, "%s", why);
    rc = turn_back(saga, saga->because, err);
    if (rc == EVT_OK)
        rc = go_on(saga, err);
    leave(saga, &before);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "saga %s %s", name, ref);
}

/* `msg` NULL: is there any? */
static const struct evt_saga_reply *find_reply(const struct evt_saga *saga,
                                               const struct evt_type *type, const void *msg)
{
    const struct evt_saga_reply *reply = saga->replies;

    while (reply->type && (reply->type != type || (msg && reply->fits && !reply->fits(msg))))
        reply++;
    return reply->type ? reply : NULL;
}

static const struct evt_saga *find_taker(const struct evt_service *service,
                                         const struct evt_type *type)
{
    for (const struct evt_saga *const *saga = service->sagas; saga && *saga; saga++)
        if (find_reply(*saga, type, NULL))
            return *saga;
    return NULL;
}

bool evt__saga_takes(const struct evt_service *service, const struct evt_type *type)
{
    return find_taker(service, type) != NULL;
}

/* What an answer says changes the part, and then the instance. */
static enum evt_err heed(struct evt__saga *saga, struct evt__saga_part *part,
                         enum evt_saga_word word, bool for_good, struct evt_error *err)
{
    bool refused = false;
    enum evt_err rc = evt__part_take(saga, part, word, saga->because ? saga->because : "", for_good,
                                     &refused, err);

    if (rc == EVT_OK && refused && !saga->because)
        evt_saga_because(saga->ctx, "%s was refused", evt__part_step(saga, part)->name);
    if (rc == EVT_OK && (refused || (saga->turn_back && saga->phase == EVT__SAGA_FORWARD)))
        rc = turn_back(saga, saga->because, err);
    return rc == EVT_OK ? go_on(saga, err) : rc;
}

static enum evt_err answer(struct evt__saga *saga, const struct evt_saga_reply *reply,
                           const void *msg, struct evt_error *err)
{
    const char *step = saga->run.saga->steps[reply->step].name;
    const int64_t item = reply->item ? evt_type_number(reply->type, msg, reply->item) : 1;
    struct evt__saga_part *part = item > 0 && item <= EVT_SAGA_PARTS_MAX
                                      ? evt__parts_find(saga, reply->step, (int32_t)item)
                                      : NULL;
    struct before before;
    enum evt_err rc = EVT_OK;

    if (!part)
        return evt_reject(err, "%s %d was never asked for", step, (int)item);
    before = enter(saga);
    if (reply->took && evt__part_heeds(part, reply->word))
        rc = reply->type->call(reply->took, saga->ctx, msg, err);
    if (rc == EVT_OK)
        rc = heed(saga, part, reply->word, false, err);
    leave(saga, &before);
    return rc == EVT_OK
               ? EVT_OK
               : evt_wrap(err, rc, "saga %s %s: %s", saga->run.saga->name, saga->run.ref, step);
}

enum evt_err evt__saga_take(struct evt_ctx *ctx, const struct evt_type *type, const void *msg,
                            struct evt_error *err)
{
    const char *name = find_taker(ctx->sh->service, type)->name;
    const struct evt_saga_reply *reply;
    struct evt__saga *saga;
    enum evt_err rc = evt__saga_get(ctx, name, ctx->key, &saga, err);

    if (rc != EVT_OK)
        return rc;
    if (!saga)
        return evt_reject(err, "there is no saga %s %s", name, ctx->key);
    reply = find_reply(saga->run.saga, type, msg);
    if (!reply)
        return evt_reject(err, "definition %u of the saga %s knows no %s",
                          (unsigned)saga->run.saga->number, name, type->name);
    return answer(saga, reply, msg, err);
}

/* Every part whose time has come, until one turns all of it back. */
static enum evt_err tend(struct evt__saga *saga, struct evt_error *err)
{
    const int64_t now_ms = evt_time_ms(saga->ctx);
    enum evt_err rc = EVT_OK;

    if (is_too_late(saga))
        return turn_back(saga, too_late, err);
    for (size_t i = 0; i < saga->parts_n && rc == EVT_OK; i++) {
        struct evt__saga_part *part = &saga->parts[i];
        bool refused = false;

        if (part->next_ms == 0 || part->next_ms > now_ms)
            continue;
        rc = evt__part_late(saga, part, &refused, err);
        if (rc != EVT_OK || !refused)
            continue;
        evt_saga_because(saga->ctx, "no answer to %s", evt__part_step(saga, part)->name);
        rc = turn_back(saga, saga->because, err);
    }
    return rc;
}

enum evt_err evt__saga_timer(struct evt_ctx *ctx, const struct evt_timer *timer,
                             struct evt_error *err)
{
    struct evt__saga *saga;
    struct before before;
    enum evt_err rc = evt__saga_get(ctx, timer->ref, ctx->key, &saga, err);

    if (rc != EVT_OK || !saga)
        return rc;
    EVT_BUG_ON(saga->timer_id != timer->id); /* forgetting or moving it cancels it */
    saga->timer_id = 0;
    before = enter(saga);
    rc = tend(saga, err);
    if (rc == EVT_OK)
        rc = go_on(saga, err);
    leave(saga, &before);
    return rc;
}

enum evt_err evt__saga_rejected(struct evt_ctx *ctx, const struct evt_rejected *msg,
                                bool *ret_taken, struct evt_error *err)
{
    struct evt__saga *saga;
    struct before before;
    size_t i = 0;
    enum evt_err rc = evt__saga_get_by_sent(ctx, msg->message_id, &saga, err);

    *ret_taken = rc == EVT_OK && saga;
    if (!*ret_taken)
        return rc;
    while (strcmp(saga->parts[i].sent, msg->message_id) != 0)
        i++;
    before = enter(saga);
    evt_saga_because(ctx, "rejected: %s", msg->reason);
    rc = heed(saga, &saga->parts[i],
              saga->parts[i].state == EVT__PART_UNDOING ? EVT_SAGA_NOT_UNDONE : EVT_SAGA_REFUSED,
              true, err);
    leave(saga, &before);
    return rc;
}

/* Parked parts from their first try. */
static enum evt_err take_up(struct evt__saga *saga, size_t *ret_n, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; i < saga->parts_n && rc == EVT_OK; i++) {
        struct evt__saga_part *part = &saga->parts[i];

        if (!evt__part_is_parked(part))
            continue;
        ++*ret_n;
        part->tries = 0;
        rc = part->state == EVT__PART_STUCK ? evt__part_undo(saga, part, err)
                                            : evt__part_ask(saga, part->step, part->item, err);
    }
    return rc;
}

/* An operator's command. */
enum evt_err evt__saga_retry(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_retry_saga msg;
    struct evt__saga *saga = NULL;
    struct before before;
    size_t n = 0;
    enum evt_err rc =
        evt_retry_saga_decode(ctx->rec->value, ctx->rec->value_len, &ctx->sh->msg_arena, &msg, err);

    if (rc == EVT_OK)
        rc = evt__saga_get(ctx, msg.saga, msg.ref, &saga, err);
    if (rc != EVT_OK)
        return rc;
    if (!saga) {
        evt_answer_refused(ctx, "there is no such saga here", NULL);
        return EVT_OK;
    }
    before = enter(saga);
    rc = take_up(saga, &n, err);
    if (rc == EVT_OK && n)
        rc = evt__saga_note(saga, "", 0, "taken up again", ctx->source, err);
    if (rc == EVT_OK && n)
        rc = go_on(saga, err);
    leave(saga, &before);
    if (rc == EVT_OK && n == 0)
        evt_answer_refused(ctx, "nothing of it is parked", NULL);
    return rc;
}

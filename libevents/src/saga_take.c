/* Saga, what it takes: answers, its timer, a refusal by whoever was asked, an operator's word. Each
 * changes some parts; then the instance goes on. */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <events/evt.h>

#include <string.h>

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
        rc = evt__saga_turn_back(saga, saga->because, err);
    return rc == EVT_OK ? evt__saga_go_on(saga, err) : rc;
}

static enum evt_err answer(struct evt__saga *saga, const struct evt_saga_reply *reply,
                           const void *msg, struct evt_error *err)
{
    const char *step = saga->run.saga->steps[reply->step].name;
    const int64_t item = reply->item ? evt_type_number(reply->type, msg, reply->item) : 1;
    struct evt__saga_part *part = item > 0 && item <= EVT_SAGA_PARTS_MAX
                                      ? evt__parts_find(saga, reply->step, (int32_t)item)
                                      : NULL;
    struct evt__saga_before before;
    enum evt_err rc = EVT_OK;

    if (!part)
        return evt_reject(err, "%s %d was never asked for", step, (int)item);
    before = evt__saga_enter(saga);
    if (reply->took && evt__part_heeds(part, reply->word))
        rc = reply->type->call(reply->took, saga->ctx, msg, err);
    if (rc == EVT_OK)
        rc = heed(saga, part, reply->word, false, err);
    evt__saga_leave(saga, &before);
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

    if (evt__saga_is_too_late(saga))
        return evt__saga_turn_back(saga, EVT__SAGA_TOO_LATE, err);
    for (size_t i = 0; i < saga->parts_n && rc == EVT_OK; i++) {
        struct evt__saga_part *part = &saga->parts[i];
        bool refused = false;

        if (part->next_ms == 0 || part->next_ms > now_ms)
            continue;
        rc = evt__part_late(saga, part, &refused, err);
        if (rc != EVT_OK || !refused)
            continue;
        evt_saga_because(saga->ctx, "no answer to %s", evt__part_step(saga, part)->name);
        rc = evt__saga_turn_back(saga, saga->because, err);
    }
    return rc;
}

enum evt_err evt__saga_timer(struct evt_ctx *ctx, const struct evt_timer *timer,
                             struct evt_error *err)
{
    struct evt__saga *saga;
    struct evt__saga_before before;
    enum evt_err rc = evt__saga_get(ctx, timer->ref, ctx->key, &saga, err);

    if (rc != EVT_OK || !saga)
        return rc;
    EVT_BUG_ON(saga->timer_id != timer->id); /* forgetting or moving it cancels it */
    saga->timer_id = 0;
    before = evt__saga_enter(saga);
    rc = tend(saga, err);
    if (rc == EVT_OK)
        rc = evt__saga_go_on(saga, err);
    evt__saga_leave(saga, &before);
    return rc == EVT_OK ? EVT_OK
                        : evt_wrap(err, rc, "saga %s %s", saga->run.saga->name, saga->run.ref);
}

/* As long again as it lasts already, so that whoever mends the function need not hurry. */
#define AGAIN_MS_MIN (60LL * 1000)
#define AGAIN_MS_MAX (60 * AGAIN_MS_MIN)

enum evt_err evt__saga_timer_again(struct evt_ctx *ctx, const struct evt_timer *timer,
                                   const char *why, struct evt_error *err)
{
    const int64_t now_ms = evt_time_ms(ctx);
    struct evt__saga *saga;
    struct evt__saga_before before;
    int64_t pause_ms;
    enum evt_err rc = evt__saga_find(ctx, timer->ref, ctx->key, &saga, err);

    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(!saga || saga->timer_id != timer->id);
    saga->timer_id = 0;
    pause_ms = now_ms - saga->run.started_ms;
    pause_ms = pause_ms < AGAIN_MS_MIN ? AGAIN_MS_MIN : pause_ms;
    saga->not_before_ms = now_ms + (pause_ms < AGAIN_MS_MAX ? pause_ms : AGAIN_MS_MAX);
    before = evt__saga_enter(saga);
    evt_saga_because(ctx, "%s", why); /* cut to what a history holds */
    rc = evt__saga_note(saga, "", 0, "failed", saga->because, err);
    if (rc == EVT_OK)
        rc = evt__saga_put(saga, err);
    evt__saga_leave(saga, &before);
    return rc;
}

enum evt_err evt__saga_rejected(struct evt_ctx *ctx, const struct evt_rejected *msg,
                                bool *ret_taken, struct evt_error *err)
{
    struct evt__saga *saga;
    struct evt__saga_before before;
    size_t i = 0;
    enum evt_err rc = evt__saga_get_by_sent(ctx, msg->message_id, &saga, err);

    *ret_taken = rc == EVT_OK && saga;
    if (!*ret_taken)
        return rc;
    while (strcmp(saga->parts[i].sent, msg->message_id) != 0)
        i++;
    before = evt__saga_enter(saga);
    evt_saga_because(ctx, "rejected: %s", msg->reason);
    rc = heed(saga, &saga->parts[i],
              saga->parts[i].state == EVT__PART_UNDOING ? EVT_SAGA_NOT_UNDONE : EVT_SAGA_REFUSED,
              true, err);
    evt__saga_leave(saga, &before);
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

/* The one that an operator means; NULL: the command is refused. */
static enum evt_err get_named(struct evt_ctx *ctx, const char *name, const char *ref,
                              struct evt__saga **ret_saga, struct evt_error *err)
{
    const enum evt_err rc = evt__saga_get(ctx, name, ref, ret_saga, err);

    if (rc == EVT_OK && !*ret_saga)
        evt_answer_refused(ctx, "there is no such saga here", NULL);
    return rc;
}

/* An operator's command. */
enum evt_err evt__saga_retry(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_retry_saga msg;
    struct evt__saga *saga = NULL;
    struct evt__saga_before before;
    size_t n = 0;
    enum evt_err rc =
        evt_retry_saga_decode(ctx->rec->value, ctx->rec->value_len, &ctx->sh->msg_arena, &msg, err);

    if (rc == EVT_OK)
        rc = get_named(ctx, msg.saga, msg.ref, &saga, err);
    if (rc != EVT_OK || !saga)
        return rc;
    before = evt__saga_enter(saga);
    rc = take_up(saga, &n, err);
    if (rc == EVT_OK && n)
        rc = evt__saga_note(saga, "", 0, "taken up again", ctx->source, err);
    if (rc == EVT_OK && n)
        rc = evt__saga_go_on(saga, err);
    evt__saga_leave(saga, &before);
    if (rc == EVT_OK && n == 0)
        evt_answer_refused(ctx, "nothing of it is parked", NULL);
    return rc;
}

/* What a person's word means for a parked part; NULL in `ret_refusal`: `ret_word`. */
static void read_word(const struct evt__saga *saga, const struct evt__saga_part *part,
                      enum evt_settle_saga_outcome outcome, enum evt_saga_word *ret_word,
                      const char **ret_refusal)
{
    const bool done = outcome == EVT_SETTLE_SAGA_OUTCOME_DONE;

    *ret_refusal = NULL;
    if (!part || !evt__part_is_parked(part)) {
        *ret_refusal = "that part is not parked";
    } else if (!done && outcome != EVT_SETTLE_SAGA_OUTCOME_UNDONE) {
        *ret_refusal = "a person settles a parked part as done or undone";
    } else if (part->state == EVT__PART_STUCK) {
        *ret_word = EVT_SAGA_UNDONE;
        if (done)
            *ret_refusal = "it is to be undone: settle it once it is";
    } else {
        *ret_word = done ? EVT_SAGA_DONE : EVT_SAGA_REFUSED;
        if (!done && saga->run.pivoted &&
            !(evt__part_step(saga, part)->flags & EVT_SAGA_TURNS_BACK))
            *ret_refusal = "behind the pivot it cannot fail: see that it is done, or cancel all";
    }
}

static struct evt__saga_part *find_part(struct evt__saga *saga, const char *step, int32_t item)
{
    for (size_t i = 0; i < saga->parts_n; i++)
        if (saga->parts[i].item == item &&
            strcmp(evt__part_step(saga, &saga->parts[i])->name, step) == 0)
            return &saga->parts[i];
    return NULL;
}

static enum evt_err settle(struct evt__saga *saga, struct evt__saga_part *part,
                           enum evt_saga_word word, const char *why, struct evt_error *err)
{
    struct evt_ctx *ctx = saga->ctx;
    const struct evt_saga_step *step = evt__part_step(saga, part);
    const struct evt__saga_before before = evt__saga_enter(saga);
    enum evt_err rc =
        evt__saga_note(saga, step->name, part->item, "settled by hand", ctx->source, err);

    evt_saga_because(ctx, "%s", why);
    if (rc == EVT_OK && step->settled)
        rc = step->settled(ctx, part->item, word, err);
    if (rc == EVT_OK)
        rc = heed(saga, part, word, true, err);
    evt__saga_leave(saga, &before);
    return rc;
}

/* An operator's word, taken as the answer that never came. */
enum evt_err evt__saga_settle(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_settle_saga msg;
    struct evt__saga *saga = NULL;
    struct evt__saga_part *part;
    enum evt_saga_word word = EVT_SAGA_NOTED;
    const char *refusal = NULL;
    enum evt_err rc = evt_settle_saga_decode(ctx->rec->value, ctx->rec->value_len,
                                             &ctx->sh->msg_arena, &msg, err);

    if (rc == EVT_OK)
        rc = get_named(ctx, msg.saga, msg.ref, &saga, err);
    if (rc != EVT_OK || !saga)
        return rc;
    part = find_part(saga, msg.step, msg.item);
    read_word(saga, part, msg.outcome, &word, &refusal);
    if (!refusal && !*msg.why)
        refusal = "a person says why";
    if (refusal) {
        evt_answer_refused(ctx, refusal, NULL);
        return EVT_OK;
    }
    return settle(saga, part, word, msg.why, err);
}

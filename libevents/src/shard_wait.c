/* Timers and outside calls as rows: a handler writes them, the driver carries them out after COMMIT
 * and publishes what came of it to the own inbox, and only while the row is pending is that taken.
 */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Evt_calls.state */
enum { STATE_PENDING, STATE_PARKED };

static const char *trace_text(struct evt_ctx *ctx)
{
    char *trace = evt_arena_alloc(&ctx->sh->msg_arena, EVT_TRACE_LEN + 1);

    evt_trace_print(trace, ctx->trace, ctx->env.id.text, ctx->env.id.len, ctx->rec->topic,
                    ctx->rec->partition, ctx->rec->offset);
    return trace;
}

static bool has_timer(const struct evt_service *service, const char *name)
{
    for (const struct evt_timer_handler *timer = service->timers; timer && timer->name; timer++)
        if (strcmp(timer->name, name) == 0)
            return true;
    return false;
}

static const struct evt_call_handler *find_call(const struct evt_service *service, const char *name)
{
    for (const struct evt_call_handler *call = service->calls; call && call->name; call++)
        if (strcmp(call->name, name) == 0)
            return call;
    return NULL;
}

enum evt_err evt__timer_set(struct evt_ctx *ctx, const char *name, const char *key, int64_t due_ms,
                            const char *ref, int64_t *ret_id, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    int64_t id = ++sh->meta.counter;
    enum evt_err rc = evt__own_run(sh->st, EVT_OWN_TIMER_PUT, err, "lltttt", id, due_ms, name, key,
                                   ref ? ref : "", trace_text(ctx));

    sh->waits_version++;
    if (rc == EVT_OK && ret_id)
        *ret_id = id;
    return rc;
}

enum evt_err evt_timer_set(struct evt_ctx *ctx, const char *name, int64_t due_ms, const char *ref,
                           int64_t *ret_id, struct evt_error *err)
{
    EVT_BUG_ON(!has_timer(ctx->sh->service, name));
    return evt__timer_set(ctx, name, ctx->key, due_ms, ref, ret_id, err);
}

enum evt_err evt_timer_cancel(struct evt_ctx *ctx, int64_t id, struct evt_error *err)
{
    ctx->sh->waits_version++;
    return evt__own_run(ctx->sh->st, EVT_OWN_TIMER_DELETE, err, "l", id);
}

enum evt_err evt_call(struct evt_ctx *ctx, const char *name, const char *ref,
                      struct evt_bytes request, int64_t *ret_id, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    int64_t id = ++sh->meta.counter;
    char call_key[40];
    enum evt_err rc;

    EVT_BUG_ON(!find_call(sh->service, name));
    /* Whoever applies this record again, after whatever was lost, chooses the same key. */
    snprintf(call_key, sizeof(call_key), "%016" PRIx64 "-%u", sh->meta.roll,
             (unsigned)++sh->ordinal);
    rc = evt__own_run(sh->st, EVT_OWN_CALL_PUT, err, "lttttblt", id, name, call_key, ctx->key,
                      ref ? ref : "", request.data ? (const void *)request.data : "", request.len,
                      ctx->sh->meta.now_ms, trace_text(ctx));
    sh->waits_version++;
    if (rc == EVT_OK && ret_id)
        *ret_id = id;
    return rc;
}

/* The row goes before its handler runs, in no savepoint of the handler's: a rejected timer had its
 * turn. */
static enum evt_err finish(struct evt_ctx *ctx, enum evt_err rc, const struct evt_error *why,
                           struct evt_error *err)
{
    if (evt__is_reject(rc))
        return evt__reject(ctx, rc, why, err);
    if (rc == EVT_OK)
        evt__observe(ctx->sh, ctx->rec, EVT_APPLIED, NULL);
    else if (err)
        *err = *why;
    return rc;
}

static enum evt_err ignore(struct evt_ctx *ctx)
{
    evt__observe(ctx->sh, ctx->rec, EVT_IGNORED, "not pending");
    return EVT_OK;
}

static enum evt_err run_timer(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct evt_timer *timer = arg;

    for (const struct evt_timer_handler *handler = ctx->sh->service->timers;
         handler && handler->name; handler++)
        if (strcmp(handler->name, timer->name) == 0)
            return handler->fn(ctx, timer, err);
    if (strcmp(timer->name, EVT__SAGA_TIMER) == 0)
        return evt__saga_timer(ctx, timer, err);
    return evt_fail(err, EVT_E_TYPE_UNKNOWN, "no handler for the timer %s", timer->name);
}

struct failed_timer {
    const struct evt_timer *timer;
    const char *why;
};

static enum evt_err set_again(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct failed_timer *failed = arg;

    return evt__saga_timer_again(ctx, failed->timer, failed->why, err);
}

/* A rejected timer had its turn; but without one a saga would wait for ever. */
static enum evt_err end_timer(struct evt_ctx *ctx, struct evt_timer *timer, struct evt_error *err)
{
    struct failed_timer failed = {timer, NULL};
    struct evt_error why = {0};
    enum evt_err rc = evt__guarded(ctx, run_timer, timer, &why), again = EVT_OK;

    failed.why = why.text;
    if (evt__is_reject(rc) && strcmp(timer->name, EVT__SAGA_TIMER) == 0)
        again = evt__guarded(ctx, set_again, &failed, err);
    return again == EVT_OK ? finish(ctx, rc, &why, err) : again;
}

/* A clock runs ahead of the log's: it is fired again once that has caught up. */
static void note_early(struct evt_shard *sh, int64_t id, int64_t by_ms)
{
    if (sh->early_n == EVT_EARLY_MAX)
        return;
    sh->early[sh->early_n++] = (struct evt_early){id, by_ms};
    sh->waits_version++;
}

enum evt_err evt__wait_timer(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_arena *arena = &sh->msg_arena;
    struct evt_timer_fired msg;
    struct evt_timer timer;
    struct evt_error why = {0};
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt_envelope_check(ctx->rec, &ctx->env, &why);

    if (rc == EVT_OK)
        rc = evt_timer_fired_decode(ctx->rec->value, ctx->rec->value_len, arena, &msg, &why);
    if (rc != EVT_OK)
        return finish(ctx, rc, &why, err);
    evt__ctx_name(ctx);
    rc = evt__own_query(sh->st, EVT_OWN_TIMER_GET, &row, err, "l", msg.timer_id);
    if (rc != EVT_OK)
        return rc;
    if (!row)
        return ignore(ctx);
    timer.id = msg.timer_id;
    timer.name = evt_arena_strndup(arena, evt_row_text(row, 0), strlen(evt_row_text(row, 0)));
    timer.due_ms = sqlite3_column_int64(row, 1);
    ctx->key = evt_arena_strndup(arena, evt_row_text(row, 2), strlen(evt_row_text(row, 2)));
    timer.ref = evt_arena_strndup(arena, evt_row_text(row, 3), strlen(evt_row_text(row, 3)));
    evt_store_done(row);
    if (ctx->rec->time_ms < timer.due_ms) {
        note_early(sh, timer.id, timer.due_ms - ctx->rec->time_ms);
        return ignore(ctx);
    }
    rc = evt_timer_cancel(ctx, timer.id, err);
    if (rc != EVT_OK)
        return rc;
    return end_timer(ctx, &timer, err);
}

static enum evt_err run_call(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct evt_call_result *result = arg;
    const struct evt_call_handler *handler = find_call(ctx->sh->service, result->name);

    if (!handler)
        return evt_fail(err, EVT_E_TYPE_UNKNOWN, "no handler for the call %s", result->name);
    return handler->fn(ctx, result, err);
}

/* The row that an outcome is for, if it is in `state`. */
static enum evt_err find_row(struct evt_ctx *ctx, const struct evt_call_ended *msg, int state,
                             struct evt_call_result *result, bool *ret_found, struct evt_error *err)
{
    struct evt_arena *arena = &ctx->sh->msg_arena;
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(ctx->sh->st, EVT_OWN_CALL_GET, &row, err, "l", msg->call_id);

    if (rc != EVT_OK)
        return rc;
    *ret_found = row && sqlite3_column_int(row, 4) == state &&
                 strcmp(evt_row_text(row, 1), msg->call_key) == 0;
    if (*ret_found) {
        result->id = msg->call_id;
        result->name = evt_arena_strndup(arena, evt_row_text(row, 0), strlen(evt_row_text(row, 0)));
        ctx->key = evt_arena_strndup(arena, evt_row_text(row, 2), strlen(evt_row_text(row, 2)));
        result->ref = evt_arena_strndup(arena, evt_row_text(row, 3), strlen(evt_row_text(row, 3)));
        result->end =
            msg->outcome == EVT_CALL_ENDED_OUTCOME_OK ? EVT_CALL_END_OK : EVT_CALL_END_REFUSED;
        result->response = msg->response;
    }
    evt_store_done(row);
    return EVT_OK;
}

static enum evt_err end_call(struct evt_ctx *ctx, struct evt_call_result *result,
                             struct evt_error *err)
{
    enum evt_err rc = evt__own_run(ctx->sh->st, EVT_OWN_CALL_DELETE, err, "l", result->id);

    ctx->sh->waits_version++;
    return rc == EVT_OK ? evt__guarded(ctx, run_call, result, err) : rc;
}

enum evt_err evt__wait_call(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_call_ended msg;
    struct evt_call_result result;
    struct evt_error why = {0};
    bool found = false;
    enum evt_err rc = evt_envelope_check(ctx->rec, &ctx->env, &why);

    if (rc == EVT_OK)
        rc =
            evt_call_ended_decode(ctx->rec->value, ctx->rec->value_len, &sh->msg_arena, &msg, &why);
    if (rc != EVT_OK)
        return finish(ctx, rc, &why, err);
    evt__ctx_name(ctx);
    rc = find_row(ctx, &msg, STATE_PENDING, &result, &found, err);
    if (rc != EVT_OK)
        return rc;
    if (!found)
        return ignore(ctx);
    if (msg.outcome != EVT_CALL_ENDED_OUTCOME_PARKED)
        return finish(ctx, end_call(ctx, &result, &why), &why, err);
    sh->waits_version++;
    return finish(ctx, evt__own_run(sh->st, EVT_OWN_CALL_PARK, &why, "l", result.id), &why, err);
}

/* Unlike an attempt's end, a person's word can be said again: refused, it leaves the call parked.
 */
static enum evt_err settle(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct evt_call_result *result = arg;
    enum evt_err rc = evt__own_run(ctx->sh->st, EVT_OWN_CALL_DELETE, err, "l", result->id);

    ctx->sh->waits_version++;
    return rc == EVT_OK ? run_call(ctx, arg, err) : rc;
}

/* An operator's word on a parked call: what the provider's own books say became of it. */
enum evt_err evt__wait_settle(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_call_ended msg;
    struct evt_call_result result;
    bool found = false;
    enum evt_err rc =
        evt_call_ended_decode(ctx->rec->value, ctx->rec->value_len, &ctx->sh->msg_arena, &msg, err);

    if (rc == EVT_OK && msg.outcome == EVT_CALL_ENDED_OUTCOME_PARKED)
        return evt_reject(err, "a person settles a parked call with OK or REFUSED");
    if (rc == EVT_OK)
        rc = find_row(ctx, &msg, STATE_PARKED, &result, &found, err);
    if (rc != EVT_OK)
        return rc;
    if (!found) {
        evt_answer_refused(ctx, "no such call is parked", NULL);
        return EVT_OK;
    }
    return evt__guarded(ctx, settle, &result, err);
}

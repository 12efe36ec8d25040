/* Commands from outside: whoever sends one may send it again, so its id is remembered together with
 * what it asked for and how it was answered. The answer to a command that did not come from our own
 * edge is also a fact, so whoever publishes commands to topics learns what became of them. */
#include "request_hash.h"
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <events/evt.h>

#include <string.h>

/* Old answers are removed every so many records, by the log's own count. */
#define PRUNE_EVERY 64

static bool from_own_edge(const struct evt_ctx *ctx)
{
    return ctx->env.source.len > 6 && memcmp(ctx->env.source.text, "/edge/", 6) == 0;
}

static enum evt_err publish(struct evt_ctx *ctx, int outcome, const char *reason,
                            struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_text key = evt__key_or_id(ctx), type = evt_envelope_type(ctx->rec);
    struct evt_command_answered msg;
    enum evt_err rc;

    if (sh->subscription || from_own_edge(ctx))
        return EVT_OK;
    evt_command_answered_init(&msg);
    msg.command_source = ctx->source;
    msg.command_id = ctx->id;
    msg.command_type = evt_utf8_valid(type.text, type.len)
                           ? evt_arena_strndup(&sh->msg_arena, type.text, type.len)
                           : "";
    msg.outcome = (enum evt_command_outcome)outcome;
    msg.reason = reason;
    msg.detail = ctx->detail;
    evt_buf_clear(&sh->scratch);
    rc = evt_command_answered_encode(&msg, &sh->scratch, err);
    EVT_BUG_ON(rc != EVT_OK ||
               sh->scratch.len > EVT_VALUE_MAX); /* what a handler answers is small text */
    return evt__queue(ctx, sh->events, evt_partition_of(key.text, key.len, sh->events->partitions),
                      (struct evt_text){evt_command_answered_type.name,
                                        strlen(evt_command_answered_type.name)},
                      key, sh->scratch.data, sh->scratch.len, err);
}

static enum evt_err answer(struct evt_ctx *ctx, int outcome, const char *reason,
                           struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    enum evt_err rc = evt__own_run(sh->st, EVT_OWN_ANSWER_PUT, err, "ttlittl", ctx->source, ctx->id,
                                   evt__request_hash(ctx->rec), (int32_t)outcome, reason,
                                   ctx->detail, sh->meta.now_ms);

    if (rc == EVT_OK && ctx->rec->offset % PRUNE_EVERY == 0)
        rc = evt__own_run(sh->st, EVT_OWN_ANSWER_PRUNE, err, "l",
                          sh->meta.now_ms - EVT_ANSWERS_KEPT_MS);
    return rc == EVT_OK ? publish(ctx, outcome, reason, err) : rc;
}

static enum evt_err look_up(struct evt_ctx *ctx, bool *ret_had, bool *ret_same,
                            struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc =
        evt__own_query(ctx->sh->st, EVT_OWN_ANSWER_GET, &row, err, "tt", ctx->source, ctx->id);

    if (rc != EVT_OK)
        return rc;
    *ret_had = row != NULL;
    *ret_same = row && sqlite3_column_int64(row, 0) == evt__request_hash(ctx->rec);
    evt_store_done(row);
    return EVT_OK;
}

static enum evt_err retry_saga(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    (void)arg;
    return evt__saga_retry(ctx, err);
}

static enum evt_err settle_saga(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    (void)arg;
    return evt__saga_settle(ctx, err);
}

static enum evt_err obey(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_text type = ctx->env.type;
    bool ignored = false;

    if (evt_text_is(type, evt_accept_stream_type.name))
        return evt__control_accept(ctx, err);
    if (ctx->sh->subscription)
        return evt_fail(err, EVT_E_TYPE_SENDER, "a subscription takes facts only");
    if (evt_text_is(type, evt_call_ended_type.name))
        return evt__wait_settle(ctx, err);
    if (evt_text_is(type, evt_retry_saga_type.name) && ctx->sh->service->sagas)
        return evt__guarded(ctx, retry_saga, NULL, err);
    if (evt_text_is(type, evt_settle_saga_type.name) && ctx->sh->service->sagas)
        return evt__guarded(ctx, settle_saga, NULL, err);
    return evt__handle(ctx, &ignored, err);
}

static enum evt_err refuse(struct evt_ctx *ctx, enum evt_err code, const struct evt_error *why,
                           struct evt_error *err)
{
    enum evt_err rc;

    ctx->detail = NULL;
    rc = evt__reject(ctx, code, why, err);
    if (rc != EVT_OK)
        return rc;
    return answer(ctx, EVT_COMMAND_OUTCOME_REJECTED,
                  evt_utf8_valid(why->text, strlen(why->text)) ? why->text : evt_err_str(code),
                  err);
}

enum evt_err evt__outside_take(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_error why = {0};
    bool had = false, same = false;
    enum evt_err rc;

    evt__ctx_name(ctx);
    rc = look_up(ctx, &had, &same, err);
    if (rc != EVT_OK)
        return rc;
    if (had && same) {
        evt__observe(sh, ctx->rec, EVT_DUPLICATE, NULL);
        return EVT_OK;
    }
    if (had) { /* the first one's answer stays */
        evt_fail(&why, EVT_E_COMMAND_REUSED, NULL);
        return evt__reject(ctx, EVT_E_COMMAND_REUSED, &why, err);
    }
    rc = evt_envelope_check(ctx->rec, &ctx->env, &why);
    if (rc == EVT_OK) {
        ctx->trace = ctx->env.traceparent;
        rc = obey(ctx, &why);
    }
    if (evt__is_reject(rc))
        return refuse(ctx, rc, &why, err);
    if (rc != EVT_OK) {
        if (err)
            *err = why;
        return rc;
    }
    evt__observe(sh, ctx->rec, EVT_APPLIED, NULL);
    return answer(ctx, ctx->answer, ctx->reason, err);
}

/* Saga: what starts and what cancels an instance, and what its functions may say. */
#include "saga_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>

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

/* Elsewhere nobody would find it: its answers go to the partition of its ref. */
static enum evt_err check_partition(const struct evt_shard *sh, const char *name, const char *ref,
                                    struct evt_error *err)
{
    const int32_t partition = evt_partition_of(ref, strlen(ref), sh->topic->partitions);

    return partition == sh->partition
               ? EVT_OK
               : evt_reject(err, "the saga %s %s belongs to partition %d, not %d", name, ref,
                            (int)partition, (int)sh->partition);
}

enum evt_err evt_saga_start(struct evt_ctx *ctx, const char *name, const char *ref, void *data,
                            struct evt_error *err)
{
    const struct evt_saga *definition = evt__saga_definition(ctx->sh->service, name, 0);
    const size_t len = strlen(ref);
    struct evt__saga *saga;
    struct evt__saga_before before;
    enum evt_err rc;

    EVT_BUG_ON(!definition);
    if (len == 0 || len > EVT_SAGA_REF_MAX)
        return evt_reject(err, "a saga's reference is not 1 to %d bytes", EVT_SAGA_REF_MAX);
    rc = check_partition(ctx->sh, name, ref, err);
    if (rc != EVT_OK)
        return rc;
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
    before = evt__saga_enter(saga);
    if (rc == EVT_OK)
        rc = evt__saga_ask_stage(saga, saga->stage, err);
    if (rc == EVT_OK)
        rc = evt__saga_go_on(saga, err);
    evt__saga_leave(saga, &before);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "saga %s %s", name, ref);
}

/* Do its own functions run, at whatever depth? They hold it, and write it when they are done. */
static bool is_entered(const struct evt_ctx *ctx, const struct evt__saga *saga)
{
    const struct evt__saga *entered = ctx->saga;

    while (entered && entered->id != saga->id)
        entered = entered->outer;
    return entered != NULL;
}

enum evt_err evt_saga_cancel(struct evt_ctx *ctx, const char *name, const char *ref,
                             const char *why, bool *ret_cancelled, struct evt_error *err)
{
    struct evt__saga *saga;
    struct evt__saga_before before;
    enum evt_err rc = evt__saga_get(ctx, name, ref, &saga, err);

    if (rc != EVT_OK)
        return rc;
    if (saga && is_entered(ctx, saga))
        return evt_reject(err,
                          "saga %s %s: its own functions cannot cancel it: use"
                          " evt_saga_turn_back",
                          name, ref);
    *ret_cancelled =
        saga && (saga->phase == EVT__SAGA_FORWARD || saga->phase == EVT__SAGA_COMPLETED);
    if (!*ret_cancelled)
        return EVT_OK;
    before = evt__saga_enter(saga);
    saga->run.cancelled = true;
    evt_saga_because(ctx, "%s", why);
    rc = evt__saga_turn_back(saga, saga->because, err);
    if (rc == EVT_OK)
        rc = evt__saga_go_on(saga, err);
    evt__saga_leave(saga, &before);
    return rc == EVT_OK ? EVT_OK : evt_wrap(err, rc, "saga %s %s", name, ref);
}

/* The order of work of one record: source and id, mark, type, key, decoding, handler, queue.
 *
 * A refusal (REJECT) is a result like any other: the record goes to the dead letters and its mark
 * or command id stays advanced. Everything else that fails leaves nothing of the record behind. */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void evt__ctx_begin(struct evt_shard *sh, struct evt_ctx *ctx, const struct evt_record *rec)
{
    memset(&ctx->env, 0, sizeof(ctx->env));
    ctx->sh = sh;
    ctx->rec = rec;
    ctx->key = ctx->source = ctx->id = "";
    ctx->trace = (struct evt_text){"", 0};
    ctx->answer = EVT_COMMAND_OUTCOME_DONE;
    ctx->reason = ctx->detail = NULL;
    ctx->answer_size = 0;
    ctx->sent_id[0] = '\0';
    ctx->saga = NULL;
}

/* What a handler may ask for as text. */
void evt__ctx_name(struct evt_ctx *ctx)
{
    struct evt_arena *arena = &ctx->sh->msg_arena;

    ctx->key = ctx->rec->key ? evt_arena_strndup(arena, ctx->rec->key, ctx->rec->key_len) : "";
    ctx->source = evt_arena_strndup(arena, ctx->env.source.text, ctx->env.source.len);
    ctx->id = evt_arena_strndup(arena, ctx->env.id.text, ctx->env.id.len);
    ctx->trace = ctx->env.traceparent;
}

enum evt_err evt__guarded(struct evt_ctx *ctx, evt__guarded_fn *fn, void *arg,
                          struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    size_t sends = sh->sends_n;
    int64_t counter = sh->meta.counter;
    struct evt_error undo;
    enum evt_err rc = evt_store_savepoint(sh->st, err);

    if (rc != EVT_OK)
        return rc;
    rc = fn(ctx, arg, err);
    EVT_BUG_ON(rc != EVT_OK && evt_err_class(rc) == EVT_CLASS_NONE);
    if (rc == EVT_OK)
        return evt_store_release(sh->st, err);
    if (!evt__is_reject(rc))
        return rc;
    evt__unqueue(sh, sends);
    sh->meta.counter = counter;
    if (evt_store_undo(sh->st, &undo) != EVT_OK) {
        if (err)
            *err = undo;
        return undo.code;
    }
    return rc;
}

static bool sender_may(const struct evt_ctx *ctx, const struct evt_type *type)
{
    const struct evt_subscription *sub;
    char name[EVT_NAME_MAX + 1];

    if (type->kind == EVT_KIND_FACT) { /* facts come through the service's own subscriptions */
        if (!ctx->env.numbered || ctx->env.service.len > EVT_NAME_MAX)
            return false;
        snprintf(name, sizeof(name), "%.*s", (int)ctx->env.service.len, ctx->env.service.text);
        sub = evt_registry_subscription(ctx->sh->registry, name);
        return sub && strcmp(sub->service, ctx->sh->service->name) == 0 &&
               sub->source == type->topic;
    }
    for (const char *const *sender = type->senders; sender && *sender; sender++)
        if (ctx->env.numbered ? evt_text_is(ctx->env.service, *sender)
                              : strcmp(*sender, "outside") == 0)
            return true;
    return false;
}

static enum evt_err check_address(const struct evt_ctx *ctx, const struct evt_type *type,
                                  struct evt_error *err)
{
    const struct evt_record *rec = ctx->rec;
    int32_t partition;

    if (type->kind == EVT_KIND_SYSTEM)
        return EVT_OK; /* a Rejected goes where its cause came from, whatever its key */
    if (!sender_may(ctx, type))
        return evt_fail(err, EVT_E_TYPE_SENDER, "%s from %.*s", type->name,
                        (int)ctx->env.source.len, ctx->env.source.text);
    partition = evt_partition_of(rec->key, rec->key_len, ctx->sh->topic->partitions);
    if (partition != ctx->sh->partition)
        return evt_fail(err, EVT_E_KEY_PARTITION, "\"%.*s\" belongs to partition %d, not %d",
                        (int)rec->key_len, (const char *)rec->key, (int)partition,
                        (int)ctx->sh->partition);
    return EVT_OK;
}

static enum evt_err check_key(const struct evt_ctx *ctx, const struct evt_type *type,
                              const void *msg, struct evt_error *err)
{
    const char *field;

    if (type->kind == EVT_KIND_SYSTEM || type->kind == EVT_KIND_FACT)
        return EVT_OK; /* a fact stands under the subscriber's key, which its subscription chose */
    field = evt_type_text(type, msg, type->key_field);
    if (strlen(field) != ctx->rec->key_len || memcmp(field, ctx->rec->key, ctx->rec->key_len) != 0)
        return evt_fail(err, EVT_E_KEY_FIELD, "the key is \"%.*s\" and %s is \"%s\"",
                        (int)ctx->rec->key_len, (const char *)ctx->rec->key, type->key_field,
                        field);
    return EVT_OK;
}

static const struct evt_handler *find_handler(const struct evt_service *service,
                                              const struct evt_type *type)
{
    const struct evt_handler *handler = service->handlers;

    while (handler->type && handler->type != type)
        handler++;
    return handler->type ? handler : NULL;
}

/* A message, and whose it is. */
struct taken {
    const struct evt_type *type;
    const struct evt_handler *handler; /* NULL: a saga's, or nobody's */
    const void *msg;
};

static enum evt_err call_saga(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct taken *taken = arg;

    return evt__saga_take(ctx, taken->type, taken->msg, err);
}

static bool is_text(const char *text)
{
    return !text || evt_utf8_valid(text, strlen(text));
}

static enum evt_err call_handler(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct taken *taken = arg;
    enum evt_err rc = taken->type->call(taken->handler->fn, ctx, taken->msg, err);

    /* It would not fit the fact that publishes it, now or ever. */
    if (rc == EVT_OK && ctx->answer_size > EVT_ANSWER_MAX)
        return evt_reject(err, "the answer has %zu bytes, the limit is %d", ctx->answer_size,
                          EVT_ANSWER_MAX);
    if (rc == EVT_OK && !(is_text(ctx->reason) && is_text(ctx->detail)))
        return evt_reject(err, "the answer is not UTF-8 text");
    return rc;
}

/* The saga that sent the refused message, else the service's own handler. */
static enum evt_err call_rejected(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct taken *taken = arg;
    bool is_saga = false;
    enum evt_err rc = evt__saga_rejected(ctx, taken->msg, &is_saga, err);

    return rc == EVT_OK && !is_saga && taken->handler ? call_handler(ctx, arg, err) : rc;
}

enum evt_err evt__handle(struct evt_ctx *ctx, bool *ret_ignored, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_type *type =
        evt_registry_type(sh->registry, ctx->env.type.text, ctx->env.type.len);
    struct taken taken = {0};
    void *msg;
    enum evt_err rc;

    if (sh->subscription)
        return evt__forward(ctx, ret_ignored, err);
    if (!type || (type->kind != EVT_KIND_SYSTEM && !evt_service_takes(sh->service, type)))
        return evt_fail(err, EVT_E_TYPE_UNKNOWN, "%.*s", (int)ctx->env.type.len,
                        ctx->env.type.text);
    /* Of libevents' own messages only a refusal, and only from a shard, is for the service. */
    if (type->kind == EVT_KIND_SYSTEM && (type != &evt_rejected_type || !ctx->env.numbered))
        return evt_fail(err, EVT_E_TYPE_SENDER, "%s from %.*s", type->name,
                        (int)ctx->env.source.len, ctx->env.source.text);
    rc = check_address(ctx, type, err);
    if (rc != EVT_OK)
        return rc;
    msg = evt_arena_alloc(&sh->msg_arena, type->size);
    rc = evt_type_decode(sh->registry, type, ctx->rec->value, ctx->rec->value_len, &sh->msg_arena,
                         msg, err);
    if (rc == EVT_OK)
        rc = check_key(ctx, type, msg, err);
    if (rc != EVT_OK)
        return rc;
    taken = (struct taken){type, find_handler(sh->service, type), msg};
    *ret_ignored = false;
    if (type == &evt_rejected_type && sh->service->sagas)
        return evt__guarded(ctx, call_rejected, &taken, err);
    if (taken.handler)
        return evt__guarded(ctx, call_handler, &taken, err);
    if (evt__saga_takes(sh->service, type))
        return evt__guarded(ctx, call_saga, &taken, err);
    *ret_ignored = true;
    return EVT_OK;
}

enum evt_err evt__take_turn(struct evt_ctx *ctx, enum evt_outcome outcome, struct evt_error *err)
{
    struct evt_error why = {0};
    bool ignored = false;
    enum evt_err rc = evt_envelope_check(ctx->rec, &ctx->env, &why);

    if (rc == EVT_OK) {
        evt__ctx_name(ctx);
        rc = evt__handle(ctx, &ignored, &why);
    }
    if (evt__is_reject(rc))
        return evt__reject(ctx, rc, &why, err);
    if (rc == EVT_OK)
        evt__observe(ctx->sh, ctx->rec, ignored ? EVT_IGNORED : outcome, NULL);
    else if (err)
        *err = why;
    return rc;
}

static bool type_is(const struct evt_ctx *ctx, const struct evt_type *type)
{
    return evt_text_is(evt_envelope_type(ctx->rec), type->name);
}

/* Its own timers and outcomes are known by their source; they are no commands of anybody. */
static enum evt_err take_unnumbered(struct evt_ctx *ctx, struct evt_error *err)
{
    if (evt_text_is(ctx->env.source, ctx->sh->own_source)) {
        if (type_is(ctx, &evt_timer_fired_type))
            return evt__wait_timer(ctx, err);
        if (type_is(ctx, &evt_call_ended_type))
            return evt__wait_call(ctx, err);
    }
    return evt__outside_take(ctx, err);
}

static enum evt_err take(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    uint32_t generation;

    if (sh->meta.pos < 0)
        return evt__control_birth(ctx, err);
    if (!sh->subscription && evt__control_is_boundary(ctx, &generation))
        return evt__control_boundary(ctx, generation, err);
    if (sh->awaiting)
        return evt_fail(err, EVT_E_GENERATION_OLD,
                        "offset %" PRId64
                        " belongs to generation %u: start that version once, it stops at the"
                        " boundary of generation %u",
                        ctx->rec->offset, (unsigned)sh->meta.generation,
                        (unsigned)sh->service->generation);
    return ctx->env.numbered ? evt__marks_take(ctx, err) : take_unnumbered(ctx, err);
}

/* A boundary of a newer generation ends this version's work before it is applied. */
static bool ends_here(struct evt_shard *sh, const struct evt_ctx *ctx)
{
    uint32_t generation;

    if (sh->subscription || sh->meta.pos < 0 || !evt__control_is_boundary(ctx, &generation) ||
        generation <= sh->service->generation)
        return false;
    sh->superseded = true;
    sh->next_generation = generation;
    sh->boundary = ctx->rec->offset;
    return true;
}

/* A proof that lies beyond the boundary cannot be checked by the version that stops there. */
static enum evt_err check_proven(const struct evt_shard *sh, struct evt_error *err)
{
    if (sh->meta.held_back < 0)
        return EVT_OK;
    return evt_fail(err, EVT_E_PROOF_DIFFERS,
                    "generation %u ends before offset %" PRId64
                    ": remove the store, rebuild it and send again",
                    (unsigned)sh->meta.generation, sh->meta.held_back);
}

/* The record is counted before it is applied: what it decides may depend on where it stands. */
static void count_in(struct evt_shard *sh, const struct evt_record *rec)
{
    struct evt_sip sip;

    if (rec->time_ms > sh->meta.now_ms)
        sh->meta.now_ms = rec->time_ms;
    sh->ordinal = 0;
    sh->meta.pos_hash = evt_record_hash(rec);
    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, sh->meta.roll);
    evt_sip_add_u64(&sip, sh->meta.pos_hash);
    sh->meta.roll = evt_sip_end(&sip);
}

/* By the log's own count, so that where few sagas end the last ones go, too. Never more can end
 * between. */
#define FORGET_EVERY 64

static enum evt_err forget(struct evt_shard *sh, const struct evt_record *rec,
                           struct evt_error *err)
{
    if (rec->offset % FORGET_EVERY != 0 || sh->subscription || !sh->service->sagas || sh->awaiting)
        return EVT_OK;
    return evt__saga_forget(sh, FORGET_EVERY, err);
}

static enum evt_err apply(struct evt_shard *sh, const struct evt_record *rec, struct evt_error *err)
{
    struct evt_ctx *ctx = &sh->ctx;
    struct evt_error why = {0};
    enum evt_err identified, rc = EVT_OK;

    evt_arena_reset(&sh->msg_arena);
    evt__ctx_begin(sh, ctx, rec);
    identified = evt_envelope_identify(rec, &ctx->env, &why);
    if (identified == EVT_OK && ends_here(sh, ctx))
        return check_proven(sh, err);
    if (sh->batch == 0)
        rc = evt_store_begin(sh->st, err);
    else if (!evt_store_in_transaction(sh->st)) /* to begin another would commit half a batch */
        rc = evt_fail(err, EVT_E_IO, "the transaction was rolled back by SQLite");
    if (rc != EVT_OK)
        return rc;
    count_in(sh, rec);
    rc = forget(sh, rec, err);
    if (rc != EVT_OK)
        return rc;
    if (identified != EVT_OK && sh->meta.pos >= 0 && !sh->awaiting)
        return evt__reject(ctx, identified, &why, err);
    return take(ctx, err);
}

static enum evt_err advance(struct evt_shard *sh, const struct evt_record *rec,
                            struct evt_error *err)
{
    char proof[EVT_PROOF_LEN];

    sh->meta.pos = rec->offset;
    sh->batch++;
    if (sh->meta.held_back < 0)
        return EVT_OK;
    if (sh->meta.pos <= sh->meta.held_back)
        sh->withheld = sh->sends_n;
    if (sh->meta.pos < sh->meta.held_back)
        return EVT_OK;
    snprintf(proof, sizeof(proof), "%s:%016" PRIx64, sh->meta.lineage, sh->meta.roll);
    if (strcmp(proof, sh->proof) != 0) /* past a hole it differs too */
        return evt_fail(err, EVT_E_PROOF_DIFFERS,
                        "offset %" PRId64 ": remove the store, rebuild it and send again",
                        sh->meta.held_back);
    sh->meta.held_back = -1;
    return EVT_OK;
}

enum evt_err evt_shard_apply(struct evt_shard *sh, const struct evt_record *rec,
                             struct evt_error *err)
{
    enum evt_err rc;

    EVT_BUG_ON(sh->join != EVT_JOINED || sh->failed || sh->superseded);
    EVT_BUG_ON(rec->partition != sh->partition);
    evt_bug_place(sh->topic->name, rec->partition, rec->offset);
    if (sh->stale) {
        rc = evt__shard_reread(sh, err);
        if (rc != EVT_OK)
            return rc;
    }
    if (rec->offset <= sh->meta.pos)
        return EVT_OK; /* fetched again after a rollback that was none */
    rc = apply(sh, rec, err);
    if (rc == EVT_OK && !sh->superseded)
        rc = advance(sh, rec, err);
    if (rc != EVT_OK) {
        sh->failed = sh->torn = true;
        return evt_wrap(err, rc, "%s/%d at offset %" PRId64, rec->topic, (int)rec->partition,
                        rec->offset);
    }
    return EVT_OK;
}

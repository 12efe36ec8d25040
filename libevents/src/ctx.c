/* Ctx: what a handler may ask for. */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t evt_now_ms(const struct evt_ctx *ctx)
{
    return ctx->sh->meta.now_ms;
}

int64_t evt_time_ms(const struct evt_ctx *ctx)
{
    return ctx->rec->time_ms;
}

const char *evt_key(const struct evt_ctx *ctx)
{
    return ctx->key;
}

const char *evt_source(const struct evt_ctx *ctx)
{
    return ctx->source;
}

const char *evt_id(const struct evt_ctx *ctx)
{
    return ctx->id;
}

struct evt_store *evt_ctx_store(const struct evt_ctx *ctx)
{
    return ctx->sh->st;
}

void *evt_ctx_alloc(struct evt_ctx *ctx, size_t size)
{
    return memset(evt_arena_alloc(&ctx->sh->msg_arena, size), 0, size);
}

/* UUIDv7's form: time, then twelve bits of the counter so that up to 4,096 ids of one millisecond
 * keep their order, then a hash of the shard and the counter where others have chance. */
void evt_uuid(struct evt_ctx *ctx, char ret_uuid[EVT_UUID_LEN + 1])
{
    struct evt_shard *sh = ctx->sh;
    uint64_t counter = (uint64_t)++sh->meta.counter, time_ms = (uint64_t)sh->meta.now_ms, tail;
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_field(&sip, sh->source, strlen(sh->source));
    evt_sip_add_u64(&sip, counter);
    tail = evt_sip_end(&sip);
    snprintf(ret_uuid, EVT_UUID_LEN + 1,
             "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
             (time_ms >> 16) & 0xffffffff, time_ms & 0xffff, counter & 0xfff,
             0x8000 | ((tail >> 48) & 0x3fff), tail & 0xffffffffffff);
}

static bool may_send(const struct evt_service *service, const struct evt_type *type)
{
    for (const char *const *sender = type->senders; sender && *sender; sender++)
        if (strcmp(*sender, service->name) == 0)
            return true;
    return false;
}

enum evt_err evt_send(struct evt_ctx *ctx, const struct evt_type *type, const void *msg,
                      struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_text key;
    enum evt_err rc;

    EVT_BUG_ON(type->kind == EVT_KIND_SYSTEM);
    if (!may_send(sh->service, type))
        return evt_fail(err, EVT_E_SERVICE, "topics.json does not list %s among the senders of %s",
                        sh->service->name, type->name);
    evt_buf_clear(&sh->scratch);
    rc = evt_type_encode(type, msg, &sh->scratch, err);
    if (rc != EVT_OK)
        return evt_wrap(err, rc, "send %s", type->name);
    key.text = evt_type_text(type, msg, type->key_field);
    key.len = strlen(key.text);
    if (key.len == 0 || key.len > EVT_KEY_MAX)
        return evt_fail(err, EVT_E_KEY_SIZE,
                        "%s would be sent under a key of %zu bytes, 1 to %d are allowed",
                        type->name, key.len, EVT_KEY_MAX);
    ctx->sent_type = type;
    return evt__queue(ctx, type->topic,
                      evt_partition_of(key.text, key.len, type->topic->partitions),
                      (struct evt_text){type->name, strlen(type->name)}, key, sh->scratch.data,
                      sh->scratch.len, err);
}

const char *evt_sent_id(const struct evt_ctx *ctx)
{
    return ctx->sent_id;
}

static const char *keep(struct evt_ctx *ctx, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    ctx->answer_size += len;
    return text ? evt_arena_strndup(&ctx->sh->msg_arena, text, len) : NULL;
}

static void answer(struct evt_ctx *ctx, int outcome, const char *reason, const char *detail)
{
    ctx->answer = outcome;
    ctx->answer_size = 0;
    ctx->reason = keep(ctx, reason);
    ctx->detail = keep(ctx, detail);
}

void evt_answer_done(struct evt_ctx *ctx, const char *detail)
{
    answer(ctx, EVT_COMMAND_OUTCOME_DONE, NULL, detail);
}

void evt_answer_refused(struct evt_ctx *ctx, const char *reason, const char *detail)
{
    answer(ctx, EVT_COMMAND_OUTCOME_REFUSED, reason, detail);
}

enum evt_err evt_reject(struct evt_error *err, const char *fmt, ...)
{
    char text[sizeof(err->text)]; /* evt_fail cuts it, at the end of a character */
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return evt_fail(err, EVT_E_INVARIANT, "%s", text);
}

/* Rejects: a record that cannot be taken goes to the dead letters with the reason, and who waits
 * for it is told. A rejected Rejected is told to nobody, or two shards would never stop. */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <events/evt.h>

#include <stdio.h>
#include <string.h>

#define DEAD_HEADERS       7
/* Key, value and headers of a letter that holds its record whole: what we take ourselves, and as
 * much again. A bound on the letter, not on the record: whoever writes compressed may put megabytes
 * into a topic, which nothing that we set would take again. */
#define LETTER_MAX         (2 * EVT_VALUE_MAX)
#define LETTER_HEADERS_MAX 32 /* of a record that is larger: those that are short */

static struct evt_header header_text(struct evt_arena *arena, const char *name, const char *text)
{
    size_t len = strlen(text);

    return (struct evt_header){name, evt_arena_strndup(arena, text, len), len};
}

static struct evt_header header_number(struct evt_arena *arena, const char *name, int64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)number);
    return header_text(arena, name, text);
}

static size_t record_size(const struct evt_record *rec)
{
    size_t size = rec->key_len + rec->value_len;

    for (size_t i = 0; i < rec->headers_n; i++)
        size += strlen(rec->headers[i].name) + rec->headers[i].len;
    return size;
}

static size_t keep_headers(struct evt_ctx *ctx, bool whole, struct evt_header *headers)
{
    struct evt_arena *arena = &ctx->sh->batch_arena;
    const struct evt_record *rec = ctx->rec;
    size_t n = 0;

    for (size_t i = 0; i < rec->headers_n && (whole || n < LETTER_HEADERS_MAX); i++) {
        const struct evt_header *header = &rec->headers[i];
        const size_t name_len = strlen(header->name);

        if (!whole && (name_len > EVT_HEADER_MAX || header->len > EVT_HEADER_MAX))
            continue;
        headers[n].name = evt_arena_strndup(arena, header->name, name_len);
        headers[n].value =
            header->value ? evt_arena_memdup(arena, header->value, header->len) : NULL;
        headers[n++].len = header->len;
    }
    return n;
}

static const struct evt_header *dead_headers(struct evt_ctx *ctx, const char *reason, bool whole,
                                             size_t *ret_n)
{
    struct evt_arena *arena = &ctx->sh->batch_arena;
    const struct evt_record *rec = ctx->rec;
    struct evt_header *headers =
        evt_arena_alloc(arena, (rec->headers_n + DEAD_HEADERS) * sizeof(*headers));
    size_t n = keep_headers(ctx, whole, headers);

    headers[n++] = header_text(arena, "kafka_dlt-original-topic", rec->topic);
    headers[n++] = header_number(arena, "kafka_dlt-original-partition", rec->partition);
    headers[n++] = header_number(arena, "kafka_dlt-original-offset", rec->offset);
    headers[n++] = header_number(arena, "kafka_dlt-original-timestamp", rec->time_ms);
    headers[n++] = header_text(arena, "kafka_dlt-exception-message", reason);
    headers[n++] = header_text(arena, "dlt-attempts", "1");
    if (!whole)
        headers[n++] = header_number(arena, "dlt-left-out-bytes", (int64_t)record_size(rec));
    *ret_n = n;
    return headers;
}

/* The record with the reason; of one that is too large, where it lies and its short headers. */
static void bury(struct evt_ctx *ctx, const char *reason)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_record *rec = ctx->rec;
    const bool whole = record_size(rec) <= LETTER_MAX;
    struct evt_send send = {
        .topic = sh->dlt->name,
        /* A subscription reads another topic; its dead letters lie with its service's. */
        .partition = sh->partition % sh->dlt->partitions,
    };

    if (rec->key && (whole || rec->key_len <= EVT_KEY_MAX)) {
        send.key = evt_arena_memdup(&sh->batch_arena, rec->key, rec->key_len);
        send.key_len = rec->key_len;
    }
    if (rec->value && whole) {
        send.value = evt_arena_memdup(&sh->batch_arena, rec->value, rec->value_len);
        send.value_len = rec->value_len;
    }
    send.headers = dead_headers(ctx, reason, whole, &send.headers_n);
    evt__queue_dead(ctx, &send);
}

static const struct evt_topic *inbox_of_sender(const struct evt_ctx *ctx)
{
    char service[EVT_NAME_MAX + 1];

    /* Nobody waits for what becomes of a fact. */
    if (ctx->sh->subscription || !ctx->env.numbered || ctx->env.service.len > EVT_NAME_MAX ||
        evt_text_is(evt_envelope_type(ctx->rec), evt_rejected_type.name))
        return NULL;
    snprintf(service, sizeof(service), "%.*s", (int)ctx->env.service.len, ctx->env.service.text);
    /* Of a stranger another build of the same generation may not know the inbox. */
    if (!evt_service_hears(ctx->sh->service, service))
        return NULL;
    return evt_registry_service_topic(ctx->sh->registry, service, EVT_TOPIC_INBOX);
}

struct evt_text evt__key_or_id(const struct evt_ctx *ctx)
{
    const struct evt_record *rec = ctx->rec;

    if (rec->key_len > 0 && rec->key_len <= EVT_KEY_MAX && evt_utf8_valid(rec->key, rec->key_len))
        return (struct evt_text){rec->key, rec->key_len};
    return ctx->env.id;
}

static enum evt_err tell_sender(struct evt_ctx *ctx, enum evt_err code, const char *reason,
                                struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_topic *inbox = inbox_of_sender(ctx);
    struct evt_arena *arena = &sh->msg_arena;
    struct evt_text type = evt_envelope_type(ctx->rec);
    struct evt_rejected msg;
    enum evt_err rc;

    if (!inbox || ctx->env.source_partition >= inbox->partitions)
        return EVT_OK;
    evt_rejected_init(&msg);
    msg.message_id = evt_arena_strndup(arena, ctx->env.id.text, ctx->env.id.len);
    msg.message_type =
        evt_utf8_valid(type.text, type.len) ? evt_arena_strndup(arena, type.text, type.len) : "";
    msg.topic = ctx->rec->topic;
    msg.partition = ctx->rec->partition;
    msg.offset = ctx->rec->offset;
    msg.code = evt_err_name(code);
    msg.reason = reason;
    evt_buf_clear(&sh->scratch);
    rc = evt_rejected_encode(&msg, &sh->scratch, err);
    EVT_BUG_ON(rc != EVT_OK); /* all of its texts are bounded and UTF-8 */
    return evt__queue(ctx, inbox, ctx->env.source_partition,
                      (struct evt_text){evt_rejected_type.name, strlen(evt_rejected_type.name)},
                      evt__key_or_id(ctx), sh->scratch.data, sh->scratch.len, err);
}

enum evt_err evt__reject(struct evt_ctx *ctx, enum evt_err code, const struct evt_error *why,
                         struct evt_error *err)
{
    /* The words may quote what the record said: cut them where the text is still text. */
    const char *reason =
        evt_utf8_valid(why->text, strlen(why->text)) ? why->text : evt_err_str(code);
    enum evt_err rc;

    bury(ctx, reason);
    rc = tell_sender(ctx, code, reason, err);
    if (rc == EVT_OK)
        evt__observe(ctx->sh, ctx->rec, EVT_REJECTED, reason);
    return rc;
}

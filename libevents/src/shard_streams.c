/* Streams: numbering what a shard sends, per destination partition, and queueing it for the batch.
 *
 * Numbers and chains are given when a handler sends and taken back when it fails, so that the
 * streams stay dense. The last message of each is kept, for the tail probe. */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>

#include <string.h>

static enum evt_err load(struct evt_shard *sh, struct evt_stream *stream, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_STREAM_GET, &row, err, "ti",
                                     stream->topic->stream, stream->partition);

    if (rc != EVT_OK)
        return rc;
    if (!row) {
        stream->chain = evt_chain_first(sh->source, strlen(sh->source), stream->topic->stream,
                                        strlen(stream->topic->stream), stream->partition);
        return EVT_OK;
    }
    stream->number = (uint64_t)sqlite3_column_int64(row, 0);
    stream->chain = (uint64_t)sqlite3_column_int64(row, 1);
    evt_store_done(row);
    return EVT_OK;
}

static enum evt_err get(struct evt_shard *sh, const struct evt_topic *topic, int32_t partition,
                        size_t *ret_index, struct evt_error *err)
{
    struct evt_stream stream = {.topic = topic, .partition = partition, .last = -1};
    enum evt_err rc;

    for (size_t i = 0; i < sh->streams_n; i++)
        if (sh->streams[i].topic == topic && sh->streams[i].partition == partition) {
            *ret_index = i;
            return EVT_OK;
        }
    rc = load(sh, &stream, err);
    if (rc != EVT_OK)
        return rc;
    if (sh->streams_n == sh->streams_cap) {
        sh->streams_cap = sh->streams_cap ? 2 * sh->streams_cap : 16;
        sh->streams = evt_realloc(sh->streams, sh->streams_cap * sizeof(stream));
    }
    sh->streams[sh->streams_n] = stream;
    *ret_index = sh->streams_n++;
    return EVT_OK;
}

static void push(struct evt_shard *sh, const struct evt_send *send, const struct evt_unsend *unsend)
{
    if (sh->sends_n == sh->sends_cap) {
        sh->sends_cap = sh->sends_cap ? 2 * sh->sends_cap : 64;
        sh->sends = evt_realloc(sh->sends, sh->sends_cap * sizeof(*sh->sends));
        sh->unsends = evt_realloc(sh->unsends, sh->sends_cap * sizeof(*sh->unsends));
    }
    sh->sends[sh->sends_n] = *send;
    sh->unsends[sh->sends_n++] = *unsend;
}

const struct evt_header *evt__headers(struct evt_arena *arena, const char *source, const char *id,
                                      struct evt_text type, const char *trace)
{
    struct evt_header *headers = evt_arena_alloc(arena, 5 * sizeof(*headers));

    headers[0] = (struct evt_header){"ce_specversion", "1.0", 3};
    headers[1] = (struct evt_header){"ce_id", id, strlen(id)};
    headers[2] = (struct evt_header){"ce_source", source, strlen(source)};
    headers[3] = (struct evt_header){"ce_type", type.text, type.len};
    headers[4] = (struct evt_header){"traceparent", trace, EVT_TRACE_LEN};
    return headers;
}

static const char *trace_of(struct evt_ctx *ctx, struct evt_arena *arena)
{
    char *trace = evt_arena_alloc(arena, EVT_TRACE_LEN + 1);
    const struct evt_record *rec = ctx->rec;

    evt_trace_print(trace, ctx->trace, ctx->env.id.text, ctx->env.id.len, rec->topic,
                    rec->partition, rec->offset);
    return trace;
}

/* `type` must outlive the batch; key and value are copied. */
enum evt_err evt__queue(struct evt_ctx *ctx, const struct evt_topic *topic, int32_t partition,
                        struct evt_text type, struct evt_text key, const void *value,
                        size_t value_len, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_arena *arena = &sh->batch_arena;
    struct evt_stream *stream;
    struct evt_unsend unsend;
    struct evt_send send = {.topic = topic->name, .partition = partition, .headers_n = 5};
    size_t index;
    enum evt_err rc = get(sh, topic, partition, &index, err);

    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(value_len < EVT_FRAME_LEN);
    stream = &sh->streams[index];
    unsend = (struct evt_unsend){(ptrdiff_t)index, stream->number, stream->chain, stream->last};
    stream->number++;
    stream->chain =
        evt_chain_next(stream->chain, type.text, type.len, key.text, key.len,
                       (const uint8_t *)value + EVT_FRAME_LEN, value_len - EVT_FRAME_LEN);
    stream->last = (ptrdiff_t)sh->sends_n;
    evt_message_id_print(ctx->sent_id, sizeof(ctx->sent_id), topic->stream, partition,
                         stream->number, stream->chain);
    send.key = evt_arena_memdup(arena, key.text, key.len);
    send.key_len = key.len;
    send.value = evt_arena_memdup(arena, value, value_len);
    send.value_len = value_len;
    send.headers = evt__headers(arena, sh->source,
                                evt_arena_strndup(arena, ctx->sent_id, strlen(ctx->sent_id)), type,
                                trace_of(ctx, arena));
    push(sh, &send, &unsend);
    return EVT_OK;
}

void evt__queue_dead(struct evt_ctx *ctx, const struct evt_send *send)
{
    const struct evt_unsend unsend = {.stream = -1};

    push(ctx->sh, send, &unsend);
}

void evt__unqueue(struct evt_shard *sh, size_t count)
{
    while (sh->sends_n > count) {
        const struct evt_unsend *unsend = &sh->unsends[--sh->sends_n];

        if (unsend->stream < 0)
            continue;
        sh->streams[unsend->stream].number = unsend->number;
        sh->streams[unsend->stream].chain = unsend->chain;
        sh->streams[unsend->stream].last = unsend->last;
    }
}

enum evt_err evt__streams_write(struct evt_shard *sh, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; rc == EVT_OK && i < sh->streams_n; i++) {
        struct evt_stream *stream = &sh->streams[i];
        const struct evt_send *last;

        if (stream->last < 0)
            continue;
        last = &sh->sends[stream->last];
        rc = evt__own_run(sh->st, EVT_OWN_STREAM_PUT, err, "tilltbbt", stream->topic->stream,
                          stream->partition, (int64_t)stream->number, (int64_t)stream->chain,
                          (const char *)last->headers[3].value, last->key, last->key_len,
                          last->value, last->value_len, (const char *)last->headers[4].value);
        stream->last = -1;
    }
    return rc;
}

void evt__streams_forget(struct evt_shard *sh)
{
    sh->streams_n = 0;
}

static const struct evt_topic *topic_of_stream(const struct evt_shard *sh, const char *stream)
{
    for (size_t i = 0; i < sh->registry->topics_n; i++)
        if (strcmp(sh->registry->topics[i].stream, stream) == 0)
            return &sh->registry->topics[i];
    return NULL;
}

static enum evt_err probe(struct evt_shard *sh, sqlite3_stmt *row,
                          void (*each)(void *arg, const struct evt_send *send), void *arg,
                          struct evt_error *err)
{
    const struct evt_topic *topic = topic_of_stream(sh, evt_row_text(row, 0));
    struct evt_send send = {.partition = sqlite3_column_int(row, 1), .headers_n = 5};
    char id[EVT_ID_MAX];

    if (!topic)
        return evt_fail(err, EVT_E_SERVICE,
                        "the store sends to %s, which topics.json no longer declares",
                        evt_row_text(row, 0));
    send.topic = topic->name;
    evt_message_id_print(id, sizeof(id), topic->stream, send.partition,
                         (uint64_t)sqlite3_column_int64(row, 2),
                         (uint64_t)sqlite3_column_int64(row, 3));
    send.key = sqlite3_column_blob(row, 5);
    send.key_len = (size_t)sqlite3_column_bytes(row, 5);
    send.value = sqlite3_column_blob(row, 6);
    send.value_len = (size_t)sqlite3_column_bytes(row, 6);
    send.headers =
        evt__headers(&sh->park_arena, sh->source, id,
                     (struct evt_text){evt_row_text(row, 4), strlen(evt_row_text(row, 4))},
                     evt_row_text(row, 7));
    each(arg, &send);
    return EVT_OK;
}

enum evt_err evt_shard_probes(struct evt_shard *sh,
                              void (*each)(void *arg, const struct evt_send *send), void *arg,
                              struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_STREAM_ALL, &row, err, "");

    EVT_BUG_ON(sh->batch > 0); /* what is not committed is not said */
    while (rc == EVT_OK && row) {
        evt_arena_reset(&sh->park_arena);
        rc = probe(sh, row, each, arg, err);
        if (rc == EVT_OK)
            rc = evt_store_next(sh->st, &row, err);
    }
    evt_store_done(row);
    return rc;
}

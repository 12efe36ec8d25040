/* Marks: what was taken of each numbered stream to this partition.
 *
 * The mark is looked at before any other check, and it advances whatever becomes of the message
 * afterwards: a rejected message had its turn. A number that is not the next one, a chain that does
 * not follow, or a type that this version does not know yet holds the stream: its records wait in
 * the store, everybody else's go on. A stream is held for as long as any of its records is parked.
 */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>

#include <string.h>

static struct evt_mark *find(struct evt_shard *sh, const char *source, size_t len)
{
    for (size_t i = 0; i < sh->marks_n; i++) {
        struct evt_mark *mark = sh->marks[i];

        if (mark->source_len != len || memcmp(mark->source, source, len) != 0)
            continue;
        if (i > 0) { /* busy sources come to the front */
            sh->marks[i] = sh->marks[i - 1];
            sh->marks[i - 1] = mark;
        }
        return mark;
    }
    return NULL;
}

static void unpack_chains(struct evt_mark *mark, const void *blob, size_t len)
{
    EVT_BUG_ON(len != sizeof(mark->chains));
    memcpy(mark->chains, blob, len); /* stores are not carried between byte orders */
}

static enum evt_err load(struct evt_shard *sh, struct evt_mark *mark, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_MARK_GET, &row, err, "t", mark->source);

    if (rc != EVT_OK)
        return rc;
    if (!row) {
        mark->chain = evt_chain_first(mark->source, mark->source_len, sh->topic->stream,
                                      strlen(sh->topic->stream), sh->partition);
        return EVT_OK;
    }
    mark->number = (uint64_t)sqlite3_column_int64(row, 0);
    mark->chain = (uint64_t)sqlite3_column_int64(row, 1);
    unpack_chains(mark, sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2));
    mark->parked = sqlite3_column_int64(row, 3);
    evt_store_done(row);
    return EVT_OK;
}

static enum evt_err get(struct evt_shard *sh, const char *source, size_t len,
                        struct evt_mark **ret_mark, struct evt_error *err)
{
    struct evt_mark *mark = find(sh, source, len);
    enum evt_err rc;

    if (mark) {
        *ret_mark = mark;
        return EVT_OK;
    }
    if (sh->marks_n == sh->marks_cap) {
        sh->marks_cap = sh->marks_cap ? 2 * sh->marks_cap : 16;
        sh->marks = evt_realloc(sh->marks, sh->marks_cap * sizeof(struct evt_mark *));
    }
    mark = evt_zalloc(sizeof(*mark));
    mark->source = evt_strndup(source, len);
    mark->source_len = len;
    rc = load(sh, mark, err);
    if (rc != EVT_OK) {
        evt_free(mark->source);
        evt_free(mark);
        return rc;
    }
    sh->marks[sh->marks_n++] = mark;
    *ret_mark = mark;
    return EVT_OK;
}

static uint64_t remembered(const struct evt_mark *mark, uint64_t number)
{
    return evt__chain_at(mark->chains, mark->number, number);
}

static uint64_t chain_of(const struct evt_mark *mark, const struct evt_record *rec)
{
    struct evt_text type = evt_envelope_type(rec);
    const uint8_t *body = rec->value;
    size_t len = rec->value_len;

    /* What a message says does not depend on the schema id in its frame. */
    if (len >= EVT_FRAME_LEN) {
        body += EVT_FRAME_LEN;
        len -= EVT_FRAME_LEN;
    }
    return evt_chain_next(mark->chain, type.text, type.len, rec->key, rec->key_len, body, len);
}

static bool is_next(const struct evt_mark *mark, const struct evt_record *rec, uint64_t number,
                    uint64_t chain)
{
    return number == mark->number + 1 && chain == chain_of(mark, rec);
}

/* Every version of one generation must say the same, so it depends on nothing but what the
 * generation declares. What cannot be read at all is known: any version refuses it in its turn. */
static bool is_known(const struct evt_shard *sh, const struct evt_record *rec)
{
    struct evt_text name = evt_envelope_type(rec);
    const struct evt_type *type =
        name.len ? evt_registry_type(sh->registry, name.text, name.len) : NULL;
    const struct evt_schema_ref *ref;
    struct evt_envelope env;
    const uint8_t *body;
    size_t len;
    uint32_t id;

    if (!type || (!sh->subscription && type->kind != EVT_KIND_SYSTEM &&
                  !evt_service_takes(sh->service, type)))
        return evt_envelope_check(rec, &env, NULL) != EVT_OK;
    if (evt_frame_parse(rec->value, rec->value_len, &id, &body, &len, NULL) != EVT_OK)
        return true;
    ref = evt_registry_schema(sh->registry, id);
    return ref && ref->type == type;
}

static void advance(struct evt_mark *mark, uint64_t chain)
{
    mark->number++;
    mark->chain = chain;
    mark->chains[mark->number % EVT_CHAINS_KEPT] = chain;
    mark->dirty = true;
}

/* What a rebuild parks must not depend on a topics.json that changed since, which only a generation
 * tells: a subscription has none. */
static int64_t parked_max(const struct evt_shard *sh)
{
    return sh->subscription ? EVT_SUBSCRIPTION_PARKED_MAX : (int64_t)sh->declaration->parked_max;
}

static enum evt_err park(struct evt_ctx *ctx, struct evt_mark *mark, const char *why,
                         struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    bool had = false;
    enum evt_err rc;

    if (mark->parked >= parked_max(sh)) {
        evt__observe(sh, ctx->rec, EVT_DROPPED, why);
        return EVT_OK;
    }
    rc = evt__park_put(sh, ctx->rec, &ctx->env, &had, err);
    if (rc != EVT_OK)
        return rc;
    if (!had) {
        mark->parked++;
        mark->dirty = true;
    }
    evt__observe(sh, ctx->rec, had ? EVT_DUPLICATE : EVT_PARKED, why);
    return EVT_OK;
}

/* Which parked record can go now: the next one if it is known, or what the mark has passed. */
struct wanted {
    const struct evt_shard *sh;
    const struct evt_mark *mark;
};

static bool can_go(void *arg, const struct evt_parked *parked)
{
    const struct wanted *wanted = arg;
    const struct evt_mark *mark = wanted->mark;

    if (parked->number > mark->number)
        return is_next(mark, &parked->rec, parked->number, parked->chain) &&
               (wanted->sh->subscription || is_known(wanted->sh, &parked->rec));
    /* Else a fork, which waits for a person however far the mark moves on. */
    return remembered(mark, parked->number) == parked->chain;
}

/* A subscription has no generation at which parked facts could be taken in an order that a rebuild
 * would choose again: it waits for the version that knows the fact. */
static enum evt_err wait_for_schema(const struct evt_record *rec, struct evt_error *err)
{
    struct evt_text type = evt_envelope_type(rec);

    return evt_fail(err, EVT_E_SCHEMA_AWAY, "%.*s", (int)type.len, type.text);
}

static enum evt_err drain_one(struct evt_shard *sh, struct evt_mark *mark,
                              const struct evt_parked *parked, struct evt_error *err)
{
    struct evt_ctx ctx;
    enum evt_err rc = evt__park_delete(sh, parked->rec.offset, err);

    if (rc != EVT_OK)
        return rc;
    mark->parked--;
    mark->dirty = true;
    if (parked->number <= mark->number) {
        evt__observe(sh, &parked->rec, EVT_DUPLICATE, NULL);
        return EVT_OK;
    }
    if (sh->subscription && !is_known(sh, &parked->rec))
        return wait_for_schema(&parked->rec, err);
    evt__ctx_begin(sh, &ctx, &parked->rec);
    rc = evt_envelope_identify(&parked->rec, &ctx.env, err);
    EVT_BUG_ON(rc != EVT_OK); /* it was identified before it was parked */
    advance(mark, parked->chain);
    return evt__take_turn(&ctx, EVT_DRAINED, err);
}

static enum evt_err drain(struct evt_shard *sh, struct evt_mark *mark, struct evt_error *err)
{
    struct wanted wanted = {sh, mark};
    struct evt_parked parked;
    bool found = true;
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && mark->parked > 0 && found) {
        evt_arena_reset(&sh->park_arena);
        /* What lies further back are forks: they were looked at when the mark passed them. */
        rc = evt__park_find(sh, mark->source, mark->number, mark->number + 1, can_go, &wanted,
                            &parked, &found, err);
        if (rc == EVT_OK && found)
            rc = drain_one(sh, mark, &parked, err);
    }
    return rc;
}

static enum evt_err refuse_foreign(struct evt_ctx *ctx, struct evt_error *err)
{
    const struct evt_message_id *id = &ctx->env.number;
    struct evt_error why;

    evt_fail(&why, EVT_E_ID_STREAM, "%.*s.%d came to %s.%d", (int)id->stream.len, id->stream.text,
             (int)id->partition, ctx->sh->topic->stream, (int)ctx->sh->partition);
    return evt__reject(ctx, EVT_E_ID_STREAM, &why, err);
}

enum evt_err evt__marks_take(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    const struct evt_message_id *id = &ctx->env.number;
    struct evt_mark *mark;
    uint64_t seen;
    enum evt_err rc;

    if (!evt_text_is(id->stream, sh->topic->stream) || id->partition != sh->partition)
        return refuse_foreign(ctx, err);
    rc = get(sh, ctx->env.source.text, ctx->env.source.len, &mark, err);
    if (rc != EVT_OK)
        return rc;
    if (id->number <= mark->number) {
        seen = remembered(mark, id->number);
        if (seen != 0 && seen != id->chain)
            return park(ctx, mark, "fork: this number was taken with another chain", err);
        evt__observe(sh, ctx->rec, EVT_DUPLICATE, NULL);
        return EVT_OK;
    }
    if (id->number != mark->number + 1)
        return park(ctx, mark, "gap: the numbers before it are missing", err);
    if (id->chain != chain_of(mark, ctx->rec))
        return park(ctx, mark, "fork: its chain does not follow from the one before", err);
    if (!is_known(sh, ctx->rec)) {
        if (sh->subscription)
            return wait_for_schema(ctx->rec, err);
        return park(ctx, mark, "unknown: this version does not know its type or schema yet", err);
    }
    advance(mark, id->chain);
    rc = evt__take_turn(ctx, EVT_APPLIED, err);
    return rc == EVT_OK && mark->parked > 0 ? drain(sh, mark, err) : rc;
}

enum evt_err evt__marks_drain_all(struct evt_shard *sh, struct evt_error *err)
{
    struct evt_arena names = {0};
    const char **sources = NULL;
    size_t n = 0, cap = 0;
    sqlite3_stmt *row = NULL;
    struct evt_mark *mark;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_MARK_HELD, &row, err, "");

    while (rc == EVT_OK && row) {
        const char *source = evt_row_text(row, 0);

        if (n == cap) {
            cap = cap ? 2 * cap : 16;
            sources = evt_realloc(sources, cap * sizeof(*sources));
        }
        sources[n++] = evt_arena_strndup(&names, source, strlen(source));
        rc = evt_store_next(sh->st, &row, err);
    }
    for (size_t i = 0; rc == EVT_OK && i < n; i++) {
        rc = get(sh, sources[i], strlen(sources[i]), &mark, err);
        if (rc == EVT_OK)
            rc = drain(sh, mark, err);
    }
    evt_free(sources);
    evt_arena_release(&names);
    return rc;
}

/* What follows from the new mark drains; all else that waits is settled by the operator's word: it
 * lies before the mark, or follows from what no sender says any more. Should some of it have waited
 * for a message that is still missing, the next one shows the gap and a resend brings both. */
enum evt_err evt__marks_accept(struct evt_shard *sh, const char *source, uint64_t expected,
                               uint64_t number, uint64_t chain, bool *ret_accepted,
                               uint64_t *ret_mark, struct evt_error *err)
{
    struct evt_mark *mark;
    enum evt_err rc = get(sh, source, strlen(source), &mark, err);

    if (rc != EVT_OK)
        return rc;
    *ret_mark = mark->number;
    *ret_accepted = mark->number == expected;
    if (!*ret_accepted)
        return EVT_OK;
    mark->number = number;
    mark->chain = chain;
    memset(mark->chains, 0, sizeof(mark->chains));
    mark->chains[number % EVT_CHAINS_KEPT] = chain;
    mark->dirty = true;
    rc = drain(sh, mark, err);
    if (rc != EVT_OK || mark->parked == 0)
        return rc;
    mark->parked = 0;
    return evt__own_run(sh->st, EVT_OWN_PARK_FORGET, err, "t", mark->source);
}

enum evt_err evt__marks_write(struct evt_shard *sh, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; rc == EVT_OK && i < sh->marks_n; i++) {
        struct evt_mark *mark = sh->marks[i];

        if (!mark->dirty)
            continue;
        rc = evt__own_run(sh->st, EVT_OWN_MARK_PUT, err, "tllbl", mark->source,
                          (int64_t)mark->number, (int64_t)mark->chain, (const void *)mark->chains,
                          sizeof(mark->chains), mark->parked);
        mark->dirty = rc != EVT_OK;
    }
    return rc;
}

void evt__marks_forget(struct evt_shard *sh)
{
    for (size_t i = 0; i < sh->marks_n; i++) {
        evt_free(sh->marks[i]->source);
        evt_free(sh->marks[i]);
    }
    sh->marks_n = 0;
}

/* Control records: the birth of a partition, the boundary of a generation, and an operator's word
 * on a held stream. A birth is the first boundary. */
#include "saga_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>
#include <events/evt.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A lineage or a chain. */
static bool is_hex16(const char *text)
{
    return strlen(text) == 16 && strspn(text, "0123456789abcdef") == 16;
}

static enum evt_err read_birth(struct evt_shard *sh, const struct evt_record *rec,
                               struct evt_log_begins *birth, struct evt_error *err)
{
    struct evt_error why;

    if (!evt_text_is(evt_envelope_type(rec), evt_log_begins_type.name) ||
        evt_log_begins_decode(rec->value, rec->value_len, &sh->msg_arena, birth, &why) != EVT_OK ||
        !is_hex16(birth->lineage) || birth->generation < 1)
        return evt_fail(err, EVT_E_LOG_NO_BIRTH,
                        "%s/%d at offset %" PRId64 ": create the topic with its births", rec->topic,
                        (int)rec->partition, rec->offset);
    return EVT_OK;
}

static enum evt_err check_generation(const struct evt_shard *sh, const struct evt_log_begins *birth,
                                     struct evt_error *err)
{
    uint32_t begun = (uint32_t)birth->generation, ours = sh->service->generation;

    if (sh->subscription || begun == ours)
        return EVT_OK;
    if (begun > ours)
        return evt_fail(err, EVT_E_GENERATION_NEW,
                        "it begins with generation %u, this version is %u: start the newer one",
                        (unsigned)begun, (unsigned)ours);
    return evt_fail(err, EVT_E_GENERATION_OLD,
                    "the log begins with generation %u and there is no snapshot of generation %u: "
                    "start version %u"
                    " once, it stops at the boundary",
                    (unsigned)begun, (unsigned)ours, (unsigned)begun);
}

enum evt_err evt__control_check_birth(struct evt_shard *sh, const struct evt_record *rec,
                                      struct evt_error *err)
{
    struct evt_log_begins birth;
    enum evt_err rc;

    evt_arena_reset(&sh->msg_arena);
    rc = read_birth(sh, rec, &birth, err);
    return rc == EVT_OK ? check_generation(sh, &birth, err) : rc;
}

/* Makes the store one of this generation, in the transaction of the record that begins it. */
static enum evt_err begin_generation(struct evt_shard *sh, struct evt_error *err)
{
    enum evt_err rc;

    if (sh->subscription)
        return EVT_OK;
    sh->meta.generation = sh->service->generation;
    sh->meta.declared = evt__saga_declared(sh->service, sh->declaration->hash);
    rc = evt__saga_forget(sh, INT_MAX, err);
    if (rc == EVT_OK)
        rc = evt__saga_check_instances(sh->st, sh->service, 0, err);
    return rc == EVT_OK ? evt_store_migrate(sh->st, err) : rc;
}

enum evt_err evt__control_birth(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_log_begins birth;
    enum evt_err rc = read_birth(sh, ctx->rec, &birth, err);

    if (rc == EVT_OK)
        rc = check_generation(sh, &birth, err);
    if (rc != EVT_OK)
        return rc;
    snprintf(sh->meta.lineage, sizeof(sh->meta.lineage), "%s", birth.lineage);
    evt__shard_name(sh);
    rc = begin_generation(sh, err);
    if (rc == EVT_OK)
        evt__observe(sh, ctx->rec, EVT_CONTROL, NULL);
    return rc;
}

bool evt__control_is_boundary(const struct evt_ctx *ctx, uint32_t *ret_generation)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_generation_begins boundary;
    struct evt_error ignored;

    /* Without source and id it is a record like any other that is refused. */
    if (ctx->env.source.len == 0 || ctx->env.numbered ||
        !evt_text_is(evt_envelope_type(ctx->rec), evt_generation_begins_type.name))
        return false;
    if (evt_generation_begins_decode(ctx->rec->value, ctx->rec->value_len, &sh->msg_arena,
                                     &boundary, &ignored) != EVT_OK ||
        boundary.generation < 1)
        return false;
    *ret_generation = (uint32_t)boundary.generation;
    return true;
}

/* One at or below the store's own generation was written twice, or late: it begins nothing. */
enum evt_err evt__control_boundary(struct evt_ctx *ctx, uint32_t generation, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    enum evt_err rc = EVT_OK;

    if (sh->awaiting && generation > sh->meta.generation) {
        if (generation != sh->service->generation)
            return evt_fail(err, EVT_E_GENERATION_OLD,
                            "offset %" PRId64
                            " begins generation %u: start that version once, it stops at the"
                            " boundary of generation %u",
                            ctx->rec->offset, (unsigned)generation,
                            (unsigned)sh->service->generation);
        rc = begin_generation(sh, err);
        if (rc == EVT_OK)
            rc = evt__marks_drain_all(sh, err);
        sh->awaiting = rc != EVT_OK;
    }
    if (rc == EVT_OK)
        evt__observe(sh, ctx->rec, EVT_CONTROL, NULL);
    return rc;
}

static enum evt_err accept(struct evt_ctx *ctx, void *arg, struct evt_error *err)
{
    const struct evt_accept_stream *word = arg;
    uint64_t mark = 0;
    bool accepted = false;
    uint64_t chain = strtoull(word->new_chain, NULL, 16);
    enum evt_err rc;

    if (!is_hex16(word->new_chain) || word->expected_mark < 0 || word->new_mark < 0)
        return evt_reject(
            err, "new_chain is 16 lower-case hexadecimal digits and marks are not negative");
    rc = evt__marks_accept(ctx->sh, word->source, (uint64_t)word->expected_mark,
                           (uint64_t)word->new_mark, chain, &accepted, &mark, err);
    if (rc == EVT_OK && !accepted) {
        char *text = evt_arena_alloc(&ctx->sh->batch_arena, 96);
        snprintf(text, 96, "the mark is %" PRIu64 ", not %" PRId64, mark, word->expected_mark);
        evt_answer_refused(ctx, text, NULL);
    }
    return rc;
}

enum evt_err evt__control_accept(struct evt_ctx *ctx, struct evt_error *err)
{
    struct evt_shard *sh = ctx->sh;
    struct evt_accept_stream word;
    enum evt_err rc =
        evt_accept_stream_decode(ctx->rec->value, ctx->rec->value_len, &sh->msg_arena, &word, err);

    return rc == EVT_OK ? accept(ctx, &word, err) : rc;
}

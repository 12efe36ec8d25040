/* Saga, its rows: an instance with all its parts is one row, so a message about it costs one look
 * and one write, however many steps there are. */
#include "saga_internal.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

#define FORGET_MAX 4 /* whenever one closes: more than come */

const struct evt_saga *evt__saga_definition(const struct evt_service *service, const char *name,
                                            uint32_t number)
{
    const struct evt_saga *found = NULL;

    for (const struct evt_saga *const *saga = service->sagas; saga && *saga; saga++)
        if (strcmp((*saga)->name, name) == 0 &&
            (number ? (*saga)->number == number : !found || (*saga)->number > found->number))
            found = *saga;
    return found;
}

static const char *keep(struct evt_ctx *ctx, const char *text)
{
    return evt_arena_strndup(&ctx->sh->msg_arena, text, strlen(text));
}

static bool phase_parse(const char *text, enum evt__saga_phase *ret_phase)
{
    for (int phase = EVT__SAGA_FORWARD; phase <= EVT__SAGA_UNDONE; phase++)
        if (strcmp(evt__saga_phase_str((enum evt__saga_phase)phase), text) == 0) {
            *ret_phase = (enum evt__saga_phase)phase;
            return true;
        }
    return false;
}

static enum evt_err read_row(struct evt__saga *saga, const char *name, sqlite3_stmt *row,
                             struct evt_error *err)
{
    struct evt_ctx *ctx = saga->ctx;

    saga->id = sqlite3_column_int64(row, 0);
    saga->run.saga =
        evt__saga_definition(ctx->sh->service, name, (uint32_t)sqlite3_column_int64(row, 1));
    if (!saga->run.saga || !phase_parse(evt_row_text(row, 2), &saga->phase))
        return evt_fail(err, EVT_E_STORE_CORRUPT, "saga %s: definition %d, phase %s", saga->run.ref,
                        sqlite3_column_int(row, 1), evt_row_text(row, 2));
    saga->stage = sqlite3_column_int(row, 3);
    saga->run.pivoted = sqlite3_column_int(row, 4) != 0;
    saga->run.cancelled = sqlite3_column_int(row, 5) != 0;
    saga->run.why = keep(ctx, evt_row_text(row, 6));
    saga->history_n = sqlite3_column_int(row, 8);
    saga->trace = keep(ctx, evt_row_text(row, 9));
    saga->run.started_ms = sqlite3_column_int64(row, 10);
    saga->run.deadline_ms = sqlite3_column_int64(row, 11);
    saga->timer_id = sqlite3_column_int64(row, 12);
    saga->timer_ms = sqlite3_column_int64(row, 13);
    saga->closed = sqlite3_column_int(row, 14) != 0;
    return evt__parts_parse(saga, evt_row_text(row, 7), err);
}

static enum evt_err load(struct evt__saga *saga, struct evt_error *err)
{
    const struct evt_saga *definition = saga->run.saga;

    return definition->load ? definition->load(saga->ctx, saga->run.ref, &saga->run.data, err)
                            : EVT_OK;
}

enum evt_err evt__saga_find(struct evt_ctx *ctx, const char *name, const char *ref,
                            struct evt__saga **ret_saga, struct evt_error *err)
{
    struct evt__saga *saga = evt_ctx_alloc(ctx, sizeof(*saga));
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(ctx->sh->st, EVT_OWN_SAGA_GET, &row, err, "tt", name, ref);

    if (rc != EVT_OK)
        return rc;
    saga->ctx = ctx;
    saga->run.ref = keep(ctx, ref);
    if (!row) {
        *ret_saga = NULL;
        return EVT_OK;
    }
    rc = read_row(saga, name, row, err);
    evt_store_done(row);
    if (rc == EVT_OK)
        *ret_saga = saga;
    return rc;
}

enum evt_err evt__saga_get(struct evt_ctx *ctx, const char *name, const char *ref,
                           struct evt__saga **ret_saga, struct evt_error *err)
{
    struct evt__saga *saga;
    enum evt_err rc = evt__saga_find(ctx, name, ref, &saga, err);

    if (rc == EVT_OK && saga)
        rc = load(saga, err);
    if (rc == EVT_OK)
        *ret_saga = saga;
    return rc;
}

/* Under its ref much is sent. What has another key bears its trace, as all that it sends does. */
static enum evt_err query_by_sent(struct evt_ctx *ctx, const char *line_end, sqlite3_stmt **ret_row,
                                  struct evt_error *err)
{
    char trace[EVT_TRACE_LEN + 1];
    enum evt_err rc = EVT_OK;

    for (const struct evt_saga *const *saga = ctx->sh->service->sagas;
         rc == EVT_OK && !*ret_row && *saga; saga++)
        rc = evt__own_query(ctx->sh->st, EVT_OWN_SAGA_SENT_KEY, ret_row, err, "ttt", line_end,
                            (*saga)->name, ctx->key);
    if (rc != EVT_OK || *ret_row || ctx->trace.len != EVT_TRACE_LEN)
        return rc;
    snprintf(trace, sizeof(trace), "%.32s", ctx->trace.text + 3);
    return evt__own_query(ctx->sh->st, EVT_OWN_SAGA_SENT_TRACE, ret_row, err, "tt", line_end,
                          trace);
}

enum evt_err evt__saga_get_by_sent(struct evt_ctx *ctx, const char *sent,
                                   struct evt__saga **ret_saga, struct evt_error *err)
{
    char line_end[EVT_ID_MAX + 3];
    const char *name, *ref;
    sqlite3_stmt *row = NULL;
    enum evt_err rc;

    *ret_saga = NULL;
    if (strlen(sent) >= EVT_ID_MAX)
        return EVT_OK;
    snprintf(line_end, sizeof(line_end), " %s\n", sent);
    rc = query_by_sent(ctx, line_end, &row, err);
    if (rc != EVT_OK || !row)
        return rc;
    name = keep(ctx, evt_row_text(row, 0));
    ref = keep(ctx, evt_row_text(row, 1));
    evt_store_done(row);
    return evt__saga_get(ctx, name, ref, ret_saga, err);
}

enum evt_err evt__saga_add(struct evt__saga *saga, struct evt_error *err)
{
    struct evt_shard *sh = saga->ctx->sh;

    saga->id = ++sh->meta.counter;
    return evt__own_run(sh->st, EVT_OWN_SAGA_ADD, err, "lttltll", saga->id, saga->run.saga->name,
                        saga->run.ref, (int64_t)saga->run.saga->number, saga->trace,
                        saga->run.started_ms, saga->run.deadline_ms);
}

/* The first moment at which something is to be done without a message; 0: none. */
static int64_t first_ms(const struct evt__saga *saga)
{
    int64_t first = evt__saga_deadline_ms(saga);

    for (const struct evt__saga_part *part = saga->parts; part < saga->parts + saga->parts_n;
         part++)
        if (part->next_ms && (!first || part->next_ms < first))
            first = part->next_ms;
    return first;
}

/* A timer that comes too early finds nothing to do and is set anew: cheaper than moving it with
 * every answer. */
static enum evt_err set_timer(struct evt__saga *saga, struct evt_error *err)
{
    const int64_t wanted = first_ms(saga);
    const int64_t first = wanted && wanted < saga->not_before_ms ? saga->not_before_ms : wanted;
    enum evt_err rc = EVT_OK;

    if (saga->timer_id && first && saga->timer_ms <= first)
        return EVT_OK;
    if (saga->timer_id)
        rc = evt_timer_cancel(saga->ctx, saga->timer_id, err);
    saga->timer_id = 0;
    saga->timer_ms = first;
    if (rc != EVT_OK || !first)
        return rc;
    return evt__timer_set(saga->ctx, EVT__SAGA_TIMER, saga->run.ref, first, saga->run.saga->name,
                          &saga->timer_id, err);
}

enum evt_err evt__saga_forget(struct evt_shard *sh, int at_most, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (int i = 0; i < at_most && rc == EVT_OK; i++) {
        sqlite3_stmt *row = NULL;
        int64_t id;

        rc = evt__own_query(sh->st, EVT_OWN_SAGA_OLD, &row, err, "l", sh->meta.now_ms);
        if (rc != EVT_OK || !row)
            return rc;
        id = sqlite3_column_int64(row, 0);
        evt_store_done(row);
        rc = evt__own_run(sh->st, EVT_OWN_SAGA_FORGET_HISTORY, err, "l", id);
        if (rc == EVT_OK)
            rc = evt__own_run(sh->st, EVT_OWN_SAGA_FORGET, err, "l", id);
    }
    return rc;
}

/* Nothing of it is open any more, or something is again. */
static enum evt_err close_or_open(struct evt__saga *saga, bool closed, struct evt_error *err)
{
    struct evt_shard *sh = saga->ctx->sh;
    enum evt_err rc;

    if (closed == saga->closed)
        return EVT_OK;
    saga->closed = closed;
    if (!closed)
        return evt__own_run(sh->st, EVT_OWN_SAGA_OPEN, err, "l", saga->id);
    rc = evt__own_run(sh->st, EVT_OWN_SAGA_CLOSE, err, "ll", saga->id,
                      sh->meta.now_ms + saga->run.saga->kept_ms);
    return rc == EVT_OK ? evt__saga_forget(sh, FORGET_MAX, err) : rc;
}

enum evt_err evt__saga_put(struct evt__saga *saga, struct evt_error *err)
{
    struct evt_buf parts = {0};
    int32_t parked = 0, open = 0;
    enum evt_err rc = set_timer(saga, err);

    if (rc != EVT_OK)
        return rc;
    for (size_t i = 0; i < saga->parts_n; i++) {
        parked += evt__part_is_parked(&saga->parts[i]);
        open += evt__part_is_open(&saga->parts[i]);
    }
    evt__parts_print(saga, &parts);
    rc = evt__own_run(saga->ctx->sh->st, EVT_OWN_SAGA_PUT, err, "ltiiittiill", saga->id,
                      evt__saga_phase_str(saga->phase), saga->stage, (int32_t)saga->run.pivoted,
                      (int32_t)saga->run.cancelled, saga->run.why, evt_buf_text(&parts), parked,
                      saga->history_n, saga->timer_id, saga->timer_ms);
    evt_buf_release(&parts);
    return rc == EVT_OK ? close_or_open(saga,
                                        saga->phase != EVT__SAGA_FORWARD &&
                                            saga->phase != EVT__SAGA_UNDOING && open == 0,
                                        err)
                        : rc;
}

enum evt_err evt__saga_note(struct evt__saga *saga, const char *step, int32_t item,
                            const char *what, const char *why, struct evt_error *err)
{
    return evt__own_run(saga->ctx->sh->st, EVT_OWN_SAGA_NOTE, err, "liltitt", saga->id,
                        ++saga->history_n, saga->ctx->sh->meta.now_ms, step, item, what, why);
}

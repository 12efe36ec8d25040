/* Answers that the shard has stored, read as of its last commit, and what is said where there is
 * none. All of it runs on the HTTP thread. */
#include "edge_internal.h"

#include <events/evt.h>
#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

static const char answer_sql[] = "SELECT request, outcome, reason, detail FROM evt_answers"
                                 " WHERE source = ?1 AND id = ?2";

void evt__reply_reused(struct evt_request *req)
{
    evt_reply_problem(req, 422,
                      "the Idempotency-Key was used before, for another request; take a new one");
}

void evt__reply_later(struct evt_request *req, int status, const char *fmt, ...)
{
    char detail[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    evt_reply_header(req, "Retry-After", "1");
    evt_reply_problem(req, status, "%s", detail);
}

bool evt_answer_is_done(struct evt_request *req, const struct evt_answer *answer,
                        const char *missing)
{
    const char *reason = answer->reason ? answer->reason : "the command was not carried out";

    if (answer->outcome == EVT_COMMAND_OUTCOME_DONE)
        return true;
    if (answer->outcome != EVT_COMMAND_OUTCOME_REFUSED)
        evt_reply_problem(req, 422, "%s", reason);
    else if (strcmp(reason, missing) == 0)
        evt_reply_problem(req, 404, "%s", reason);
    else
        evt_reply_problem(req, 409, "%s", reason);
    return false;
}

/* What it says, as the caller's to free: the read has ended by the time it is used, because whoever
 * looks into the store again must see what was committed since. */
struct row {
    int64_t request;
    struct evt_answer answer;
    char *reason, *detail; /* NULL: none */
};

static char *dup_or_null(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? evt_strdup(text) : NULL;
}

static int read_row(struct evt_edge *edge, const struct evt__command *command, struct row *ret_row)
{
    sqlite3_stmt *row = evt_edge_statement(edge, command->partition, answer_sql);
    int rc;

    if (!row)
        return SQLITE_CANTOPEN;
    sqlite3_bind_text(row, 1, edge->source, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, command->id, -1, SQLITE_STATIC);
    rc = sqlite3_step(row);
    if (rc == SQLITE_ROW) {
        ret_row->request = sqlite3_column_int64(row, 0);
        ret_row->reason = dup_or_null(row, 2);
        ret_row->detail = dup_or_null(row, 3);
        ret_row->answer = (struct evt_answer){.outcome = sqlite3_column_int(row, 1),
                                              .reason = ret_row->reason,
                                              .detail = ret_row->detail};
    }
    sqlite3_reset(row);
    return rc;
}

bool evt__answer_stored(struct evt_edge *edge, struct evt_request *req,
                        const struct evt__command *command,
                        void (*answered)(struct evt_request *req, const struct evt_answer *answer))
{
    struct row row = {0};
    const int rc = read_row(edge, command, &row);

    if (rc == SQLITE_ROW && row.request == command->request)
        answered(req, &row.answer);
    else if (rc == SQLITE_ROW)
        evt__reply_reused(req);
    else if (rc != SQLITE_DONE)
        evt__reply_later(req, 503,
                         "the store of shard %d cannot be read now: %s; send the request "
                         "again with the same Idempotency-Key",
                         (int)command->partition, sqlite3_errstr(rc));
    evt_free(row.reason);
    evt_free(row.detail);
    return rc != SQLITE_DONE;
}

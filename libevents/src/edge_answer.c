/* Answers that the shard has stored, read as of its last commit, and what is said where there is
 * none. All of it runs on the HTTP thread. */
#include "edge_internal.h"

#include <stdio.h>

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

static void reply_row(struct evt_request *req, const struct evt__command *command,
                      sqlite3_stmt *row,
                      void (*answered)(struct evt_request *req, const struct evt_answer *answer))
{
    const struct evt_answer answer = {
        .outcome = sqlite3_column_int(row, 1),
        .reason = (const char *)sqlite3_column_text(row, 2),
        .detail = (const char *)sqlite3_column_text(row, 3),
    };

    if (sqlite3_column_int64(row, 0) == command->request)
        answered(req, &answer);
    else
        evt__reply_reused(req);
}

bool evt__answer_stored(struct evt_edge *edge, struct evt_request *req,
                        const struct evt__command *command,
                        void (*answered)(struct evt_request *req, const struct evt_answer *answer))
{
    sqlite3_stmt *row = evt_edge_statement(edge, command->partition, answer_sql);
    int rc = SQLITE_CANTOPEN;

    if (row) {
        sqlite3_bind_text(row, 1, edge->source, -1, SQLITE_STATIC);
        sqlite3_bind_text(row, 2, command->id, -1, SQLITE_STATIC);
        rc = sqlite3_step(row);
    }
    if (rc == SQLITE_ROW)
        reply_row(req, command, row, answered);
    else if (rc != SQLITE_DONE)
        evt__reply_later(req, 503,
                         "the store of shard %d cannot be read now: %s; send the request "
                         "again with the same Idempotency-Key",
                         (int)command->partition, sqlite3_errstr(rc));
    sqlite3_reset(row); /* ends the read: a long one would keep the log from being folded in */
    return rc != SQLITE_DONE;
}

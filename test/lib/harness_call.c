/* Harness: outside calls. A test sees the rows that handlers wrote, and says how each one ended. */
#include "harness_internal.h"

#include <evt/codec.h>
#include <evt/envelope.h>

#include <stdio.h>
#include <string.h>

static sqlite3_stmt *prepare(struct harness *h, const char *sql)
{
    sqlite3_stmt *stmt;

    ck_assert_int_eq(sqlite3_prepare_v2(evt_store_db(evt_shard_store(h->shard)), sql, -1, &stmt,
                                        NULL),
                     SQLITE_OK);
    return stmt;
}

static int64_t pending(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM evt_calls WHERE state = 0");
}

void harness_expect_call(struct harness *h, int at, const char *name, const char *request)
{
    sqlite3_stmt *row = prepare(h, "SELECT coalesce(group_concat(name || ' ' || request, '; '), '')"
                                   ", coalesce(sum(name = ?1 AND request = ?2), 0)"
                                   " FROM (SELECT name, CAST(request AS TEXT) AS request"
                                   " FROM evt_calls WHERE state = 0 ORDER BY id)");

    sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, request, -1, SQLITE_STATIC);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    ck_assert_msg(sqlite3_column_int(row, 1) == 1,
                  "line %d:\n  expected the call %s %s\n  but has %s", at, name, request,
                  (const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
}

void harness_expect_no_call(struct harness *h, int at)
{
    ck_assert_msg(pending(h) == 0, "line %d: no call expected, but %d are pending", at,
                  (int)pending(h));
}

static void append_end(struct harness *h, sqlite3_stmt *row, enum evt_call_end end,
                       const char *response)
{
    const struct evt_call_ended msg = {
        .call_id = sqlite3_column_int64(row, 0),
        .call_key = (const char *)sqlite3_column_text(row, 1),
        .outcome =
            end == EVT_CALL_END_OK ? EVT_CALL_ENDED_OUTCOME_OK : EVT_CALL_ENDED_OUTCOME_REFUSED,
        .response = {(const uint8_t *)response, strlen(response)},
    };
    struct evt_buf value = {0};
    struct evt_error err;

    ck_ok(evt_call_ended_encode(&msg, &value, &err), err);
    h->given_type = &evt_call_ended_type;
    h->given_numbered = false;
    snprintf(h->given_key, sizeof(h->given_key), "%s", (const char *)sqlite3_column_text(row, 2));
    snprintf(h->given_id, sizeof(h->given_id), "call.%lld", (long long)msg.call_id);
    snprintf(h->given_source, sizeof(h->given_source), "/own/%s/%d/" HARNESS_LINEAGE,
             h->service->name, (int)h->partition);
    harness__append(h, h->given_source, h->given_id, evt_call_ended_type.name, h->given_key,
                    &value);
    evt_buf_release(&value);
}

void harness_call_ends(struct harness *h, int at, const char *name, enum evt_call_end end,
                       const char *response)
{
    sqlite3_stmt *row = prepare(h, "SELECT id, call_key, key FROM evt_calls"
                                   " WHERE name = ?1 AND state = 0 ORDER BY id LIMIT 1");

    ck_assert(end == EVT_CALL_END_OK || end == EVT_CALL_END_REFUSED);
    harness_expect_nothing(h, at);
    sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    ck_assert_msg(sqlite3_step(row) == SQLITE_ROW, "line %d: no call %s is pending", at, name);
    append_end(h, row, end, response);
    sqlite3_finalize(row);
    harness__catch_up(h);
}

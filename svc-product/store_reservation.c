/* Reservations in the store. States and reasons are words there, so that a person can query them.
 */
#include "store_reservation.h"

#include "statements.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

static enum product_refusal_reason refusal_parse(const char *text)
{
    int reason = PRODUCT_REFUSAL_REASON_OTHER;

    for (int i = 0; *product_refusal_reason_str((enum product_refusal_reason)i); i++)
        if (strcmp(text, product_refusal_reason_str((enum product_refusal_reason)i)) == 0)
            reason = i;
    return (enum product_refusal_reason)reason;
}

static const char *refusal_text(const struct reservation *res)
{
    return res->state == RESERVATION_REFUSED ? product_refusal_reason_str(res->refusal) : "";
}

enum evt_err store_reservation_get(struct evt_store *st, const char *order_id, int32_t line,
                                   struct reservation *ret_res, struct evt_error *err)
{
    struct reservation res = {0};
    sqlite3_stmt *row;
    enum evt_err rc =
        evt_store_query(st, STATEMENT_RESERVATION_GET, &row, err, "ti", order_id, line);

    if (rc != EVT_OK)
        return rc;
    if (row) {
        res.id = sqlite3_column_int64(row, 0);
        EVT_BUG_ON(!reservation_state_parse(evt_row_text(row, 1), &res.state));
        snprintf(res.sku, sizeof(res.sku), "%s", evt_row_text(row, 2));
        res.quantity = sqlite3_column_int64(row, 3);
        res.price_minor = sqlite3_column_int64(row, 4);
        snprintf(res.currency, sizeof(res.currency), "%s", evt_row_text(row, 5));
        res.deadline_ms = sqlite3_column_int64(row, 6);
        res.refusal = refusal_parse(evt_row_text(row, 7));
        res.timer_id = sqlite3_column_int64(row, 8);
        EVT_BUG_ON((res.state == RESERVATION_RESERVED) != (res.timer_id != 0));
    }
    evt_store_done(row);
    *ret_res = res;
    return EVT_OK;
}

/* Nearly always nothing is old enough: asking first costs a fraction of a DELETE that finds
 * nothing. */
static enum evt_err forget(struct evt_store *st, int64_t time_ms, struct evt_error *err)
{
    sqlite3_stmt *row;
    bool is_due;
    enum evt_err rc = evt_store_query(st, STATEMENT_RESERVATION_OLD, &row, err, "l", time_ms);

    if (rc != EVT_OK)
        return rc;
    is_due = row != NULL;
    evt_store_done(row);
    if (!is_due)
        return EVT_OK;
    return evt_store_run(st, STATEMENT_RESERVATION_FORGET, err, "li", time_ms,
                         STORE_RESERVATION_FORGET_MAX);
}

enum evt_err store_reservation_add(struct evt_store *st, const char *order_id, int32_t line,
                                   const struct reservation *res, int64_t time_ms,
                                   struct evt_error *err)
{
    bool ended = res->state != RESERVATION_RESERVED;
    enum evt_err rc;

    EVT_BUG_ON(res->id || res->state == RESERVATION_NONE || ended != (res->timer_id == 0));
    rc = evt_store_run(st, STATEMENT_RESERVATION_ADD, err, "tittlltltll", order_id, line,
                       reservation_state_str(res->state), res->sku, res->quantity, res->price_minor,
                       res->currency, res->deadline_ms, refusal_text(res), res->timer_id,
                       ended ? time_ms + reservation_kept_ms(res->state) : 0);
    return rc == EVT_OK && ended ? forget(st, time_ms, err) : rc;
}

enum evt_err store_reservation_end(struct evt_store *st, const struct reservation *res,
                                   int64_t time_ms, struct evt_error *err)
{
    enum evt_err rc;

    EVT_BUG_ON(!res->id || res->state == RESERVATION_RESERVED);
    rc =
        evt_store_run(st, STATEMENT_RESERVATION_END, err, "ltl", res->id,
                      reservation_state_str(res->state), time_ms + reservation_kept_ms(res->state));
    return rc == EVT_OK ? forget(st, time_ms, err) : rc;
}

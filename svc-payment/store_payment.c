/* Payments in the store: rows to structs and back. States are words there, so that a person can
 * query them. */
#include "store_payment.h"

#include "statements.h"

#include <evt/mem.h>

#include <stdio.h>

#define COPY(to, row, column) snprintf(to, sizeof(to), "%s", evt_row_text(row, column))

/* What is under way has wishes for afterwards, and what the provider knows has its id. */
static bool holds(const struct payment *payment)
{
    switch (payment->state) {
    case PAYMENT_AUTHORISING:
        return payment->amount_minor > 0 && !payment->refund_wanted;
    case PAYMENT_CAPTURING:
        return payment->intent[0];
    case PAYMENT_CAPTURED: /* see payment_void_ended */
    case PAYMENT_REFUNDING:
        return payment->intent[0] && !payment->refund_wanted;
    case PAYMENT_AUTHORISED:
    case PAYMENT_CAPTURE_REFUSED:
    case PAYMENT_VOIDING:
    case PAYMENT_REFUNDED:
        return payment->intent[0] && !payment->void_wanted && !payment->refund_wanted;
    case PAYMENT_DECLINED:
        return payment->code[0] && !payment->void_wanted && !payment->refund_wanted;
    case PAYMENT_VOIDED:
        return !payment->void_wanted && !payment->refund_wanted;
    case PAYMENT_NONE:
    case PAYMENT_STATES_N:
        break;
    }
    return false;
}

enum evt_err store_payment_get(struct evt_store *st, const char *order_id,
                               struct payment *ret_payment, struct evt_error *err)
{
    struct payment payment = {0};
    sqlite3_stmt *row;
    enum evt_err rc = evt_store_query(st, STATEMENT_PAYMENT_GET, &row, err, "t", order_id);

    if (rc != EVT_OK)
        return rc;
    if (row) {
        payment.id = sqlite3_column_int64(row, 0);
        EVT_BUG_ON(!payment_state_parse(evt_row_text(row, 1), &payment.state));
        payment.amount_minor = sqlite3_column_int64(row, 2);
        COPY(payment.currency, row, 3);
        COPY(payment.intent, row, 4);
        COPY(payment.code, row, 5);
        COPY(payment.reason, row, 6);
        payment.closed = sqlite3_column_int(row, 7);
        payment.void_wanted = sqlite3_column_int(row, 8);
        payment.refund_wanted = sqlite3_column_int(row, 9);
        EVT_BUG_ON(!holds(&payment));
    }
    evt_store_done(row);
    *ret_payment = payment;
    return EVT_OK;
}

/* Nearly always nothing is old enough: asking first costs a fraction of a DELETE that finds
 * nothing. */
static enum evt_err forget(struct evt_store *st, int64_t time_ms, struct evt_error *err)
{
    sqlite3_stmt *row;
    bool is_due;
    enum evt_err rc = evt_store_query(st, STATEMENT_PAYMENT_OLD, &row, err, "l", time_ms);

    if (rc != EVT_OK)
        return rc;
    is_due = row != NULL;
    evt_store_done(row);
    if (!is_due)
        return EVT_OK;
    return evt_store_run(st, STATEMENT_PAYMENT_FORGET, err, "li", time_ms,
                         STORE_PAYMENT_FORGET_MAX);
}

enum evt_err store_payment_put(struct evt_store *st, const char *order_id,
                               const struct payment *payment, int64_t time_ms,
                               struct evt_error *err)
{
    const int64_t kept_ms = payment_kept_ms(payment->state);
    const int64_t forget_ms = kept_ms ? time_ms + kept_ms : 0;
    enum evt_err rc;

    EVT_BUG_ON(!holds(payment));
    if (payment->id)
        rc = evt_store_run(st, STATEMENT_PAYMENT_PUT, err, "lttttiiill", payment->id,
                           payment_state_str(payment->state), payment->intent, payment->code,
                           payment->reason, (int32_t)payment->closed, (int32_t)payment->void_wanted,
                           (int32_t)payment->refund_wanted, time_ms, forget_ms);
    else
        rc = evt_store_run(st, STATEMENT_PAYMENT_ADD, err, "ttltill", order_id,
                           payment_state_str(payment->state), payment->amount_minor,
                           payment->currency, (int32_t)payment->closed, time_ms, forget_ms);
    return rc == EVT_OK && kept_ms ? forget(st, time_ms, err) : rc;
}

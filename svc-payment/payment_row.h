/* Payment row: what the handlers about one order share. Each loads its row, lets payment.h decide,
 * and does what that says. */
#ifndef PAYMENT_ROW_H
#define PAYMENT_ROW_H

#include "payment.h"

#include <evt/ctx.h>
#include <evt/service.h>

struct payment_row {
    const char *order_id; /* borrowed from the message */
    struct payment payment;
    struct payment before;         /* as it was loaded */
    const char *token;             /* of AuthorisePayment; else NULL */
    const struct payment_end *end; /* how a call ended; else NULL */
};

/* Checks the form of the order's id, and loads its row. */
EVT_MUST_USE enum evt_err payment_row_load(struct evt_ctx *ctx, const char *order_id,
                                           struct payment_row *ret_row, struct evt_error *err);
/* Stores what has changed since, makes the call, sends the answers. */
EVT_MUST_USE enum evt_err payment_row_do(struct evt_ctx *ctx, const struct payment_row *row,
                                         struct payment_next next, struct evt_error *err);

/* A call of this order has ended: `decide` is one of payment.h's payment_*_ended. */
EVT_MUST_USE enum evt_err
payment_row_call_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                       struct payment_next (*decide)(struct payment *, const struct payment_end *),
                       struct evt_error *err);

#endif

/* AuthorisePayment: the amount is to be held on the customer's card. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_authorise_payment(struct evt_ctx *ctx,
                                      const struct payment_authorise_payment *msg,
                                      struct evt_error *err)
{
    struct payment_row row;
    enum evt_err rc = payment_authorise_check(msg, err);

    if (rc == EVT_OK)
        rc = payment_row_load(ctx, msg->order_id, &row, err);
    if (rc == EVT_OK)
        rc = payment_same_check(&row.payment, msg->amount_minor, msg->currency, err);
    if (rc != EVT_OK)
        return rc;
    row.token = msg->token;
    return payment_row_do(ctx, &row,
                          payment_authorise(&row.payment, msg->amount_minor, msg->currency), err);
}

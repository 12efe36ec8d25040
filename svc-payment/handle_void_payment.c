/* VoidPayment: what is held is to be given up. It is the saga's compensation of AuthorisePayment,
 * so there is nothing that it could be refused for; it may have to be asked for again. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_void_payment(struct evt_ctx *ctx, const struct payment_void_payment *msg,
                                 struct evt_error *err)
{
    struct payment_row row;
    const enum evt_err rc = payment_row_load(ctx, msg->order_id, &row, err);

    return rc == EVT_OK ? payment_row_do(ctx, &row, payment_void(&row.payment), err) : rc;
}

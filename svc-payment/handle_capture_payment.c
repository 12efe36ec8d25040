/* CapturePayment: what is held is to be taken. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_capture_payment(struct evt_ctx *ctx, const struct payment_capture_payment *msg,
                                    struct evt_error *err)
{
    struct payment_row row;
    const enum evt_err rc = payment_row_load(ctx, msg->order_id, &row, err);

    return rc == EVT_OK ? payment_row_do(ctx, &row, payment_capture(&row.payment), err) : rc;
}

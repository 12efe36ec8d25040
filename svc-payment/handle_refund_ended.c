/* The provider has given the money back, or did not: then a repeated RefundPayment asks again. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_refund_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                 struct evt_error *err)
{
    return payment_row_call_ended(ctx, result, payment_refund_ended, err);
}

/* The provider has given up what was held, or did not: then a repeated VoidPayment asks again. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_void_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                               struct evt_error *err)
{
    return payment_row_call_ended(ctx, result, payment_void_ended, err);
}

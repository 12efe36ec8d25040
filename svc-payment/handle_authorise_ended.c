/* The provider holds the money, or the card was declined. */
#include "handlers.h"
#include "payment_row.h"

enum evt_err handle_authorise_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                    struct evt_error *err)
{
    return payment_row_call_ended(ctx, result, payment_authorise_ended, err);
}

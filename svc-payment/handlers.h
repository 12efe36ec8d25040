/* Handlers: one per message that the service takes and per outside call that it makes, each in a
 * file of its name. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "events/payment.h"

#include <evt/service.h>

/* From order. */
payment_authorise_payment_fn handle_authorise_payment;
payment_capture_payment_fn handle_capture_payment;
payment_void_payment_fn handle_void_payment;
payment_refund_payment_fn handle_refund_payment;
/* From the provider. */
enum evt_err handle_authorise_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                    struct evt_error *err);
enum evt_err handle_capture_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                  struct evt_error *err);
enum evt_err handle_void_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                               struct evt_error *err);
enum evt_err handle_refund_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                 struct evt_error *err);

#endif

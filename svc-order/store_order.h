/* Orders in the store. Texts and lines that are read live until the message is handled. */
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include "order.h"

#include <evt/ctx.h>

/* NULL: there is none. Its lines are read by store_order_lines. */
EVT_MUST_USE enum evt_err store_order_get(struct evt_ctx *ctx, const char *order_id,
                                          struct order **ret_order, struct evt_error *err);
EVT_MUST_USE enum evt_err store_order_lines(struct evt_ctx *ctx, struct order *order,
                                            struct evt_error *err);
EVT_MUST_USE enum evt_err store_order_add(struct evt_ctx *ctx, const struct order *order,
                                          struct evt_error *err);
/* What changes of it: status, reason, refund, mail. */
EVT_MUST_USE enum evt_err store_order_put(struct evt_ctx *ctx, const struct order *order,
                                          struct evt_error *err);
EVT_MUST_USE enum evt_err store_order_price(struct evt_ctx *ctx, const struct order *order,
                                            int32_t line, int64_t price_minor,
                                            struct evt_error *err);

#endif

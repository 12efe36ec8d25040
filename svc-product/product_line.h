/* Product line: what the handlers about one line of an order share. Each loads it, lets
 * reservation.h decide, saves it, and answers. */
#ifndef PRODUCT_LINE_H
#define PRODUCT_LINE_H

#include "reservation.h"

#include <evt/ctx.h>

#define PRODUCT_LINE_TIMER "reservation-deadline"

struct product_line {
    const char *order_id; /* borrowed from the message */
    int32_t number;
    struct reservation res;
    struct product product;        /* loaded where the reservation stands; else zeroed */
    enum reservation_state before; /* as it was loaded */
};

/* Checks the form of what names the line, and loads it. `sku` is what the message says, and must be
 * what the line is known for; so must `quantity`, unless it is 0. */
EVT_MUST_USE enum evt_err product_line_load(struct evt_ctx *ctx, const char *order_id,
                                            int32_t number, const char *sku, int64_t quantity,
                                            struct product_line *ret_line, struct evt_error *err);
/* Stores what has changed since, sets or cancels the timer that frees the line at its deadline, and
 * tells everyone when the stock on hand has changed by `delta`. */
EVT_MUST_USE enum evt_err product_line_save(struct evt_ctx *ctx, struct product_line *line,
                                            int64_t delta, struct evt_error *err);

/* How a timer names its line: "<number> <order id>". */
#define PRODUCT_LINE_REF_SIZE (RESERVATION_ORDER_ID_MAX + sizeof("2147483647 "))
void product_line_ref_print(char buf[PRODUCT_LINE_REF_SIZE], const char *order_id, int32_t number);
/* Returns the order's id, in `ref`. */
const char *product_line_ref_parse(const char *ref, int32_t *ret_number);

#endif

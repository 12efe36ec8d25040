/* Payments in the store, by order. */
#ifndef STORE_PAYMENT_H
#define STORE_PAYMENT_H

#include "payment.h"

#include <evt/store.h>

/* Each one that ends takes up to so many old ones with it: the table shrinks faster than it grows,
 * without a timer, and no message pays for a heap of them. */
#define STORE_PAYMENT_FORGET_MAX 2

/* A zeroed `ret_payment` when the order was never heard of, or is forgotten. */
EVT_MUST_USE enum evt_err store_payment_get(struct evt_store *st, const char *order_id,
                                            struct payment *ret_payment, struct evt_error *err);
/* Added or changed; `time_ms` is the log's. */
EVT_MUST_USE enum evt_err store_payment_put(struct evt_store *st, const char *order_id,
                                            const struct payment *payment, int64_t time_ms,
                                            struct evt_error *err);

#endif

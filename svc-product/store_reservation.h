/* Reservations in the store, by order and line. */
#ifndef STORE_RESERVATION_H
#define STORE_RESERVATION_H

#include "reservation.h"

#include <evt/store.h>

/* Each one that ends takes up to so many old ones with it: the table shrinks faster than it grows,
 * without a timer, and no message pays for a heap of them. */
#define STORE_RESERVATION_FORGET_MAX 2

/* A zeroed `ret_res` when the line was never heard of, or is forgotten. */
EVT_MUST_USE enum evt_err store_reservation_get(struct evt_store *st, const char *order_id,
                                                int32_t line, struct reservation *ret_res,
                                                struct evt_error *err);
/* `time_ms` is the log's, for one that has ended. */
EVT_MUST_USE enum evt_err store_reservation_add(struct evt_store *st, const char *order_id,
                                                int32_t line, const struct reservation *res,
                                                int64_t time_ms, struct evt_error *err);
EVT_MUST_USE enum evt_err store_reservation_end(struct evt_store *st, const struct reservation *res,
                                                int64_t time_ms, struct evt_error *err);

#endif

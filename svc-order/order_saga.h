/* Order saga: stock, payment and mail of one order, as a table. */
#ifndef ORDER_SAGA_H
#define ORDER_SAGA_H

#include "order.h"

#include "events/notify.h"

#include <evt/saga.h>

#define ORDER_SAGA "order"

extern const struct evt_saga *const order_sagas[]; /* all definitions, ends with NULL */

/* The order of the instance whose function runs. */
struct order *order_current(const struct evt_ctx *ctx);

/* order_ask.c: what is asked of whom, and which mail belongs to where the order stands. */
enum notify_mail_kind order_mail_kind(const struct order *order);
evt_saga_ask_fn order_ask_reserve, order_undo_reserve, order_ask_authorise, order_undo_authorise,
    order_ask_capture, order_undo_capture, order_ask_commit, order_ask_confirmation,
    order_ask_farewell;

#endif

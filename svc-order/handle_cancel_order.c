/* CancelOrder: the order is undone, wherever it stands; the facts tell how it ends. */
#include "handlers.h"
#include "order_saga.h"
#include "store_order.h"

static enum evt_err cancel(struct evt_ctx *ctx, const struct order_cancel_order *msg,
                           struct order *order, struct evt_error *err)
{
    const char *reason = *msg->reason ? msg->reason : "the customer cancelled it";
    const enum order_status before = order->status;
    bool cancelled;
    enum evt_err rc;

    order->status = ORDER_CANCELLING;
    rc = store_order_put(ctx, order, err);
    if (rc == EVT_OK)
        rc = evt_saga_cancel(ctx, ORDER_SAGA, order->id, reason, &cancelled, err);
    if (rc != EVT_OK || cancelled)
        return rc;
    evt_answer_refused(ctx,
                       before == ORDER_PLACED ? "the order is being undone already"
                                              : "the order is too old to be cancelled",
                       NULL);
    order->status = before;
    return store_order_put(ctx, order, err);
}

enum evt_err handle_cancel_order(struct evt_ctx *ctx, const struct order_cancel_order *msg,
                                 struct evt_error *err)
{
    struct order *order;
    enum evt_err rc = order_id_check(msg->order_id, err);

    if (rc == EVT_OK)
        rc = order_reason_check(msg->reason, err);
    if (rc == EVT_OK)
        rc = store_order_get(ctx, msg->order_id, &order, err);
    if (rc != EVT_OK)
        return rc;
    if (!order) {
        evt_answer_refused(ctx, "there is no such order", NULL);
        return EVT_OK;
    }
    if (order->status == ORDER_PLACED || order->status == ORDER_CONFIRMED)
        return cancel(ctx, msg, order, err);
    evt_answer_refused(ctx,
                       order->status == ORDER_CANCELLING ? "the order is being cancelled"
                                                         : "the order has ended",
                       NULL);
    return EVT_OK;
}

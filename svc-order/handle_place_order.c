/* PlaceOrder: a customer checks out. The order is stored, and its saga begins. */
#include "handlers.h"
#include "order_saga.h"
#include "store_order.h"

static struct order *from_message(struct evt_ctx *ctx, const struct order_place_order *msg)
{
    struct order *order = evt_ctx_alloc(ctx, sizeof(*order));
    struct order_line *lines = evt_ctx_alloc(ctx, msg->lines_n * sizeof(*lines));

    for (size_t i = 0; i < msg->lines_n; i++)
        lines[i] = (struct order_line){.sku = msg->lines[i].sku,
                                       .quantity = msg->lines[i].quantity,
                                       .price_minor = ORDER_PRICE_UNKNOWN};
    *order = (struct order){
        .id = msg->order_id,
        .status = ORDER_PLACED,
        .lines_n = (int32_t)msg->lines_n,
        .lines = lines,
        .total_minor = msg->total_minor,
        .currency = msg->currency,
        .payment_token = msg->payment_token,
        .email = msg->email,
        .address = msg->address,
        .reason = "",
        .mail = "",
    };
    return order;
}

enum evt_err handle_place_order(struct evt_ctx *ctx, const struct order_place_order *msg,
                                struct evt_error *err)
{
    const struct order_order_placed fact = {
        .order_id = msg->order_id,
        .total_minor = msg->total_minor,
        .currency = msg->currency,
        .lines = (int32_t)msg->lines_n,
    };
    struct order *order;
    enum evt_err rc = order_check(msg, err);

    if (rc == EVT_OK)
        rc = store_order_get(ctx, msg->order_id, &order, err);
    if (rc != EVT_OK)
        return rc;
    if (order) {
        evt_answer_refused(ctx, "the order exists already", NULL);
        return EVT_OK;
    }
    order = from_message(ctx, msg);
    rc = store_order_add(ctx, order, err);
    if (rc == EVT_OK)
        rc = order_order_placed_send(ctx, &fact, err);
    return rc == EVT_OK ? evt_saga_start(ctx, ORDER_SAGA, order->id, order, err) : rc;
}

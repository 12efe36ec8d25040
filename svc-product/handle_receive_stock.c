/* ReceiveStock: goods have arrived. The answer says how much is on hand now. */
#include "handlers.h"
#include "store_product.h"

#include <inttypes.h>
#include <stdio.h>

static enum evt_err receive(struct evt_ctx *ctx, const struct product_receive_stock *msg,
                            const struct product *product, struct evt_error *err)
{
    const struct product_stock_changed fact = {
        .sku = msg->sku,
        .delta = msg->quantity,
        .on_hand = product_on_hand(product),
        .reserved = product->reserved,
    };
    char detail[48];
    enum evt_err rc = store_product_put(evt_ctx_store(ctx), product, err);

    if (rc != EVT_OK)
        return rc;
    snprintf(detail, sizeof(detail), "{\"on_hand\":%" PRId64 "}", fact.on_hand);
    evt_answer_done(ctx, detail);
    return product_stock_changed_send(ctx, &fact, err);
}

enum evt_err handle_receive_stock(struct evt_ctx *ctx, const struct product_receive_stock *msg,
                                  struct evt_error *err)
{
    struct product_refusal refusal;
    struct product product;
    enum evt_err rc = product_sku_check(msg->sku, err);

    if (rc == EVT_OK)
        rc = product_quantity_check(msg->quantity, err);
    if (rc == EVT_OK)
        rc = store_product_get(evt_ctx_store(ctx), msg->sku, &product, err);
    if (rc != EVT_OK)
        return rc;
    if (!product_receive(&product, msg->quantity, &refusal)) {
        evt_answer_refused(ctx, refusal.text, NULL);
        return EVT_OK;
    }
    return receive(ctx, msg, &product, err);
}

/* ChangePrice: sets the price, if the product is still what the sender thinks it is. The answer
 * says the version that the next change can expect. */
#include "handlers.h"
#include "store_product.h"

#include <inttypes.h>
#include <stdio.h>

static enum evt_err change(struct evt_ctx *ctx, const char *sku, const struct product *product,
                           struct evt_error *err)
{
    const struct product_price_changed fact = {
        .sku = sku,
        .price_minor = product->price_minor,
        .currency = product->currency,
        .version = product->version,
    };
    char detail[48];
    enum evt_err rc = store_product_put(evt_ctx_store(ctx), product, err);

    if (rc != EVT_OK)
        return rc;
    snprintf(detail, sizeof(detail), "{\"version\":%" PRId64 "}", product->version);
    evt_answer_done(ctx, detail);
    return product_price_changed_send(ctx, &fact, err);
}

enum evt_err handle_change_price(struct evt_ctx *ctx, const struct product_change_price *msg,
                                 struct evt_error *err)
{
    const int64_t *expected = msg->has_expected_version ? &msg->expected_version : NULL;
    struct product_refusal refusal;
    struct product product;
    enum evt_err rc = product_sku_check(msg->sku, err);

    if (rc == EVT_OK)
        rc = product_price_check(msg->price_minor, msg->currency, err);
    if (rc == EVT_OK)
        rc = store_product_get(evt_ctx_store(ctx), msg->sku, &product, err);
    if (rc != EVT_OK)
        return rc;
    if (!product_reprice(&product, msg->price_minor, msg->currency, expected, &refusal)) {
        evt_answer_refused(ctx, refusal.text, NULL);
        return EVT_OK;
    }
    return change(ctx, msg->sku, &product, err);
}

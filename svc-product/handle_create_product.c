/* CreateProduct: adds a product to the catalogue, with nothing on hand. */
#include "handlers.h"
#include "store_product.h"

static enum evt_err check(const struct product_create_product *msg, struct evt_error *err)
{
    enum evt_err rc = product_sku_check(msg->sku, err);

    if (rc == EVT_OK)
        rc = product_name_check(msg->name, err);
    if (rc == EVT_OK)
        rc = product_price_check(msg->price_minor, msg->currency, err);
    return rc;
}

enum evt_err handle_create_product(struct evt_ctx *ctx, const struct product_create_product *msg,
                                   struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    struct product_product_created fact = {.sku = msg->sku, .name = msg->name};
    struct product_refusal refusal;
    struct product product;
    enum evt_err rc = check(msg, err);

    if (rc == EVT_OK)
        rc = store_product_get(st, msg->sku, &product, err);
    if (rc != EVT_OK)
        return rc;
    if (!product_create(&product, msg->price_minor, msg->currency, &refusal)) {
        evt_answer_refused(ctx, refusal.text, NULL);
        return EVT_OK;
    }
    rc = store_product_add(st, msg->sku, msg->name, &product, err);
    if (rc != EVT_OK)
        return rc;
    fact.price_minor = product.price_minor;
    fact.currency = product.currency;
    fact.version = product.version;
    return product_product_created_send(ctx, &fact, err);
}

/* WithdrawProduct: takes a product off sale, for good. A second time is done as well, and tells
 * nobody. */
#include "handlers.h"
#include "store_product.h"

enum evt_err handle_withdraw_product(struct evt_ctx *ctx,
                                     const struct product_withdraw_product *msg,
                                     struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    struct product_product_withdrawn fact = {.sku = msg->sku};
    struct product_refusal refusal;
    struct product product;
    bool again;
    enum evt_err rc = product_sku_check(msg->sku, err);

    if (rc == EVT_OK)
        rc = store_product_get(st, msg->sku, &product, err);
    if (rc != EVT_OK)
        return rc;
    again = product.withdrawn;
    if (!product_withdraw(&product, &refusal)) {
        evt_answer_refused(ctx, refusal.text, NULL);
        return EVT_OK;
    }
    if (again)
        return EVT_OK;
    fact.version = product.version;
    rc = store_product_put(st, &product, err);
    return rc == EVT_OK ? product_product_withdrawn_send(ctx, &fact, err) : rc;
}

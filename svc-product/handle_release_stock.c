/* ReleaseStock: undoes whatever was done for one line of an order, and what may still come. It is
 * the saga's compensation, so there is nothing that it could be refused for. */
#include "handlers.h"
#include "product_line.h"

enum evt_err handle_release_stock(struct evt_ctx *ctx, const struct product_release_stock *msg,
                                  struct evt_error *err)
{
    const struct product_stock_released reply = {
        .order_id = msg->order_id,
        .line = msg->line,
        .sku = msg->sku,
    };
    struct product_line line;
    int64_t delta;
    enum evt_err rc = product_line_load(ctx, msg->order_id, msg->line, msg->sku, 0, &line, err);

    if (rc != EVT_OK)
        return rc;
    delta = reservation_release(&line.res, &line.product, msg->sku);
    rc = product_line_save(ctx, &line, delta, err);
    return rc == EVT_OK ? product_stock_released_send(ctx, &reply, err) : rc;
}

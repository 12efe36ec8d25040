/* ReserveStock: holds stock for one line of an order, at today's price, until its deadline.
 *
 * The hot path of the shop: two look-ups, then three rows (timer, reservation, product). */
#include "handlers.h"
#include "product_line.h"
#include "store_product.h"

static enum evt_err reserve(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                            struct product_line *line, struct evt_error *err)
{
    enum evt_err rc = store_product_get(evt_ctx_store(ctx), msg->sku, &line->product, err);

    if (rc != EVT_OK)
        return rc;
    /* Raw log time: a record from the future must not refuse all that come after it. */
    reservation_reserve(&line->res, &line->product, msg->sku, msg->quantity, msg->deadline,
                        evt_time_ms(ctx));
    return product_line_save(ctx, line, 0, err);
}

static enum evt_err reply(struct evt_ctx *ctx, const struct product_line *line,
                          struct evt_error *err)
{
    const struct reservation *res = &line->res;
    const struct product_stock_reserved reserved = {
        .order_id = line->order_id,
        .line = line->number,
        .sku = res->sku,
        .quantity = res->quantity,
        .price_minor = res->price_minor,
        .currency = res->currency,
        .deadline = res->deadline_ms,
    };
    struct product_stock_refused refused = {
        .order_id = line->order_id,
        .line = line->number,
        .sku = res->sku,
    };

    if (reservation_stands(res))
        return product_stock_reserved_send(ctx, &reserved, err);
    refused.reason = reservation_refusal(res);
    return product_stock_refused_send(ctx, &refused, err);
}

enum evt_err handle_reserve_stock(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                                  struct evt_error *err)
{
    struct product_line line;
    enum evt_err rc = product_quantity_check(msg->quantity, err);

    if (rc == EVT_OK)
        rc = product_line_load(ctx, msg->order_id, msg->line, msg->sku, msg->quantity, &line, err);
    if (rc == EVT_OK && line.res.state == RESERVATION_NONE)
        rc = reserve(ctx, msg, &line, err);
    return rc == EVT_OK ? reply(ctx, &line, err) : rc;
}

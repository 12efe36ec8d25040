/* CommitStock: the reserved goods of one line of an order are sold. Until its timer has come a
 * reservation can be committed, however late it is: what the row says holds, not the clock. */
#include "handlers.h"
#include "product_line.h"

static enum evt_err reply(struct evt_ctx *ctx, const struct product_line *line,
                          struct evt_error *err)
{
    const struct product_stock_committed committed = {
        .order_id = line->order_id,
        .line = line->number,
        .sku = line->res.sku,
    };
    struct product_stock_gone gone = {
        .order_id = line->order_id,
        .line = line->number,
        .sku = line->res.sku,
    };

    if (line->res.state == RESERVATION_COMMITTED)
        return product_stock_committed_send(ctx, &committed, err);
    gone.reason = reservation_gone(&line->res);
    return product_stock_gone_send(ctx, &gone, err);
}

enum evt_err handle_commit_stock(struct evt_ctx *ctx, const struct product_commit_stock *msg,
                                 struct evt_error *err)
{
    struct product_line line;
    int64_t delta;
    enum evt_err rc = product_line_load(ctx, msg->order_id, msg->line, msg->sku, 0, &line, err);

    if (rc != EVT_OK)
        return rc;
    delta = reservation_commit(&line.res, &line.product, msg->sku);
    rc = product_line_save(ctx, &line, delta, err);
    return rc == EVT_OK ? reply(ctx, &line, err) : rc;
}

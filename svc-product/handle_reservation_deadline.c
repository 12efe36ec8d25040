/* A reservation's deadline: nobody has committed it, so it frees itself. The order is not told; it
 * set the deadline, and learns StockGone should it ask. */
#include "handlers.h"
#include "product_line.h"
#include "store_product.h"
#include "store_reservation.h"

#include <evt/mem.h>

enum evt_err handle_reservation_deadline(struct evt_ctx *ctx, const struct evt_timer *timer,
                                         struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    struct reservation res;
    struct product product;
    int32_t number;
    const char *order_id = product_line_ref_parse(timer->ref, &number);
    enum evt_err rc = store_reservation_get(st, order_id, number, &res, err);

    if (rc == EVT_OK)
        rc = store_product_get(st, res.sku, &product, err);
    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(res.timer_id != timer->id); /* whatever ends a reservation cancels its timer */
    reservation_expire(&res, &product);
    rc = store_reservation_end(st, &res, evt_time_ms(ctx), err);
    return rc == EVT_OK ? store_product_put(st, &product, err) : rc;
}

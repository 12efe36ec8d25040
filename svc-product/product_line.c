/* Product line: loading and saving one line of an order with the product that it holds. */
#include "product_line.h"

#include "store_product.h"
#include "store_reservation.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void product_line_ref_print(char buf[PRODUCT_LINE_REF_SIZE], const char *order_id, int32_t number)
{
    snprintf(buf, PRODUCT_LINE_REF_SIZE, "%" PRId32 " %s", number, order_id);
}

const char *product_line_ref_parse(const char *ref, int32_t *ret_number)
{
    char *end;

    *ret_number = (int32_t)strtol(ref, &end, 10);
    EVT_BUG_ON(*end != ' '); /* we wrote it */
    return end + 1;
}

enum evt_err product_line_load(struct evt_ctx *ctx, const char *order_id, int32_t number,
                               const char *sku, int64_t quantity, struct product_line *ret_line,
                               struct evt_error *err)
{
    struct product_line line = {.order_id = order_id, .number = number};
    struct evt_store *st = evt_ctx_store(ctx);
    enum evt_err rc = reservation_line_check(order_id, number, err);

    if (rc == EVT_OK)
        rc = product_sku_check(sku, err);
    if (rc == EVT_OK)
        rc = store_reservation_get(st, order_id, number, &line.res, err);
    if (rc == EVT_OK)
        rc = reservation_same_check(&line.res, sku, quantity, err);
    if (rc == EVT_OK && reservation_stands(&line.res))
        rc = store_product_get(st, sku, &line.product, err);
    if (rc != EVT_OK)
        return rc;
    line.before = line.res.state;
    *ret_line = line;
    return EVT_OK;
}

static enum evt_err set_timer(struct evt_ctx *ctx, struct product_line *line, struct evt_error *err)
{
    char ref[PRODUCT_LINE_REF_SIZE];

    product_line_ref_print(ref, line->order_id, line->number);
    return evt_timer_set(ctx, PRODUCT_LINE_TIMER, line->res.deadline_ms, ref, &line->res.timer_id,
                         err);
}

static enum evt_err save_reservation(struct evt_ctx *ctx, struct product_line *line,
                                     struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    enum evt_err rc = EVT_OK;

    if (line->res.state == RESERVATION_RESERVED)
        rc = set_timer(ctx, line, err);
    else if (line->res.timer_id)
        rc = evt_timer_cancel(ctx, line->res.timer_id, err);
    if (rc != EVT_OK)
        return rc;
    /* Raw log time, as for timers: one wrong record must not make us forget everything at once. */
    return line->res.id ? store_reservation_end(st, &line->res, evt_time_ms(ctx), err)
                        : store_reservation_add(st, line->order_id, line->number, &line->res,
                                                evt_time_ms(ctx), err);
}

static enum evt_err say_stock(struct evt_ctx *ctx, const struct product_line *line, int64_t delta,
                              struct evt_error *err)
{
    const struct product_stock_changed fact = {
        .sku = line->res.sku,
        .delta = delta,
        .on_hand = product_on_hand(&line->product),
        .reserved = line->product.reserved,
    };

    return product_stock_changed_send(ctx, &fact, err);
}

enum evt_err product_line_save(struct evt_ctx *ctx, struct product_line *line, int64_t delta,
                               struct evt_error *err)
{
    /* Only what stands, or stood, counts in the product. */
    bool stood = line->before == RESERVATION_RESERVED || line->before == RESERVATION_COMMITTED;
    enum evt_err rc;

    if (line->res.state == line->before)
        return EVT_OK;
    rc = save_reservation(ctx, line, err);
    if (rc == EVT_OK && (stood || reservation_stands(&line->res)))
        rc = store_product_put(evt_ctx_store(ctx), &line->product, err);
    return rc == EVT_OK && delta ? say_stock(ctx, line, delta, err) : rc;
}

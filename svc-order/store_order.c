/* Orders in the store: rows to structs and back. */
#include "store_order.h"

#include "statements.h"

#include <evt/mem.h>
#include <evt/saga.h>
#include <evt/store.h>

#include <string.h>

static const char *text(struct evt_ctx *ctx, sqlite3_stmt *row, int column)
{
    const char *from = evt_row_text(row, column);
    const size_t size = strlen(from) + 1;

    return memcpy(evt_ctx_alloc(ctx, size), from, size);
}

static struct order *read_row(struct evt_ctx *ctx, sqlite3_stmt *row)
{
    struct order *order = evt_ctx_alloc(ctx, sizeof(*order));

    order->key = sqlite3_column_int64(row, 0);
    order->id = text(ctx, row, 1);
    EVT_BUG_ON(!order_status_parse(evt_row_text(row, 2), &order->status));
    order->lines_n = sqlite3_column_int(row, 3);
    order->total_minor = sqlite3_column_int64(row, 4);
    order->currency = text(ctx, row, 5);
    order->payment_token = text(ctx, row, 6);
    order->email = text(ctx, row, 7);
    order->address.name = text(ctx, row, 8);
    order->address.street = text(ctx, row, 9);
    order->address.postcode = text(ctx, row, 10);
    order->address.city = text(ctx, row, 11);
    order->address.country = text(ctx, row, 12);
    order->reason = text(ctx, row, 13);
    order->refunded_minor = sqlite3_column_int64(row, 14);
    order->mail = text(ctx, row, 15);
    return order;
}

enum evt_err store_order_get(struct evt_ctx *ctx, const char *order_id, struct order **ret_order,
                             struct evt_error *err)
{
    sqlite3_stmt *row;
    enum evt_err rc =
        evt_store_query(evt_ctx_store(ctx), STATEMENT_ORDER_GET, &row, err, "t", order_id);

    if (rc != EVT_OK)
        return rc;
    *ret_order = row ? read_row(ctx, row) : NULL;
    evt_store_done(row);
    return EVT_OK;
}

enum evt_err store_order_lines(struct evt_ctx *ctx, struct order *order, struct evt_error *err)
{
    struct order_line *lines;
    sqlite3_stmt *row = NULL;
    int32_t n = 0;
    enum evt_err rc;

    if (order->lines)
        return EVT_OK;
    lines = evt_ctx_alloc(ctx, (size_t)order->lines_n * sizeof(*lines));
    rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_LINE_LIST, &row, err, "l", order->key);
    while (rc == EVT_OK && row) {
        EVT_BUG_ON(n == order->lines_n);
        lines[n].sku = text(ctx, row, 0);
        lines[n].quantity = sqlite3_column_int64(row, 1);
        lines[n++].price_minor = sqlite3_column_int64(row, 2);
        rc = evt_store_next(evt_ctx_store(ctx), &row, err);
    }
    evt_store_done(row);
    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(n != order->lines_n);
    order->lines = lines;
    return EVT_OK;
}

enum evt_err store_order_add(struct evt_ctx *ctx, const struct order *order, struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    enum evt_err rc =
        evt_store_run(st, STATEMENT_ORDER_ADD, err, "ttilttttttttl", order->id,
                      order_status_str(order->status), order->lines_n, order->total_minor,
                      order->currency, order->payment_token, order->email, order->address.name,
                      order->address.street, order->address.postcode, order->address.city,
                      order->address.country, evt_now_ms(ctx));

    for (int32_t i = 0; rc == EVT_OK && i < order->lines_n; i++)
        rc = evt_store_run(st, STATEMENT_LINE_ADD, err, "titl", order->id, i + 1,
                           order->lines[i].sku, order->lines[i].quantity);
    return rc;
}

enum evt_err store_order_put(struct evt_ctx *ctx, const struct order *order, struct evt_error *err)
{
    EVT_BUG_ON(!order->key);
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_ORDER_PUT, err, "lttltl", order->key,
                         order_status_str(order->status), order->reason, order->refunded_minor,
                         order->mail, evt_now_ms(ctx));
}

enum evt_err store_order_price(struct evt_ctx *ctx, const struct order *order, int32_t line,
                               int64_t price_minor, struct evt_error *err)
{
    EVT_BUG_ON(!order->key);
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_LINE_PUT, err, "lil", order->key, line,
                         price_minor);
}

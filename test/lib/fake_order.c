/* Fake order: one handler for everything, which notes the type. */
#include "test/lib/fake_order.h"

#include <events/product.h>
#include <evt/store.h>

enum { NOTE };
static const char *const statements[] = {[NOTE] = "INSERT INTO notes (text) VALUES (?1)", NULL};
static const struct evt_migration migrations[] = {
    {1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"}, {0}};

#define NOTES(symbol, text)                                                                        \
    static enum evt_err handle_##symbol(struct evt_ctx *ctx, const struct symbol *msg,             \
                                        struct evt_error *err)                                     \
    {                                                                                              \
        return evt_store_run(evt_ctx_store(ctx), NOTE, err, "t", msg->text);                       \
    }
NOTES(product_stock_reserved, order_id)
NOTES(product_stock_refused, order_id)
NOTES(product_stock_released, order_id)
NOTES(product_stock_committed, order_id)
NOTES(product_stock_gone, order_id)
NOTES(product_product_created, name)

static const struct evt_handler handlers[] = {
    EVT_ON(product_stock_reserved, handle_product_stock_reserved),
    EVT_ON(product_stock_refused, handle_product_stock_refused),
    EVT_ON(product_stock_released, handle_product_stock_released),
    EVT_ON(product_stock_committed, handle_product_stock_committed),
    EVT_ON(product_stock_gone, handle_product_stock_gone),
    EVT_ON(product_product_created, handle_product_product_created),
    {0},
};

const struct evt_service fake_order = {
    .name = "order",
    .generation = 1,
    .registry = &fake_registry,
    .handlers = handlers,
    .migrations = migrations,
    .statements = statements,
};

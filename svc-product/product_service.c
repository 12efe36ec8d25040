/* The product service as data. */
#include "product_service.h"

#include "api.h"
#include "handlers.h"
#include "product_line.h"
#include "statements.h"

extern const struct evt_migration product_sql[]; /* sql/, embedded by the build */

static const struct evt_handler handlers[] = {
    EVT_ON(product_create_product, handle_create_product),
    EVT_ON(product_change_price, handle_change_price),
    EVT_ON(product_receive_stock, handle_receive_stock),
    EVT_ON(product_withdraw_product, handle_withdraw_product),
    EVT_ON(product_reserve_stock, handle_reserve_stock),
    EVT_ON(product_release_stock, handle_release_stock),
    EVT_ON(product_commit_stock, handle_commit_stock),
    {0},
};

static const struct evt_timer_handler timers[] = {
    {.name = PRODUCT_LINE_TIMER, .fn = handle_reservation_deadline},
    {0},
};

const struct evt_service product_service = {
    .name = "product",
    .generation = 1,
    .registry = &evt_registry,
    .handlers = handlers,
    .timers = timers,
    .migrations = product_sql,
    .statements = product_statements,
    .routes = product_api,
};

/* The order service as data. */
#include "order_service.h"

#include "api.h"
#include "handlers.h"
#include "order_saga.h"
#include "statements.h"

extern const struct evt_migration order_sql[]; /* sql/, embedded by the build */

static const struct evt_handler handlers[] = {
    EVT_ON(order_place_order, handle_place_order),
    EVT_ON(order_cancel_order, handle_cancel_order),
    {0},
};

const struct evt_service order_service = {
    .name = "order",
    .generation = 1,
    .registry = &evt_registry,
    .handlers = handlers,
    .sagas = order_sagas,
    .migrations = order_sql,
    .statements = order_statements,
    .routes = order_api,
};

/* Api: the routes, and the commands behind them: a body becomes a message, the command's answer an
 * HTTP answer. */
#include "api.h"

#include "api_body.h"
#include "api_read.h"
#include "product.h"

#include <events/evt.h>
#include <events/product.h>
#include <evt/body.h>
#include <evt/edge.h>
#include <stdio.h>
#include <string.h>

#define LOCATION_MAX (sizeof("/v1/products/") + PRODUCT_SKU_MAX)

/* A sku needs no escapes in a path. */
static void location_print(char location[LOCATION_MAX], const char *sku)
{
    snprintf(location, LOCATION_MAX, "/v1/products/%s", sku);
}

/* Of a command about a product in the path. A sku that cannot be one is nobody's. */
static const char *path_sku(struct evt_request *req)
{
    const char *sku = evt_request_value(req, "sku");

    if (product_sku_check(sku, NULL) == EVT_OK)
        return sku;
    evt_reply_problem(req, 404, "there is no such product");
    return NULL;
}

static bool done(struct evt_request *req, const struct evt_answer *answer)
{
    return evt_answer_is_done(req, answer, "there is no such product");
}

/* What the handler says of itself is JSON already. */
static void answer_detail(struct evt_request *req, const struct evt_answer *answer)
{
    if (done(req, answer))
        evt_reply_text(req, 200, "application/json", answer->detail ? answer->detail : "{}",
                       answer->detail ? strlen(answer->detail) : 2);
}

/* The same body as then: a repeated request says the same. */
static void answer_created(struct evt_request *req, const struct evt_answer *answer)
{
    json_t *body = evt_request_json(req);
    char location[LOCATION_MAX];

    if (!done(req, answer))
        return;
    location_print(location, json_string_value(json_object_get(body, "sku")));
    evt_reply_header(req, "Location", location);
    body = json_deep_copy(body);
    json_object_set_new(body, "version", json_integer(1));
    evt_reply(req, 201, body);
}

static void answer_withdrawn(struct evt_request *req, const struct evt_answer *answer)
{
    if (done(req, answer))
        evt_reply(req, 200, json_pack("{s:b}", "withdrawn", 1));
}

static void create(struct evt_request *req)
{
    static const char *const fields[] = {"sku", "name", "price", NULL};
    struct product_create_product msg;
    char location[LOCATION_MAX];
    json_t *body;

    product_create_product_init(&msg);
    if (!evt_body_read(req, fields, &body) || !body_sku(req, body, &msg.sku) ||
        !body_name(req, body, &msg.name) || !body_price(req, body, &msg.price_minor, &msg.currency))
        return;
    location_print(location, msg.sku);
    evt_edge_command(evt_request_arg(req), req, &product_create_product_type, &msg, location,
                     answer_created);
}

static void change_price(struct evt_request *req)
{
    static const char *const fields[] = {"price", "expected_version", NULL};
    struct product_change_price msg;
    char location[LOCATION_MAX];
    json_t *body;

    product_change_price_init(&msg);
    msg.sku = path_sku(req);
    if (!msg.sku || !evt_body_read(req, fields, &body) ||
        !body_price(req, body, &msg.price_minor, &msg.currency) ||
        !body_expected_version(req, body, &msg.has_expected_version, &msg.expected_version))
        return;
    location_print(location, msg.sku);
    evt_edge_command(evt_request_arg(req), req, &product_change_price_type, &msg, location,
                     answer_detail);
}

static void receive_stock(struct evt_request *req)
{
    static const char *const fields[] = {"quantity", NULL};
    struct product_receive_stock msg;
    char location[LOCATION_MAX];
    json_t *body;

    product_receive_stock_init(&msg);
    msg.sku = path_sku(req);
    if (!msg.sku || !evt_body_read(req, fields, &body) || !body_quantity(req, body, &msg.quantity))
        return;
    location_print(location, msg.sku);
    evt_edge_command(evt_request_arg(req), req, &product_receive_stock_type, &msg, location,
                     answer_detail);
}

/* Without a body: the path says all. */
static void withdraw(struct evt_request *req)
{
    struct product_withdraw_product msg;
    char location[LOCATION_MAX];

    product_withdraw_product_init(&msg);
    msg.sku = path_sku(req);
    if (!msg.sku)
        return;
    location_print(location, msg.sku);
    evt_edge_command(evt_request_arg(req), req, &product_withdraw_product_type, &msg, location,
                     answer_withdrawn);
}

const struct evt_route product_api[] = {
    {.method = "GET",
     .path = "/v1/products",
     .fn = product_api_list,
     .summary = "list the catalogue"},
    {.method = "POST", .path = "/v1/products", .fn = create, .summary = "create a product"},
    {.method = "GET",
     .path = "/v1/products/{sku}",
     .fn = product_api_get,
     .summary = "show a product"},
    {.method = "PUT",
     .path = "/v1/products/{sku}/price",
     .fn = change_price,
     .summary = "change its price"},
    {.method = "POST",
     .path = "/v1/products/{sku}/stock",
     .fn = receive_stock,
     .summary = "receive goods"},
    {.method = "POST",
     .path = "/v1/products/{sku}/withdrawal",
     .fn = withdraw,
     .summary = "take it off sale"},
    {0},
};

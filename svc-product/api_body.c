/* Body: the fields that the product service's requests have, and its own rules for them. */
#include "api_body.h"

#include "product.h"

#include <evt/body.h>

bool body_sku(struct evt_request *req, json_t *body, const char **ret_sku)
{
    struct evt_error err;

    return evt_body_text(req, body, "/sku", ret_sku) &&
           evt_body_obeys(req, "/sku", product_sku_check(*ret_sku, &err), &err);
}

bool body_name(struct evt_request *req, json_t *body, const char **ret_name)
{
    struct evt_error err;

    return evt_body_text(req, body, "/name", ret_name) &&
           evt_body_obeys(req, "/name", product_name_check(*ret_name, &err), &err);
}

bool body_price(struct evt_request *req, json_t *body, int64_t *ret_minor,
                const char **ret_currency)
{
    struct evt_error err;

    return evt_body_money(req, body, "/price", ret_minor, ret_currency) &&
           evt_body_obeys(req, "/price/amount", product_price_check(*ret_minor, "EUR", &err),
                          &err) &&
           evt_body_obeys(req, "/price/currency", product_price_check(0, *ret_currency, &err),
                          &err);
}

bool body_quantity(struct evt_request *req, json_t *body, int64_t *ret_quantity)
{
    struct evt_error err;

    return evt_body_integer(req, body, "/quantity", ret_quantity) &&
           evt_body_obeys(req, "/quantity", product_quantity_check(*ret_quantity, &err), &err);
}

bool body_expected_version(struct evt_request *req, json_t *body, bool *ret_given,
                           int64_t *ret_version)
{
    json_t *value = json_object_get(body, "expected_version");

    *ret_given = value && !json_is_null(value);
    return !*ret_given || evt_body_integer(req, body, "/expected_version", ret_version);
}

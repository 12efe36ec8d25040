/* Body: the form is checked here (400), the values by the service's own rules (422). */
#include "api_body.h"

#include <evt/body.h>
#include <jansson.h>
#include <stdio.h>

static bool read_line(struct evt_request *req, json_t *line, size_t number,
                      struct order_order_line *ret_line)
{
    static const char *const fields[] = {"sku", "quantity", NULL};
    char path[32], sku[48], quantity[48];

    snprintf(path, sizeof(path), "/lines/%zu", number);
    snprintf(sku, sizeof(sku), "%s/sku", path);
    snprintf(quantity, sizeof(quantity), "%s/quantity", path);
    if (!json_is_object(line))
        return evt_body_refuse(req, path, "is not an object {sku, quantity}");
    return evt_body_only(req, line, path, fields) &&
           evt_body_text(req, line, sku, &ret_line->sku) &&
           evt_body_integer(req, line, quantity, &ret_line->quantity);
}

/* Of more than there may be the number is enough to refuse them. */
static bool read_lines(struct evt_request *req, json_t *body,
                       struct order_order_line lines[ORDER_LINES_MAX],
                       struct order_place_order *msg)
{
    json_t *array = json_object_get(body, "lines"), *line;
    size_t i;

    if (!array)
        return evt_body_refuse(req, "/lines", "is missing");
    if (!json_is_array(array))
        return evt_body_refuse(req, "/lines", "is not an array of {sku, quantity}");
    msg->lines = lines;
    msg->lines_n = json_array_size(array);
    json_array_foreach(array, i, line)
    {
        if (i < ORDER_LINES_MAX && !read_line(req, line, i, &lines[i]))
            return false;
    }
    return true;
}

static bool read_payment(struct evt_request *req, json_t *body, const char **ret_token)
{
    static const char *const fields[] = {"token", NULL};
    json_t *payment;

    return evt_body_object(req, body, "/payment", "{token}", fields, &payment) &&
           evt_body_text(req, payment, "/payment/token", ret_token);
}

static bool read_address(struct evt_request *req, json_t *body, struct order_address *address)
{
    static const char *const fields[] = {"name", "street", "postcode", "city", "country", NULL};
    json_t *json;

    return evt_body_object(req, body, "/address", "{name, street, postcode, city, country}", fields,
                           &json) &&
           evt_body_text(req, json, "/address/name", &address->name) &&
           evt_body_text(req, json, "/address/street", &address->street) &&
           evt_body_text(req, json, "/address/postcode", &address->postcode) &&
           evt_body_text(req, json, "/address/city", &address->city) &&
           evt_body_text(req, json, "/address/country", &address->country);
}

bool body_place_order(struct evt_request *req, struct order_order_line lines[ORDER_LINES_MAX],
                      struct order_place_order *msg)
{
    static const char *const fields[] = {"lines", "total", "payment", "email", "address", NULL};
    struct evt_error err;
    json_t *body;

    return evt_body_read(req, fields, &body) && read_lines(req, body, lines, msg) &&
           evt_body_money(req, body, "/total", &msg->total_minor, &msg->currency) &&
           read_payment(req, body, &msg->payment_token) &&
           evt_body_text(req, body, "/email", &msg->email) &&
           read_address(req, body, &msg->address) &&
           evt_body_obeys(req, "", order_check(msg, &err), &err);
}

bool body_cancel_order(struct evt_request *req, struct order_cancel_order *msg)
{
    static const char *const fields[] = {"reason", NULL};
    struct evt_error err;
    json_t *body;
    size_t len;

    (void)evt_request_body(req, &len);
    if (len == 0)
        return true;
    return evt_body_read(req, fields, &body) &&
           (!json_object_get(body, "reason") ||
            evt_body_text(req, body, "/reason", &msg->reason)) &&
           evt_body_obeys(req, "/reason", order_reason_check(msg->reason, &err), &err);
}

/* Body: the form of a field is checked here (400), its value by the service's own rules (422), so
 * that what the handler would reject does not reach the log. */
#include "api_body.h"

#include "product.h"

#include <string.h>

static bool refuse(struct evt_request *req, const char *path, const char *what)
{
    evt_reply_problem(req, 400, "%s: %s", path, what);
    return false;
}

/* A rule's words, without those of the error's class. */
static bool obeys(struct evt_request *req, const char *path, enum evt_err rc,
                  const struct evt_error *err)
{
    if (rc == EVT_OK)
        return true;
    evt_reply_problem(req, 422, "%s: %s", path, err->text + strlen(evt_err_str(rc)) + 2);
    return false;
}

static bool known(const char *const *fields, const char *name)
{
    while (*fields && strcmp(*fields, name) != 0)
        fields++;
    return *fields != NULL;
}

static bool only(struct evt_request *req, json_t *object, const char *path,
                 const char *const *fields)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (known(fields, name))
            continue;
        evt_reply_problem(req, 400, "%s/%s: there is no such field", path, name);
        return false;
    }
    return true;
}

bool body_read(struct evt_request *req, const char *const *fields, json_t **ret_body)
{
    *ret_body = evt_request_json(req);
    return *ret_body && only(req, *ret_body, "", fields);
}

/* The last name of a path is the field of `object`. */
static bool text(struct evt_request *req, json_t *object, const char *path, const char **ret_text)
{
    json_t *value = json_object_get(object, strrchr(path, '/') + 1);

    if (!value)
        return refuse(req, path, "is missing");
    if (!json_is_string(value))
        return refuse(req, path, "is not a string");
    *ret_text = json_string_value(value);
    return true;
}

static bool integer(struct evt_request *req, json_t *object, const char *path, int64_t *ret_number)
{
    json_t *value = json_object_get(object, strrchr(path, '/') + 1);

    if (!value)
        return refuse(req, path, "is missing");
    if (!json_is_integer(value))
        return refuse(req, path, "is not an integer");
    *ret_number = json_integer_value(value);
    return true;
}

bool body_sku(struct evt_request *req, json_t *body, const char **ret_sku)
{
    struct evt_error err;

    return text(req, body, "/sku", ret_sku) &&
           obeys(req, "/sku", product_sku_check(*ret_sku, &err), &err);
}

bool body_name(struct evt_request *req, json_t *body, const char **ret_name)
{
    struct evt_error err;

    return text(req, body, "/name", ret_name) &&
           obeys(req, "/name", product_name_check(*ret_name, &err), &err);
}

bool body_price(struct evt_request *req, json_t *body, int64_t *ret_minor,
                const char **ret_currency)
{
    static const char *const fields[] = {"amount", "currency", NULL};
    json_t *price = json_object_get(body, "price");
    struct evt_error err;

    if (!price)
        return refuse(req, "/price", "is missing");
    if (!json_is_object(price))
        return refuse(req, "/price", "is not an object {amount, currency}");
    return only(req, price, "/price", fields) && integer(req, price, "/price/amount", ret_minor) &&
           text(req, price, "/price/currency", ret_currency) &&
           obeys(req, "/price/amount", product_price_check(*ret_minor, "EUR", &err), &err) &&
           obeys(req, "/price/currency", product_price_check(0, *ret_currency, &err), &err);
}

bool body_quantity(struct evt_request *req, json_t *body, int64_t *ret_quantity)
{
    struct evt_error err;

    return integer(req, body, "/quantity", ret_quantity) &&
           obeys(req, "/quantity", product_quantity_check(*ret_quantity, &err), &err);
}

bool body_expected_version(struct evt_request *req, json_t *body, bool *ret_given,
                           int64_t *ret_version)
{
    json_t *value = json_object_get(body, "expected_version");

    *ret_given = value && !json_is_null(value);
    return !*ret_given || integer(req, body, "/expected_version", ret_version);
}

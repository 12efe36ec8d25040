/* Body: the form of a field is checked here (400), its value by the service's own rules (422). */
#include <evt/body.h>
#include <evt/buf.h>

#include <jansson.h>
#include <string.h>

bool evt_body_refuse(struct evt_request *req, const char *path, const char *what)
{
    evt_reply_problem(req, 400, "%s: %s", path, what);
    return false;
}

/* A rule's words, without those of the error's class. */
bool evt_body_obeys(struct evt_request *req, const char *path, enum evt_err rc,
                    const struct evt_error *err)
{
    if (rc == EVT_OK)
        return true;
    evt_reply_problem(req, 422, "%s%s%s", path, *path ? ": " : "",
                      err->text + strlen(evt_err_str(rc)) + 2);
    return false;
}

static bool known(const char *const *fields, const char *name)
{
    while (*fields && strcmp(*fields, name) != 0)
        fields++;
    return *fields != NULL;
}

bool evt_body_only(struct evt_request *req, json_t *object, const char *path,
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

bool evt_body_read(struct evt_request *req, const char *const *fields, json_t **ret_body)
{
    *ret_body = evt_request_json(req);
    return *ret_body && evt_body_only(req, *ret_body, "", fields);
}

/* NULL: it is missing, and the request was answered. */
static json_t *field(struct evt_request *req, json_t *object, const char *path)
{
    json_t *value = json_object_get(object, strrchr(path, '/') + 1);

    if (!value)
        evt_body_refuse(req, path, "is missing");
    return value;
}

bool evt_body_text(struct evt_request *req, json_t *object, const char *path, const char **ret_text)
{
    json_t *value = field(req, object, path);

    if (!value)
        return false;
    if (!json_is_string(value))
        return evt_body_refuse(req, path, "is not a string");
    *ret_text = json_string_value(value);
    return true;
}

bool evt_body_integer(struct evt_request *req, json_t *object, const char *path,
                      int64_t *ret_number)
{
    json_t *value = field(req, object, path);

    if (!value)
        return false;
    if (!json_is_integer(value))
        return evt_body_refuse(req, path, "is not an integer");
    *ret_number = json_integer_value(value);
    return true;
}

bool evt_body_object(struct evt_request *req, json_t *object, const char *path, const char *words,
                     const char *const *fields, json_t **ret_object)
{
    json_t *value = field(req, object, path);

    if (!value)
        return false;
    if (!json_is_object(value)) {
        evt_reply_problem(req, 400, "%s: is not an object %s", path, words);
        return false;
    }
    *ret_object = value;
    return evt_body_only(req, value, path, fields);
}

bool evt_body_money(struct evt_request *req, json_t *object, const char *path, int64_t *ret_minor,
                    const char **ret_currency)
{
    static const char *const fields[] = {"amount", "currency", NULL};
    struct evt_buf amount = {0}, currency = {0};
    json_t *money;
    bool read;

    evt_buf_printf(&amount, "%s/amount", path);
    evt_buf_printf(&currency, "%s/currency", path);
    read = evt_body_object(req, object, path, "{amount, currency}", fields, &money) &&
           evt_body_integer(req, money, evt_buf_text(&amount), ret_minor) &&
           evt_body_text(req, money, evt_buf_text(&currency), ret_currency);
    evt_buf_release(&amount);
    evt_buf_release(&currency);
    return read;
}

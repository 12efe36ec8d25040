/* What a handler may ask about its request. */
#include "http_internal.h"

#include <evt/mem.h>
#include <jansson.h>
#include <string.h>

void *evt_request_arg(const struct evt_request *req)
{
    return req->route && req->route->arg ? req->route->arg : req->http->opt.arg;
}

const char *evt_request_method(const struct evt_request *req)
{
    return req->method;
}

const char *evt_request_path(const struct evt_request *req)
{
    return req->path;
}

const char *evt_request_target(const struct evt_request *req)
{
    return req->target;
}

const struct evt_route *evt_request_route(const struct evt_request *req)
{
    return req->route;
}

const char *evt_request_value(const struct evt_request *req, const char *name)
{
    size_t len = strlen(name), i;

    for (i = 0; i < req->values.n; i++) {
        const char *have = req->values.items[i].name; /* "sku}/price" of the table */

        if (strncmp(have, name, len) == 0 && have[len] == '}')
            return req->values.items[i].value;
    }
    return NULL;
}

const char *evt_request_query(const struct evt_request *req, const char *name)
{
    size_t i;

    for (i = 0; i < req->query.n; i++)
        if (strcmp(req->query.items[i].name, name) == 0)
            return req->query.items[i].value;
    return NULL;
}

const char *evt_request_header(const struct evt_request *req, const char *name)
{
    return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

const char *evt_request_body(const struct evt_request *req, size_t *ret_len)
{
    *ret_len = req->body.len;
    return evt_buf_text(&req->body);
}

/* "application/json", with or without parameters. */
static bool is_json(const char *type)
{
    static const char want[] = "application/json";
    size_t len = sizeof(want) - 1;

    return type && strncasecmp(type, want, len) == 0 && strchr(" ;\t", type[len]);
}

struct json_t *evt_request_json(struct evt_request *req)
{
    json_error_t error;

    if (req->json)
        return req->json;
    if (!is_json(evt_request_header(req, "Content-Type"))) {
        evt_reply_header(req, "Accept", "application/json");
        evt_reply_problem(req, 415, "the body must be sent with Content-Type: application/json");
        return NULL;
    }
    if (req->body.len == 0) {
        evt_reply_problem(req, 400, "the body is empty: a JSON object is expected");
        return NULL;
    }
    req->json = json_loadb(evt_buf_text(&req->body), req->body.len, JSON_REJECT_DUPLICATES, &error);
    if (!req->json) {
        evt_reply_problem(req, 400, "the body is not JSON: line %d, column %d: %s", error.line,
                          error.column, error.text);
        return NULL;
    }
    if (!json_is_object(req->json)) {
        evt_reply_problem(req, 400, "the body is not a JSON object");
        return NULL;
    }
    return req->json;
}

void evt_request_hold(struct evt_request *req)
{
    __atomic_add_fetch(&req->refs, 1, __ATOMIC_RELAXED);
}

void evt_request_drop(struct evt_request *req)
{
    if (__atomic_sub_fetch(&req->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    json_decref(req->json);
    evt_buf_release(&req->body);
    evt_buf_release(&req->headers);
    evt_free(req->method);
    evt_free(req->target);
    evt_free(req->memory);
    evt_free(req);
}

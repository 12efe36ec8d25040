/* Routes: the table is searched from its first entry, segment by segment of the path as it came. It
 * is a page long, so nothing is built from it. */
#include "http_internal.h"

#include <evt/mem.h>
#include <string.h>

/* A literal segment, which a client may have percent-encoded. */
static bool same(const char *want, size_t want_len, const char *have, size_t len, char *scratch)
{
    char *end = scratch;

    if (!memchr(have, '%', len))
        return len == want_len && memcmp(have, want, len) == 0;
    return evt__percent_decode(have, len, false, &end) && (size_t)(end - scratch) == want_len + 1 &&
           memcmp(scratch, want, want_len) == 0;
}

/* Does the path fit? The values' segments are noted undecoded: `at` and `len`. */
struct segment {
    const char *name, *at;
    size_t name_len, len;
};
static bool fits(const struct evt_request *req, const char *pattern, struct segment *values,
                 size_t *ret_n)
{
    const char *at = req->target, *end = at + req->path_len;
    size_t n = 0;

    while (*pattern == '/' && at < end && *at == '/') {
        size_t want_len = strcspn(++pattern, "/"), len;

        at++;
        for (len = 0; at + len < end && at[len] != '/'; len++)
            ;
        if (*pattern == '{') {
            if (len == 0)
                return false;
            EVT_BUG_ON(pattern[want_len - 1] != '}' || n == EVT__PAIRS_MAX);
            values[n++] = (struct segment){pattern + 1, at, want_len - 2, len};
        } else if (!same(pattern, want_len, at, len, req->memory_at)) {
            return false;
        }
        pattern += want_len;
        at += len;
    }
    *ret_n = n;
    return !*pattern && at == end;
}

static bool serves(const struct evt_route *route, const char *method)
{
    return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static void keep_values(struct evt_request *req, const struct segment *values, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct evt__pair *pair = &req->values.items[i];

        pair->value = req->memory_at;
        /* The whole path was decoded before. */
        EVT_BUG_ON(!evt__percent_decode(values[i].at, values[i].len, false, &req->memory_at));
        /* Names are the table's: compared up to the brace. */
        pair->name = values[i].name;
    }
    req->values.n = n;
}

static void allow(struct evt_request *req)
{
    const struct evt_route *route;
    struct segment values[EVT__PAIRS_MAX];
    struct evt_buf methods = {0};
    size_t n;

    for (route = req->http->opt.routes; route->method; route++) {
        if (!fits(req, route->path, values, &n))
            continue;
        evt_buf_printf(&methods, "%s%s%s", methods.len ? ", " : "", route->method,
                       strcmp(route->method, "GET") == 0 ? ", HEAD" : "");
    }
    if (methods.len) {
        evt_reply_header(req, "Allow", evt_buf_text(&methods));
        evt_reply_problem(req, 405, "%s takes %s", req->path, evt_buf_text(&methods));
    } else {
        evt_reply_problem(req, 404, "there is nothing at %s", req->path);
    }
    evt_buf_release(&methods);
}

bool evt__route_find(struct evt_request *req)
{
    const char *method = evt_request_method(req);
    const struct evt_route *route;
    struct segment values[EVT__PAIRS_MAX];
    size_t n;

    for (route = req->http->opt.routes; route->method; route++) {
        if (!serves(route, method) || !fits(req, route->path, values, &n))
            continue;
        keep_values(req, values, n);
        req->route = route;
        return true;
    }
    allow(req);
    return false;
}

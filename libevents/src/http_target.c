/* A request's target: path and query, percent-decoded by us from what came, because a decoded "%2F"
 * is no separator and a "%00" no end. */
#include "http_internal.h"

#include <evt/mem.h>
#include <evt/utf8.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool evt__percent_decode(const char *text, size_t len, bool plus_is_space, char **at)
{
    char *begin = *at, *out = begin;
    size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        *out++ = c;
    }
    *out = '\0';
    *at = out + 1;
    return evt_utf8_valid(begin, (size_t)(out - begin));
}

/* "limit=10&cursor=x": a name without "=" has an empty value. The first of a name counts. */
static bool read_query(struct evt_request *req, const char *at)
{
    while (*at) {
        size_t len = strcspn(at, "&"), name_len = strcspn(at, "=&");
        struct evt__pair *pair = &req->query.items[req->query.n];

        if (len > 0) {
            if (req->query.n == EVT__PAIRS_MAX) {
                evt_reply_problem(req, 400, "the query has more than %d parameters",
                                  EVT__PAIRS_MAX);
                return false;
            }
            pair->name = req->memory_at;
            if (!evt__percent_decode(at, name_len, true, &req->memory_at))
                return false;
            pair->value = req->memory_at;
            if (name_len < len)
                name_len++;
            if (!evt__percent_decode(at + name_len, len - name_len, true, &req->memory_at))
                return false;
            req->query.n++;
        }
        at += len + (at[len] == '&');
    }
    return true;
}

bool evt__target_read(struct evt_request *req)
{
    size_t len = strlen(req->target);
    char *path;

    req->path_len = strcspn(req->target, "?");
    /* The path twice (as a whole, and its values), the query once, and a NUL behind each text. */
    req->memory = path = evt_alloc(len + req->path_len + 4 * EVT__PAIRS_MAX);
    req->memory_at = req->memory;
    if (evt__percent_decode(req->target, req->path_len, false, &req->memory_at)) {
        req->path = path;
        if (!req->target[req->path_len] || read_query(req, req->target + req->path_len + 1))
            return true;
    }
    if (req->state == EVT__RUNNING)
        evt_reply_problem(req, 400, "the request's target is not percent-encoded UTF-8 text");
    return false;
}

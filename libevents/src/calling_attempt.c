/* Calling, an attempt as callers see it: begin says what to send, end hears what came of it. All
 * that is said is copied to the attempt's own memory. */
#include "calling_internal.h"

#include <evt/mem.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *keep(struct evt_attempt *attempt, const char *text)
{
    return evt_arena_strndup(&attempt->arena, text, strlen(text));
}

struct evt_attempt *evt__attempt_new(struct evt_calling *calling, void *of,
                                     const struct evt_call_request *request)
{
    struct evt_attempt *attempt = evt_zalloc(sizeof(*attempt));

    attempt->calling = calling;
    attempt->of = of;
    attempt->request = *request;
    attempt->request.name = keep(attempt, request->name);
    attempt->request.key = keep(attempt, request->key);
    attempt->request.ref = keep(attempt, request->ref);
    attempt->request.request.data = (const uint8_t *)evt_arena_strndup(
        &attempt->arena, request->request.len ? (const char *)request->request.data : "",
        request->request.len);
    for (size_t i = 0; !attempt->line && i < calling->lines_n; i++)
        if (strcmp(calling->lines[i].caller->name, request->name) == 0)
            attempt->line = &calling->lines[i];
    return attempt;
}

void evt__attempt_free(struct evt_attempt *attempt)
{
    curl_slist_free_all(attempt->headers);
    curl_slist_free_all(attempt->recipients);
    evt_buf_release(&attempt->response);
    evt_arena_release(&attempt->arena);
    evt_free(attempt);
}

const struct evt_call_request *evt_attempt_request(const struct evt_attempt *attempt)
{
    return &attempt->request;
}

const char *evt_attempt_option(const struct evt_attempt *attempt, const char *name)
{
    const struct evt_conf *conf = attempt->calling->opt.conf;

    return conf ? evt_conf_text(conf, name) : NULL;
}

void *evt_attempt_alloc(struct evt_attempt *attempt, size_t size)
{
    return memset(evt_arena_alloc(&attempt->arena, size), 0, size);
}

/* ---- what begin says ---- */

/* A line's end in a header or an address would begin another one. */
static const char *clean(struct evt_attempt *attempt, const char *text, const char *fault)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            attempt->fault = fault;
    return keep(attempt, text);
}

void evt_attempt_url(struct evt_attempt *attempt, const char *method, const char *fmt, ...)
{
    struct evt_buf url = {0};
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    EVT_BUG_ON(len < 0);
    va_start(args, fmt);
    vsnprintf((char *)evt_buf_grow(&url, (size_t)len + 1), (size_t)len + 1, fmt, args);
    va_end(args);
    url.len = (size_t)len;
    attempt->kind = EVT__ATTEMPT_HTTP;
    attempt->method = keep(attempt, method);
    attempt->url = clean(attempt, evt_buf_text(&url), "its URL holds a control character");
    if (strchr(attempt->url, ' '))
        attempt->fault = "its URL holds a blank: escape it";
    evt_buf_release(&url);
}

void evt_attempt_header(struct evt_attempt *attempt, const char *name, const char *value)
{
    struct evt_buf line = {0};
    struct curl_slist *list;

    clean(attempt, value, "a header holds a control character");
    if (*value)
        evt_buf_printf(&line, "%s: %s", name, value);
    else /* libcurl takes "Name:" for one to be left out */
        evt_buf_printf(&line, "%s;", name);
    list = curl_slist_append(attempt->headers, evt_buf_text(&line));
    EVT_BUG_ON(!list);
    attempt->headers = list;
    evt_buf_release(&line);
}

static void keep_body(struct evt_attempt *attempt, const void *body, size_t len)
{
    attempt->body = (const uint8_t *)evt_arena_strndup(&attempt->arena, len ? body : "", len);
    attempt->body_len = len;
}

void evt_attempt_body(struct evt_attempt *attempt, const char *type, const void *body, size_t len)
{
    evt_attempt_header(attempt, "Content-Type", type);
    keep_body(attempt, body, len);
}

void evt_attempt_mail(struct evt_attempt *attempt, const char *url, const char *from,
                      const char *to, const void *mail, size_t len)
{
    attempt->kind = EVT__ATTEMPT_MAIL;
    attempt->url = clean(attempt, url, "its URL holds a control character");
    attempt->from = clean(attempt, from, "the sender's address holds a control character");
    attempt->to = clean(attempt, to, "the recipient's address holds a control character");
    if (!attempt->fault && (strpbrk(from, "<> ") || strpbrk(to, "<> ")))
        attempt->fault = "a mail's address holds a blank or a bracket";
    keep_body(attempt, mail, len);
}

void evt_attempt_login(struct evt_attempt *attempt, const char *user, const char *password)
{
    attempt->user = keep(attempt, user);
    attempt->password = keep(attempt, password);
}

void evt_attempt_done(struct evt_attempt *attempt, int status, const char *body)
{
    attempt->kind = EVT__ATTEMPT_DONE;
    attempt->status = status;
    evt_buf_clear(&attempt->response);
    evt_buf_add_text(&attempt->response, body);
}

/* ---- what end says ---- */

void evt_attempt_result(struct evt_attempt *attempt, const void *result, size_t len)
{
    if (len > EVT_CALL_RESPONSE_MAX)
        len = EVT_CALL_RESPONSE_MAX;
    attempt->has_result = true;
    attempt->result.data =
        len ? (const uint8_t *)evt_arena_memdup(&attempt->arena, result, len) : NULL;
    attempt->result.len = len;
}

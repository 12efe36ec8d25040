/* Answers: kept by the request until the HTTP thread sends them. */
#include "http_internal.h"

#include <evt/mem.h>
#include <evt/utf8.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 9110's words, for what a problem is said with; the daemon's own differ between versions. */
static const char *title_of(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {508, "Loop Detected"},
    };
    size_t i;

    for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return status < 500 ? "Request Failed" : "Server Failed";
}

void evt_reply_header(struct evt_request *req, const char *name, const char *value)
{
    evt_buf_add(&req->headers, name, strlen(name) + 1);
    evt_buf_add(&req->headers, value, strlen(value) + 1);
}

/* A value that would break the header's line is left out by the daemon. */
static void add_headers(struct MHD_Response *response, const struct evt_buf *headers)
{
    const char *at = (const char *)headers->data, *end = at + headers->len;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        (void)MHD_add_response_header(response, at, value);
        at = value + strlen(value) + 1;
    }
}

/* Once, and only by who has it: its handler, or who claimed it. The lock is held, and given back.
 */
static void answered(struct evt_request *req)
{
    EVT_BUG_ON(req->state == EVT__SUSPENDED || req->state == EVT__ANSWERED || req->stream);
    req->state = EVT__ANSWERED;
    if (req->parked)
        evt__request_wake(req);
    else
        pthread_mutex_unlock(&req->http->lock);
}

void evt_reply_cut(struct evt_request *req)
{
    pthread_mutex_lock(&req->http->lock);
    req->cut = true;
    answered(req);
}

void evt__reply_keep(struct evt_request *req, int status, const char *type,
                     struct MHD_Response *response)
{
    if (type)
        (void)MHD_add_response_header(response, "Content-Type", type);
    if (req->headers.len)
        add_headers(response, &req->headers);
    if (req->http->stopping)
        (void)MHD_add_response_header(response, "Connection", "close");
    req->response = response;
    req->status = status;
}

void evt_reply_text(struct evt_request *req, int status, const char *type, const char *text,
                    size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    EVT_BUG_ON(!response);
    pthread_mutex_lock(&req->http->lock);
    evt__reply_keep(req, status, type, response);
    answered(req);
}

static void reply_json(struct evt_request *req, int status, const char *type, struct json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    EVT_BUG_ON(!text);
    json_decref(json);
    evt_reply_text(req, status, type, text, strlen(text));
    free(text);
}

void evt_reply(struct evt_request *req, int status, struct json_t *json)
{
    if (json)
        reply_json(req, status, "application/json", json);
    else
        evt_reply_text(req, status, NULL, "", 0);
}

void evt_reply_problem(struct evt_request *req, int status, const char *fmt, ...)
{
    char detail[512];
    va_list args;
    size_t len;

    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    /* Cut within a character, perhaps. */
    for (len = strlen(detail); !evt_utf8_valid(detail, len); len--)
        ;
    reply_json(req, status, "application/problem+json",
               json_pack("{s:s, s:s, s:i, s:s%}", "type", "about:blank", "title", title_of(status),
                         "status", status, "detail", detail, len));
}

enum MHD_Result evt__reply_queue(struct evt_request *req)
{
    enum MHD_Result result =
        MHD_queue_response(req->connection, (unsigned)req->status, req->response);

    MHD_destroy_response(req->response);
    req->response = NULL;
    if (req->http->count)
        evt__count_answer(req->http->count, req);
    return result;
}

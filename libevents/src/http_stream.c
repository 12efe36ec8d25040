/* Answers that come piece by piece. The daemon asks for the next piece when the last one has gone
 * out, so a client that reads slowly is written to slowly; where there is none yet the connection
 * is suspended, as a request is that waits for its answer, with the same deadlines and the same
 * rules about who may wake it. */
#include "http_internal.h"

#include <evt/mem.h>
#include <string.h>

#define PIECE 4096 /* of the daemon's memory for a connection */

struct evt__stream {
    struct evt_buf out;
    size_t gone_out; /* of it */
    bool ended;
    void (*next)(struct evt_request *req, void *arg);
    void (*gone)(void *arg);
    void *arg;
};

static bool is_stopping(struct evt_request *req)
{
    bool stopping;

    pthread_mutex_lock(&req->http->lock);
    stopping = req->http->stopping;
    pthread_mutex_unlock(&req->http->lock);
    return stopping;
}

/* To where it has something, waits, or has ended. */
static void fill(struct evt_request *req)
{
    struct evt__stream *stream = req->stream;

    evt_buf_clear(&stream->out);
    stream->gone_out = 0;
    if (evt__request_go(req))
        return;
    if (is_stopping(req))
        stream->ended = true;
    else
        stream->next(req, stream->arg);
}

static ssize_t read_piece(void *arg, uint64_t pos, char *buf, size_t max)
{
    struct evt_request *req = arg;
    struct evt__stream *stream = req->stream;
    size_t len;

    (void)pos;
    evt__request_unpark(req);
    if (stream->gone_out == stream->out.len && !stream->ended)
        fill(req);
    len = stream->out.len - stream->gone_out;
    if (evt__request_is_parked(req)) {
        EVT_BUG_ON(len > 0); /* it would not go out before it is woken */
        return 0;
    }
    if (len == 0) {
        EVT_BUG_ON(!stream->ended); /* nobody would ask again */
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (len > max)
        len = max;
    memcpy(buf, stream->out.data + stream->gone_out, len);
    stream->gone_out += len;
    return (ssize_t)len;
}

/* Of HEAD there is only the head. */
static struct MHD_Response *response_for(struct evt_request *req)
{
    struct MHD_Response *response =
        strcmp(req->method, "HEAD") == 0
            ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
            : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_piece, req, NULL);

    EVT_BUG_ON(!response);
    return response;
}

static bool has_place(struct evt_request *req)
{
    const struct evt_http_options *opt = &req->http->opt;
    bool many;

    pthread_mutex_lock(&req->http->lock);
    many = req->http->streams >= (size_t)opt->streams_max;
    pthread_mutex_unlock(&req->http->lock);
    if (many) {
        evt_reply_header(req, "Retry-After", "5");
        evt_reply_problem(req, 503, "%d answers are being streamed already; try again later",
                          opt->streams_max);
        return false;
    }
    return evt__wait_or_refuse(req);
}

bool evt_reply_stream(struct evt_request *req, int status, const char *type,
                      void (*next)(struct evt_request *req, void *arg), void (*gone)(void *arg),
                      void *arg)
{
    struct evt_http *http = req->http;

    EVT_BUG_ON(req->state != EVT__RUNNING || req->response);
    if (!has_place(req))
        return false;
    pthread_mutex_lock(&http->lock);
    http->streams++;
    req->stream = evt_zalloc(sizeof(*req->stream));
    *req->stream = (struct evt__stream){.next = next, .gone = gone, .arg = arg};
    evt__reply_keep(req, status, type, response_for(req));
    pthread_mutex_unlock(&http->lock);
    return true;
}

void evt_stream_write(struct evt_request *req, const char *text, size_t len)
{
    evt_buf_add(&req->stream->out, text, len);
}

void evt_stream_end(struct evt_request *req)
{
    req->stream->ended = true;
}

bool evt_request_is_stream(const struct evt_request *req)
{
    return req->stream != NULL;
}

void evt__stream_free(struct evt_request *req)
{
    struct evt__stream *stream = req->stream;

    if (!stream)
        return;
    req->stream = NULL;
    if (stream->gone)
        stream->gone(stream->arg);
    evt_buf_release(&stream->out);
    evt_free(stream);
    pthread_mutex_lock(&req->http->lock);
    req->http->streams--;
    pthread_mutex_unlock(&req->http->lock);
}

/* Http's daemon: libmicrohttpd with one epoll thread of its own, which one thread beats a pool of
 * on few cores. It calls `access` for a request at least twice: with its headers, with each piece
 * of its body, and at its end; and once more whenever it was suspended and resumed. */
#include "http_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Of a connection: the daemon keeps the headers in it, as text and as a table, and answers what
 * does not fit by itself, with a bare page; so what we refuse in our words is well below. */
#define CONNECTION_MEMORY (4 * EVT_HTTP_HEADERS_MAX)
/* A body that is too large is read and dropped to its end, so that the client gets to see the
 * answer; one that does not end soon is cut off. */
#define BODY_DROPPED_MAX  (1024 * 1024)
#define STOP_MS           2000 /* for answers on their way to their clients */

static struct evt_request *request_new(struct evt_http *http, const char *target,
                                       struct MHD_Connection *connection)
{
    struct evt_request *req = evt_zalloc(sizeof(*req));

    req->http = http;
    req->connection = connection;
    req->refs = 1;
    req->target = evt_strdup(target);
    return req;
}

/* The request line was read. Libmicrohttpd would keep each parameter of the query in the
 * connection's small memory, and say nothing more when that is full; the query is read by us, so in
 * its own buffer, which this is, it is empty from here on. */
static void *log_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct evt_request *req = request_new(arg, target, connection);
    char *query = strchr((char *)target, '?');

    if (query && query[1])
        query[1] = '\0';
    return req;
}

static size_t header_size(const struct evt_request *req)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : 0;
}

static void refuse_body(struct evt_request *req)
{
    evt_reply_problem(req, 413, "the body is larger than %zu bytes", req->http->opt.body_max);
}

/* The headers were read: what is wrong with them is answered at once, which also closes the
 * connection, as a body may follow. */
static void begin(struct evt_request *req, const char *method)
{
    struct evt_http *http = req->http;
    const char *length = evt_request_header(req, "Content-Length");

    req->begun = true;
    req->begun_us = evt_clock_us();
    req->method = evt_strdup(method);
    pthread_mutex_lock(&http->lock);
    http->open++;
    pthread_mutex_unlock(&http->lock);
    if (http->count)
        evt__count_begin(http->count);
    if (header_size(req) > EVT_HTTP_HEADERS_MAX) {
        evt_reply_header(req, "Connection", "close");
        evt_reply_problem(req, 431, "request line and headers are larger than %d bytes",
                          EVT_HTTP_HEADERS_MAX);
    } else if (length && strtoull(length, NULL, 10) > http->opt.body_max) {
        evt_reply_header(req, "Connection", "close");
        refuse_body(req);
    }
}

static bool take_body(struct evt_request *req, const char *data, size_t len)
{
    size_t max = req->http->opt.body_max;

    req->body_seen += len;
    if (req->body_seen <= max)
        evt_buf_add(&req->body, data, len);
    else
        evt_buf_release(&req->body);
    return req->body_seen <= max + BODY_DROPPED_MAX;
}

/* The whole request was read. */
static void dispatch(struct evt_request *req)
{
    bool stopping;

    req->dispatched = true;
    evt__arrival_came(req);
    pthread_mutex_lock(&req->http->lock);
    stopping = req->http->stopping;
    pthread_mutex_unlock(&req->http->lock);
    if (stopping) {
        evt_reply_header(req, "Retry-After", "1");
        evt_reply_problem(req, 503, "this process is stopping; try again");
    } else if (req->body_seen > req->http->opt.body_max) {
        refuse_body(req);
    } else if (evt__target_read(req) && evt__route_find(req)) {
        req->route->fn(req);
    }
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_len, void **request)
{
    struct evt_request *req = *request;

    (void)arg;
    (void)connection;
    (void)url;
    (void)version;
    if (!req->begun) {
        begin(req, method);
        return req->response ? evt__reply_queue(req) : MHD_YES;
    }
    if (*data_len > 0) {
        bool more = take_body(req, data, *data_len);

        *data_len = 0;
        return more ? MHD_YES : MHD_NO;
    }
    evt__request_unpark(req);
    if (!req->response && !req->cut && !evt__request_go(req) && !req->dispatched)
        dispatch(req);
    if (evt__request_is_parked(req))
        return MHD_YES;
    if (req->cut)
        return MHD_NO; /* to which the daemon closes the connection */
    if (!req->response)
        evt_reply_problem(req, 500, "the handler of %s gave no answer", req->route->path);
    return evt__reply_queue(req);
}

static void completed(void *arg, struct MHD_Connection *connection, void **request,
                      enum MHD_RequestTerminationCode how)
{
    struct evt_http *http = arg;
    struct evt_request *req = *request;

    (void)connection;
    (void)how;
    *request = NULL;
    if (!req)
        return;
    evt__request_over(req);
    if (req->response) {
        MHD_destroy_response(req->response);
        req->response = NULL;
    }
    evt__stream_free(req);
    evt__wait_end(req);
    if (req->begun) {
        evt__arrival_again(req);
        if (http->count)
            evt__count_end(http->count);
        pthread_mutex_lock(&http->lock);
        http->open--;
        pthread_cond_signal(&http->fewer);
        pthread_mutex_unlock(&http->lock);
    }
    evt_request_drop(req);
}

static struct MHD_Daemon *start_daemon(struct evt_http *http)
{
    const struct evt_http_options *opt = &http->opt;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, http->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, opt->connections_max + opt->waits_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, opt->idle_timeout_s, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)evt__arrival_notify, http},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, http},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)log_target, http},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_Daemon *daemon;
    sigset_t all, before;

    /* Signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0,
                              evt__client_may_come, http, handle, http, MHD_OPTION_ARRAY, items,
                              MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

enum evt_err evt_http_start(const struct evt_http_options *opt, struct evt_http **ret_http,
                            struct evt_error *err)
{
    struct evt_http *http = evt_zalloc(sizeof(*http));
    enum evt_err rc;

    http->opt = *opt;
    http->opt.body_max = opt->body_max ? opt->body_max : EVT_HTTP_BODY_MAX;
    http->opt.connections_max =
        opt->connections_max ? opt->connections_max : EVT_HTTP_CONNECTIONS_MAX;
    http->opt.per_client_max = opt->per_client_max ? opt->per_client_max : EVT_HTTP_PER_CLIENT_MAX;
    http->opt.idle_timeout_s = opt->idle_timeout_s ? opt->idle_timeout_s : 30;
    http->opt.arrival_timeout_s = opt->arrival_timeout_s ? opt->arrival_timeout_s : 60;
    http->opt.waits_max = opt->waits_max ? opt->waits_max : EVT_HTTP_WAITS_MAX;
    http->opt.per_client_waits_max =
        opt->per_client_waits_max ? opt->per_client_waits_max : http->opt.waits_max / 2;
    http->opt.streams_max = opt->streams_max ? opt->streams_max : 1024;
    rc =
        evt__http_listen(opt->address, &http->listen_fd, http->address, sizeof(http->address), err);
    if (rc != EVT_OK) {
        evt_free(http);
        return rc;
    }
    if (opt->metrics)
        http->count = evt__count_new(opt->metrics, opt->routes);
    rc = evt__http_clock_start(http, err);
    if (rc == EVT_OK && !(http->daemon = start_daemon(http)))
        rc = evt_fail(err, EVT_E_IO, "cannot serve HTTP on %s: too few threads, files or memory",
                      http->address);
    if (rc != EVT_OK) {
        close(http->listen_fd);
        evt__http_clock_stop(http);
        evt__count_free(http->count);
        evt_free(http);
        return rc;
    }
    *ret_http = http;
    return EVT_OK;
}

const char *evt_http_address(const struct evt_http *http)
{
    return http->address;
}

/* Whoever claimed a request answers it, so that wait has no end of its own; that for slow clients
 * has. */
static void drain(struct evt_http *http)
{
    int64_t until_ms = evt_clock_ms() + STOP_MS;
    struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

    pthread_mutex_lock(&http->lock);
    http->stopping = true;
    pthread_cond_signal(&http->sooner);
    while (http->parked || http->waking)
        pthread_cond_wait(&http->fewer, &http->lock);
    while (http->open && pthread_cond_timedwait(&http->fewer, &http->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&http->lock);
}

void evt_http_stop(struct evt_http *http)
{
    int fd;

    if (!http)
        return;
    fd = MHD_quiesce_daemon(http->daemon);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    drain(http);
    MHD_stop_daemon(http->daemon);
    if (fd >= 0)
        close(fd); /* not before: the daemon's thread may have looked at it */
    evt__http_clock_stop(http);
    evt__count_free(http->count);
    evt_free(http);
}

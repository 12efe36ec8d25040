/* Http: a service's HTTP side: routes as a table, JSON in and out, errors as problem+json.
 *
 * One epoll thread serves all connections and must never block: a handler answers at once, or
 * suspends its request and answers it later, from any thread. A suspended request has a deadline.
 * Bodies and headers are bounded, every refusal is a problem with a title and a detail. */
#ifndef EVT_HTTP_H
#define EVT_HTTP_H

#include <evt/buf.h>
#include <evt/err.h>
#include <evt/metric.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evt_http;
struct evt_request;
struct json_t;

#define EVT_HTTP_BODY_MAX        (64 * 1024)
#define EVT_HTTP_HEADERS_MAX     (16 * 1024)
/* Connections beside those of which a request waits, and of one address; and how many may wait. */
#define EVT_HTTP_CONNECTIONS_MAX 1024
#define EVT_HTTP_PER_CLIENT_MAX  256
#define EVT_HTTP_WAITS_MAX       4096

/* The first that fits is taken. HEAD is answered as GET is, without the body. */
struct evt_route {
    const char *method; /* "GET" */
    const char *path;   /* "/v1/products/{sku}"; a {value} is a whole segment, never empty */
    void (*fn)(struct evt_request *req);
    const char *summary; /* one line, for describe */
    void *arg;           /* evt_request_arg of this route; NULL: the options' */
};

struct evt_http_options {
    const char *address;            /* "127.0.0.1:8081", "[::1]:0"; port 0: any free one */
    const struct evt_route *routes; /* ends with {0} */
    void *arg;                      /* evt_request_arg; for a service's routes its evt_edge */
    struct evt_metrics *metrics;    /* requests are counted and timed here; NULL: not */
    size_t body_max;                /* 0: EVT_HTTP_BODY_MAX */
    /* Connections; of what waits there may be so many more. 0: EVT_HTTP_CONNECTIONS_MAX */
    int connections_max;
    int per_client_max; /* from one address, those that wait left out; 0: EVT_HTTP_PER_CLIENT_MAX */
    int waits_max;      /* requests that wait (evt_request_wait, streams); 0: EVT_HTTP_WAITS_MAX */
    int per_client_waits_max; /* of one address; 0: half of these */
    int idle_timeout_s;       /* without a byte; 0: 30 */
    int arrival_timeout_s;    /* for a whole request to come, however slowly; 0: 60 */
    int streams_max;          /* answers at a time that come piece by piece; 0: 1024 */
};
EVT_MUST_USE enum evt_err evt_http_start(const struct evt_http_options *opt,
                                         struct evt_http **ret_http, struct evt_error *err);
const char *evt_http_address(const struct evt_http *http); /* with the real port */
/* Takes no new connections, answers what is suspended as if its deadline had come, stops and frees.
 * What was claimed must be answered by its claimer. NULL is fine. */
void evt_http_stop(struct evt_http *http);

/* The request; all memory is its own until it is answered, and nothing but hold and drop is called
 * afterwards. Values and parameters are percent-decoded UTF-8 without NUL, or it was refused. */
void *evt_request_arg(const struct evt_request *req);
const char *evt_request_method(const struct evt_request *req);
const char *evt_request_path(const struct evt_request *req);
const struct evt_route *evt_request_route(const struct evt_request *req);
const char *evt_request_value(const struct evt_request *req, const char *name); /* {sku}, decoded */
const char *evt_request_query(const struct evt_request *req, const char *name); /* NULL: none */
const char *evt_request_header(const struct evt_request *req, const char *name);
const char *evt_request_target(const struct evt_request *req); /* path and query as they came */
/* The body as it came; and as a JSON object of the request's: NULL was answered with a problem. */
const char *evt_request_body(const struct evt_request *req, size_t *ret_len);
struct json_t *evt_request_json(struct evt_request *req);

/* Answers, once. `evt_reply` takes any JSON value's reference. */
void evt_reply_header(struct evt_request *req, const char *name, const char *value);
void evt_reply(struct evt_request *req, int status, struct json_t *json);
void evt_reply_text(struct evt_request *req, int status, const char *type, const char *text,
                    size_t len);
/* RFC 9457: type about:blank, title from the status, this detail. Headers stay. */
void evt_reply_problem(struct evt_request *req, int status, const char *fmt, ...) EVT_PRINTF(3, 4);
/* Closes the connection instead of answering, for a stand-in of what fails. It counts as begun and
 * ended, and not among the answers. */
void evt_reply_cut(struct evt_request *req);

/* An answer that comes piece by piece, on the HTTP thread. `next` is called whenever all that was
 * written has gone out. It does one of three: it writes, it suspends the request (`late` then
 * writes or ends), or it ends the answer. In a stop it is not called any more. `gone` (may be NULL)
 * is told when it is over, by our will or the client's. False: there are too many already, and it
 * was answered with a problem. */
bool evt_reply_stream(struct evt_request *req, int status, const char *type,
                      void (*next)(struct evt_request *req, void *arg), void (*gone)(void *arg),
                      void *arg);
void evt_stream_write(struct evt_request *req, const char *text, size_t len);
void evt_stream_end(struct evt_request *req);
bool evt_request_is_stream(const struct evt_request *req);

/* To be answered later, from any thread, by the functions above; suspend first, then start what
 * will answer. When the deadline passes first, `late` answers it, on the HTTP thread (NULL: 503);
 * whoever comes afterwards finds it answered and must not touch it: evt_request_claim tells,
 * exactly once, who may answer. It may be suspended again by whoever has it on the HTTP thread. */
void evt_request_suspend(struct evt_request *req, int64_t wait_ms,
                         void (*late)(struct evt_request *req, void *arg), void *arg);
bool evt_request_claim(struct evt_request *req);
/* On the HTTP thread: its client asked to wait, for longer than any work takes. From now to its end
 * it counts among those that wait, and not among its client's connections. False: too many do. What
 * waits already may be told again; streams do by themselves. */
bool evt_request_wait(struct evt_request *req);
/* Who claimed it leaves the rest to `fn`, on the HTTP thread. */
void evt_request_resume(struct evt_request *req, void (*fn)(struct evt_request *req, void *arg),
                        void *arg);
void evt_request_hold(struct evt_request *req); /* one more who knows it */
void evt_request_drop(struct evt_request *req);

#endif

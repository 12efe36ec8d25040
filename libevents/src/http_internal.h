/* The parts of the HTTP side, as they see each other.
 *
 *   http.c           the daemon: connections, a request's life, start and stop
 *   http_listen.c    an address as text, and the socket that listens there
 *   http_target.c    path and query, percent-decoded
 *   http_route.c     which route a path is, and what the others allow
 *   http_request.c   what a handler may ask about its request
 *   http_body.c      what its JSON says, field by field
 *   http_reply.c     answers and problems
 *   http_stream.c    answers that come piece by piece
 *   http_suspend.c   who waits, until when, and who may answer it
 *   http_arrival.c   connections that are too slow
 *   http_clients.c   connections by address, and which of them wait
 *   http_count.c     metrics */
#ifndef EVT_HTTP_INTERNAL_H
#define EVT_HTTP_INTERNAL_H

#include <evt/http.h>

#include <microhttpd.h>
#include <pthread.h>

#define EVT__PAIRS_MAX 16 /* values of a path; parameters of a query */

/* Decoded texts by name, which lie in one piece of memory. */
struct evt__pair {
    const char *name, *value;
};
struct evt__pairs {
    struct evt__pair items[EVT__PAIRS_MAX];
    size_t n;
};

/* A connection of which a whole request is awaited; in the order of their deadlines. */
struct evt__arrival {
    struct evt__arrival *prev, *next;
    bool awaited;
    int fd;
    int64_t deadline_ms;
    struct evt__client *client; /* whose connection it is */
};

/* For one more that waits. */
enum evt__place { EVT__PLACE_IS_FREE, EVT__PLACE_NONE, EVT__PLACE_NONE_OF_CLIENT };
#define EVT__CLIENT_BUCKETS 256

/* Who has a request: its handler, nobody, one who may answer it, or the daemon that sends it. */
enum evt__state { EVT__RUNNING, EVT__SUSPENDED, EVT__CLAIMED, EVT__ANSWERED };

struct evt_request {
    struct evt_http *http;
    struct MHD_Connection *connection;
    int refs;
    char *method;
    char *target;                  /* as it came */
    size_t path_len;               /* of the path in it */
    char *memory, *memory_at;      /* of all that is decoded, and how far it is used */
    const char *path;              /* decoded, for people; what is matched are its segments */
    const struct evt_route *route; /* NULL before it is found, and when there is none */
    struct evt__pairs values, query;
    struct evt_buf body;
    size_t body_seen;
    struct json_t *json;
    int64_t begun_us;
    bool begun;      /* its headers were read */
    bool dispatched; /* its handler was called, or it was refused */
    bool over;       /* its client has gone */
    /* Under the lock of `http`. */
    enum evt__state state;
    bool parked; /* suspended in the daemon, and not called again yet */
    bool waits;  /* counted as one that its client asked to wait */
    size_t heap_at;
    int64_t deadline_ms;
    void (*late)(struct evt_request *req, void *arg);
    void *late_arg;
    void (*go)(struct evt_request *req, void *arg); /* to be called on the HTTP thread */
    void *go_arg;
    /* The answer. */
    struct evt_buf headers; /* name NUL value NUL … */
    struct MHD_Response *response;
    int status;
    bool cut;                   /* none: the connection is closed */
    struct evt__stream *stream; /* NULL: it comes as a whole */
};

struct evt__client;
struct evt__count;
struct evt__stream;

struct evt_http {
    struct evt_http_options opt;
    struct MHD_Daemon *daemon;
    int listen_fd;
    char address[64];
    struct evt__count *count; /* NULL: not counted */
    pthread_mutex_t lock;
    pthread_cond_t sooner; /* for the deadlines' thread: something is due before it thinks */
    pthread_cond_t fewer;  /* for the stop: one request less */
    pthread_t clock;
    bool clock_runs;
    struct evt_request **heap; /* of the suspended, by deadline */
    size_t heap_n, heap_cap;
    struct evt__arrival *first, *last; /* of the awaited */
    size_t open;                       /* requests not yet sent */
    size_t parked;                     /* of these in the daemon's suspension */
    size_t waking;                     /* threads that are calling the daemon about one */
    size_t streams;
    struct evt__client *clients[EVT__CLIENT_BUCKETS]; /* that have a connection */
    int waits;                                        /* requests that wait */
    bool stopping, stopped;
};

EVT_MUST_USE enum evt_err evt__http_listen(const char *address, int *ret_fd, char *ret_real,
                                           size_t size, struct evt_error *err);

/* Writes `len` bytes decoded and a NUL at `*at` and moves it; false: not percent-encoded UTF-8, or
 * a NUL in it. Decoded is never longer than encoded. */
bool evt__percent_decode(const char *text, size_t len, bool plus_is_space, char **at);
/* Path and query out of `target`; false: the request was answered. */
bool evt__target_read(struct evt_request *req);
/* The route, and the values that it names in the path; false: the request was answered. */
bool evt__route_find(struct evt_request *req);

EVT_MUST_USE enum evt_err evt__http_clock_start(struct evt_http *http, struct evt_error *err);
void evt__http_clock_stop(struct evt_http *http);
/* A thread that leaves all signals to the main one. */
int evt__http_thread(pthread_t *ret_thread, void *(*fn)(void *arg), void *arg);
/* The daemon calls a parked request only when it was resumed. */
void evt__request_unpark(struct evt_request *req);
bool evt__request_is_parked(struct evt_request *req);
/* Does what it was resumed for; false: nothing. */
bool evt__request_go(struct evt_request *req);
/* Its client has gone, perhaps before it was called again: who was to go on does, for the sake of
 * what it holds. Nobody hears what it says, and nothing waits any more. */
void evt__request_over(struct evt_request *req);
/* Has the daemon call a parked request again. The lock is held, and given back. */
void evt__request_wake(struct evt_request *req);

/* http_clients.c. May one more connection come from there? Then it is its client's until it ends;
 * the lock is held for these two. */
enum MHD_Result evt__client_may_come(void *http, const struct sockaddr *from, socklen_t len);
struct evt__client *evt__client_add(struct evt_http *http, struct MHD_Connection *connection);
void evt__client_remove(struct evt_http *http, struct evt__client *client);
/* Until the request is over. On the HTTP thread; again is fine. */
enum evt__place evt__wait_begin(struct evt_request *req);
bool evt__wait_or_refuse(struct evt_request *req); /* false: it was answered */
void evt__wait_end(struct evt_request *req);

struct evt__arrival *evt__arrival_of(const struct evt_request *req);
/* http_arrival.c. A whole request came on its connection; its answer was sent, and another one may
 * come. */
void evt__arrival_notify(void *http, struct MHD_Connection *connection, void **context,
                         enum MHD_ConnectionNotificationCode code);
void evt__arrival_came(struct evt_request *req);
void evt__arrival_again(struct evt_request *req);
/* Cuts off who is too slow, and returns when the next one will be; INT64_MAX: nobody. Locked. */
int64_t evt__arrival_cut(struct evt_http *http, int64_t now_ms);

enum MHD_Result evt__reply_queue(struct evt_request *req); /* on the HTTP thread */
/* The answer, with all headers that it has been given, and the one that ends a connection in a
 * stop. The lock is held. */
void evt__reply_keep(struct evt_request *req, int status, const char *type,
                     struct MHD_Response *response);
void evt__stream_free(struct evt_request *req); /* its request is over */

struct evt__count *evt__count_new(struct evt_metrics *metrics, const struct evt_route *routes);
void evt__count_free(struct evt__count *count); /* NULL is fine */
void evt__count_begin(struct evt__count *count);
void evt__count_end(struct evt__count *count);
void evt__count_waits(struct evt__count *count, int waits, bool refused);
void evt__count_answer(struct evt__count *count, const struct evt_request *req);

#endif

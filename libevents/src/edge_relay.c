/* Relay: requests of ours to other processes, by libcurl on a thread of its own, because nothing
 * may block on the HTTP thread.
 *
 * An errand belongs to two: its transfer, and its request's deadline. Whichever claims the request
 * answers it. A transfer whose request is gone ends by its own timeout and is dropped. */
#include "edge_internal.h"
#include "http_internal.h"

#include <curl/curl.h>
#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS   1000
#define AFTER_MS     5000
#define BODY_MAX     (4 * 1024 * 1024)
/* Connections to one process: of those that wait there so many, and beside them so many; further
 * errands wait for one. There a client may have EVT_HTTP_PER_CLIENT_MAX beside those that wait. */
#define LINGER_MAX   1024
#define PER_HOST_MAX (LINGER_MAX + 192L)
#define IDLE_MS      60000

struct errand {
    struct errand *next; /* not begun yet; then, running */
    int owners;          /* under the relay's lock */
    struct evt__relay *relay;
    struct evt_request *req; /* under the relay's lock; NULL: answered */
    CURL *easy;
    bool lingers;
    struct curl_slist *headers;
    struct evt__outcome outcome;
    char why[CURL_ERROR_SIZE];
    void (*done)(struct evt_request *req, void *arg, const struct evt__outcome *outcome);
    void (*gone)(void *arg);
    void *arg;
};

struct evt__relay {
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock;
    struct errand *fresh;   /* to be begun; under the lock */
    struct errand *running; /* the thread's */
    size_t lingering;       /* under the lock */
    bool stop;
};

static void errand_free(struct errand *errand)
{
    curl_easy_cleanup(errand->easy);
    curl_slist_free_all(errand->headers);
    evt_buf_release(&errand->outcome.headers);
    evt_buf_release(&errand->outcome.body);
    evt_free(errand);
}

static void release(struct errand *errand)
{
    struct evt__relay *relay = errand->relay;
    bool last;

    pthread_mutex_lock(&relay->lock);
    last = --errand->owners == 0;
    if (!last)
        errand->req = NULL; /* answered: it may be gone */
    pthread_mutex_unlock(&relay->lock);
    if (last)
        errand_free(errand);
}

/* On the HTTP thread; the request is the transfer's. */
static void deliver(struct evt_request *req, void *arg)
{
    struct errand *errand = arg;

    errand->done(req, errand->arg, &errand->outcome);
    errand_free(errand);
}

/* A client that is streamed to comes again by itself. */
static void give_up(struct evt_request *req, int status, const char *words)
{
    if (evt_request_is_stream(req))
        evt_stream_end(req);
    else
        evt__reply_later(req, status, "%s", words);
}

static void late(struct evt_request *req, void *arg)
{
    struct errand *errand = arg;

    if (errand->gone)
        errand->gone(errand->arg);
    release(errand);
    give_up(req, 504, "the process that owns the shard gave no answer in time; try again");
}

/* What a client should see of the owner's headers. */
static size_t take_header(char *text, size_t size, size_t n, void *arg)
{
    static const char *const names[] = {"Content-Type", "Location", "Retry-After", "Link",
                                        "ETag",         "Allow",    "Accept"};
    struct evt_buf *headers = &((struct errand *)arg)->outcome.headers;
    const char *colon = memchr(text, ':', size * n), *end = text + size * n;
    size_t i;

    if (size * n > 5 && memcmp(text, "HTTP/", 5) == 0)
        evt_buf_clear(headers); /* of another answer, "100 Continue" */
    for (i = 0; colon && i < sizeof(names) / sizeof(names[0]); i++) {
        if ((size_t)(colon - text) != strlen(names[i]) ||
            strncasecmp(text, names[i], (size_t)(colon - text)) != 0)
            continue;
        for (colon++; colon < end && *colon == ' '; colon++)
            ;
        while (end > colon && strchr("\r\n ", end[-1]))
            end--;
        evt_buf_add(headers, names[i], strlen(names[i]) + 1);
        evt_buf_add(headers, colon, (size_t)(end - colon));
        evt_buf_add_byte(headers, '\0');
        break;
    }
    return size * n;
}

static size_t take_body(char *text, size_t size, size_t n, void *arg)
{
    struct evt_buf *body = &((struct errand *)arg)->outcome.body;

    if (body->len + size * n > BODY_MAX)
        return 0;
    evt_buf_add(body, text, size * n);
    return size * n;
}

static void add_header(struct errand *errand, const char *line)
{
    struct curl_slist *list = curl_slist_append(errand->headers, line);

    EVT_BUG_ON(!list);
    errand->headers = list;
}

static void set_body(CURL *easy, const struct evt__errand *what)
{
    if (strcmp(what->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (strcmp(what->method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)what->body_len);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, what->body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what->method);
}

static void prepare(struct errand *errand, const struct evt__errand *what)
{
    CURL *easy = errand->easy;
    struct evt_buf url = {0};
    size_t i;

    evt_buf_printf(&url, "%s%s", what->base, what->target);
    curl_easy_setopt(easy, CURLOPT_URL, evt_buf_text(&url));
    evt_buf_release(&url);
    set_body(easy, what);
    for (i = 0; what->headers[i]; i++)
        add_header(errand, what->headers[i]);
    add_header(errand, EVT__HOP ": 1");
    add_header(errand, "Expect:"); /* bodies are small: no round trip to ask */
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, errand->headers);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    /* The request's own deadline comes first, and gives the answer. */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)what->wait_ms + AFTER_MS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, errand->why);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, errand);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, errand);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, errand);
}

static bool linger(struct evt__relay *relay)
{
    bool may;

    pthread_mutex_lock(&relay->lock);
    may = relay->lingering < LINGER_MAX;
    relay->lingering += may;
    pthread_mutex_unlock(&relay->lock);
    return may;
}

void evt__relay_run(struct evt__relay *relay, struct evt_request *req,
                    const struct evt__errand *what,
                    void (*done)(struct evt_request *req, void *arg,
                                 const struct evt__outcome *outcome),
                    void (*gone)(void *arg), void *arg)
{
    struct errand *errand;

    if (what->lingers && (!evt_request_wait(req) || !linger(relay))) {
        if (gone)
            gone(arg);
        give_up(req, 503, "too many requests wait for the process that owns the shard; try again");
        return;
    }
    errand = evt_zalloc(sizeof(*errand));
    errand->lingers = what->lingers;
    errand->owners = 2;
    errand->relay = relay;
    errand->req = req;
    errand->done = done;
    errand->gone = gone;
    errand->arg = arg;
    errand->easy = curl_easy_init();
    EVT_BUG_ON(!errand->easy);
    prepare(errand, what);
    evt_request_suspend(req, what->wait_ms, late, errand);
    pthread_mutex_lock(&relay->lock);
    errand->next = relay->fresh;
    relay->fresh = errand;
    pthread_mutex_unlock(&relay->lock);
    curl_multi_wakeup(relay->multi);
}

static void note_outcome(struct errand *errand, CURLcode code)
{
    struct evt__outcome *outcome = &errand->outcome;
    long status = 0;

    if (code == CURLE_OK) {
        curl_easy_getinfo(errand->easy, CURLINFO_RESPONSE_CODE, &status);
        outcome->status = (int)status;
        return;
    }
    outcome->unreachable = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
    outcome->why = errand->why[0] ? errand->why : curl_easy_strerror(code);
}

static void forget(struct evt__relay *relay, struct errand *errand)
{
    struct errand **at = &relay->running;

    while (*at != errand)
        at = &(*at)->next;
    *at = errand->next;
    curl_multi_remove_handle(relay->multi, errand->easy);
}

static void end_errand(struct evt__relay *relay, struct errand *errand, CURLcode code)
{
    bool mine;

    forget(relay, errand);
    note_outcome(errand, code);
    pthread_mutex_lock(&relay->lock);
    relay->lingering -= errand->lingers;
    mine = errand->req && evt_request_claim(errand->req);
    pthread_mutex_unlock(&relay->lock);
    if (mine)
        evt_request_resume(errand->req, deliver, errand);
    else
        release(errand);
}

static void begin_fresh(struct evt__relay *relay)
{
    struct errand *errand, *next;

    pthread_mutex_lock(&relay->lock);
    errand = relay->fresh;
    relay->fresh = NULL;
    pthread_mutex_unlock(&relay->lock);
    for (; errand; errand = next) {
        next = errand->next;
        errand->next = relay->running;
        relay->running = errand;
        EVT_BUG_ON(curl_multi_add_handle(relay->multi, errand->easy) != CURLM_OK);
    }
}

static bool stopping(struct evt__relay *relay)
{
    bool stop;

    pthread_mutex_lock(&relay->lock);
    stop = relay->stop;
    pthread_mutex_unlock(&relay->lock);
    return stop;
}

static void *serve(void *arg)
{
    struct evt__relay *relay = arg;
    struct errand *errand;
    CURLMsg *msg;
    int left;

    while (!stopping(relay)) {
        begin_fresh(relay);
        curl_multi_perform(relay->multi, &left);
        while ((msg = curl_multi_info_read(relay->multi, &left))) {
            CURLcode code = msg->data.result;

            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &errand);
            end_errand(relay, errand, code);
        }
        curl_multi_poll(relay->multi, NULL, 0, IDLE_MS, NULL);
    }
    return NULL;
}

enum evt_err evt__relay_new(struct evt__relay **ret_relay, struct evt_error *err)
{
    struct evt__relay *relay = evt_zalloc(sizeof(*relay));
    int rc;

    EVT_BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
    relay->multi = curl_multi_init();
    EVT_BUG_ON(!relay->multi);
    curl_multi_setopt(relay->multi, CURLMOPT_MAX_HOST_CONNECTIONS, PER_HOST_MAX);
    pthread_mutex_init(&relay->lock, NULL);
    rc = evt__http_thread(&relay->thread, serve, relay);
    if (rc != 0) {
        curl_multi_cleanup(relay->multi);
        pthread_mutex_destroy(&relay->lock);
        evt_free(relay);
        return evt_fail(err, EVT_E_NOMEM, "cannot start a thread: %s", strerrordesc_np(rc));
    }
    *ret_relay = relay;
    return EVT_OK;
}

/* Requests are answered by now, so what is left is nobody's. */
void evt__relay_free(struct evt__relay *relay)
{
    struct errand *errand;

    if (!relay)
        return;
    pthread_mutex_lock(&relay->lock);
    relay->stop = true;
    pthread_mutex_unlock(&relay->lock);
    curl_multi_wakeup(relay->multi);
    pthread_join(relay->thread, NULL);
    begin_fresh(relay);
    while ((errand = relay->running)) {
        forget(relay, errand);
        release(errand);
    }
    curl_multi_cleanup(relay->multi);
    curl_global_cleanup();
    pthread_mutex_destroy(&relay->lock);
    evt_free(relay);
}

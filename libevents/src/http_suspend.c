/* Who waits, until when, and who may answer it.
 *
 * A suspended connection never times out in the daemon, so the deadlines are ours: a heap, and a
 * thread that sleeps until the first of them. Whoever claims a request (a deadline does, too)
 * either answers it or has a function called for it on the HTTP thread. */
#include "http_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <signal.h>
#include <string.h>

static void put(struct evt_http *http, size_t at, struct evt_request *req)
{
    http->heap[at] = req;
    req->heap_at = at;
}

/* Moves what is at `at` to where it belongs. */
static void settle(struct evt_http *http, size_t at)
{
    struct evt_request *req = http->heap[at];
    size_t child;

    for (; at > 0 && http->heap[(at - 1) / 2]->deadline_ms > req->deadline_ms; at = (at - 1) / 2)
        put(http, at, http->heap[(at - 1) / 2]);
    for (; (child = 2 * at + 1) < http->heap_n; at = child) {
        if (child + 1 < http->heap_n &&
            http->heap[child + 1]->deadline_ms < http->heap[child]->deadline_ms)
            child++;
        if (http->heap[child]->deadline_ms >= req->deadline_ms)
            break;
        put(http, at, http->heap[child]);
    }
    put(http, at, req);
}

/* No larger than the daemon's connections. */
static void heap_add(struct evt_http *http, struct evt_request *req)
{
    if (http->heap_n == http->heap_cap) {
        http->heap_cap = http->heap_cap ? 2 * http->heap_cap : 64;
        http->heap = evt_realloc(http->heap, http->heap_cap * sizeof(http->heap[0]));
    }
    put(http, http->heap_n++, req);
    settle(http, http->heap_n - 1);
}

static void heap_remove(struct evt_http *http, struct evt_request *req)
{
    size_t at = req->heap_at;

    EVT_BUG_ON(http->heap[at] != req);
    http->heap_n--;
    if (at < http->heap_n) {
        put(http, at, http->heap[http->heap_n]);
        settle(http, at);
    }
}

static void run_late(struct evt_request *req, void *arg)
{
    (void)arg;
    if (req->late)
        req->late(req, req->late_arg);
    else
        evt_reply_problem(req, 503, "no answer came in time; try again");
}

static void park(struct evt_request *req, int64_t deadline_ms)
{
    struct evt_http *http = req->http;

    MHD_suspend_connection(req->connection);
    pthread_mutex_lock(&http->lock);
    req->state = EVT__SUSPENDED;
    req->parked = true;
    http->parked++;
    req->deadline_ms = deadline_ms;
    heap_add(http, req);
    if (http->heap[0] == req || http->stopping)
        pthread_cond_signal(&http->sooner);
    pthread_mutex_unlock(&http->lock);
}

void evt_request_suspend(struct evt_request *req, int64_t wait_ms,
                         void (*late)(struct evt_request *req, void *arg), void *arg)
{
    EVT_BUG_ON(req->state != EVT__RUNNING || (req->stream && !late));
    req->late = late;
    req->late_arg = arg;
    if (req->over)
        req->go = run_late;
    else
        park(req, evt_clock_ms() + wait_ms);
}

bool evt_request_claim(struct evt_request *req)
{
    struct evt_http *http = req->http;
    bool mine;

    pthread_mutex_lock(&http->lock);
    mine = req->state == EVT__SUSPENDED;
    if (mine) {
        req->state = EVT__CLAIMED;
        heap_remove(http, req);
    }
    pthread_mutex_unlock(&http->lock);
    return mine;
}

void evt__request_unpark(struct evt_request *req)
{
    struct evt_http *http = req->http;

    pthread_mutex_lock(&http->lock);
    if (req->parked) {
        req->parked = false;
        http->parked--;
        if (req->state == EVT__CLAIMED) /* and left to us */
            req->state = EVT__RUNNING;
        pthread_cond_signal(&http->fewer);
    }
    pthread_mutex_unlock(&http->lock);
}

bool evt__request_is_parked(struct evt_request *req)
{
    bool parked;

    pthread_mutex_lock(&req->http->lock);
    parked = req->parked;
    pthread_mutex_unlock(&req->http->lock);
    return parked;
}

bool evt__request_go(struct evt_request *req)
{
    void (*go)(struct evt_request * req, void *arg) = req->go;

    req->go = NULL;
    if (go)
        go(req, req->go_arg);
    return go != NULL;
}

void evt__request_over(struct evt_request *req)
{
    req->over = true;
    evt__request_unpark(req);
    while (evt__request_go(req))
        ;
}

/* From here on the request is the HTTP thread's and may be gone at once; the daemon stays until we
 * have left it. */
void evt__request_wake(struct evt_request *req)
{
    struct evt_http *http = req->http;

    http->waking++;
    pthread_mutex_unlock(&http->lock);
    MHD_resume_connection(req->connection);
    pthread_mutex_lock(&http->lock);
    http->waking--;
    pthread_cond_signal(&http->fewer);
    pthread_mutex_unlock(&http->lock);
}

void evt_request_resume(struct evt_request *req, void (*fn)(struct evt_request *req, void *arg),
                        void *arg)
{
    EVT_BUG_ON(req->state != EVT__CLAIMED || req->go);
    req->go = fn;
    req->go_arg = arg;
    pthread_mutex_lock(&req->http->lock);
    evt__request_wake(req);
}

/* The first whose deadline has come, claimed; in a stop, all have. */
static struct evt_request *take_due(struct evt_http *http)
{
    struct evt_request *req = http->heap_n ? http->heap[0] : NULL;

    if (!req || (!http->stopping && req->deadline_ms > evt_clock_ms()))
        return NULL;
    heap_remove(http, req);
    req->state = EVT__CLAIMED;
    return req;
}

static void sleep_until_due(struct evt_http *http)
{
    int64_t until_ms = evt__arrival_cut(http, evt_clock_ms());
    struct timespec until;

    if (http->heap_n && http->heap[0]->deadline_ms < until_ms)
        until_ms = http->heap[0]->deadline_ms;
    if (until_ms == INT64_MAX) {
        pthread_cond_wait(&http->sooner, &http->lock);
        return;
    }
    until.tv_sec = until_ms / 1000;
    until.tv_nsec = until_ms % 1000 * 1000000;
    pthread_cond_timedwait(&http->sooner, &http->lock, &until);
}

static void *serve_deadlines(void *arg)
{
    struct evt_http *http = arg;
    struct evt_request *req;

    pthread_mutex_lock(&http->lock);
    while (!http->stopped) {
        req = take_due(http);
        if (!req) {
            sleep_until_due(http);
            continue;
        }
        pthread_mutex_unlock(&http->lock);
        evt_request_resume(req, run_late, NULL);
        pthread_mutex_lock(&http->lock);
    }
    pthread_mutex_unlock(&http->lock);
    return NULL;
}

int evt__http_thread(pthread_t *ret_thread, void *(*fn)(void *arg), void *arg)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(ret_thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

enum evt_err evt__http_clock_start(struct evt_http *http, struct evt_error *err)
{
    pthread_condattr_t attr;
    int rc;

    pthread_mutex_init(&http->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&http->sooner, &attr);
    pthread_cond_init(&http->fewer, &attr);
    pthread_condattr_destroy(&attr);
    rc = evt__http_thread(&http->clock, serve_deadlines, http);
    if (rc != 0)
        return evt_fail(err, EVT_E_NOMEM, "cannot start a thread: %s", strerrordesc_np(rc));
    http->clock_runs = true;
    return EVT_OK;
}

void evt__http_clock_stop(struct evt_http *http)
{
    if (http->clock_runs) {
        pthread_mutex_lock(&http->lock);
        http->stopped = true;
        pthread_cond_signal(&http->sooner);
        pthread_mutex_unlock(&http->lock);
        pthread_join(http->clock, NULL);
    }
    pthread_cond_destroy(&http->sooner);
    pthread_cond_destroy(&http->fewer);
    pthread_mutex_destroy(&http->lock);
    evt_free(http->heap);
}

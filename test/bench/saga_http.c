/* Saga bench, the way over HTTP. All requests are made by one thread with libcurl, over connections
 * that stay open. */
#include "saga_http.h"

#include "bench.h"
#include "saga_order.h"

#include <evt/mem.h>

#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MS     100
#define CONNECTIONS 192 /* fewer than a service gives to one address */
#define WAIT_S      30  /* for the order's end */
#define TIMEOUT_S   60L
#define ANSWER_MAX  4096

struct request {
    CURL *easy;
    struct curl_slist *headers;
    uint64_t order;
    struct evt_buf body;
    char answer[ANSWER_MAX];
    size_t answer_len;
};

static size_t answer_came(char *data, size_t size, size_t n, void *arg)
{
    struct request *request = arg;
    const size_t room = ANSWER_MAX - request->answer_len;
    const size_t take = size * n < room ? size * n : room;

    memcpy(request->answer + request->answer_len, data, take);
    request->answer_len += take;
    return size * n;
}

static void ask(CURL *easy, CURLoption option, long value)
{
    const CURLcode code = curl_easy_setopt(easy, option, value);

    EVT_BUG_ON(code != CURLE_OK);
}

static struct request *request_new(const struct saga_http *http)
{
    struct request *request = evt_zalloc(sizeof(*request));
    char url[128];

    request->easy = curl_easy_init();
    EVT_BUG_ON(!request->easy);
    snprintf(url, sizeof(url), "http://%s/v1/orders?wait=%d", http->address, WAIT_S);
    curl_easy_setopt(request->easy, CURLOPT_URL, url);
    curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, answer_came);
    curl_easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(request->easy, CURLOPT_PRIVATE, request);
    ask(request->easy, CURLOPT_TIMEOUT, TIMEOUT_S);
    ask(request->easy, CURLOPT_NOSIGNAL, 1);
    return request;
}

static void request_free(struct request *request)
{
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    evt_buf_release(&request->body);
    evt_free(request);
}

static void begin(struct saga_http *http, uint64_t order)
{
    struct request *request = http->spare_n ? http->spare[--http->spare_n] : request_new(http);
    char key[64];

    request->order = order;
    request->answer_len = 0;
    evt_buf_clear(&request->body);
    saga_order_body(order, &request->body);
    snprintf(key, sizeof(key), "Idempotency-Key: order-%" PRIu64, order);
    curl_slist_free_all(request->headers);
    request->headers = curl_slist_append(NULL, key);
    request->headers = curl_slist_append(request->headers, "Content-Type: application/json");
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, evt_buf_text(&request->body));
    ask(request->easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
    EVT_BUG_ON(curl_multi_add_handle(http->multi, request->easy) != CURLM_OK);
}

static void begin_all(struct saga_http *http)
{
    uint64_t *waiting;
    size_t n;

    pthread_mutex_lock(&http->mutex);
    waiting = http->waiting;
    n = http->waiting_n;
    http->waiting = NULL;
    http->waiting_n = http->waiting_cap = 0;
    pthread_mutex_unlock(&http->mutex);
    for (size_t i = 0; i < n; i++)
        begin(http, waiting[i]);
    evt_free(waiting);
}

/* 200 with the order as it has ended; anything else is said. */
static void judge(struct saga_http *http, const struct request *request, CURLcode code)
{
    char what[200];
    long status = 0;
    json_t *answer = json_loadb(request->answer, request->answer_len, 0, NULL);
    const char *end = json_string_value(json_object_get(answer, "status"));

    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status == 200 && end &&
        (strcmp(end, "confirmed") == 0 || strcmp(end, "rejected") == 0)) {
        (void)saga_tally_end(http->tally, request->order, strcmp(end, "confirmed") == 0);
    } else {
        snprintf(what, sizeof(what), "HTTP %ld %s: %.*s", status,
                 code == CURLE_OK ? "" : curl_easy_strerror(code),
                 (int)(request->answer_len < 100 ? request->answer_len : 100), request->answer);
        saga_tally_wrong(http->tally, request->order, what);
    }
    json_decref(answer);
}

static void keep_spare(struct saga_http *http, struct request *request)
{
    if (http->spare_n == http->spare_cap) {
        http->spare_cap = http->spare_cap ? 2 * http->spare_cap : 16;
        http->spare = evt_realloc(http->spare, http->spare_cap * sizeof(*http->spare));
    }
    http->spare[http->spare_n++] = request;
}

/* False: none had. */
static bool take_ended(struct saga_http *http)
{
    bool some = false;
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(http->multi, &left))) {
        const double now_us = bench_now_us();
        const CURLcode code = msg->data.result;
        struct request *request;
        char *of;
        uint64_t order;

        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &of);
        request = (struct request *)(void *)of;
        order = request->order;
        curl_multi_remove_handle(http->multi, request->easy);
        judge(http, request, code);
        keep_spare(http, request);
        saga_load_ended(http->load, order, now_us);
        some = true;
    }
    return some;
}

static void *run(void *arg)
{
    struct saga_http *http = arg;
    int running;

    while (!atomic_load(&http->stop)) {
        begin_all(http);
        curl_multi_perform(http->multi, &running);
        /* What has ended may have placed the next ones; others wake us. */
        if (!take_ended(http))
            curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
    }
    return NULL;
}

void saga_http_open(struct saga_http *http, const char *address, struct saga_tally *tally)
{
    *http = (struct saga_http){.address = address, .tally = tally};
    EVT_BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
    http->multi = curl_multi_init();
    EVT_BUG_ON(!http->multi);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
    pthread_mutex_init(&http->mutex, NULL);
    EVT_BUG_ON(pthread_create(&http->thread, NULL, run, http) != 0);
}

void saga_http_close(struct saga_http *http)
{
    atomic_store(&http->stop, true);
    curl_multi_wakeup(http->multi);
    pthread_join(http->thread, NULL);
    while (http->spare_n)
        request_free(http->spare[--http->spare_n]);
    evt_free(http->spare);
    evt_free(http->waiting);
    curl_multi_cleanup(http->multi);
    pthread_mutex_destroy(&http->mutex);
}

static void place(void *self, uint64_t order)
{
    struct saga_http *http = self;

    pthread_mutex_lock(&http->mutex);
    if (http->waiting_n == http->waiting_cap) {
        http->waiting_cap = http->waiting_cap ? 2 * http->waiting_cap : 16;
        http->waiting = evt_realloc(http->waiting, http->waiting_cap * sizeof(*http->waiting));
    }
    http->waiting[http->waiting_n++] = order;
    pthread_mutex_unlock(&http->mutex);
    if (!pthread_equal(pthread_self(), http->thread))
        curl_multi_wakeup(http->multi);
}

/* Reports come to the thread. */
static void serve(void *self, int timeout_ms)
{
    const struct timespec moment = {0, timeout_ms * 1000000L};

    (void)self;
    if (timeout_ms > 0)
        nanosleep(&moment, NULL);
}

struct saga_way saga_http_way(struct saga_http *http)
{
    return (struct saga_way){http, place, serve};
}

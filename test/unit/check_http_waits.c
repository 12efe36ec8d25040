/* Http: what its client asked to wait is counted apart, takes nobody's connection and little
 * memory. */
#include <evt/http.h>
#include <evt/mem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libevents/src/main_internal.h"
#include "test/lib/suite.h"
#include "test/lib/web.h"

#define LONG_MS 60000
#define MANY    2000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct evt_request *waiting[MANY];
static size_t waiting_n;
static struct evt_http *http;
static struct evt_metrics *metrics;

static void show(struct evt_request *req)
{
    evt_reply_text(req, 200, "text/plain", "here", 4);
}

static void give_up(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_reply_text(req, 200, "text/plain", "late", 4);
}

static void remember(struct evt_request *req)
{
    pthread_mutex_lock(&lock);
    evt_request_suspend(req, LONG_MS, give_up, NULL);
    waiting[waiting_n++] = req;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* Twice, as one does that waits, looks, and waits on. */
static void wait_long(struct evt_request *req)
{
    if (evt_request_wait(req) && evt_request_wait(req))
        remember(req);
    else
        evt_reply_text(req, 200, "text/plain", "no place", 8);
}

static void beat(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_stream_write(req, "beat\n", 5);
}

static void next(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_request_suspend(req, LONG_MS, beat, NULL);
}

static void follow(struct evt_request *req)
{
    (void)evt_reply_stream(req, 200, "text/plain", next, NULL, NULL);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/", .fn = show},
    {.method = "GET", .path = "/work", .fn = remember},
    {.method = "GET", .path = "/wait", .fn = wait_long},
    {.method = "GET", .path = "/follow", .fn = follow},
    {0},
};

static void start(struct evt_http_options opt)
{
    struct evt_error err;

    waiting_n = 0;
    opt.address = "127.0.0.1:0";
    opt.routes = routes;
    opt.metrics = metrics = evt_metrics_new();
    ck_ok(evt_http_start(&opt, &http, &err), err);
}

static void stop(void)
{
    evt_http_stop(http);
    evt_metrics_free(metrics);
}

static int64_t counted(enum evt_metric_kind kind, const char *name)
{
    return evt_metric_value(evt_metric_get(metrics, kind, name, "Asked for.", NULL));
}

/* Asks, and returns when its handler has it. */
static void begin(struct web *web, const char *path)
{
    const size_t before = waiting_n;
    char text[64];

    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    web_open(web, evt_http_address(http));
    web_send(web, text);
    pthread_mutex_lock(&lock);
    while (waiting_n == before)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void wake(size_t n)
{
    ck_assert(evt_request_claim(waiting[n]));
    evt_reply_text(waiting[n], 200, "text/plain", "there", 5);
}

static void expect_refused(void)
{
    struct web web;

    web_open(&web, evt_http_address(http));
    ck_assert(!web_read(&web, false));
    web_close(&web);
}

START_TEST(who_waits_takes_nobodys_connection)
{
    struct web waits[5], works[2];

    start((struct evt_http_options){.per_client_max = 2});
    for (int i = 0; i < 5; i++)
        begin(&waits[i], "/wait");
    ck_assert_int_eq(counted(EVT_METRIC_GAUGE, "evt_http_waiting"), 5);
    begin(&works[0], "/work"); /* suspended, but not asked to wait */
    web_ask_once(&works[1], evt_http_address(http), "GET /", NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&works[1].body), "here");
    expect_refused();
    /* Once it is answered its connection is one like any other. */
    web_close(&works[1]);
    wake(0);
    ck_assert(web_read(&waits[0], false));
    web_ask(&waits[0], "GET /", NULL, NULL);
    expect_refused();
    ck_assert_int_eq(counted(EVT_METRIC_GAUGE, "evt_http_waiting"), 4);
    for (int i = 0; i < 5; i++)
        web_close(&waits[i]);
    web_close(&works[0]);
    stop();
}
END_TEST

START_TEST(so_many_of_one_address_wait)
{
    struct web one, two, web;

    start((struct evt_http_options){.waits_max = 10, .per_client_waits_max = 2});
    begin(&one, "/wait");
    web_open(&two, evt_http_address(http));
    web_ask_stream(&two, "GET /follow", NULL);
    ck_assert_int_eq(two.status, 200);
    web_ask_once(&web, evt_http_address(http), "GET /wait", NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&web.body), "no place");
    web_ask(&web, "GET /follow", NULL, NULL);
    ck_problem(&web, 429, "2 requests from this address wait already; try again later");
    ck_assert_str_eq(web_header(&web, "Retry-After"), "5");
    ck_assert_int_eq(counted(EVT_METRIC_COUNTER, "evt_http_waits_refused_total"), 2);
    wake(0);
    ck_assert(web_read(&one, false));
    web_ask_stream(&web, "GET /follow", NULL);
    ck_assert_int_eq(web.status, 200);
    web_close(&one);
    web_close(&two);
    web_close(&web);
    stop();
}
END_TEST

START_TEST(so_many_wait_at_all)
{
    struct web one, web;

    start((struct evt_http_options){.waits_max = 1, .per_client_waits_max = 2});
    begin(&one, "/wait");
    web_ask_once(&web, evt_http_address(http), "GET /follow", NULL, NULL);
    ck_problem(&web, 503, "1 requests wait already; try again later");
    ck_assert_str_eq(web_header(&web, "Retry-After"), "5");
    web_close(&one);
    web_close(&web);
    stop();
}
END_TEST

/* Pages that are this process's, in KiB. */
static long resident(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];
    long kib = -1;

    ck_assert_ptr_nonnull(status);
    while (kib < 0 && fgets(line, sizeof(line), status))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtol(line + 8, NULL, 10);
    fclose(status);
    ck_assert_int_gt(kib, 0);
    return kib;
}

/* As many as come through a gateway: from one address, in 16 KiB each. */
START_TEST(many_who_wait_are_cheap)
{
    static struct web web[MANY];
    struct web one;
    long before, used;

    ck_assert_uint_ge(evt__files_allow(2 * MANY + 256), 2 * MANY + 256); /* both ends are ours */
    start((struct evt_http_options){.per_client_max = 8});
    web_ask_once(&one, evt_http_address(http), "GET /", NULL, NULL);
    before = resident();
    for (int i = 0; i < MANY; i++)
        begin(&web[i], "/wait");
    used = resident() - before;
    printf("%d who wait: %ld KiB, %ld bytes each\n", MANY, used, used * 1024 / MANY);
    ck_assert_int_lt(used, MANY * 16L);
    web_ask(&one, "GET /", NULL, NULL); /* whoever does not wait is answered as ever */
    ck_assert_str_eq(evt_buf_text(&one.body), "here");
    for (size_t i = 0; i < MANY; i++)
        wake(i);
    for (int i = 0; i < MANY; i++) {
        ck_assert(web_read(&web[i], false));
        ck_assert_str_eq(evt_buf_text(&web[i].body), "there");
        web_close(&web[i]);
    }
    web_close(&one);
    stop();
}
END_TEST

SUITE("http_waits", who_waits_takes_nobodys_connection, so_many_of_one_address_wait,
      so_many_wait_at_all, many_who_wait_are_cheap)

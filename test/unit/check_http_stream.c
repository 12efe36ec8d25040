/* Http: answers that come piece by piece, at their client's pace, and end with it. */
#include <evt/clock.h>
#include <evt/http.h>
#include <evt/mem.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "test/lib/suite.h"
#include "test/lib/web.h"

#define LONG_MS 60000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct evt_request *waiting[64]; /* held, in the order in which they came */
static size_t waiting_n, gone_n;
static struct evt_http *http;

static void note_gone(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    gone_n++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void await(const size_t *count, size_t n)
{
    pthread_mutex_lock(&lock);
    while (*count < n)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* ---- three pieces ---- */

static int counted;

static void count_next(struct evt_request *req, void *arg)
{
    char text[16];

    ck_assert_ptr_eq(arg, &counted);
    if (counted == 3) {
        evt_stream_end(req);
        return;
    }
    snprintf(text, sizeof(text), "%d\n", ++counted);
    evt_stream_write(req, text, strlen(text));
}

static void count(struct evt_request *req)
{
    counted = 0;
    evt_reply_header(req, "X-More", "yes");
    ck_assert(evt_reply_stream(req, 200, "text/plain", count_next, note_gone, &counted));
    ck_assert(evt_request_is_stream(req));
}

/* ---- a piece whenever somebody says so ---- */

static void beat(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_stream_write(req, "beat\n", 5);
}

static void wait_next(struct evt_request *req, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    evt_request_suspend(req, LONG_MS, beat, NULL);
    evt_request_hold(req);
    waiting[waiting_n++] = req;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void follow(struct evt_request *req)
{
    (void)evt_reply_stream(req, 200, "text/plain", wait_next, note_gone, NULL);
}

static void say_word(struct evt_request *req, void *arg)
{
    evt_stream_write(req, arg, strlen(arg));
}

static void end_it(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_stream_end(req);
}

/* The `n`th that waits, counted from 0. */
static void wake(size_t n, void (*fn)(struct evt_request *req, void *arg), const char *word)
{
    await(&waiting_n, n + 1);
    ck_assert(evt_request_claim(waiting[n]));
    evt_request_resume(waiting[n], fn, (void *)(uintptr_t)word);
}

/* ---- more than a socket takes ---- */

#define BULK (64 * 1024)
static size_t bulks;

static void bulk_next(struct evt_request *req, void *arg)
{
    char *bulk;

    (void)arg;
    if (bulks == 200) {
        evt_stream_end(req);
        return;
    }
    bulks++;
    bulk = evt_alloc(BULK);
    memset(bulk, 'x', BULK);
    evt_stream_write(req, bulk, BULK);
    evt_free(bulk);
}

static void bulk(struct evt_request *req)
{
    bulks = 0;
    (void)evt_reply_stream(req, 200, "text/plain", bulk_next, note_gone, NULL);
}

/* ---- silence ---- */

static void beat_next(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_request_suspend(req, 1, beat, NULL);
}

static void silent(struct evt_request *req)
{
    (void)evt_reply_stream(req, 200, "text/plain", beat_next, NULL, NULL);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/count", .fn = count},
    {.method = "GET", .path = "/follow", .fn = follow},
    {.method = "GET", .path = "/bulk", .fn = bulk},
    {.method = "GET", .path = "/silent", .fn = silent},
    {0},
};

static void start_some(int streams_max, int idle_timeout_s)
{
    const struct evt_http_options opt = {.address = "127.0.0.1:0",
                                         .routes = routes,
                                         .streams_max = streams_max,
                                         .idle_timeout_s = idle_timeout_s};
    struct evt_error err;

    waiting_n = gone_n = 0;
    ck_ok(evt_http_start(&opt, &http, &err), err);
}

static void start(void)
{
    start_some(0, 0);
}

static void stop(void)
{
    evt_http_stop(http);
    for (size_t i = 0; i < waiting_n; i++)
        evt_request_drop(waiting[i]);
}

static void open_stream(struct web *web, const char *line)
{
    web_open(web, evt_http_address(http));
    web_ask_stream(web, line, NULL);
    ck_assert_int_eq(web->status, 200);
}

static void expect_piece(struct web *web, const char *want)
{
    ck_assert(web_read_piece(web));
    ck_assert_str_eq(evt_buf_text(&web->body), want);
}

START_TEST(pieces_come_one_by_one)
{
    struct web web;

    start();
    open_stream(&web, "GET /count");
    ck_assert_str_eq(web_header(&web, "Content-Type"), "text/plain");
    ck_assert_str_eq(web_header(&web, "X-More"), "yes");
    for (int i = 1; i <= 3; i++) {
        char want[16];

        snprintf(want, sizeof(want), "%d\n", i);
        expect_piece(&web, want);
    }
    ck_assert(!web_read_piece(&web));
    await(&gone_n, 1);
    /* The connection is as good as new. */
    web_ask(&web, "GET /count", NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&web.body), "1\n2\n3\n");
    web_ask(&web, "HEAD /count", NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    web_ask(&web, "GET /count", NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    await(&gone_n, 4);
    web_close(&web);
    stop();
}
END_TEST

START_TEST(another_thread_wakes_it)
{
    struct web web;

    start();
    open_stream(&web, "GET /follow");
    wake(0, say_word, "one");
    expect_piece(&web, "one");
    wake(1, say_word, "two");
    expect_piece(&web, "two");
    wake(2, end_it, NULL);
    ck_assert(!web_read_piece(&web));
    await(&gone_n, 1);
    web_close(&web);
    stop();
}
END_TEST

START_TEST(a_slow_client_is_written_to_slowly)
{
    struct web web;
    size_t sum = 0;

    start();
    open_stream(&web, "GET /bulk");
    while (web_read_piece(&web))
        sum += web.body.len;
    ck_assert_uint_eq(sum, (size_t)200 * BULK);
    web_close(&web);
    /* Who reads nothing is not written to for ever. */
    open_stream(&web, "GET /bulk");
    web_close(&web);
    await(&gone_n, 2);
    ck_assert_uint_lt(bulks, 200);
    stop();
}
END_TEST

/* Its handler is not asked for more meanwhile, so that a piece is all that is kept for it. */
START_TEST(who_stands_still_is_cut_off)
{
    struct web web;

    start_some(0, 1);
    open_stream(&web, "GET /bulk");
    await(&gone_n, 1);
    ck_assert_uint_lt(bulks, 200);
    web_close(&web);
    stop();
}
END_TEST

START_TEST(silence_has_a_deadline)
{
    struct web web;

    start();
    open_stream(&web, "GET /silent");
    for (int i = 0; i < 3; i++)
        expect_piece(&web, "beat\n");
    web_close(&web);
    stop();
}
END_TEST

/* It is noticed when something is said, and all is given back. */
START_TEST(who_has_gone_is_forgotten)
{
    enum { N = 20 };
    const struct linger at_once = {.l_onoff = 1};
    struct web web[N];

    start();
    for (size_t i = 0; i < N; i++) {
        open_stream(&web[i], "GET /follow");
        await(&waiting_n, i + 1);
        if (i % 2)
            setsockopt(web[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        web_close(&web[i]);
    }
    for (size_t n = 0; gone_n < N; n++) {
        pthread_mutex_lock(&lock);
        while (waiting_n <= n && gone_n < N)
            pthread_cond_wait(&changed, &lock);
        pthread_mutex_unlock(&lock);
        if (n < waiting_n)
            wake(n, say_word, "anybody?");
    }
    stop();
}
END_TEST

START_TEST(there_are_only_so_many)
{
    struct web one, two, three;

    start_some(2, 0);
    open_stream(&one, "GET /follow");
    open_stream(&two, "GET /follow");
    web_open(&three, evt_http_address(http));
    web_ask(&three, "GET /follow", NULL, NULL);
    ck_problem(&three, 503, "2 answers are being streamed already; try again later");
    ck_assert_str_eq(web_header(&three, "Retry-After"), "5");
    wake(0, end_it, NULL);
    await(&gone_n, 1);
    web_ask(&three, "GET /count", NULL, NULL);
    ck_assert_int_eq(three.status, 200);
    web_close(&one);
    web_close(&two);
    web_close(&three);
    stop();
}
END_TEST

START_TEST(a_stop_ends_them)
{
    enum { N = 5 };
    struct web web[N];

    start();
    for (size_t i = 0; i < N; i++)
        open_stream(&web[i], "GET /follow");
    await(&waiting_n, N);
    stop();
    ck_assert_uint_eq(gone_n, N);
    for (size_t i = 0; i < N; i++) {
        expect_piece(&web[i], "beat\n"); /* its deadline has come */
        ck_assert(!web_read_piece(&web[i]));
        web_close(&web[i]);
    }
}
END_TEST

SUITE("http_stream", pieces_come_one_by_one, another_thread_wakes_it,
      a_slow_client_is_written_to_slowly, who_stands_still_is_cut_off, silence_has_a_deadline,
      who_has_gone_is_forgotten, there_are_only_so_many, a_stop_ends_them)

/* Http: requests that are answered later, from any thread, once, and not after their deadline. */
#include <evt/clock.h>
#include <evt/http.h>
#include <jansson.h>
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
static size_t waiting_n;
static pthread_t http_thread;
static struct evt_http *http;

static void say(struct evt_request *req, const char *text)
{
    evt_reply_text(req, 200, "text/plain", text, strlen(text));
}

static void late(struct evt_request *req, void *arg)
{
    ck_assert(pthread_equal(pthread_self(), http_thread));
    ck_assert(!evt_request_claim(req));
    say(req, arg);
}

static void enlist(struct evt_request *req)
{
    http_thread = pthread_self();
    pthread_mutex_lock(&lock);
    evt_request_hold(req);
    waiting[waiting_n++] = req;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_long(struct evt_request *req)
{
    evt_request_suspend(req, LONG_MS, late, (void *)(uintptr_t) "late");
    enlist(req);
}

static void wait_no_time(struct evt_request *req)
{
    enlist(req);
    evt_request_suspend(req, 1, late, (void *)(uintptr_t) "late");
}

static void wait_plainly(struct evt_request *req)
{
    evt_request_suspend(req, 1, NULL, NULL);
}

/* Answered before its handler has returned. */
static void wait_not(struct evt_request *req)
{
    evt_request_suspend(req, LONG_MS, late, NULL);
    ck_assert(evt_request_claim(req));
    say(req, "at once");
}

static void again(struct evt_request *req, void *arg)
{
    ck_assert(pthread_equal(pthread_self(), http_thread));
    evt_request_suspend(req, 1, late, arg);
}

static void wait_twice(struct evt_request *req)
{
    http_thread = pthread_self();
    evt_request_suspend(req, LONG_MS, late, NULL);
    ck_assert(evt_request_claim(req));
    evt_request_resume(req, again, (void *)(uintptr_t) "twice");
}

static void cut(struct evt_request *req)
{
    evt_reply_cut(req);
}

static void cut_late(struct evt_request *req, void *arg)
{
    (void)arg;
    evt_reply_cut(req);
}

static void wait_for_a_cut(struct evt_request *req)
{
    evt_request_suspend(req, 1, cut_late, NULL);
}

static int lates; /* under the lock */

static void count_late(struct evt_request *req, void *arg)
{
    say(req, arg);
    pthread_mutex_lock(&lock);
    lates++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* And once more, to be answered. */
static void late_again(struct evt_request *req, void *arg)
{
    evt_request_suspend(req, 1, count_late, arg);
}

static void wait_a_little(struct evt_request *req)
{
    evt_request_suspend(req, 20, late_again, (void *)(uintptr_t) "late");
    enlist(req);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/long", .fn = wait_long},
    {.method = "GET", .path = "/no-time", .fn = wait_no_time},
    {.method = "GET", .path = "/plainly", .fn = wait_plainly},
    {.method = "GET", .path = "/not", .fn = wait_not},
    {.method = "GET", .path = "/twice", .fn = wait_twice},
    {.method = "GET", .path = "/little", .fn = wait_a_little},
    {.method = "GET", .path = "/cut", .fn = cut},
    {.method = "GET", .path = "/cut-late", .fn = wait_for_a_cut},
    {0},
};

static void start(void)
{
    const struct evt_http_options opt = {.address = "127.0.0.1:0", .routes = routes};
    struct evt_error err;

    ck_ok(evt_http_start(&opt, &http, &err), err);
}

static void ask(struct web *web, const char *path)
{
    char text[64];

    web_open(web, evt_http_address(http));
    snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    web_send(web, text);
}

static struct evt_request *await(size_t n)
{
    pthread_mutex_lock(&lock);
    while (waiting_n < n)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return waiting[n - 1];
}

static void expect(struct web *web, const char *text)
{
    ck_assert(web_read(web, false));
    ck_assert_str_eq(evt_buf_text(&web->body), text);
    ck_assert_int_eq(web->status, 200);
    web_close(web);
}

START_TEST(another_thread_answers)
{
    struct evt_request *req;
    struct web web;

    start();
    ask(&web, "/long");
    req = await(1);
    ck_assert(evt_request_claim(req));
    ck_assert(!evt_request_claim(req));
    say(req, "done");
    expect(&web, "done");
    ck_assert(!evt_request_claim(req));
    evt_request_drop(req);
    evt_http_stop(http);
}
END_TEST

START_TEST(in_any_order)
{
    enum { N = 20 };
    struct web web[N];
    char text[8];

    start();
    for (size_t i = 0; i < N; i++) {
        ask(&web[i], "/long");
        await(i + 1);
    }
    for (size_t i = 0; i < N; i++) {
        struct evt_request *req = waiting[i * 7 % N];

        snprintf(text, sizeof(text), "%zu", i);
        ck_assert(evt_request_claim(req));
        say(req, text);
        expect(&web[i * 7 % N], text);
        evt_request_drop(req);
    }
    evt_http_stop(http);
}
END_TEST

START_TEST(the_deadline_answers)
{
    struct evt_request *req;
    struct web web, other;

    start();
    ask(&other, "/long"); /* is not woken */
    await(1);
    ask(&web, "/no-time");
    expect(&web, "late");
    req = await(2);
    ck_assert(!evt_request_claim(req));
    evt_request_drop(req);
    ask(&web, "/plainly");
    ck_assert(web_read(&web, false));
    ck_problem(&web, 503, "no answer came in time; try again");
    web_close(&web);
    ck_assert(evt_request_claim(waiting[0]));
    say(waiting[0], "not late");
    expect(&other, "not late");
    evt_request_drop(waiting[0]);
    evt_http_stop(http);
}
END_TEST

START_TEST(it_may_be_answered_before_its_handler_returns)
{
    struct web web;

    start();
    ask(&web, "/not");
    expect(&web, "at once");
    evt_http_stop(http);
}
END_TEST

START_TEST(it_may_wait_again)
{
    struct web web;

    start();
    ask(&web, "/twice");
    expect(&web, "twice");
    evt_http_stop(http);
}
END_TEST

START_TEST(who_has_gone_is_answered_all_the_same)
{
    struct web web;

    start();
    ask(&web, "/long");
    await(1);
    web_close(&web);
    ck_assert(evt_request_claim(waiting[0]));
    say(waiting[0], "done");
    evt_request_drop(waiting[0]);
    evt_http_stop(http);
}
END_TEST

static void cut_off(struct web *web)
{
    const struct linger at_once = {.l_onoff = 1};

    setsockopt(web->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    web_close(web);
}

/* The daemon may see that before it calls the request again. */
START_TEST(who_has_gone_does_not_hold_up_a_stop)
{
    enum { N = 5 };
    struct web web[N];

    start();
    for (size_t i = 0; i < N; i++) {
        ask(&web[i], "/long");
        await(i + 1);
    }
    for (size_t i = 0; i < N; i++)
        cut_off(&web[i]);
    ck_assert(evt_request_claim(waiting[0]));
    say(waiting[0], "done");
    evt_http_stop(http);
    for (size_t i = 0; i < N; i++)
        evt_request_drop(waiting[i]);
}
END_TEST

START_TEST(stopping_is_a_deadline_for_all)
{
    enum { N = 5 };
    struct web web[N];

    start();
    for (size_t i = 0; i < N; i++)
        ask(&web[i], "/long");
    await(N);
    evt_http_stop(http);
    for (size_t i = 0; i < N; i++) {
        expect(&web[i], "late");
        evt_request_drop(waiting[i]);
    }
}
END_TEST

static void *answer_claimed(void *arg)
{
    say(arg, "claimed");
    return NULL;
}

START_TEST(stopping_waits_for_who_claimed)
{
    struct evt_request *req;
    pthread_t thread;
    struct web web;

    start();
    ask(&web, "/long");
    req = await(1);
    ck_assert(evt_request_claim(req));
    ck_assert_int_eq(pthread_create(&thread, NULL, answer_claimed, req), 0);
    evt_http_stop(http);
    pthread_join(thread, NULL);
    expect(&web, "claimed");
    evt_request_drop(req);
}
END_TEST

START_TEST(a_stopped_one_takes_no_connections)
{
    char address[64];
    struct evt_http_options opt = {.address = address, .routes = routes};
    struct evt_error err;

    start();
    snprintf(address, sizeof(address), "%s", evt_http_address(http));
    evt_http_stop(http);
    /* The port is free again. */
    ck_ok(evt_http_start(&opt, &http, &err), err);
    ck_assert_str_eq(evt_http_address(http), address);
    evt_http_stop(http);
}
END_TEST

/* The deadline and another thread want the same request: one of them answers it. */
static void *claim_each(void *arg)
{
    size_t *mine = arg;

    for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
        struct evt_request *req = await(i + 1);

        if (evt_request_claim(req)) {
            say(req, "claimed");
            ++*mine;
        }
        evt_request_drop(req);
    }
    return NULL;
}

START_TEST(each_is_answered_once)
{
    size_t mine = 0, claimed = 0;
    pthread_t thread;
    struct web web;

    start();
    ck_assert_int_eq(pthread_create(&thread, NULL, claim_each, &mine), 0);
    for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
        ask(&web, "/no-time");
        ck_assert(web_read(&web, false));
        claimed += strcmp(evt_buf_text(&web.body), "claimed") == 0;
        web_close(&web);
    }
    pthread_join(thread, NULL);
    ck_assert_uint_eq(mine, claimed);
    evt_http_stop(http);
}
END_TEST

/* Who waits for his deadline keeps something for it, so it comes, whoever has gone. */
START_TEST(who_has_gone_is_late_all_the_same)
{
    enum { N = 40 };
    struct web web;

    start();
    for (size_t i = 0; i < N; i++) {
        ask(&web, "/little");
        await(i + 1);
        if (i % 2)
            cut_off(&web);
        else
            web_close(&web);
    }
    pthread_mutex_lock(&lock);
    while (lates < N)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    evt_http_stop(http);
    for (size_t i = 0; i < N; i++)
        evt_request_drop(waiting[i]);
}
END_TEST

/* Closed without a byte, by the handler, by its deadline, by another thread; others are not. */
static void expect_cut(struct web *web)
{
    ck_assert(!web_read(web, false));
    ck_assert_uint_eq(web->in.len, 0);
    web_close(web);
}

START_TEST(cut_instead_of_answered)
{
    struct evt_request *req;
    struct web web;

    start();
    ask(&web, "/cut");
    expect_cut(&web);
    ask(&web, "/cut-late");
    expect_cut(&web);
    ask(&web, "/long");
    req = await(1);
    ck_assert(evt_request_claim(req));
    evt_reply_cut(req);
    expect_cut(&web);
    evt_request_drop(req);
    ask(&web, "/not");
    expect(&web, "at once");
    evt_http_stop(http);
}
END_TEST

SUITE("http_suspend", another_thread_answers, in_any_order, the_deadline_answers,
      it_may_be_answered_before_its_handler_returns, it_may_wait_again,
      who_has_gone_is_answered_all_the_same, who_has_gone_does_not_hold_up_a_stop,
      stopping_is_a_deadline_for_all, stopping_waits_for_who_claimed, each_is_answered_once,
      a_stopped_one_takes_no_connections, who_has_gone_is_late_all_the_same,
      cut_instead_of_answered)

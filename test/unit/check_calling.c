/* Calling over HTTP: what goes out, what comes back, how many at once, what is unknown, what is
 * parked, and when a destination is left alone. */
#include "test/lib/calls.h"
#include "test/lib/suite.h"

#include <evt/clock.h>
#include <evt/http.h>
#include <evt/mem.h>

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the server ---- */

static struct evt_http *http;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct evt_buf seen; /* bodies in the order in which they came, each with a blank */
static struct evt_request *held[256];
static size_t held_n;

/* Everything of the request, in the answer. */
static void echo(struct evt_request *req)
{
    struct evt_buf text = {0};
    size_t len;
    const char *body = evt_request_body(req, &len);
    const char *const headers[] = {"Idempotency-Key", "Content-Type", "User-Agent",
                                   "Authorization",   "X-Empty",      "Expect"};

    evt_buf_printf(&text, "%s %s", evt_request_method(req), evt_request_target(req));
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
        if (evt_request_header(req, headers[i]))
            evt_buf_printf(&text, " %s='%s'", headers[i], evt_request_header(req, headers[i]));
    evt_buf_printf(&text, " body='%.*s'", (int)len, body);
    evt_reply_text(req, 200, "text/plain", evt_buf_text(&text), text.len);
    evt_buf_release(&text);
}

static void large(struct evt_request *req)
{
    char *text = evt_zalloc(EVT_CALL_RESPONSE_MAX + 10);

    memset(text, 'x', EVT_CALL_RESPONSE_MAX + 10);
    text[1] = '\0';
    evt_reply_text(req, 200, "application/octet-stream", text, EVT_CALL_RESPONSE_MAX + 10);
    evt_free(text);
}

static void hold(struct evt_request *req)
{
    size_t len;
    const char *body = evt_request_body(req, &len);

    evt_request_suspend(req, 60000, NULL, NULL);
    evt_request_hold(req);
    pthread_mutex_lock(&lock);
    evt_buf_printf(&seen, "%.*s ", (int)len, body);
    held[held_n++] = req;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static size_t await_held(size_t n)
{
    size_t is;

    pthread_mutex_lock(&lock);
    while (held_n < n)
        pthread_cond_wait(&changed, &lock);
    is = held_n;
    pthread_mutex_unlock(&lock);
    return is;
}

static void let_go(size_t i)
{
    if (evt_request_claim(held[i]))
        evt_reply_text(held[i], 200, "text/plain", "late", 4);
    evt_request_drop(held[i]);
}

static atomic_int status_of_busy, busy_asked;
static const char *_Atomic retry_after;

static void busy(struct evt_request *req)
{
    atomic_fetch_add(&busy_asked, 1);
    if (atomic_load(&retry_after))
        evt_reply_header(req, "Retry-After", atomic_load(&retry_after));
    evt_reply_text(req, atomic_load(&status_of_busy), "text/plain", "busy", 4);
}

static void away(struct evt_request *req)
{
    evt_reply_header(req, "Location", "/echo");
    evt_reply_text(req, 302, "text/plain", "there", 5);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/echo/{name}", .fn = echo},
    {.method = "POST", .path = "/echo/{name}", .fn = echo},
    {.method = "DELETE", .path = "/echo/{name}", .fn = echo},
    {.method = "GET", .path = "/large", .fn = large},
    {.method = "POST", .path = "/hold", .fn = hold},
    {.method = "POST", .path = "/busy", .fn = busy},
    {.method = "GET", .path = "/away", .fn = away},
    {0},
};

/* ---- the callers: the name says what they do ---- */

static enum evt_err begin_post(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *err)
{
    (void)err;
    evt_attempt_url(attempt, "POST", "http://%s/echo/%s?a=1", evt_http_address(http), "x%20y");
    evt_attempt_header(attempt, "Idempotency-Key", request->key);
    evt_attempt_header(attempt, "X-Empty", "");
    evt_attempt_body(attempt, "text/x", request->request.data, request->request.len);
    return EVT_OK;
}

static enum evt_err begin_get(struct evt_attempt *attempt, const struct evt_call_request *request,
                              struct evt_error *err)
{
    (void)err;
    evt_attempt_url(attempt, "GET", "http://%s/%s", evt_http_address(http), request->ref);
    return EVT_OK;
}

static enum evt_err begin_empty(struct evt_attempt *attempt, const struct evt_call_request *request,
                                struct evt_error *err)
{
    (void)err;
    evt_attempt_url(attempt, request->ref, "http://%s/echo/none", evt_http_address(http));
    evt_attempt_login(attempt, "ann", "secret");
    return EVT_OK;
}

static enum evt_err begin_body(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *err)
{
    (void)err;
    evt_attempt_url(attempt, "POST", "http://%s/%s", evt_http_address(http),
                    strcmp(request->name, "never") == 0 ? "hold" : request->name);
    evt_attempt_body(attempt, "text/plain", request->ref, strlen(request->ref));
    return EVT_OK;
}

static enum evt_err begin_nobody(struct evt_attempt *attempt,
                                 const struct evt_call_request *request, struct evt_error *err)
{
    (void)err;
    (void)request;
    evt_attempt_url(attempt, "GET", "http://127.0.0.1:1/"); /* where nothing listens */
    return EVT_OK;
}

static enum evt_err begin_option(struct evt_attempt *attempt,
                                 const struct evt_call_request *request, struct evt_error *err)
{
    const char *value = evt_attempt_option(attempt, request->ref);

    (void)err;
    evt_attempt_done(attempt, 200, value ? value : "not set");
    return EVT_OK;
}

static enum evt_err begin_done(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *err)
{
    (void)err;
    evt_attempt_done(attempt, (int)strtol(request->ref, NULL, 10), "as said");
    return EVT_OK;
}

static enum evt_err begin_wrong(struct evt_attempt *attempt, const struct evt_call_request *request,
                                struct evt_error *err)
{
    const char *ref = request->ref;

    if (strcmp(ref, "fails") == 0)
        return evt_fail(err, EVT_E_INVARIANT, "no such card");
    if (strcmp(ref, "nothing") == 0)
        return EVT_OK;
    evt_attempt_url(attempt, "GET", "http://%s/%s", evt_http_address(http),
                    strcmp(ref, "blank") == 0  ? "echo/a b"
                    : strcmp(ref, "line") == 0 ? "echo/a\nb"
                                               : "echo/a");
    if (strcmp(ref, "header") == 0)
        evt_attempt_header(attempt, "X-A", "b\r\nX-C: d");
    return EVT_OK;
}

static enum evt_call_end end_twice(struct evt_attempt *attempt,
                                   const struct evt_call_answer *answer)
{
    char *text = evt_attempt_alloc(attempt, 100);

    ck_assert_int_eq(text[99], 0);
    snprintf(text, 100, "%s of %s is %d", answer->body, evt_attempt_request(attempt)->ref,
             answer->status);
    evt_attempt_result(attempt, text, strlen(text));
    return EVT_CALL_END_REFUSED;
}

static enum evt_call_end end_parks(struct evt_attempt *attempt,
                                   const struct evt_call_answer *answer)
{
    (void)attempt;
    (void)answer;
    return EVT_CALL_END_PARKED;
}

#define CALLER(name_, to, ms, begin_, end_)                                                        \
    {                                                                                              \
        .name = name_, .destination = to, .timeout_ms = ms, .begin = begin_, .end = end_           \
    }
static const struct evt_caller callers[] = {
    CALLER("post", "bank", 10000, begin_post, calls_end),
    CALLER("get", "bank", 10000, begin_get, calls_end),
    CALLER("empty", "bank", 10000, begin_empty, calls_end),
    CALLER("hold", "slow", 10000, begin_body, calls_end),
    CALLER("never", "slow", 50, begin_body, calls_end),
    CALLER("busy", "busy", 10000, begin_body, calls_end),
    CALLER("nobody", "nobody", 10000, begin_nobody, calls_end),
    CALLER("option", "here", 10000, begin_option, calls_end),
    CALLER("done", "here", 10000, begin_done, calls_end),
    CALLER("twice", "here", 10000, begin_done, end_twice),
    CALLER("parks", "here", 10000, begin_done, end_parks),
    CALLER("wrong", "here", 10000, begin_wrong, calls_end),
    {0},
};

static void start(struct calls *calls)
{
    const struct evt_http_options opt = {.address = "127.0.0.1:0", .routes = routes};
    struct evt_error err;

    ck_ok(evt_http_start(&opt, &http, &err), err);
    calls_start(calls, callers, NULL);
}

static void stop(struct calls *calls)
{
    calls_stop(calls);
    evt_http_stop(http);
}

START_TEST(a_request_goes_out_as_it_was_said)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "post", "r", "pay");
    calls_expect(&calls, 1,
                 "ok 200 POST /echo/x%20y?a=1 Idempotency-Key='key-1' Content-Type='text/x' "
                 "User-Agent='svc-test' X-Empty='' body='pay'");
    calls_begin(&calls, 2, "get", "echo/a", NULL);
    calls_expect(&calls, 2, "ok 200 GET /echo/a User-Agent='svc-test' body=''");
    calls_begin(&calls, 3, "empty", "POST", NULL);
    calls_expect(&calls, 3,
                 "ok 200 POST /echo/none User-Agent='svc-test' "
                 "Authorization='Basic YW5uOnNlY3JldA==' body=''");
    calls_begin(&calls, 4, "empty", "DELETE", NULL);
    calls_expect(&calls, 4,
                 "ok 200 DELETE /echo/none User-Agent='svc-test' "
                 "Authorization='Basic YW5uOnNlY3JldA==' body=''");
    calls_begin(&calls, 5, "get", "away", NULL);
    calls_expect(&calls, 5, "refused 302 there");
    calls_begin(&calls, 6, "get", "nowhere", NULL);
    calls_expect_begin(&calls, 6, "refused 404 {");
    stop(&calls);
}
END_TEST

/* ---- a server that counts its connections, which evt_http does not tell ---- */

static atomic_int connections;

static void *serve_plainly(void *arg)
{
    static const char yes[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";
    const int listening = *(const int *)arg;
    char line[1024];
    int fd;

    while ((fd = accept(listening, NULL, NULL)) >= 0) {
        FILE *in = fdopen(fd, "r");

        atomic_fetch_add(&connections, 1);
        while (fgets(line, sizeof(line), in))
            if (strcmp(line, "\r\n") == 0)
                send(fd, yes, sizeof(yes) - 1, MSG_NOSIGNAL);
        fclose(in);
    }
    return NULL;
}

static int plain_port;

static enum evt_err begin_plain(struct evt_attempt *attempt, const struct evt_call_request *request,
                                struct evt_error *err)
{
    (void)err;
    (void)request;
    evt_attempt_url(attempt, "GET", "http://127.0.0.1:%d/", plain_port);
    return EVT_OK;
}

START_TEST(connections_are_kept)
{
    static const struct evt_caller plain[] = {CALLER("plain", "plain", 10000, begin_plain,
                                                     calls_end),
                                              {0}};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct calls calls;
    pthread_t thread;

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    plain_port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_plainly, &fd), 0);
    calls_start(&calls, plain, NULL);
    for (int i = 0; i < 10; i++) {
        calls_begin(&calls, i, "plain", "", NULL);
        calls_expect(&calls, i, "ok 200 yes");
    }
    ck_assert_int_eq(atomic_load(&connections), 1);
    calls_stop(&calls);
    shutdown(fd, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(fd);
}
END_TEST

START_TEST(no_proxy_is_asked_for_this_machine)
{
    struct calls calls;

    ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    ck_assert_int_eq(setenv("no_proxy", "example.org", 1), 0);
    start(&calls);
    calls_begin(&calls, 1, "get", "echo/a", NULL);
    calls_expect_begin(&calls, 1, "ok 200");
    stop(&calls);
}
END_TEST

START_TEST(a_long_answer_is_cut)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "get", "large", NULL);
    calls_expect_begin(&calls, 1, "ok 200 x");
    ck_assert_uint_eq(calls_len(&calls, 1), EVT_CALL_RESPONSE_MAX);
    stop(&calls);
}
END_TEST

/* So many under way, the rest in order; of one destination, not of another. */
START_TEST(so_many_at_once_and_the_rest_in_order)
{
    enum { N = EVT_CALL_UNDER_WAY_MAX + 6 };
    struct calls calls;
    char ref[16];

    start(&calls);
    for (int i = 0; i < N; i++) {
        snprintf(ref, sizeof(ref), "%d", i);
        calls_begin(&calls, i, "hold", ref, NULL);
    }
    ck_assert_uint_eq(await_held(EVT_CALL_UNDER_WAY_MAX), EVT_CALL_UNDER_WAY_MAX);
    calls_begin(&calls, N, "get", "echo/a", NULL); /* another destination */
    calls_expect_begin(&calls, N, "ok 200");
    for (int i = EVT_CALL_UNDER_WAY_MAX; i < N; i++) {
        ck_assert_uint_eq(await_held((size_t)i), (size_t)i);
        evt_buf_clear(&seen);
        let_go((size_t)i - EVT_CALL_UNDER_WAY_MAX);
        await_held((size_t)i + 1);
        snprintf(ref, sizeof(ref), "%d ", i);
        ck_assert_str_eq(evt_buf_text(&seen), ref);
    }
    for (int i = N - EVT_CALL_UNDER_WAY_MAX; i < N; i++)
        let_go((size_t)i);
    for (int i = 0; i < N; i++)
        calls_expect(&calls, i, "ok 200 late");
    evt_buf_release(&seen);
    stop(&calls);
}
END_TEST

START_TEST(no_answer_is_unknown)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "nobody", "", NULL);
    calls_expect_begin(&calls, 1, "unknown 0 Failed to connect to 127.0.0.1 port 1");
    calls_begin(&calls, 2, "never", "x", NULL);
    calls_expect_begin(&calls, 2, "unknown 0 ");
    calls_expect_words(&calls, 2, "timed out");
    calls_begin(&calls, 3, "done", "0", NULL);
    calls_expect(&calls, 3, "unknown 0 as said");
    ck_assert_int_eq(calls_metric(&calls, "never", "unknown"), 1);
    await_held(1);
    calls_stop(&calls);
    let_go(0);
    evt_http_stop(http);
    evt_buf_release(&seen);
}
END_TEST

START_TEST(end_says_what_is_told)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "done", "200", NULL);
    calls_expect(&calls, 1, "ok 200 as said");
    calls_begin(&calls, 2, "twice", "201", NULL);
    calls_expect_told(&calls, 2, EVT_CALL_END_REFUSED, "as said of 201 is 201");
    calls_begin(&calls, 3, "parks", "200", NULL);
    calls_expect_told(&calls, 3, EVT_CALL_END_PARKED, "as said");
    ck_assert_int_eq(calls_metric(&calls, "done", "ok"), 1);
    ck_assert_int_eq(calls_metric(&calls, "twice", "refused"), 1);
    ck_assert_int_eq(calls_metric(&calls, "parks", "parked"), 1);
    stop(&calls);
}
END_TEST

START_TEST(what_cannot_be_sent_is_parked)
{
    static const struct {
        const char *name, *ref, *why;
    } wrong[] = {
        {"wrong", "fails", "the message breaks an invariant: no such card"},
        {"wrong", "nothing", "its caller's begin says nothing to be sent"},
        {"wrong", "blank", "its URL holds a blank: escape it"},
        {"wrong", "line", "its URL holds a control character"},
        {"wrong", "header", "a header holds a control character"},
        {"who", "", "this version has no caller of that name"},
    };
    struct calls calls;

    start(&calls);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        calls_begin(&calls, (int)i, wrong[i].name, wrong[i].ref, NULL);
        calls_expect_told(&calls, (int)i, EVT_CALL_END_PARKED, wrong[i].why);
        calls_expect_log(&calls, wrong[i].why);
    }
    ck_assert_int_eq(calls_metric(&calls, "wrong", "parked"), 5);
    stop(&calls);
}
END_TEST

START_TEST(options_are_the_services)
{
    static const struct evt_option options[] = {
        {.name = "bank-url", .value = "URL", .fallback = "http://b", .help = "the bank"},
        {.name = "bank-key", .value = "KEY", .help = "what it knows us by", .secret = true},
        {0},
    };
    char program[] = "test", *argv[] = {program, NULL};
    struct evt_conf *conf;
    struct evt_error err;
    struct calls calls;

    ck_ok(evt_conf_parse(options, 1, argv, &conf, &err), err);
    calls_start(&calls, callers, conf);
    calls_begin(&calls, 1, "option", "bank-url", NULL);
    calls_expect(&calls, 1, "ok 200 http://b");
    calls_begin(&calls, 2, "option", "bank-key", NULL);
    calls_expect(&calls, 2, "ok 200 not set");
    calls_stop(&calls);
    evt_conf_free(conf);
    calls_start(&calls, callers, NULL);
    calls_begin(&calls, 3, "option", "bank-url", NULL);
    calls_expect(&calls, 3, "ok 200 not set");
    calls_stop(&calls);
}
END_TEST

/* The sixth waits; after the pause it is let through, alone, and its answer lets the rest go. */
START_TEST(a_circuit_opens_and_closes)
{
    struct calls calls;
    int64_t begin_ms;

    start(&calls);
    atomic_store(&status_of_busy, 503);
    for (int i = 0; i < EVT_CALL_UNKNOWNS; i++) {
        calls_begin(&calls, i, "busy", "x", NULL);
        calls_expect(&calls, i, "unknown 503 busy");
        ck_assert_int_eq(calls_open(&calls, "busy"), i + 1 == EVT_CALL_UNKNOWNS);
    }
    begin_ms = evt_clock_ms();
    calls_expect_log(&calls, "circuit opens: calls wait destination=busy unknown_in_a_row=5 "
                             "reason=\"status 503\"");
    atomic_store(&status_of_busy, 200);
    for (int i = 10; i < 20; i++)
        calls_begin(&calls, i, "busy", "x", NULL);
    calls_begin(&calls, 30, "get", "echo/a", NULL); /* the others go on */
    calls_expect_begin(&calls, 30, "ok 200");
    ck_assert_int_eq(atomic_load(&busy_asked), EVT_CALL_UNKNOWNS);
    for (int i = 10; i < 20; i++)
        calls_expect(&calls, i, "ok 200 busy");
    ck_assert_int_ge(evt_clock_ms() - begin_ms, EVT_CALL_PAUSE_MS - 1);
    ck_assert_int_eq(calls_open(&calls, "busy"), 0);
    calls_expect_log(&calls, "circuit closes: calls go on destination=busy");
    stop(&calls);
}
END_TEST

/* Whoever began it looks again whether it still may be made; it was none. */
START_TEST(what_waits_too_long_is_given_back)
{
    struct calls calls;

    calls_queued_ms_max = 100;
    start(&calls);
    atomic_store(&status_of_busy, 503);
    for (int i = 0; i < EVT_CALL_UNKNOWNS; i++) {
        calls_begin(&calls, i, "busy", "x", NULL);
        calls_expect(&calls, i, "unknown 503 busy");
    }
    calls_begin(&calls, 10, "busy", "x", NULL);
    calls_expect_told(&calls, 10, EVT_CALL_END_UNKNOWN, "");
    calls_expect(&calls, 10, "");
    ck_assert_int_eq(atomic_load(&busy_asked), EVT_CALL_UNKNOWNS);
    ck_assert_int_eq(calls_metric(&calls, "busy", "unknown"), EVT_CALL_UNKNOWNS);
    stop(&calls);
}
END_TEST

START_TEST(a_retry_after_delays_the_next)
{
    struct calls calls;
    int64_t begin_ms = evt_clock_ms();

    start(&calls);
    atomic_store(&status_of_busy, 429);
    atomic_store(&retry_after, "1");
    calls_begin(&calls, 1, "busy", "x", NULL);
    calls_expect(&calls, 1, "unknown 429 busy retry 1000");
    atomic_store(&status_of_busy, 200);
    atomic_store(&retry_after, "100000"); /* of a definite end it is no wish */
    calls_begin(&calls, 2, "busy", "x", NULL);
    calls_expect(&calls, 2, "ok 200 busy retry 60000");
    ck_assert_int_ge(evt_clock_ms() - begin_ms, 1000 - 1);
    calls_begin(&calls, 3, "busy", "x", NULL);
    calls_expect_begin(&calls, 3, "ok 200 busy");
    stop(&calls);
}
END_TEST

/* What is under way and what waits is left, and nobody is told. */
START_TEST(a_stop_tells_nobody)
{
    struct calls calls;

    start(&calls);
    for (int i = 0; i < EVT_CALL_UNDER_WAY_MAX + 5; i++)
        calls_begin(&calls, i, "hold", "x", NULL);
    await_held(EVT_CALL_UNDER_WAY_MAX);
    calls_stop(&calls);
    ck_assert_uint_eq(calls.n, 0);
    for (size_t i = 0; i < EVT_CALL_UNDER_WAY_MAX; i++)
        let_go(i);
    evt_http_stop(http);
    evt_buf_release(&seen);
    evt_calling_stop(NULL);
}
END_TEST

START_TEST(metrics_are_what_prometheus_expects)
{
    struct evt_buf page = {0};
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "done", "200", NULL);
    calls_expect(&calls, 1, "ok 200 as said");
    evt_metrics_print(calls.metrics, &page);
    ck_assert_ptr_nonnull(
        strstr(evt_buf_text(&page),
               "\nevt_calls_total{service=\"test\",name=\"done\",outcome=\"ok\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&page),
                                 "\nevt_call_seconds_count{service=\"test\",name=\"done\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&page),
                                 "\nevt_circuit_open{service=\"test\",destination=\"here\"} 0\n"));
    evt_buf_release(&page);
    stop(&calls);
}
END_TEST

SUITE("calling", a_request_goes_out_as_it_was_said, connections_are_kept,
      no_proxy_is_asked_for_this_machine, a_long_answer_is_cut,
      so_many_at_once_and_the_rest_in_order, no_answer_is_unknown, end_says_what_is_told,
      what_cannot_be_sent_is_parked, options_are_the_services, a_circuit_opens_and_closes,
      what_waits_too_long_is_given_back, a_retry_after_delays_the_next, a_stop_tells_nobody,
      metrics_are_what_prometheus_expects)

/* Http: how many connections there may be, and how long they may take. */
#include <evt/http.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "test/lib/suite.h"
#include "test/lib/web.h"

static void show(struct evt_request *req)
{
    evt_reply_text(req, 200, "text/plain", "here", 4);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/", .fn = show},
    {.method = "POST", .path = "/", .fn = show},
    {0},
};

static struct evt_http *http;

static void start(struct evt_http_options opt)
{
    struct evt_error err;

    opt.address = "127.0.0.1:0";
    opt.routes = routes;
    ck_ok(evt_http_start(&opt, &http, &err), err);
}

static void expect_here(struct web *web)
{
    ck_assert_str_eq(evt_buf_text(&web->body), "here");
}

START_TEST(a_client_has_so_many_connections)
{
    struct web one, two, three;

    start((struct evt_http_options){.per_client_max = 2});
    web_ask_once(&one, evt_http_address(http), "GET /", NULL, NULL);
    web_ask_once(&two, evt_http_address(http), "GET /", NULL, NULL);
    web_open(&three, evt_http_address(http));
    ck_assert(!web_read(&three, false));
    web_close(&three);
    web_ask(&one, "GET /", NULL, NULL);
    expect_here(&one);
    web_close(&one);
    web_close(&two);
    evt_http_stop(http);
}
END_TEST

START_TEST(all_have_so_many_connections)
{
    struct web one, two, three;

    start((struct evt_http_options){.connections_max = 1, .waits_max = 1});
    web_ask_once(&one, evt_http_address(http), "GET /", NULL, NULL);
    web_ask_once(&two, evt_http_address(http), "GET /", NULL, NULL);
    web_open(&three, evt_http_address(http));
    web_send(&three, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    /* It is kept waiting until there is room. */
    web_ask(&two, "GET /", NULL, NULL);
    ck_assert_int_lt(recv(three.fd, &(char){0}, 1, MSG_DONTWAIT), 0);
    web_close(&one);
    ck_assert(web_read(&three, false));
    expect_here(&three);
    web_close(&two);
    web_close(&three);
    evt_http_stop(http);
}
END_TEST

START_TEST(who_says_nothing_is_left)
{
    struct web web;

    start((struct evt_http_options){.idle_timeout_s = 1});
    web_open(&web, evt_http_address(http));
    ck_assert(!web_read(&web, false));
    web_close(&web);
    web_ask_once(&web, evt_http_address(http), "GET /", NULL, NULL);
    ck_assert(!web_read(&web, false));
    web_close(&web);
    evt_http_stop(http);
}
END_TEST

/* One byte now and then is not enough: the whole request must come. */
static void trickle(struct web *web, const char *begin)
{
    struct timeval pause = {0, 50000};

    web_open(web, evt_http_address(http));
    setsockopt(web->fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
    web_send(web, begin);
    for (int i = 0; i < 200; i++) {
        ssize_t n = recv(web->fd, &(char){0}, 1, 0);

        ck_assert_int_le(n, 0);
        if (n == 0) /* cut off */
            return;
        web_send(web, "x");
    }
    ck_abort_msg("still there after ten seconds");
}

START_TEST(who_is_too_slow_is_cut_off)
{
    struct web web, other;

    start((struct evt_http_options){.arrival_timeout_s = 1});
    trickle(&web, "G");
    web_close(&web);
    trickle(&web, "GET / HTTP/1.1\r\nHost: ");
    web_close(&web);
    trickle(&web, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n");
    web_close(&web);
    web_ask_once(&other, evt_http_address(http), "GET /", NULL, NULL);
    expect_here(&other);
    web_close(&other);
    evt_http_stop(http);
}
END_TEST

SUITE("http_limits", a_client_has_so_many_connections, all_have_so_many_connections,
      who_says_nothing_is_left, who_is_too_slow_is_cut_off)

/* Http: what is counted of requests. */
#include <evt/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/lib/suite.h"
#include "test/lib/web.h"

static struct evt_metrics *metrics;

static long value_of(const char *series)
{
    struct evt_buf text = {0};
    const char *at;
    long value = -1;

    evt_metrics_print(metrics, &text);
    at = strstr(evt_buf_text(&text), series);
    if (at)
        value = strtol(at + strlen(series), NULL, 10);
    evt_buf_release(&text);
    return value;
}

/* While it is answered it is in flight. */
static void show(struct evt_request *req)
{
    char text[16];

    snprintf(text, sizeof(text), "%ld", value_of("\nevt_http_in_flight "));
    evt_reply_text(req, 200, "text/plain", text, strlen(text));
}

static void refuse(struct evt_request *req)
{
    evt_reply_problem(req, 409, "no");
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/v1/{one}", .fn = show},
    {.method = "POST", .path = "/v1/{one}", .fn = refuse},
    {0},
};

START_TEST(requests_are_counted)
{
    struct evt_http_options opt = {.address = "127.0.0.1:0", .routes = routes};
    struct evt_http *http;
    struct evt_error err;
    struct web web;

    opt.metrics = metrics = evt_metrics_new();
    ck_ok(evt_http_start(&opt, &http, &err), err);
    web_open(&web, evt_http_address(http));
    web_ask(&web, "GET /v1/a", NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&web.body), "1");
    web_ask(&web, "HEAD /v1/b", NULL, NULL);
    web_ask(&web, "POST /v1/a", NULL, NULL);
    web_ask(&web, "GET /nowhere", NULL, NULL);
    web_ask(&web, "BREW /v1/a", NULL, NULL);
    web_ask(&web, "BREW /v1/a", "Content-Length: 999999\r\n", NULL);
    web_close(&web);
    evt_http_stop(http);
#define SERIES(method, route, status)                                                              \
    "\nevt_http_requests_total{method=\"" method "\",route=\"" route "\",status=\"" status "\"} "
    ck_assert_int_eq(value_of(SERIES("GET", "/v1/{one}", "200")), 2);
    ck_assert_int_eq(value_of(SERIES("POST", "/v1/{one}", "409")), 1);
    ck_assert_int_eq(value_of(SERIES("other", "none", "404")), 1);
    ck_assert_int_eq(value_of(SERIES("other", "none", "405")), 1);
    ck_assert_int_eq(value_of(SERIES("other", "none", "413")), 1);
    ck_assert_int_eq(value_of("\nevt_http_request_seconds_count{route=\"/v1/{one}\"} "), 3);
    ck_assert_int_eq(value_of("\nevt_http_request_seconds_count{route=\"none\"} "), 3);
    ck_assert_int_eq(value_of("\nevt_http_in_flight "), 0);
    evt_metrics_free(metrics);
}
END_TEST

SUITE("http_count", requests_are_counted)

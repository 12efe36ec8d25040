/* Main's three routes, asked over HTTP. */
#include "libevents/src/main_internal.h"
#include "test/lib/suite.h"

#include <evt/http.h>
#include <evt/mem.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct evt_error err;

/* The whole answer: status line, headers, body. */
static void ask(const char *address, const char *path, struct evt_buf *ret_answer)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char piece[4096];
    ssize_t n;
    int len;

    to.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    len = snprintf(piece, sizeof(piece), "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                   path);
    ck_assert_int_eq(send(fd, piece, (size_t)len, MSG_NOSIGNAL), len);
    evt_buf_clear(ret_answer);
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
        evt_buf_add(ret_answer, piece, (size_t)n);
    close(fd);
}

static void ck_answer(const struct evt_buf *answer, const char *status, const char *body)
{
    const char *text = evt_buf_text(answer), *begin = strstr(text, "\r\n\r\n");

    ck_assert_ptr_nonnull(begin);
    ck_assert_msg(strncmp(text, status, strlen(status)) == 0, "%s", text);
    ck_assert_str_eq(begin + 4, body);
}

START_TEST(alive_ready_and_why_not)
{
    struct evt_metrics *metrics = evt_metrics_new();
    struct evt_health health;
    struct evt_route *routes;
    struct evt_http_options opt = {.address = "127.0.0.1:0"};
    struct evt_http *http = NULL;
    struct evt_buf answer = {0};

    evt__health_init(&health, metrics, "it waits for Kafka at x:1");
    routes = evt__health_routes(&health, NULL);
    opt.routes = routes;
    ck_ok(evt_http_start(&opt, &http, &err), err);
    ask(evt_http_address(http), "/livez", &answer);
    ck_answer(&answer, "HTTP/1.1 200 ", "{\"status\":\"alive\"}");
    ask(evt_http_address(http), "/readyz", &answer);
    ck_answer(&answer, "HTTP/1.1 503 ",
              "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
              "\"detail\":\"it waits for Kafka at x:1\"}");
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&answer), "application/problem+json"));
    ck_assert(evt__health_set(&health, true, ""));
    ask(evt_http_address(http), "/readyz", &answer);
    ck_answer(&answer, "HTTP/1.1 200 ", "{\"status\":\"ready\"}");
    evt_metric_set(evt_metric_get(metrics, EVT_METRIC_GAUGE, "evt_things", "Things.", NULL), 7);
    ask(evt_http_address(http), "/metrics", &answer);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&answer), "evt_things 7\n"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&answer), "text/plain; version=0.0.4"));
    evt_http_stop(http);
    evt_free(routes);
    evt__health_release(&health);
    evt_metrics_free(metrics);
    evt_buf_release(&answer);
}
END_TEST

START_TEST(only_a_change_is_one)
{
    struct evt_health health;

    evt__health_init(&health, NULL, "starting");
    ck_assert(!evt__health_set(&health, false, "starting"));
    ck_assert(evt__health_set(&health, false, "catching up"));
    ck_assert(evt__health_set(&health, true, ""));
    ck_assert(!evt__health_set(&health, true, ""));
    ck_assert(evt__health_set(&health, false, "away"));
    evt__health_release(&health);
}
END_TEST

SUITE("main_health", alive_ready_and_why_not, only_a_change_is_one)

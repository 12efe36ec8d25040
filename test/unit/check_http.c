/* Http: routes, targets, bodies and problems, seen through a plain socket. */
#include <evt/http.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "test/lib/suite.h"
#include "test/lib/web.h"

/* Answers what it sees of a request. */
static void show(struct evt_request *req)
{
    const char *one = evt_request_value(req, "one"), *two = evt_request_value(req, "two");
    const char *q = evt_request_query(req, "q");

    evt_reply(req, 200,
              json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s}", "method", evt_request_method(req),
                        "path", evt_request_path(req), "target", evt_request_target(req), "one",
                        one, "two", two, "q", q, "arg", evt_request_arg(req)));
}

static void take_json(struct evt_request *req)
{
    json_t *json = evt_request_json(req);

    if (json)
        evt_reply(req, 201, json_incref(json));
}

static void take_bytes(struct evt_request *req)
{
    size_t len;
    const char *body = evt_request_body(req, &len);
    char text[64];

    ck_assert_uint_eq(strlen(body), len);
    snprintf(text, sizeof(text), "%zu", len);
    evt_reply_text(req, 200, "text/plain", text, strlen(text));
}

static void say_nothing(struct evt_request *req)
{
    (void)req;
}

static void say_headers(struct evt_request *req)
{
    const char *given = evt_request_header(req, "x-given");

    evt_reply_header(req, "X-Back", given ? given : "none");
    evt_reply_header(req, "Location", "/a");
    evt_reply(req, 204, NULL);
}

static void say_long(struct evt_request *req)
{
    char text[1000];

    /* 499 bytes would end within the second byte of a character. */
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? '\xa4' : '\xc3';
    evt_reply_problem(req, 418, "x%.*s", (int)sizeof(text), text);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/", .fn = show},
    {.method = "GET", .path = "/a", .fn = show},
    {.method = "POST", .path = "/a", .fn = take_json},
    {.method = "PUT", .path = "/a", .fn = take_bytes},
    {.method = "GET", .path = "/a/{one}", .fn = show, .arg = (void *)(uintptr_t) "its own"},
    {.method = "GET", .path = "/a/{one}/b/{two}", .fn = show},
    {.method = "DELETE", .path = "/only", .fn = say_headers},
    {.method = "GET", .path = "/nothing", .fn = say_nothing},
    {.method = "GET", .path = "/long", .fn = say_long},
    {0},
};

static struct evt_http *http;
static struct web web;

static void start(void)
{
    const struct evt_http_options opt = {
        .address = "127.0.0.1:0",
        .routes = routes,
        .arg = (void *)(uintptr_t) "all",
        .body_max = 1000,
    };
    struct evt_error err;

    ck_ok(evt_http_start(&opt, &http, &err), err);
    web_open(&web, evt_http_address(http));
}

static void stop(void)
{
    web_close(&web);
    evt_http_stop(http);
}

static void expect(const char *line, const char *body)
{
    web_ask(&web, line, NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&web.body), body);
    ck_assert_int_eq(web.status, 200);
    ck_assert_str_eq(web_header(&web, "Content-Type"), "application/json");
}

START_TEST(a_path_finds_its_route)
{
    start();
    expect("GET /", "{\"method\":\"GET\",\"path\":\"/\",\"target\":\"/\",\"arg\":\"all\"}");
    expect("GET /a", "{\"method\":\"GET\",\"path\":\"/a\",\"target\":\"/a\",\"arg\":\"all\"}");
    expect("GET /a/x", "{\"method\":\"GET\",\"path\":\"/a/x\",\"target\":\"/a/x\",\"one\":\"x\","
                       "\"arg\":\"its own\"}");
    expect("GET /a/x/b/y", "{\"method\":\"GET\",\"path\":\"/a/x/b/y\",\"target\":\"/a/x/b/y\","
                           "\"one\":\"x\",\"two\":\"y\",\"arg\":\"all\"}");
    stop();
}
END_TEST

START_TEST(a_target_is_decoded_after_it_is_split)
{
    start();
    expect("GET /%61/x%2fy", "{\"method\":\"GET\",\"path\":\"/a/x/y\",\"target\":\"/%61/x%2fy\","
                             "\"one\":\"x/y\",\"arg\":\"its own\"}");
    expect("GET /a?q=a+b%26%C3%A4&q=2&&z",
           "{\"method\":\"GET\",\"path\":\"/a\",\"target\":\"/a?q=a+b%26%C3%A4&q=2&&z\","
           "\"q\":\"a b&\xc3\xa4\",\"arg\":\"all\"}");
    expect("GET /a?q", "{\"method\":\"GET\",\"path\":\"/a\",\"target\":\"/a?q\",\"q\":\"\","
                       "\"arg\":\"all\"}");
    expect("GET /a/+", "{\"method\":\"GET\",\"path\":\"/a/+\",\"target\":\"/a/+\",\"one\":\"+\","
                       "\"arg\":\"its own\"}");
    stop();
}
END_TEST

START_TEST(a_target_that_is_no_text_is_refused)
{
    static const char *const lines[] = {
        "GET /a/%",        "GET /a/%4",    "GET /a/%zz", "GET /a/%00", "GET /a/%ff",
        "GET /a/%c3/%a4b", "GET /a?q=%c3", "GET /a?%00", "GET /a?q=%", "GET /nowhere/%e4",
    };

    start();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        web_ask(&web, lines[i], NULL, NULL);
        ck_problem(&web, 400, "the request's target is not percent-encoded UTF-8 text");
    }
    web_ask(&web, "GET /a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", NULL, NULL);
    ck_problem(&web, 400, "the query has more than 16 parameters");
    stop();
}
END_TEST

/* More than libmicrohttpd has room for. */
START_TEST(a_query_of_very_many_parameters_is_refused)
{
    struct evt_buf line = {0};

    start();
    evt_buf_add_text(&line, "GET /a?");
    for (int i = 0; i < 4000; i++)
        evt_buf_add_text(&line, "a&");
    web_ask(&web, evt_buf_text(&line), NULL, NULL);
    ck_problem(&web, 400, "the query has more than 16 parameters");
    evt_buf_release(&line);
    stop();
}
END_TEST

START_TEST(a_path_without_a_route_is_not_found)
{
    static const char *const paths[] = {"/b", "/a/",        "/a/x/b/", "/a/x/c/y",
                                        "//", "/a/x/b/y/z", "/A"};
    char line[64], words[64];

    start();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        snprintf(line, sizeof(line), "GET %s", paths[i]);
        snprintf(words, sizeof(words), "there is nothing at %s", paths[i]);
        web_ask(&web, line, NULL, NULL);
        ck_problem(&web, 404, words);
    }
    stop();
}
END_TEST

START_TEST(another_method_is_told_which_are_allowed)
{
    start();
    web_ask(&web, "DELETE /a", NULL, NULL);
    ck_problem(&web, 405, "/a takes GET, HEAD, POST, PUT");
    ck_assert_str_eq(web_header(&web, "Allow"), "GET, HEAD, POST, PUT");
    web_ask(&web, "HEAD /only", NULL, NULL);
    ck_assert_int_eq(web.status, 405);
    ck_assert_str_eq(web_header(&web, "Allow"), "DELETE");
    stop();
}
END_TEST

START_TEST(head_is_answered_as_get_without_the_body)
{
    start();
    web_ask(&web, "HEAD /a", NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    ck_assert_str_eq(web_header(&web, "Content-Length"), "55");
    expect("GET /a", "{\"method\":\"GET\",\"path\":\"/a\",\"target\":\"/a\",\"arg\":\"all\"}");
    ck_assert_uint_eq(web.in.len, 0);
    stop();
}
END_TEST

START_TEST(json_is_taken_and_given)
{
    start();
    web_ask(&web, "POST /a", JSON_TYPE, "{\"a\": [1, true]}");
    ck_assert_int_eq(web.status, 201);
    ck_assert_str_eq(evt_buf_text(&web.body), "{\"a\":[1,true]}");
    web_ask(&web, "POST /a", "Content-Type: Application/JSON; charset=utf-8\r\n", "{}");
    ck_assert_int_eq(web.status, 201);
    stop();
}
END_TEST

static void refuse(const char *headers, const char *body, int status, const char *words)
{
    web_ask(&web, "POST /a", headers, body);
    ck_problem(&web, status, words);
}

START_TEST(what_is_not_a_json_object_is_refused)
{
    start();
    refuse(NULL, "{}", 415, "the body must be sent with Content-Type: application/json");
    refuse("Content-Type: text/plain\r\n", "{}", 415,
           "the body must be sent with Content-Type: application/json");
    refuse("Content-Type: application/json5\r\n", "{}", 415,
           "the body must be sent with Content-Type: application/json");
    ck_assert_str_eq(web_header(&web, "Accept"), "application/json");
    refuse(JSON_TYPE, "", 400, "the body is empty: a JSON object is expected");
    refuse(JSON_TYPE, "[]", 400, "the body is not a JSON object");
    refuse(JSON_TYPE, "1", 400,
           "the body is not JSON: line 1, column 1: '[' or '{' expected near '1'");
    refuse(JSON_TYPE, "{\n \"a\": }", 400,
           "the body is not JSON: line 2, column 7: unexpected token near '}'");
    refuse(JSON_TYPE, "{} x", 400,
           "the body is not JSON: line 1, column 4: end of file expected near 'x'");
    refuse(JSON_TYPE, "{\"a\":1,\"a\":2}", 400,
           "the body is not JSON: line 1, column 10: duplicate object key near '\"a\"'");
    refuse(JSON_TYPE, "{\"a\":\"\xff\"}", 400,
           "the body is not JSON: line 1, column 6: unable to decode byte 0xff near '\"'");
    stop();
}
END_TEST

START_TEST(a_body_has_a_limit)
{
    char body[2049];

    start();
    memset(body, 'x', sizeof(body));
    body[1000] = '\0';
    web_ask(&web, "PUT /a", NULL, body);
    ck_assert_str_eq(evt_buf_text(&web.body), "1000");
    body[1000] = 'x';
    body[1001] = '\0';
    web_ask(&web, "PUT /a", NULL, body);
    ck_problem(&web, 413, "the body is larger than 1000 bytes");
    ck_assert_str_eq(web_header(&web, "Connection"), "close");
    web_close(&web);
    /* In pieces and without a length it shows only at the end. */
    web_open(&web, evt_http_address(http));
    body[1001] = 'x';
    body[2048] = '\0';
    web_send(&web, "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n");
    web_send(&web, body);
    web_send(&web, "\r\n0\r\n\r\n");
    ck_assert(web_read(&web, false));
    ck_problem(&web, 413, "the body is larger than 1000 bytes");
    stop();
}
END_TEST

START_TEST(a_body_without_an_end_is_cut_off)
{
    char chunk[8 + 4096 + 3];
    int len;

    start();
    len = snprintf(chunk, sizeof(chunk), "1000\r\n%4096s\r\n", "");
    ck_assert_int_eq(len, 4096 + 8);
    web_send(&web, "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 300; i++)
        web_send(&web, chunk);
    ck_assert(!web_read(&web, false));
    stop();
}
END_TEST

START_TEST(headers_have_a_limit)
{
    struct evt_buf headers = {0};

    start();
    evt_buf_printf(&headers, "X-Large: %16384s\r\n", "x");
    web_ask(&web, "GET /a", evt_buf_text(&headers), NULL);
    ck_problem(&web, 431, "request line and headers are larger than 16384 bytes");
    ck_assert_str_eq(web_header(&web, "Connection"), "close");
    web_close(&web);
    web_open(&web, evt_http_address(http));
    evt_buf_clear(&headers);
    evt_buf_printf(&headers, "GET /%020000d", 0);
    web_ask(&web, evt_buf_text(&headers), NULL, NULL);
    ck_problem(&web, 431, "request line and headers are larger than 16384 bytes");
    evt_buf_release(&headers);
    stop();
}
END_TEST

/* The daemon refuses by itself what is not HTTP, with a page of its own, and closes. */
START_TEST(what_is_not_http_is_refused)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"nonsense\r\n\r\n", 0}, /* or 400: versions differ */
        {"GET / HTTP/7.0\r\nHost: x\r\n\r\n", 505},
        {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400},
        {"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n", 400},
    };
    struct evt_buf large = {0};

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        web_send(&web, cases[i].text);
        if (web_read(&web, false) && cases[i].status)
            ck_assert_int_eq(web.status, cases[i].status);
        ck_assert(!web_read(&web, false));
        web_close(&web);
        web_open(&web, evt_http_address(http));
    }
    evt_buf_printf(&large, "GET /a HTTP/1.1\r\nHost: x\r\nX-Large: %0100000d\r\n\r\n", 0);
    web_send(&web, evt_buf_text(&large));
    if (web_read(&web, false)) /* or it was reset, as it had more to say */
        ck_assert_int_eq(web.status, 431);
    evt_buf_release(&large);
    stop();
}
END_TEST

START_TEST(headers_go_both_ways)
{
    start();
    web_ask(&web, "DELETE /only", "X-Given: yes\r\n", NULL);
    ck_assert_int_eq(web.status, 204);
    ck_assert_str_eq(web_header(&web, "X-Back"), "yes");
    ck_assert_str_eq(web_header(&web, "Location"), "/a");
    ck_assert_ptr_null(web_header(&web, "Content-Type"));
    stop();
}
END_TEST

START_TEST(a_handler_without_an_answer_is_a_failure)
{
    start();
    web_ask(&web, "GET /nothing", NULL, NULL);
    ck_problem(&web, 500, "the handler of /nothing gave no answer");
    stop();
}
END_TEST

START_TEST(long_words_end_with_a_whole_character)
{
    char words[512] = "x";

    start();
    for (size_t i = 1; i < 511; i += 2)
        memcpy(words + i, "\xc3\xa4", 2);
    words[511] = '\0';
    web_ask(&web, "GET /long", NULL, NULL);
    ck_problem(&web, 418, words);
    stop();
}
END_TEST

START_TEST(an_address_must_be_one)
{
    static const struct {
        const char *address, *words;
    } cases[] = {
        {"8080", "wrong use: the address 8080 is not HOST:PORT, as 127.0.0.1:8081"},
        {":80", "wrong use: the address :80 is not HOST:PORT, as 127.0.0.1:8081"},
        {"localhost:", "wrong use: the address localhost: is not HOST:PORT, as 127.0.0.1:8081"},
        {"localhost:x", "wrong use: the address localhost:x is not HOST:PORT, as 127.0.0.1:8081"},
        {"::1:80", "wrong use: the address ::1:80 is not HOST:PORT, as 127.0.0.1:8081"},
        {"[::1:80", "wrong use: the address [::1:80 is not HOST:PORT, as 127.0.0.1:8081"},
        {"[]:80", "wrong use: the address []:80 is not HOST:PORT, as 127.0.0.1:8081"},
    };
    struct evt_http_options opt = {.routes = routes};
    struct evt_error err;
    char words[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        opt.address = cases[i].address;
        ck_refused(evt_http_start(&opt, &http, &err), err, EVT_E_USAGE, cases[i].words);
    }
    opt.address = "127.0.0.256:80";
    ck_refused(evt_http_start(&opt, &http, &err), err, EVT_E_USAGE,
               "wrong use: the address 127.0.0.256:80 is not one of this machine: Name or service "
               "not known");
    start();
    opt.address = evt_http_address(http);
    snprintf(words, sizeof(words),
             "input or output error: cannot listen on %s: Address already in use; stop what "
             "listens there, or choose another port",
             opt.address);
    ck_refused(evt_http_start(&opt, &http, &err), err, EVT_E_IO, words);
    stop();
}
END_TEST

START_TEST(stopping_nothing_is_fine)
{
    evt_http_stop(NULL);
}
END_TEST

SUITE("http", a_path_finds_its_route, a_target_is_decoded_after_it_is_split,
      a_target_that_is_no_text_is_refused, a_query_of_very_many_parameters_is_refused,
      a_path_without_a_route_is_not_found, another_method_is_told_which_are_allowed,
      head_is_answered_as_get_without_the_body, json_is_taken_and_given,
      what_is_not_a_json_object_is_refused, a_body_has_a_limit, a_body_without_an_end_is_cut_off,
      headers_have_a_limit, what_is_not_http_is_refused, headers_go_both_ways,
      a_handler_without_an_answer_is_a_failure, long_words_end_with_a_whole_character,
      an_address_must_be_one, stopping_nothing_is_fine)

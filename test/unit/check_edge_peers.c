/* Edge: two processes, each with a shard of its own. What the near one does not own it passes on.
 */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "svc-product/api.h"
#include "svc-product/product_service.h"

struct process {
    struct evt_bus *bus;
    struct evt_edge *edge;
    struct evt_http *http;
};

static struct process near, far;
static struct web web;
static char near_sku[16], far_sku[16]; /* of shard 0, and of shard 1 */

static void start(struct process *process, unsigned owned, const char *peers, int64_t answer_ms,
                  const struct evt_route *routes)
{
    struct evt_edge_options opt = {.service = &product_service,
                                   .peers = peers,
                                   .answer_ms = answer_ms};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0", .routes = routes};
    struct evt_error err;

    opt.bus = process->bus = fake_bus_new(&product_service, owned);
    ck_ok(evt_edge_new(&opt, &process->edge, &err), err);
    process->bus->edge = http_opt.arg = process->edge;
    ck_ok(evt_http_start(&http_opt, &process->http, &err), err);
}

static void stop(struct process *process)
{
    evt_http_stop(process->http);
    evt_edge_free(process->edge);
    fake_bus_free(process->bus);
}

static void choose_sku(char sku[16], int32_t partition)
{
    int i = 0;

    do
        snprintf(sku, 16, "p%d", i++);
    while (evt_partition_of(sku, strlen(sku), FAKE_BUS_SHARDS) != partition);
}

static void start_near(const char *peers, int64_t answer_ms)
{
    choose_sku(near_sku, 0);
    choose_sku(far_sku, 1);
    start(&near, 1, peers, answer_ms, product_api);
    web_open(&web, evt_http_address(near.http));
}

static void stop_near(void)
{
    web_close(&web);
    stop(&near);
}

static void start_both(const struct evt_route *far_routes)
{
    char peers[128];

    start(&far, 2, NULL, 0, far_routes);
    snprintf(peers, sizeof(peers), "0=http://127.0.0.1:1,1=http://%s/", evt_http_address(far.http));
    start_near(peers, 0);
}

static void stop_both(void)
{
    stop_near();
    stop(&far);
}

static void create(const char *sku, const char *key)
{
    char headers[128], body[128];

    snprintf(headers, sizeof(headers), JSON_TYPE "Idempotency-Key: %s\r\n", key);
    snprintf(body, sizeof(body),
             "{\"sku\":\"%s\",\"name\":\"P\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}", sku);
    web_ask(&web, "POST /v1/products", headers, body);
}

static void get(const char *path, const char *headers)
{
    char line[256];

    snprintf(line, sizeof(line), "GET %s", path);
    web_ask(&web, line, headers, NULL);
}

static void get_sku(const char *sku, const char *headers)
{
    char path[64];

    snprintf(path, sizeof(path), "/v1/products/%s", sku);
    get(path, headers);
}

START_TEST(a_command_goes_to_its_owner)
{
    char location[64];

    start_both(product_api);
    for (int i = 0; i < 2; i++) {
        create(i ? far_sku : near_sku, "a");
        ck_assert_int_eq(web.status, 201);
        snprintf(location, sizeof(location), "/v1/products/%s", i ? far_sku : near_sku);
        ck_assert_str_eq(web_header(&web, "Location"), location);
        ck_assert_str_eq(web_header(&web, "Content-Type"), "application/json");
    }
    /* The stored answer, through this process or there. */
    create(far_sku, "a");
    ck_assert_int_eq(web.status, 201);
    web_close(&web);
    web_open(&web, evt_http_address(far.http));
    create(far_sku, "a");
    ck_assert_int_eq(web.status, 201);
    create(far_sku, "b");
    ck_problem(&web, 409, "the product exists already");
    stop_both();
}
END_TEST

START_TEST(a_question_goes_to_its_owner)
{
    char headers[128];

    start_both(product_api);
    create(far_sku, "a");
    get_sku(far_sku, NULL);
    ck_assert_int_eq(web.status, 200);
    snprintf(headers, sizeof(headers), "If-None-Match: %s\r\n", web_header(&web, "ETag"));
    ck_assert_str_eq(headers, "If-None-Match: \"1-0-0-0\"\r\n");
    get_sku(far_sku, headers);
    ck_assert_int_eq(web.status, 304);
    get_sku("nobody-has-it-p1", NULL);
    ck_problem(&web, 404, "there is no such product");
    snprintf(headers, sizeof(headers), "HEAD /v1/products/%s", far_sku);
    web_ask(&web, headers, NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    get_sku(far_sku, NULL);
    ck_assert_int_eq(web.status, 200);
    stop_both();
}
END_TEST

START_TEST(it_is_one_hop_only)
{
    start_both(product_api);
    get_sku(far_sku, "X-Forwarded-Hop: 1\r\n");
    ck_problem(&web, 508,
               "the request was passed on to a process that does not own shard 1: PEERS differ "
               "between processes");
    get_sku(near_sku, "X-Forwarded-Hop: 1\r\n");
    ck_assert_int_eq(web.status, 404);
    stop_both();
}
END_TEST

START_TEST(an_owner_that_is_down_is_said)
{
    start_near("1=http://127.0.0.1:1", 0);
    create(far_sku, "a");
    ck_assert_int_eq(web.status, 503);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&web.body),
                                 "the process that owns the shard, http://127.0.0.1:1, gave no "
                                 "answer: "));
    get("/v1/products", NULL);
    ck_assert_int_eq(web.status, 503);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    create(near_sku, "a");
    ck_assert_int_eq(web.status, 201);
    stop_near();
}
END_TEST

START_TEST(a_shard_without_an_owner_is_said)
{
    start_near(NULL, 0);
    create(far_sku, "a");
    ck_problem(&web, 503, "no process is known for shard 1: name its owner in PEERS");
    get("/v1/products", NULL);
    ck_problem(&web, 503, "no process is known for shard 1: name its owner in PEERS");
    get("/v1/products", "X-Forwarded-Hop: 1\r\n");
    ck_assert_int_eq(web.status, 200);
    stop_near();
}
END_TEST

/* A socket that takes connections and never answers, or ends them at once. */
static int deaf_socket(char *peers, size_t size)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(peers, size, "1=http://127.0.0.1:%d", ntohs(at.sin_port));
    return fd;
}

START_TEST(an_owner_that_says_nothing_is_waited_for_in_vain)
{
    char peers[64];
    int fd = deaf_socket(peers, sizeof(peers));

    start_near(peers, 1); /* and a second's margin */
    get_sku(far_sku, NULL);
    ck_problem(&web, 504, "the process that owns the shard gave no answer in time; try again");
    get("/v1/products", NULL);
    ck_problem(&web, 504, "the process that owns the shard gave no answer in time; try again");
    stop_near();
    close(fd);
}
END_TEST

START_TEST(stopping_does_not_wait_for_an_owner)
{
    char peers[64], text[128];
    int fd = deaf_socket(peers, sizeof(peers)), asked;

    start_near(peers, 3600000);
    snprintf(text, sizeof(text), "GET /v1/products/%s HTTP/1.1\r\nHost: x\r\n\r\n", far_sku);
    web_send(&web, text);
    asked = accept(fd, NULL, NULL);
    ck_assert_int_ge(asked, 0);
    stop(&near);
    ck_assert(web_read(&web, false));
    ck_assert_int_eq(web.status, 504);
    web_close(&web);
    close(asked);
    close(fd);
}
END_TEST

START_TEST(an_owner_that_breaks_off_is_said)
{
    char peers[64], text[1024];
    int fd = deaf_socket(peers, sizeof(peers)), asked;

    start_near(peers, 0);
    snprintf(text, sizeof(text), "GET /v1/products/%s HTTP/1.1\r\nHost: x\r\n\r\n", far_sku);
    web_send(&web, text);
    asked = accept(fd, NULL, NULL);
    ck_assert_int_gt(recv(asked, text, sizeof(text), 0), 0);
    close(asked);
    ck_assert(web_read(&web, false));
    ck_assert_int_eq(web.status, 502);
    stop_near();
    close(fd);
}
END_TEST

static size_t list(const char *path, char *next, size_t size)
{
    const char *link;
    json_t *body;
    size_t n;

    get(path, NULL);
    ck_assert_int_eq(web.status, 200);
    body = json_loads(evt_buf_text(&web.body), 0, NULL);
    n = json_array_size(json_object_get(body, "products"));
    json_decref(body);
    link = web_header(&web, "Link");
    snprintf(next, size, "%.*s", link ? (int)strcspn(link + 1, ">") : 0, link ? link + 1 : "");
    return n;
}

START_TEST(a_list_is_of_all_processes)
{
    char sku[16], key[16], next[128];
    size_t sum = 0;

    start_both(product_api);
    for (int i = 0; i < 15; i++) {
        snprintf(sku, sizeof(sku), "p%d", i);
        snprintf(key, sizeof(key), "k%d", i);
        create(sku, key);
        ck_assert_int_eq(web.status, 201);
    }
    ck_assert_uint_eq(list("/v1/products", next, sizeof(next)), 15);
    ck_assert_str_eq(next, "");
    for (snprintf(next, sizeof(next), "/v1/products?limit=4"); next[0];)
        sum += list(next, next, sizeof(next));
    ck_assert_uint_eq(sum, 15);
    stop_both();
}
END_TEST

static void say_nonsense(struct evt_request *req)
{
    evt_reply_text(req, 200, "text/plain", "nonsense", 8);
}
static void say_no(struct evt_request *req)
{
    evt_reply_problem(req, 500, "no");
}

START_TEST(a_list_with_a_part_missing_is_none)
{
    static const struct evt_route nonsense[] = {
        {.method = "GET", .path = "/v1/products", .fn = say_nonsense}, {0}};
    static const struct evt_route no[] = {{.method = "GET", .path = "/v1/products", .fn = say_no},
                                          {0}};

    start_both(nonsense);
    get("/v1/products", NULL);
    ck_problem(&web, 502, "another process did not tell its part of the list");
    stop_both();
    start_both(no);
    get("/v1/products", NULL);
    ck_problem(&web, 502, "another process did not tell its part of the list");
    stop_both();
}
END_TEST

START_TEST(peers_must_be_well_formed)
{
#define FORM(text)                                                                                 \
    {                                                                                              \
        text, "wrong use: PEERS: " text " is not SHARD=URL, as 0=http://127.0.0.1:8081"            \
    }
    static const struct {
        const char *peers, *words;
    } cases[] = {
        FORM("x"),
        FORM("0"),
        FORM("0="),
        FORM("=http://a"),
        FORM("a=http://a"),
        FORM("-1=http://a"),
        FORM(" 0=http://a"),
        FORM("0=ftp://a"),
        FORM("0=http://"),
        FORM("0=http://a b"),
        {"0=http://a:1,", NULL},
        {",", "wrong use: PEERS:  is not SHARD=URL, as 0=http://127.0.0.1:8081"},
        {"0=http://a:1,1=b", "wrong use: PEERS: 1=b is not SHARD=URL, as 0=http://127.0.0.1:8081"},
        {"2=http://a:1", "wrong use: PEERS: there is no shard 2, only 0 to 1"},
        {"0=http://a:1,0=http://a:2", "wrong use: PEERS: shard 0 is given twice"},
    };
    struct evt_edge_options opt = {.service = &product_service};
    struct evt_edge *edge;
    struct evt_error err;

    opt.bus = fake_bus_new(&product_service, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        opt.peers = cases[i].peers;
        if (cases[i].words) {
            ck_refused(evt_edge_new(&opt, &edge, &err), err, EVT_E_USAGE, cases[i].words);
        } else {
            ck_ok(evt_edge_new(&opt, &edge, &err), err);
            evt_edge_free(edge);
        }
    }
    evt_edge_free(NULL);
    fake_bus_free(opt.bus);
}
END_TEST

SUITE("edge_peers", a_command_goes_to_its_owner, a_question_goes_to_its_owner, it_is_one_hop_only,
      an_owner_that_is_down_is_said, a_shard_without_an_owner_is_said,
      an_owner_that_says_nothing_is_waited_for_in_vain, stopping_does_not_wait_for_an_owner,
      an_owner_that_breaks_off_is_said, a_list_is_of_all_processes,
      a_list_with_a_part_missing_is_none, peers_must_be_well_formed)

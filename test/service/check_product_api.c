/* The product service's HTTP side, over real shards. */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <jansson.h>

#include "svc-product/api.h"
#include "svc-product/product_service.h"

static struct evt_bus *bus;
static struct evt_edge *edge;
static struct evt_http *http;
static struct web web;
static int keys; /* each command has a new one */

static void start(void)
{
    struct evt_edge_options opt = {.service = &product_service};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0", .routes = product_api};
    struct evt_error err;

    opt.bus = bus = fake_bus_new(&product_service, 3);
    ck_ok(evt_edge_new(&opt, &edge, &err), err);
    bus->edge = http_opt.arg = edge;
    ck_ok(evt_http_start(&http_opt, &http, &err), err);
    web_open(&web, evt_http_address(http));
}

static void stop(void)
{
    web_close(&web);
    evt_http_stop(http);
    evt_edge_free(edge);
    fake_bus_free(bus);
}

static void send_key(const char *line, int key, const char *body)
{
    char headers[128];

    snprintf(headers, sizeof(headers), JSON_TYPE "Idempotency-Key: %d\r\n", key);
    web_ask(&web, line, headers, body);
}

static void expect(const char *line, const char *body, int status, const char *want)
{
    if (strncmp(line, "GET ", 4) == 0)
        web_ask(&web, line, NULL, NULL);
    else
        send_key(line, ++keys, body);
    ck_assert_str_eq(evt_buf_text(&web.body), want);
    ck_assert_int_eq(web.status, status);
}

static void refused(const char *line, const char *body, int status, const char *words)
{
    if (strncmp(line, "GET ", 4) == 0)
        web_ask(&web, line, NULL, NULL);
    else
        send_key(line, ++keys, body);
    ck_problem(&web, status, words);
}

#define TEA "{\"sku\":\"tea\",\"name\":\"Tea\",\"price\":{\"amount\":499,\"currency\":\"EUR\"}}"
#define TEA_MADE                                                                                   \
    "{\"sku\":\"tea\",\"name\":\"Tea\",\"price\":{\"amount\":499,\"currency\":\"EUR\"},"           \
    "\"version\":1}"
#define FIVE "{\"price\":{\"amount\":500,\"currency\":\"EUR\"}"

START_TEST(a_product_lives)
{
    start();
    expect("POST /v1/products", TEA, 201, TEA_MADE);
    ck_assert_str_eq(web_header(&web, "Location"), "/v1/products/tea");
    expect("GET /v1/products/tea", NULL, 200,
           "{\"sku\":\"tea\",\"name\":\"Tea\",\"price\":{\"amount\":499,\"currency\":\"EUR\"},"
           "\"version\":1,\"withdrawn\":false,\"on_hand\":0,\"available\":0}");
    expect("POST /v1/products/tea/stock", "{\"quantity\":7}", 200, "{\"on_hand\":7}");
    expect("PUT /v1/products/tea/price", FIVE "}", 200, "{\"version\":2}");
    expect("PUT /v1/products/tea/price", FIVE ",\"expected_version\":2}", 200, "{\"version\":3}");
    expect("PUT /v1/products/tea/price", FIVE ",\"expected_version\":null}", 200,
           "{\"version\":4}");
    expect("POST /v1/products/tea/withdrawal", NULL, 200, "{\"withdrawn\":true}");
    expect("POST /v1/products/tea/withdrawal", "{}", 200, "{\"withdrawn\":true}");
    expect("GET /v1/products/tea", NULL, 200,
           "{\"sku\":\"tea\",\"name\":\"Tea\",\"price\":{\"amount\":500,\"currency\":\"EUR\"},"
           "\"version\":5,\"withdrawn\":true,\"on_hand\":7,\"available\":7}");
    stop();
}
END_TEST

START_TEST(a_repeated_request_is_answered_as_before)
{
    start();
    send_key("POST /v1/products", 1, TEA);
    send_key("POST /v1/products", 1, TEA);
    ck_assert_int_eq(web.status, 201);
    ck_assert_str_eq(evt_buf_text(&web.body), TEA_MADE);
    ck_assert_str_eq(web_header(&web, "Location"), "/v1/products/tea");
    stop();
}
END_TEST

START_TEST(refusals_have_their_status)
{
    start();
    expect("POST /v1/products", TEA, 201, TEA_MADE);
    refused("POST /v1/products", TEA, 409, "the product exists already");
    refused("GET /v1/products/mug", NULL, 404, "there is no such product");
    refused("GET /v1/products/-", NULL, 404, "there is no such product");
    refused("PUT /v1/products/mug/price", FIVE "}", 404, "there is no such product");
    refused("POST /v1/products/mug/stock", "{\"quantity\":1}", 404, "there is no such product");
    refused("POST /v1/products/mug/withdrawal", NULL, 404, "there is no such product");
    refused("PUT /v1/products/-/price", FIVE "}", 404, "there is no such product");
    refused("POST /v1/products/-/stock", "{\"quantity\":1}", 404, "there is no such product");
    refused("POST /v1/products/-/withdrawal", NULL, 404, "there is no such product");
    refused("PUT /v1/products/tea/price", FIVE ",\"expected_version\":3}", 409,
            "the version is 1, not 3");
    expect("POST /v1/products/tea/stock", "{\"quantity\":1000000000}", 200,
           "{\"on_hand\":1000000000}");
    refused("POST /v1/products/tea/stock", "{\"quantity\":1}", 409,
            "the stock would exceed 1000000000");
    expect("POST /v1/products/tea/withdrawal", NULL, 200, "{\"withdrawn\":true}");
    refused("POST /v1/products/tea/stock", "{\"quantity\":1}", 409, "the product is withdrawn");
    refused("PUT /v1/products/tea/price", FIVE "}", 409, "the product is withdrawn");
    stop();
}
END_TEST

#define PRICED(price) "{\"sku\":\"tea\",\"name\":\"Tea\",\"price\":" price "}"

START_TEST(a_body_is_checked_field_by_field)
{
    static const struct {
        const char *body;
        int status;
        const char *words;
    } cases[] = {
        {"{}", 400, "/sku: is missing"},
        {"{\"sku\":1}", 400, "/sku: is not a string"},
        {"{\"sku\":null}", 400, "/sku: is not a string"},
        {"{\"sku\":\"a b\"}", 422,
         "/sku: the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a letter or digit"},
        {"{\"sku\":\"tea\"}", 400, "/name: is missing"},
        {"{\"sku\":\"tea\",\"name\":\"\"}", 422, "/name: the name is not 1 to 200 bytes"},
        {"{\"sku\":\"tea\",\"name\":\"Tea\"}", 400, "/price: is missing"},
        {PRICED("5"), 400, "/price: is not an object {amount, currency}"},
        {PRICED("{}"), 400, "/price/amount: is missing"},
        {PRICED("{\"amount\":4.99}"), 400, "/price/amount: is not an integer"},
        {PRICED("{\"amount\":1}"), 400, "/price/currency: is missing"},
        {PRICED("{\"amount\":1,\"currency\":true}"), 400, "/price/currency: is not a string"},
        {PRICED("{\"amount\":-1,\"currency\":\"EUR\"}"), 422,
         "/price/amount: the price is not 0 to 9000000000"},
        {PRICED("{\"amount\":1,\"currency\":\"eur\"}"), 422,
         "/price/currency: the currency is not three upper-case letters"},
        {PRICED("{\"amount\":1,\"currency\":\"EUR\",\"vat\":1}"), 400,
         "/price/vat: there is no such field"},
        {"{\"colour\":1}", 400, "/colour: there is no such field"},
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refused("POST /v1/products", cases[i].body, cases[i].status, cases[i].words);
    refused("PUT /v1/products/tea/price", "{}", 400, "/price: is missing");
    refused("PUT /v1/products/tea/price", FIVE ",\"expected_version\":\"1\"}", 400,
            "/expected_version: is not an integer");
    refused("PUT /v1/products/tea/price", FIVE ",\"sku\":\"tea\"}", 400,
            "/sku: there is no such field");
    refused("POST /v1/products/tea/stock", "{}", 400, "/quantity: is missing");
    refused("POST /v1/products/tea/stock", "{\"quantity\":\"1\"}", 400,
            "/quantity: is not an integer");
    refused("POST /v1/products/tea/stock", "{\"quantity\":0}", 422,
            "/quantity: the quantity is not 1 to 1000000000");
    stop();
}
END_TEST

START_TEST(an_etag_stands_for_what_is_shown)
{
    char header[128], etag[64];

    start();
    expect("POST /v1/products", TEA, 201, TEA_MADE);
    web_ask(&web, "GET /v1/products/tea", NULL, NULL);
    snprintf(etag, sizeof(etag), "%s", web_header(&web, "ETag"));
    ck_assert_str_eq(etag, "\"1-0-0-0\"");
    snprintf(header, sizeof(header), "If-None-Match: %s\r\n", etag);
    web_ask(&web, "GET /v1/products/tea", header, NULL);
    ck_assert_int_eq(web.status, 304);
    ck_assert_str_eq(web_header(&web, "ETag"), etag);
    expect("POST /v1/products/tea/stock", "{\"quantity\":7}", 200, "{\"on_hand\":7}");
    web_ask(&web, "GET /v1/products/tea", header, NULL);
    ck_assert_int_eq(web.status, 200);
    ck_assert_str_eq(web_header(&web, "ETag"), "\"1-7-0-0\"");
    stop();
}
END_TEST

static void make(int n)
{
    char body[128];

    snprintf(body, sizeof(body),
             "{\"sku\":\"p%d\",\"name\":\"P\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}", n);
    send_key("POST /v1/products", ++keys, body);
    ck_assert_int_eq(web.status, 201);
}

/* The number of products on the page at `target`, each noted; where the next one is. */
static size_t page(const char *target, bool seen[], char *next, size_t size)
{
    char line[256];
    const char *link;
    json_t *body, *product;
    size_t i, n;

    snprintf(line, sizeof(line), "GET %s", target);
    web_ask(&web, line, NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    body = json_loads(evt_buf_text(&web.body), 0, NULL);
    json_array_foreach(json_object_get(body, "products"), i, product)
    {
        long at = strtol(json_string_value(json_object_get(product, "sku")) + 1, NULL, 10);

        ck_assert(!seen[at]);
        seen[at] = true;
    }
    n = json_array_size(json_object_get(body, "products"));
    json_decref(body);
    link = web_header(&web, "Link");
    snprintf(next, size, "%.*s", link ? (int)strcspn(link + 1, ">") : 0, link ? link + 1 : "");
    ck_assert(!link || strstr(link, ">; rel=\"next\""));
    return n;
}

START_TEST(a_list_has_pages)
{
    enum { N = 25 };
    bool seen[N + 1] = {0};
    char next[256] = "/v1/products", after[256];
    size_t sum = 0;

    start();
    for (int i = 0; i < N; i++)
        make(i);
    ck_assert_uint_eq(sum += page("/v1/products", seen, next, sizeof(next)), 20);
    ck_assert_uint_eq(sum += page(next, seen, after, sizeof(after)), 25);
    ck_assert_str_eq(after, "");
    memset(seen, 0, sizeof(seen));
    snprintf(next, sizeof(next), "/v1/products?limit=4");
    for (sum = 0; next[0];)
        sum += page(next, seen, next, sizeof(next));
    ck_assert_uint_eq(sum, 25);
    stop();
}
END_TEST

/* The body says where the list ended, so that what is added later can be read from there. */
START_TEST(what_is_added_later_comes_later)
{
    bool seen[10] = {0};
    char target[256], next[256];
    json_t *body;

    start();
    for (int i = 0; i < 5; i++)
        make(i);
    ck_assert_uint_eq(page("/v1/products", seen, next, sizeof(next)), 5);
    ck_assert_str_eq(next, "");
    body = json_loads(evt_buf_text(&web.body), 0, NULL);
    snprintf(target, sizeof(target), "/v1/products?cursor=%s",
             json_string_value(json_object_get(body, "cursor")));
    json_decref(body);
    ck_assert_uint_eq(page(target, seen, next, sizeof(next)), 0);
    for (int i = 5; i < 10; i++)
        make(i);
    ck_assert_uint_eq(page(target, seen, next, sizeof(next)), 5);
    stop();
}
END_TEST

START_TEST(a_list_needs_a_limit_and_a_cursor_of_ours)
{
    static const char *const limits[] = {"0", "101", "x", "", "-1", "1x", "99999999999999999999"};
    static const char *const cursors[] = {"",     "1",     "1.",
                                          ".1",   "1.2.3", "a.b",
                                          "1.2x", "1.-2",  "1.99999999999999999999"};
    char line[128];

    start();
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        snprintf(line, sizeof(line), "GET /v1/products?limit=%s", limits[i]);
        refused(line, NULL, 400, "limit: is not a number from 1 to 100");
    }
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        snprintf(line, sizeof(line), "GET /v1/products?cursor=%s", cursors[i]);
        refused(line, NULL, 400, "cursor: is not one that this list gave");
    }
    expect("GET /v1/products?limit=100&cursor=0.0", NULL, 200,
           "{\"products\":[],\"cursor\":\"0.0\"}");
    stop();
}
END_TEST

START_TEST(a_store_that_cannot_be_read_is_said)
{
    int p = evt_partition_of("tea", 3, FAKE_BUS_SHARDS);
    char words[128];

    start();
    snprintf(bus->paths[p], sizeof(bus->paths[p]), "/nowhere");
    snprintf(words, sizeof(words), "the store of shard %d cannot be read now; try again", p);
    refused("GET /v1/products/tea", NULL, 503, words);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    refused("GET /v1/products", NULL, 503, words);
    stop();
}
END_TEST

SUITE("product_api", a_product_lives, a_repeated_request_is_answered_as_before,
      refusals_have_their_status, a_body_is_checked_field_by_field,
      an_etag_stands_for_what_is_shown, a_list_has_pages, what_is_added_later_comes_later,
      a_list_needs_a_limit_and_a_cursor_of_ours, a_store_that_cannot_be_read_is_said)

/* The order service's HTTP side, over real shards; the other services are what a test says of them.
 */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <events/notify.h>
#include <events/order.h>
#include <events/payment.h>
#include <events/product.h>
#include <jansson.h>

#include "svc-order/api.h"
#include "svc-order/order_service.h"

static struct evt_bus *bus;
static struct evt_edge *edge;
static struct evt_http *http;
static struct web web;
static char order_id[64]; /* of the order that was placed last */

static void start_with(int64_t beat_ms)
{
    struct evt_edge_options opt = {.service = &order_service, .beat_ms = beat_ms};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0", .routes = order_api};
    struct evt_error err;

    opt.bus = bus = fake_bus_new(&order_service, 3);
    ck_ok(evt_edge_new(&opt, &edge, &err), err);
    bus->edge = http_opt.arg = edge;
    ck_ok(evt_http_start(&http_opt, &http, &err), err);
    web_open(&web, evt_http_address(http));
}

static void start(void)
{
    start_with(0);
}

static void stop_but_web(void)
{
    evt_http_stop(http);
    evt_edge_free(edge);
    fake_bus_free(bus);
}

static void stop(void)
{
    web_close(&web);
    stop_but_web();
}

/* ---- requests ---- */

#define KEY(text) "Idempotency-Key: " text "\r\n"
#define LINES     "[{\"sku\":\"tea\",\"quantity\":2},{\"sku\":\"mug\",\"quantity\":1}]"
#define TOTAL     "{\"amount\":2198,\"currency\":\"EUR\"}"
#define ADDRESS                                                                                    \
    "{\"name\":\"Ada\",\"street\":\"Main Street 1\",\"postcode\":\"12345\",\"city\":\"London\","   \
    "\"country\":\"GB\"}"
#define ORDER(lines, total, payment, email, address)                                               \
    "{\"lines\":" lines ",\"total\":" total ",\"payment\":" payment ",\"email\":" email            \
    ",\"address\":" address "}"
#define TOKEN         "{\"token\":\"tok_visa\"}"
#define EMAIL         "\"ada@example.org\""
#define TEA_AND_A_MUG ORDER(LINES, TOTAL, TOKEN, EMAIL, ADDRESS)
#define TEA_ONLY                                                                                   \
    ORDER("[{\"sku\":\"tea\",\"quantity\":2}]", "{\"amount\":998,\"currency\":\"EUR\"}", TOKEN,    \
          EMAIL, ADDRESS)

static void post(struct web *at, const char *path, const char *key, const char *body)
{
    char line[300], headers[512];

    snprintf(line, sizeof(line), "POST %s", path);
    snprintf(headers, sizeof(headers), "%s%s", body ? JSON_TYPE : "", key);
    web_ask(at, line, headers, body);
}

static json_t *answer(const struct web *at, int status)
{
    json_t *json = json_loads(evt_buf_text(&at->body), JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(at->status == status && json, "%d %s", at->status, evt_buf_text(&at->body));
    return json;
}

static const char *text(json_t *json, const char *name)
{
    const char *found = json_string_value(json_object_get(json, name));

    return found ? found : "(none)";
}

static void take_id(void)
{
    json_t *json = answer(&web, 202);

    snprintf(order_id, sizeof(order_id), "%s", text(json, "order_id"));
    json_decref(json);
}

static void place(const char *key)
{
    post(&web, "/v1/orders", key, TEA_AND_A_MUG);
    take_id();
}

/* "GET /v1/orders/{id}" and what follows it. */
static const char *line_of(const char *method, const char *rest)
{
    static char line[256];

    snprintf(line, sizeof(line), "%s /v1/orders/%s%s", method, order_id, rest);
    return line;
}

static json_t *get(const char *rest, int status)
{
    web_ask(&web, line_of("GET", rest), NULL, NULL);
    return answer(&web, status);
}

static void expect_status(json_t *order, const char *status, const char *phase)
{
    ck_assert_str_eq(text(order, "order_id"), order_id);
    ck_assert_str_eq(text(order, "status"), status);
    ck_assert_str_eq(text(json_object_get(order, "saga"), "phase"), phase);
    json_decref(order);
}

static void refused(const char *line, const char *headers, const char *body, int status,
                    const char *words)
{
    web_ask(&web, line, headers, body);
    ck_problem(&web, status, words);
}

/* Sends on a connection of its own and does not wait. */
static void begin(struct web *other, const char *line, const char *headers, const char *body)
{
    struct evt_buf out = {0};

    evt_buf_printf(&out, "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", line, headers,
                   strlen(body), body);
    web_open(other, evt_http_address(http));
    web_send(other, evt_buf_text(&out));
    evt_buf_release(&out);
}

/* ---- the other services ---- */

#define GIVE(service, symbol, ...)                                                                 \
    fake_bus_give(bus, service, &symbol##_type, &(const struct symbol){__VA_ARGS__})

static void reserved(int32_t line)
{
    GIVE("product", product_stock_reserved, .order_id = order_id, .line = line,
         .sku = line == 1 ? "tea" : "mug", .quantity = line == 1 ? 2 : 1,
         .price_minor = line == 1 ? 499 : 1200, .currency = "EUR", .deadline = 1);
}

static void to_capture(void)
{
    reserved(1);
    reserved(2);
    GIVE("payment", payment_payment_authorised, .order_id = order_id, .amount_minor = 2198,
         .currency = "EUR");
}

static void to_commit(void)
{
    to_capture();
    GIVE("payment", payment_payment_captured, .order_id = order_id, .amount_minor = 2198,
         .currency = "EUR");
}

static void to_end(void)
{
    to_commit();
    GIVE("product", product_stock_committed, .order_id = order_id, .line = 1, .sku = "tea");
    GIVE("product", product_stock_committed, .order_id = order_id, .line = 2, .sku = "mug");
}

static void to_rejection(void)
{
    GIVE("product", product_stock_refused, .order_id = order_id, .line = 2, .sku = "mug",
         .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    GIVE("product", product_stock_released, .order_id = order_id, .line = 1, .sku = "tea");
    GIVE("payment", payment_payment_voided, .order_id = order_id);
}

/* ---- placing and reading ---- */

START_TEST(an_order_is_placed)
{
    char location[128];
    json_t *order, *line;

    start();
    place(KEY("a"));
    snprintf(location, sizeof(location), "/v1/orders/%s", order_id);
    ck_assert_str_eq(web_header(&web, "Location"), location);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    ck_assert_uint_eq(strlen(order_id), 36);
    order = get("", 200);
    ck_assert_str_eq(text(order, "status"), "placed");
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(order, "total"), "amount")),
                     2198);
    ck_assert(json_is_null(json_object_get(order, "reason")));
    ck_assert(json_is_null(json_object_get(order, "mail")));
    ck_assert(json_is_null(json_object_get(order, "refunded")));
    ck_assert_ptr_null(strstr(evt_buf_text(&web.body), "ada@example.org"));
    ck_assert_ptr_null(strstr(evt_buf_text(&web.body), "tok_visa"));
    line = json_array_get(json_object_get(order, "lines"), 1);
    ck_assert_str_eq(text(line, "sku"), "mug");
    ck_assert(json_is_null(json_object_get(line, "price")));
    json_decref(order);
    to_end();
    order = get("", 200);
    line = json_array_get(json_object_get(order, "lines"), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "quantity")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(line, "price"), "amount")),
                     499);
    expect_status(order, "confirmed", "completed");
    stop();
}
END_TEST

/* All of it, so that nobody changes it by accident. */
START_TEST(where_it_stands_is_shown_step_by_step)
{
    json_t *order, *saga;
    char *steps;

    start();
    place(KEY("a"));
    reserved(1);
    order = get("", 200);
    saga = json_object_get(order, "saga");
    ck_assert_int_eq(json_integer_value(json_object_get(saga, "definition")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(saga, "stage")), 1);
    ck_assert(json_is_false(json_object_get(saga, "pivoted")));
    ck_assert(json_is_false(json_object_get(saga, "cancelled")));
    ck_assert_int_eq(json_integer_value(json_object_get(saga, "parked")), 0);
    steps = json_dumps(json_object_get(saga, "steps"), JSON_COMPACT);
    ck_assert_str_eq(steps, "[{\"step\":\"reserve\",\"item\":1,\"state\":\"done\",\"tries\":1},"
                            "{\"step\":\"reserve\",\"item\":2,\"state\":\"asked\",\"tries\":1,"
                            "\"next_at\":\"2023-11-14T22:13:40.002Z\"},"
                            "{\"step\":\"authorise\",\"item\":1,\"state\":\"asked\",\"tries\":1,"
                            "\"next_at\":\"2023-11-14T22:13:40.002Z\"}]");
    free(steps);
    json_decref(order);
    stop();
}
END_TEST

START_TEST(a_rejected_order_says_why)
{
    json_t *order;

    start();
    place(KEY("a"));
    to_rejection();
    GIVE("notify", notify_mail_accepted, .order_id = order_id,
         .kind = NOTIFY_MAIL_KIND_ORDER_REJECTED);
    GIVE("notify", notify_mail_given_up, .order_id = order_id,
         .kind = NOTIFY_MAIL_KIND_ORDER_REJECTED, .reason = "no such mailbox");
    order = get("", 200);
    ck_assert_str_eq(text(order, "reason"), "mug is not in stock in that quantity");
    ck_assert_str_eq(text(order, "mail"), "no such mailbox");
    expect_status(order, "rejected", "undone");
    stop();
}
END_TEST

START_TEST(an_etag_stands_for_what_is_shown)
{
    char header[128];

    start();
    place(KEY("a"));
    json_decref(get("", 200));
    snprintf(header, sizeof(header), "If-None-Match: %s\r\n", web_header(&web, "ETag"));
    web_ask(&web, line_of("GET", ""), header, NULL);
    ck_assert_int_eq(web.status, 304);
    ck_assert_ptr_nonnull(web_header(&web, "ETag"));
    reserved(1);
    web_ask(&web, line_of("GET", ""), header, NULL);
    ck_assert_int_eq(web.status, 200);
    web_ask(&web, line_of("HEAD", ""), NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    stop();
}
END_TEST

START_TEST(nobody_knows_an_order_that_there_is_not)
{
    char long_one[128];

    start();
    refused("GET /v1/orders/nobody", NULL, NULL, 404, "there is no such order");
    refused("GET /v1/orders/nobody?wait=60", NULL, NULL, 404, "there is no such order");
    refused("GET /v1/orders/nobody/events", NULL, NULL, 404, "there is no such order");
    refused("POST /v1/orders/nobody/cancellation", KEY("a"), NULL, 404, "there is no such order");
    snprintf(long_one, sizeof(long_one), "GET /v1/orders/%065d", 1);
    refused(long_one, NULL, NULL, 404, "there is no such order");
    snprintf(long_one, sizeof(long_one), "GET /v1/orders/%065d/events", 1);
    refused(long_one, NULL, NULL, 404, "there is no such order");
    snprintf(long_one, sizeof(long_one), "POST /v1/orders/%065d/cancellation", 1);
    refused(long_one, KEY("b"), NULL, 404, "there is no such order");
    stop();
}
END_TEST

/* What came by another way than ours may have any id. */
START_TEST(an_id_of_others_is_escaped)
{
    const struct order_cancel_order cancel = {"\xc3\xa4 /%", ""};
    struct order_order_line line = {"tea", 1};
    const struct order_place_order msg = {
        .order_id = cancel.order_id,
        .lines = &line,
        .lines_n = 1,
        .total_minor = 1,
        .currency = "EUR",
        .payment_token = "t",
        .email = "a@b",
        .address = {"A", "S", "1", "C", "GB"},
    };
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", "1", 1},
        {"ce_source", "/cli/test", 9},
        {"ce_type", order_place_order_type.name, strlen(order_place_order_type.name)},
    };
    struct evt_send send = {.key = msg.order_id,
                            .key_len = strlen(msg.order_id),
                            .headers = headers,
                            .headers_n = 4};
    struct evt_buf value = {0};
    struct evt_error err;

    start();
    send.partition = evt_partition_of(send.key, send.key_len, FAKE_BUS_SHARDS);
    ck_ok(order_place_order_encode(&msg, &value, &err), err);
    send.value = value.data;
    send.value_len = value.len;
    fake_bus_append(bus, &send);
    fake_bus_commit(bus, send.partition);
    evt_buf_release(&value);
    web_ask(&web, "GET /v1/orders/%C3%A4%20%2F%25", NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    post(&web, "/v1/orders/%C3%A4%20%2F%25/cancellation", KEY("a"), NULL);
    ck_assert_int_eq(web.status, 202);
    ck_assert_str_eq(web_header(&web, "Location"), "/v1/orders/%C3%A4%20%2F%25");
    stop();
}
END_TEST

/* ---- one order for one key ---- */

START_TEST(a_repeated_request_is_answered_as_before)
{
    struct evt_buf first = {0};

    start();
    place(KEY("a"));
    evt_buf_add(&first, web.body.data, web.body.len);
    to_end();
    post(&web, "/v1/orders", KEY("\"a\""), TEA_AND_A_MUG);
    ck_assert_int_eq(web.status, 202);
    ck_assert_str_eq(evt_buf_text(&web.body), evt_buf_text(&first));
    post(&web, "/v1/orders", KEY("a"), TEA_ONLY);
    ck_problem(&web, 422,
               "the Idempotency-Key was used before, for another request; take a new one");
    post(&web, "/v1/orders", KEY("b"), TEA_AND_A_MUG);
    ck_assert_int_eq(web.status, 202);
    ck_assert_str_ne(evt_buf_text(&web.body), evt_buf_text(&first));
    evt_buf_release(&first);
    stop();
}
END_TEST

/* It is on the wire and in stores: it never changes. */
START_TEST(the_id_is_the_same_for_ever)
{
    start();
    place(KEY("a"));
    ck_assert_str_eq(order_id, "83f059e5-d7ef-89a0-b8f1-a8d83a22d10d");
    stop();
}
END_TEST

START_TEST(ten_at_once_make_one_order)
{
    enum { N = 10 };
    struct web at[N];

    start();
    bus->held = true;
    for (int i = 0; i < N; i++)
        begin(&at[i], "POST /v1/orders", JSON_TYPE KEY("a"), TEA_AND_A_MUG);
    fake_bus_await(bus, 0);
    /* All are here, or will be: none is published a second time. */
    fake_bus_report(bus, 0, EVT_OK);
    fake_bus_commit(bus, bus->kept[0].send->partition);
    for (int i = 0; i < N; i++) {
        ck_assert(web_read(&at[i], false));
        ck_assert_int_eq(at[i].status, 202);
        ck_assert_str_eq(evt_buf_text(&at[i].body), evt_buf_text(&at[0].body));
        ck_assert_ptr_nonnull(web_header(&at[i], "Location"));
        if (i > 0)
            web_close(&at[i]);
    }
    web_close(&at[0]);
    ck_assert_uint_eq(bus->kept_n, 1);
    stop();
}
END_TEST

START_TEST(an_order_needs_a_key)
{
    static const char missing[] =
        "the header Idempotency-Key is missing: choose a new random text for each request, and "
        "the same one when you repeat it";
    static const char malformed[] =
        "the Idempotency-Key is not 1 to 255 printable ASCII characters, bare or in quotes";

    start();
    refused("POST /v1/orders", JSON_TYPE, TEA_AND_A_MUG, 400, missing);
    refused("POST /v1/orders", JSON_TYPE KEY("a b"), TEA_AND_A_MUG, 400, malformed);
    refused("POST /v1/orders/x/cancellation", NULL, NULL, 400, missing);
    stop();
}
END_TEST

START_TEST(an_order_is_checked_field_by_field)
{
#define LINE_OF(line)       ORDER("[" line "]", TOTAL, TOKEN, EMAIL, ADDRESS)
#define TOTAL_OF(total)     ORDER(LINES, total, TOKEN, EMAIL, ADDRESS)
#define ADDRESS_OF(address) ORDER(LINES, TOTAL, TOKEN, EMAIL, address)
    static const struct {
        const char *body;
        int status;
        const char *words;
    } cases[] = {
        {"{}", 400, "/lines: is missing"},
        {"[]", 400, "the body is not a JSON object"},
        {"{\"vat\":1}", 400, "/vat: there is no such field"},
        {"{\"lines\":1}", 400, "/lines: is not an array of {sku, quantity}"},
        {"{\"lines\":[1]}", 400, "/lines/0: is not an object {sku, quantity}"},
        {LINE_OF("{\"sku\":\"tea\",\"quantity\":1},{}"), 400, "/lines/1/sku: is missing"},
        {LINE_OF("{\"sku\":1}"), 400, "/lines/0/sku: is not a string"},
        {LINE_OF("{\"sku\":\"tea\"}"), 400, "/lines/0/quantity: is missing"},
        {LINE_OF("{\"sku\":\"tea\",\"quantity\":1.5}"), 400,
         "/lines/0/quantity: is not an integer"},
        {LINE_OF("{\"sku\":\"tea\",\"price\":1}"), 400, "/lines/0/price: there is no such field"},
        {LINE_OF("{\"sku\":\"tea\",\"quantity\":0}"), 422,
         "line 1: the quantity is not 1 to 1000000000"},
        {LINE_OF("{\"sku\":\"a b\",\"quantity\":1}"), 422,
         "line 1: the sku is not 1 to 40 of A-Z a-z 0-9 . _ -"},
        {LINE_OF(""), 422, "an order has 1 to 50 lines"},
        {"{\"lines\":[]}", 400, "/total: is missing"},
        {TOTAL_OF("1"), 400, "/total: is not an object {amount, currency}"},
        {TOTAL_OF("{}"), 400, "/total/amount: is missing"},
        {TOTAL_OF("{\"amount\":\"1\"}"), 400, "/total/amount: is not an integer"},
        {TOTAL_OF("{\"amount\":1}"), 400, "/total/currency: is missing"},
        {TOTAL_OF("{\"amount\":0,\"currency\":\"EUR\"}"), 422,
         "the total is not 1 to 900000000000"},
        {TOTAL_OF("{\"amount\":1,\"currency\":\"eur\"}"), 422,
         "the currency is not three upper-case letters"},
        {ORDER(LINES, TOTAL, "1", EMAIL, ADDRESS), 400, "/payment: is not an object {token}"},
        {ORDER(LINES, TOTAL, "{}", EMAIL, ADDRESS), 400, "/payment/token: is missing"},
        {ORDER(LINES, TOTAL, "{\"card\":\"4242\"}", EMAIL, ADDRESS), 400,
         "/payment/card: there is no such field"},
        {ORDER(LINES, TOTAL, "{\"token\":\"\"}", EMAIL, ADDRESS), 422,
         "the payment token is not 1 to 200 bytes"},
        {ORDER(LINES, TOTAL, TOKEN, "1", ADDRESS), 400, "/email: is not a string"},
        {ORDER(LINES, TOTAL, TOKEN, "\"ada\"", ADDRESS), 422,
         "the email is not an address of up to 254 bytes"},
        {ADDRESS_OF("1"), 400,
         "/address: is not an object {name, street, postcode, city, country}"},
        {ADDRESS_OF("{}"), 400, "/address/name: is missing"},
        {ADDRESS_OF("{\"name\":\"A\"}"), 400, "/address/street: is missing"},
        {ADDRESS_OF("{\"name\":\"A\",\"street\":\"S\"}"), 400, "/address/postcode: is missing"},
        {ADDRESS_OF("{\"name\":\"A\",\"street\":\"S\",\"postcode\":\"1\"}"), 400,
         "/address/city: is missing"},
        {ADDRESS_OF("{\"name\":\"A\",\"street\":\"S\",\"postcode\":\"1\",\"city\":\"C\"}"), 400,
         "/address/country: is missing"},
        {ADDRESS_OF("{\"name\":\"A\",\"street\":\"S\",\"postcode\":\"1\",\"city\":\"C\","
                    "\"country\":\"gb\"}"),
         422, "the country is not two upper-case letters"},
        {ADDRESS_OF("{\"planet\":\"Earth\"}"), 400, "/address/planet: there is no such field"},
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refused("POST /v1/orders", JSON_TYPE KEY("a"), cases[i].body, cases[i].status,
                cases[i].words);
    refused("POST /v1/orders", KEY("a"), TEA_AND_A_MUG, 415,
            "the body must be sent with Content-Type: application/json");
    stop();
}
END_TEST

START_TEST(an_order_has_only_so_many_lines)
{
    struct evt_buf body = {0};

    start();
    for (int n = 50; n <= 51; n++) {
        evt_buf_clear(&body);
        evt_buf_add_text(&body, "{\"lines\":[");
        for (int i = 0; i < n; i++)
            evt_buf_printf(&body, "%s{\"sku\":\"tea\",\"quantity\":1}", i ? "," : "");
        evt_buf_printf(&body, "],\"total\":%s,\"payment\":%s,\"email\":%s,\"address\":%s}", TOTAL,
                       TOKEN, EMAIL, ADDRESS);
        post(&web, "/v1/orders", KEY("a"), evt_buf_text(&body));
        if (n == 50)
            ck_assert_int_eq(web.status, 202);
        else
            ck_problem(&web, 422, "an order has 1 to 50 lines");
    }
    evt_buf_release(&body);
    stop();
}
END_TEST

/* ---- waiting ---- */

START_TEST(who_places_an_order_may_wait_for_its_end)
{
    json_t *order;
    struct web other;

    start();
    place(KEY("a"));
    begin(&other, "POST /v1/orders?wait=60", JSON_TYPE KEY("a"), TEA_AND_A_MUG);
    to_end();
    ck_assert(web_read(&other, false));
    ck_assert_ptr_nonnull(web_header(&other, "Location"));
    ck_assert_ptr_nonnull(web_header(&other, "ETag"));
    ck_assert_ptr_null(web_header(&other, "Retry-After"));
    order = answer(&other, 200);
    expect_status(order, "confirmed", "completed");
    web_close(&other);
    /* It has ended: nobody waits. */
    post(&web, "/v1/orders?wait=60", KEY("a"), TEA_AND_A_MUG);
    expect_status(answer(&web, 200), "confirmed", "completed");
    stop();
}
END_TEST

START_TEST(who_waits_in_vain_is_told_where_it_stands)
{
    start();
    place(KEY("a"));
    expect_status(get("?wait=1", 200), "placed", "forward");
    post(&web, "/v1/orders?wait=1", KEY("a"), TEA_AND_A_MUG);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    expect_status(answer(&web, 202), "placed", "forward");
    stop();
}
END_TEST

START_TEST(many_wait_for_one_order)
{
    enum { N = 40 };
    struct web at[N];

    start();
    place(KEY("a"));
    for (int i = 0; i < N; i++)
        begin(&at[i], line_of("GET", "?wait=60"), "", "");
    to_rejection();
    for (int i = 0; i < N; i++) {
        ck_assert(web_read(&at[i], false));
        expect_status(answer(&at[i], 200), "rejected", "undone");
        web_close(&at[i]);
    }
    stop();
}
END_TEST

/* While who repeats the request is answered, looks, begins to wait, or waits. */
START_TEST(an_end_at_any_moment_is_not_missed)
{
    char key[64], headers[128];
    struct web one, two;

    start();
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), KEY("%d"), i);
        snprintf(headers, sizeof(headers), JSON_TYPE "%s", key);
        place(key);
        begin(&one, line_of("GET", "?wait=60"), "", "");
        begin(&two, "POST /v1/orders?wait=60", headers, TEA_AND_A_MUG);
        to_rejection();
        ck_assert(web_read(&one, false));
        expect_status(answer(&one, 200), "rejected", "undone");
        ck_assert(web_read(&two, false));
        expect_status(answer(&two, 200), "rejected", "undone");
        web_close(&one);
        web_close(&two);
    }
    stop();
}
END_TEST

START_TEST(a_wait_has_a_bound)
{
    static const char words[] = "wait: is not a number of seconds from 0 to 60";
    static const char *const wrong[] = {"61", "x", "", "-1", "1.5", "99999999999999999999"};
    char line[128];

    start();
    place(KEY("a"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(line, sizeof(line), "GET /v1/orders/x?wait=%s", wrong[i]);
        refused(line, NULL, NULL, 400, words);
    }
    refused("POST /v1/orders?wait=61", JSON_TYPE KEY("a"), TEA_AND_A_MUG, 400, words);
    refused("POST /v1/orders/x/cancellation?wait=61", KEY("a"), NULL, 400, words);
    json_decref(get("?wait=0", 200));
    stop();
}
END_TEST

START_TEST(a_stop_ends_all_waiting)
{
    struct web other, third;

    start();
    place(KEY("a"));
    begin(&other, line_of("GET", "?wait=60"), "", "");
    begin(&third, "POST /v1/orders?wait=60", JSON_TYPE KEY("a"), TEA_AND_A_MUG);
    /* Both are in when a third request is answered on a connection that came after them. */
    web_close(&web);
    web_open(&web, evt_http_address(http));
    json_decref(get("", 200));
    stop();
    ck_assert(web_read(&other, false));
    expect_status(answer(&other, 200), "placed", "forward");
    web_close(&other);
    ck_assert(web_read(&third, false));
    expect_status(answer(&third, 202), "placed", "forward");
    web_close(&third);
}
END_TEST

/* ---- cancelling ---- */

static void cancel(const char *rest, const char *key, const char *body)
{
    char path[256];

    snprintf(path, sizeof(path), "/v1/orders/%s/cancellation%s", order_id, rest);
    post(&web, path, key, body);
}

START_TEST(an_order_is_cancelled)
{
    struct web other;
    char location[128];
    json_t *json;

    start();
    place(KEY("a"));
    cancel("", KEY("a"), "{\"reason\":\"too slow\"}");
    json = answer(&web, 202);
    ck_assert_str_eq(text(json, "status"), "cancelling");
    ck_assert_str_eq(text(json, "order_id"), order_id);
    json_decref(json);
    snprintf(location, sizeof(location), "/v1/orders/%s", order_id);
    ck_assert_str_eq(web_header(&web, "Location"), location);
    expect_status(get("", 200), "cancelling", "undoing");
    cancel("", KEY("b"), NULL);
    ck_problem(&web, 409, "the order is being cancelled");
    snprintf(location, sizeof(location), "POST /v1/orders/%s/cancellation?wait=60", order_id);
    begin(&other, location, JSON_TYPE KEY("a"), "{\"reason\":\"too slow\"}");
    GIVE("product", product_stock_released, .order_id = order_id, .line = 1, .sku = "tea");
    GIVE("product", product_stock_released, .order_id = order_id, .line = 2, .sku = "mug");
    GIVE("payment", payment_payment_voided, .order_id = order_id);
    ck_assert(web_read(&other, false));
    json = answer(&other, 200);
    ck_assert_str_eq(text(json, "reason"), "too slow");
    expect_status(json, "cancelled", "undone");
    web_close(&other);
    cancel("", KEY("c"), "{}");
    ck_problem(&web, 409, "the order has ended");
    /* As it was answered then. */
    cancel("", KEY("a"), "{\"reason\":\"too slow\"}");
    json_decref(answer(&web, 202));
    cancel("", KEY("a"), "{\"reason\":\"too late\"}");
    ck_problem(&web, 422,
               "the Idempotency-Key was used before, for another request; take a new one");
    stop();
}
END_TEST

START_TEST(a_confirmed_order_is_refunded)
{
    json_t *order;

    start();
    place(KEY("a"));
    to_end();
    cancel("", KEY("a"), NULL);
    json_decref(answer(&web, 202));
    GIVE("payment", payment_payment_refunded, .order_id = order_id, .amount_minor = 2198,
         .currency = "EUR");
    GIVE("product", product_stock_released, .order_id = order_id, .line = 1, .sku = "tea");
    GIVE("product", product_stock_released, .order_id = order_id, .line = 2, .sku = "mug");
    GIVE("payment", payment_payment_voided, .order_id = order_id);
    order = get("?wait=60", 200);
    ck_assert_int_eq(json_integer_value(
                         json_object_get(json_object_get(order, "refunded"), "amount")),
                     2198);
    ck_assert_str_eq(text(order, "reason"), "the customer cancelled it");
    expect_status(order, "refunded", "undone");
    stop();
}
END_TEST

START_TEST(a_reason_has_a_form)
{
    struct evt_buf body = {0};

    start();
    place(KEY("a"));
    cancel("", KEY("b"), "{\"reason\":1}");
    ck_problem(&web, 400, "/reason: is not a string");
    cancel("", KEY("b"), "{\"why\":1}");
    ck_problem(&web, 400, "/why: there is no such field");
    evt_buf_printf(&body, "{\"reason\":\"%0201d\"}", 1);
    cancel("", KEY("b"), evt_buf_text(&body));
    ck_problem(&web, 422, "/reason: the reason is not 0 to 200 bytes");
    cancel("", KEY("b"), "{\"reason\":\"line one\\nBcc: x@y\"}");
    ck_problem(&web, 422, "/reason: the reason holds a control character");
    evt_buf_release(&body);
    stop();
}
END_TEST

/* ---- following ---- */

static void follow(struct web *at, const char *headers)
{
    web_open(at, evt_http_address(http));
    web_ask_stream(at, line_of("GET", "/events"), headers);
    ck_assert_int_eq(at->status, 200);
    ck_assert_str_eq(web_header(at, "Content-Type"), "text/event-stream");
    ck_assert_str_eq(web_header(at, "Cache-Control"), "no-store");
}

/* Pieces up to one that holds `last`, in `all`. */
static void read_until(struct web *at, const char *last, struct evt_buf *all)
{
    evt_buf_clear(all);
    do {
        ck_assert(web_read_piece(at));
        evt_buf_add(all, at->body.data, at->body.len);
    } while (!strstr(evt_buf_text(all), last));
}

START_TEST(an_order_is_followed_to_its_end)
{
    struct evt_buf all = {0};
    struct web at;

    start();
    place(KEY("a"));
    follow(&at, NULL);
    read_until(&at, "id: 3\n", &all);
    ck_assert_str_eq(evt_buf_text(&all),
                     "id: 1\n"
                     "event: step\n"
                     "data: "
                     "{\"n\":1,\"time\":\"2023-11-14T22:13:20.002Z\",\"step\":\"reserve\",\"item\":"
                     "1,\"what\":\"asked\",\"why\":\"\"}\n\n"
                     "id: 2\n"
                     "event: step\n"
                     "data: "
                     "{\"n\":2,\"time\":\"2023-11-14T22:13:20.002Z\",\"step\":\"reserve\",\"item\":"
                     "2,\"what\":\"asked\",\"why\":\"\"}\n\n"
                     "id: 3\n"
                     "event: step\n"
                     "data: "
                     "{\"n\":3,\"time\":\"2023-11-14T22:13:20.002Z\",\"step\":\"authorise\","
                     "\"item\":1,\"what\":\"asked\",\"why\":\"\"}\n\n");
    reserved(1);
    read_until(&at, "id: 4\n", &all);
    to_rejection();
    read_until(&at, "event: end\n", &all);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&all),
                                 "\"what\":\"undone\",\"why\":\"mug is not in stock in that "
                                 "quantity\",\"status\":\"rejected\",\"reason\":\"mug is not in "
                                 "stock in that quantity\"}\n\n"));
    ck_assert(!web_read_piece(&at));
    evt_buf_release(&all);
    web_close(&at);
    stop();
}
END_TEST

/* Who follows an order that is cancelled does not take its first end for the last. */
START_TEST(an_end_that_was_left_is_a_step)
{
    struct evt_buf all = {0};
    struct web at;

    start();
    place(KEY("a"));
    to_end();
    follow(&at, NULL);
    read_until(&at, "event: end\n", &all);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&all),
                                 "\"what\":\"completed\",\"why\":\"\",\"status\":\"confirmed\","
                                 "\"reason\":null}\n\n"));
    ck_assert(!web_read_piece(&at));
    web_close(&at);
    cancel("", KEY("a"), NULL);
    json_decref(answer(&web, 202));
    follow(&at, NULL);
    read_until(&at, "\"what\":\"turned back\"", &all);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&all), "\"what\":\"completed\""));
    ck_assert_ptr_null(strstr(evt_buf_text(&all), "event: end\n"));
    evt_buf_release(&all);
    web_close(&at);
    stop();
}
END_TEST

/* The id of what was sent last for the first item of a step. */
/* And the trace under which it was sent. */
static void sent_id(const char *step, char id[128], char trace[64])
{
    const int p = evt_partition_of(order_id, strlen(order_id), FAKE_BUS_SHARDS);
    const char *part;
    sqlite3_stmt *row;
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open_v2(bus->paths[p], &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT parts, trace FROM evt_sagas", -1, &row, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    part = strstr((const char *)sqlite3_column_text(row, 0), step);
    ck_assert_int_eq(sscanf(part + strlen(step), " 1 asked 1 %*d %127s", id), 1);
    snprintf(trace, 64, "%s", (const char *)sqlite3_column_text(row, 1));
    sqlite3_finalize(row);
    sqlite3_close(db);
}

/* A refusal of one of our messages comes under any key, and with its trace. */
START_TEST(what_comes_under_another_key_wakes_too)
{
    char id[128], trace[64];
    const struct evt_rejected msg = {.message_id = id,
                                     .message_type = payment_authorise_payment_type.name,
                                     .topic = "shop.payment.inbox.v1",
                                     .code = "INVARIANT",
                                     .reason = "no"};
    struct evt_buf all = {0};
    struct web at;
    int32_t p;

    start();
    place(KEY("a"));
    p = evt_partition_of(order_id, strlen(order_id), FAKE_BUS_SHARDS);
    sent_id("authorise", id, trace);
    follow(&at, NULL);
    read_until(&at, "id: 3\n", &all);
    reserved(1); /* keys are noted by now */
    read_until(&at, "id: 4\n", &all);
    bus->trace = trace;
    fake_bus_tell(bus, "payment", p, "any", &evt_rejected_type, &msg);
    fake_bus_commit(bus, p);
    read_until(&at, "\"what\":\"turned back\"", &all);
    evt_buf_release(&all);
    web_close(&at);
    stop();
}
END_TEST

/* More entries than are read at once. */
START_TEST(a_long_history_comes_whole)
{
    struct evt_buf body = {0}, all = {0};
    struct web at;

    start();
    evt_buf_add_text(&body, "{\"lines\":[");
    for (int i = 0; i < 50; i++)
        evt_buf_printf(&body, "%s{\"sku\":\"s%d\",\"quantity\":1}", i ? "," : "", i);
    evt_buf_printf(&body, "],\"total\":%s,\"payment\":%s,\"email\":%s,\"address\":%s}", TOTAL,
                   TOKEN, EMAIL, ADDRESS);
    post(&web, "/v1/orders", KEY("a"), evt_buf_text(&body));
    take_id();
    for (int32_t line = 1; line <= 49; line++)
        GIVE("product", product_stock_reserved, .order_id = order_id, .line = line, .sku = "s",
             .quantity = 1, .price_minor = 1, .currency = "EUR", .deadline = 1);
    GIVE("product", product_stock_refused, .order_id = order_id, .line = 50, .sku = "s49",
         .reason = PRODUCT_REFUSAL_REASON_UNKNOWN);
    for (int32_t line = 1; line <= 49; line++)
        GIVE("product", product_stock_released, .order_id = order_id, .line = line, .sku = "s");
    GIVE("payment", payment_payment_voided, .order_id = order_id);
    follow(&at, NULL);
    read_until(&at, "event: end\n", &all);
    for (int n = 1; n <= 200; n++) {
        char id[32];

        snprintf(id, sizeof(id), "id: %d\n", n);
        ck_assert_ptr_nonnull(strstr(evt_buf_text(&all), id));
    }
    ck_assert(!web_read_piece(&at));
    evt_buf_release(&body);
    evt_buf_release(&all);
    web_close(&at);
    stop();
}
END_TEST

START_TEST(following_goes_on_where_it_was)
{
    struct evt_buf all = {0};
    struct web at;

    start();
    place(KEY("a"));
    follow(&at, "Last-Event-ID: 3\r\n");
    to_end();
    read_until(&at, "event: end\n", &all);
    ck_assert_int_eq(strncmp(evt_buf_text(&all), "id: 4\n", 6), 0);
    ck_assert(!web_read_piece(&at));
    web_close(&at);
    /* From the start, at once. */
    follow(&at, "Last-Event-ID: 0\r\n");
    read_until(&at, "event: end\n", &all);
    ck_assert_int_eq(strncmp(evt_buf_text(&all), "id: 1\n", 6), 0);
    ck_assert(!web_read_piece(&at));
    web_close(&at);
    /* Nothing comes any more: a client that would come again for ever is told not to. */
    web_ask(&web, line_of("GET", "/events"), "Last-Event-ID: 1000\r\n", NULL);
    ck_assert_int_eq(web.status, 204);
    web_ask(&web, line_of("GET", "/events"), "Last-Event-ID: x\r\n", NULL);
    ck_problem(&web, 400, "Last-Event-ID: is not one that these events had");
    web_ask(&web, line_of("HEAD", "/events"), NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    evt_buf_release(&all);
    stop();
}
END_TEST

START_TEST(a_silent_stream_says_that_it_lives)
{
    struct evt_buf all = {0};
    struct web at;

    start_with(10);
    place(KEY("a"));
    follow(&at, "Last-Event-ID: 3\r\n");
    for (int i = 0; i < 3; i++) {
        ck_assert(web_read_piece(&at));
        ck_assert_str_eq(evt_buf_text(&at.body), ":\n\n");
    }
    to_end();
    read_until(&at, "event: end\n", &all);
    evt_buf_release(&all);
    web_close(&at);
    stop();
}
END_TEST

START_TEST(a_stop_ends_all_streams)
{
    struct evt_buf all = {0};
    struct web at;

    start();
    place(KEY("a"));
    follow(&at, NULL);
    read_until(&at, "id: 3\n", &all);
    stop();
    while (web_read_piece(&at))
        ck_assert_str_eq(evt_buf_text(&at.body), ":\n\n");
    evt_buf_release(&all);
    web_close(&at);
}
END_TEST

/* ---- all orders ---- */

static size_t page(const char *target, char *next, size_t size)
{
    char line[256];
    const char *link;
    json_t *body;
    size_t n;

    snprintf(line, sizeof(line), "GET %s", target);
    web_ask(&web, line, NULL, NULL);
    body = answer(&web, 200);
    n = json_array_size(json_object_get(body, "orders"));
    json_decref(body);
    link = web_header(&web, "Link");
    snprintf(next, size, "%.*s", link ? (int)strcspn(link + 1, ">") : 0, link ? link + 1 : "");
    return n;
}

START_TEST(a_list_has_pages)
{
    char key[64], next[256];
    size_t sum = 0;

    start();
    for (int i = 0; i < 7; i++) {
        snprintf(key, sizeof(key), KEY("%d"), i);
        place(key);
    }
    ck_assert_uint_eq(page("/v1/orders", next, sizeof(next)), 7);
    ck_assert_str_eq(next, "");
    for (snprintf(next, sizeof(next), "/v1/orders?limit=3"); next[0];)
        sum += page(next, next, sizeof(next));
    ck_assert_uint_eq(sum, 7);
    refused("GET /v1/orders?limit=0", NULL, NULL, 400, "limit: is not a number from 1 to 100");
    refused("GET /v1/orders?cursor=x", NULL, NULL, 400, "cursor: is not one that this list gave");
    stop();
}
END_TEST

START_TEST(a_store_that_cannot_be_read_is_said)
{
    char words[128];
    int p;

    start();
    place(KEY("a"));
    p = evt_partition_of(order_id, strlen(order_id), FAKE_BUS_SHARDS);
    snprintf(bus->paths[p], sizeof(bus->paths[p]), "/nowhere");
    snprintf(words, sizeof(words), "the store of shard %d cannot be read now; try again", p);
    refused(line_of("GET", ""), NULL, NULL, 503, words);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    refused(line_of("GET", "/events"), NULL, NULL, 503, words);
    refused("GET /v1/orders", NULL, NULL, 503, words);
    stop();
}
END_TEST

SUITE("order_api", an_order_is_placed, where_it_stands_is_shown_step_by_step,
      a_rejected_order_says_why, an_etag_stands_for_what_is_shown,
      nobody_knows_an_order_that_there_is_not, an_id_of_others_is_escaped,
      a_repeated_request_is_answered_as_before, the_id_is_the_same_for_ever,
      ten_at_once_make_one_order, an_order_needs_a_key, an_order_is_checked_field_by_field,
      an_order_has_only_so_many_lines, who_places_an_order_may_wait_for_its_end,
      who_waits_in_vain_is_told_where_it_stands, many_wait_for_one_order,
      an_end_at_any_moment_is_not_missed, a_wait_has_a_bound, a_stop_ends_all_waiting,
      an_order_is_cancelled, a_confirmed_order_is_refunded, a_reason_has_a_form,
      an_order_is_followed_to_its_end, an_end_that_was_left_is_a_step,
      what_comes_under_another_key_wakes_too, a_long_history_comes_whole,
      following_goes_on_where_it_was, a_silent_stream_says_that_it_lives, a_stop_ends_all_streams,
      a_list_has_pages, a_store_that_cannot_be_read_is_said)

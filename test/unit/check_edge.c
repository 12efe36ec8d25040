/* Edge: commands over HTTP, as a client and as the log see them. */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <events/product.h>
#include <evt/envelope.h>
#include <jansson.h>

#include "svc-product/product_service.h"

#define KEY(text) "Idempotency-Key: " text "\r\n"

static struct evt_bus *bus;
static struct evt_edge *edge;
static struct evt_http *http;
static struct web web;

/* The answer as it is. */
static void answered(struct evt_request *req, const struct evt_answer *answer)
{
    evt_reply(req, 200,
              json_pack("{s:i, s:s*, s:s*}", "outcome", answer->outcome, "reason", answer->reason,
                        "detail", answer->detail));
}

static void receive(struct evt_request *req)
{
    struct product_receive_stock msg;
    json_t *body = evt_request_json(req);

    if (!body)
        return;
    product_receive_stock_init(&msg);
    msg.sku = evt_request_value(req, "sku");
    msg.quantity = json_integer_value(json_object_get(body, "quantity"));
    evt_edge_command(evt_request_arg(req), req, &product_receive_stock_type, &msg, "/where",
                     answered);
}

static void create(struct evt_request *req)
{
    struct product_create_product msg;
    size_t len;

    product_create_product_init(&msg);
    msg.sku = evt_request_value(req, "sku");
    msg.name = evt_request_body(req, &len);
    msg.currency = "EUR";
    evt_edge_command(evt_request_arg(req), req, &product_create_product_type, &msg, "/where",
                     answered);
}

static const struct evt_route routes[] = {
    {.method = "POST", .path = "/stock/{sku}", .fn = receive},
    {.method = "POST", .path = "/other/{sku}", .fn = receive},
    {.method = "PUT", .path = "/product/{sku}", .fn = create},
    {0},
};

static void start_within(int64_t answer_ms)
{
    struct evt_edge_options opt = {.service = &product_service, .answer_ms = answer_ms};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0",
                                        .routes = routes,
                                        .body_max = 100000};
    struct evt_error err;

    opt.bus = bus = fake_bus_new(&product_service, 3);
    ck_ok(evt_edge_new(&opt, &edge, &err), err);
    bus->edge = http_opt.arg = edge;
    ck_ok(evt_http_start(&http_opt, &http, &err), err);
    web_open(&web, evt_http_address(http));
}

static void start(void)
{
    start_within(0);
}

static void stop(void)
{
    web_close(&web);
    evt_http_stop(http);
    evt_edge_free(edge);
    fake_bus_free(bus);
}

static void ask(const char *line, const char *headers, const char *body, const char *want)
{
    struct evt_buf all = {0};

    evt_buf_printf(&all, "%s%s", JSON_TYPE, headers);
    web_ask(&web, line, evt_buf_text(&all), body);
    ck_assert_str_eq(evt_buf_text(&web.body), want);
    ck_assert_int_eq(web.status, 200);
    evt_buf_release(&all);
}

/* Sends on a connection of its own and does not wait. */
static void begin(struct web *other, const char *key, const char *body)
{
    struct evt_buf text = {0};

    evt_buf_printf(&text,
                   "POST /stock/tea HTTP/1.1\r\nHost: x\r\n" JSON_TYPE "%sContent-Length: "
                   "%zu\r\n\r\n%s",
                   key, strlen(body), body);
    web_open(other, evt_http_address(http));
    web_send(other, evt_buf_text(&text));
    evt_buf_release(&text);
}

static void end(struct web *other, int status, const char *want)
{
    ck_assert(web_read(other, false));
    ck_assert_str_eq(evt_buf_text(&other->body), want);
    ck_assert_int_eq(other->status, status);
    web_close(other);
}

#define TEN     "{\"quantity\": 10}"
#define UNKNOWN "{\"outcome\":1,\"reason\":\"there is no such product\"}"

static int64_t published(void)
{
    return evt_sim_log_find(bus->log, "shop.product.inbox.v1", 0)->next +
           evt_sim_log_find(bus->log, "shop.product.inbox.v1", 1)->next - 2;
}

START_TEST(a_command_is_answered)
{
    start();
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    ask("PUT /product/tea", KEY("a"), "Tea", "{\"outcome\":0}");
    ask("PUT /product/tea", KEY("b"), "Tea",
        "{\"outcome\":1,\"reason\":\"the product exists already\"}");
    ask("POST /stock/tea", KEY("b"), TEN, "{\"outcome\":0,\"detail\":\"{\\\"on_hand\\\":10}\"}");
    ask("PUT /product/-", KEY("a"), "Tea",
        "{\"outcome\":2,\"reason\":\"the message breaks an invariant: the sku is not 1 to 40 of "
        "A-Z "
        "a-z 0-9 . _ -, beginning with a letter or digit\"}");
    stop();
}
END_TEST

START_TEST(a_repeated_one_gets_the_stored_answer)
{
    start();
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    ask("PUT /product/tea", KEY("a"), "Tea", "{\"outcome\":0}");
    ck_assert_int_eq(published(), 2);
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    ask("POST /stock/tea", KEY("\"a\""), TEN, UNKNOWN);
    ask("PUT /product/tea", KEY("a"), "Tea", "{\"outcome\":0}");
    ck_assert_int_eq(published(), 2);
    stop();
}
END_TEST

START_TEST(a_key_is_for_one_request)
{
    static const char reused[] =
        "the Idempotency-Key was used before, for another request; take a new one";

    start();
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    web_ask(&web, "POST /stock/tea", JSON_TYPE KEY("a"), "{\"quantity\": 11}");
    ck_problem(&web, 422, reused);
    ck_assert_int_eq(published(), 1);
    /* Another route, another product, another method: another command. */
    ask("POST /other/tea", KEY("a"), "{\"quantity\": 11}", UNKNOWN);
    ask("POST /stock/mug", KEY("a"), "{\"quantity\": 11}", UNKNOWN);
    ck_assert_int_eq(published(), 3);
    stop();
}
END_TEST

START_TEST(a_key_must_be_there_and_well_formed)
{
    static const char *const wrong[] = {"",    "\"",      "\"\"",    "\"a",      "\"a\"b",  "a b",
                                        "a\"", "\"\\a\"", "\"a\\\"", "\xc3\xa4", "\"\x01\""};
    char header[512], key[300];

    start();
    web_ask(&web, "POST /stock/tea", JSON_TYPE, TEN);
    ck_problem(&web, 400,
               "the header Idempotency-Key is missing: choose a new random text for each request, "
               "and the same one when you repeat it");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(header, sizeof(header), JSON_TYPE KEY("%s"), wrong[i]);
        web_ask(&web, "POST /stock/tea", header, TEN);
        ck_problem(&web, 400,
                   "the Idempotency-Key is not 1 to 255 printable ASCII characters, bare or in "
                   "quotes");
    }
    memset(key, 'k', sizeof(key));
    key[255] = '\0';
    snprintf(header, sizeof(header), KEY("%s"), key);
    ask("POST /stock/tea", header, TEN, UNKNOWN);
    key[255] = 'k';
    key[256] = '\0';
    snprintf(header, sizeof(header), JSON_TYPE KEY("\"%s\""), key);
    web_ask(&web, "POST /stock/tea", header, TEN);
    ck_assert_int_eq(web.status, 400);
    ask("POST /stock/tea", KEY("\"a \\\"b\\\\\""), TEN, UNKNOWN);
    stop();
}
END_TEST

static const char *header_of(const struct evt_send *send, const char *name)
{
    for (size_t i = 0; i < send->headers_n; i++)
        if (strcmp(send->headers[i].name, name) == 0) {
            static char text[256];

            snprintf(text, sizeof(text), "%.*s", (int)send->headers[i].len,
                     (const char *)send->headers[i].value);
            return text;
        }
    return "none";
}

#define TRACE "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"

START_TEST(the_record_is_as_the_conventions_say)
{
    const struct evt_send *send;
    char id[64], trace[64];
    struct web one, two;

    start();
    bus->held = true;
    begin(&one, KEY("a"), TEN);
    send = fake_bus_await(bus, 0);
    ck_assert_uint_eq(send->headers_n, 5);
    ck_assert_str_eq(header_of(send, "ce_specversion"), "1.0");
    ck_assert_str_eq(header_of(send, "ce_source"), "/edge/product");
    ck_assert_str_eq(header_of(send, "ce_type"), "shop.product.v1.ReceiveStock");
    snprintf(id, sizeof(id), "%s", header_of(send, "ce_id"));
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
    ck_assert_str_eq(id + 32, "");
    snprintf(trace, sizeof(trace), "%s", header_of(send, "traceparent"));
    ck_assert(evt_trace_valid((struct evt_text){trace, strlen(trace)}));
    ck_assert_uint_eq(send->key_len, 3);
    ck_assert_mem_eq(send->key, "tea", 3);
    ck_assert_int_eq(send->partition, evt_partition_of("tea", 3, 2));
    begin(&two, KEY("b") "traceparent: " TRACE "\r\n", TEN);
    send = fake_bus_await(bus, 1);
    ck_assert_str_eq(header_of(send, "traceparent"), TRACE);
    ck_assert_str_ne(header_of(send, "ce_id"), id);
    fake_bus_report(bus, 0, EVT_OK);
    fake_bus_report(bus, 1, EVT_OK);
    fake_bus_commit(bus, send->partition);
    end(&one, 200, UNKNOWN);
    end(&two, 200, UNKNOWN);
    stop();
}
END_TEST

START_TEST(the_id_is_the_same_for_ever)
{
    struct web one;

    start();
    bus->held = true;
    begin(&one, KEY("a"), TEN);
    ck_assert_str_eq(header_of(fake_bus_await(bus, 0), "ce_id"),
                     "efc8056d3d6925efc80dcbf97be46d59");
    stop();
    web_close(&one);
}
END_TEST

START_TEST(equal_requests_in_flight_share_one_command)
{
    struct web first, second, other;
    int32_t p;

    start();
    bus->held = true;
    begin(&first, KEY("a"), TEN);
    p = fake_bus_await(bus, 0)->partition;
    begin(&second, KEY("a"), TEN);
    begin(&other, KEY("a"), "{\"quantity\": 11}");
    ck_assert(web_read(&other, false));
    ck_problem(&other, 422,
               "the Idempotency-Key was used before, for another request; take a new one");
    web_close(&other);
    fake_bus_report(bus, 0, EVT_OK);
    fake_bus_commit(bus, p);
    end(&first, 200, UNKNOWN);
    end(&second, 200, UNKNOWN);
    ck_assert_uint_eq(bus->kept_n, 1);
    ck_assert_int_eq(published(), 1);
    stop();
}
END_TEST

/* Pairs of clients send the same commands at the same time, while another thread reports and
 * commits them. */
enum { CLIENTS = 8, EACH = 25, COMMANDS = CLIENTS / 2 * EACH };
static void *send_each(void *arg)
{
    int pair = (int)(intptr_t)arg / 2;
    struct web client;
    char headers[128], line[64];

    web_open(&client, evt_http_address(http));
    for (int i = 0; i < EACH; i++) {
        snprintf(headers, sizeof(headers), JSON_TYPE KEY("%d-%d"), pair, i);
        snprintf(line, sizeof(line), "POST /stock/p%d", i);
        web_ask(&client, line, headers, TEN);
        ck_assert_str_eq(evt_buf_text(&client.body), UNKNOWN);
    }
    web_close(&client);
    return NULL;
}

START_TEST(many_clients_are_answered)
{
    pthread_t clients[CLIENTS];

    start();
    bus->held = true;
    for (intptr_t i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&clients[i], NULL, send_each, (void *)i), 0);
    for (size_t i = 0; i < COMMANDS; i++) {
        int32_t p = fake_bus_await(bus, i)->partition;

        fake_bus_report(bus, i, EVT_OK);
        fake_bus_commit(bus, p);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    ck_assert_uint_eq(bus->kept_n, COMMANDS);
    stop();
}
END_TEST

START_TEST(the_commit_may_come_before_the_report)
{
    struct web first;
    int32_t p;

    start();
    bus->held = true;
    begin(&first, KEY("a"), TEN);
    p = fake_bus_await(bus, 0)->partition;
    evt_edge_committed(edge, p, 100);
    fake_bus_append(bus, bus->kept[0].send);
    fake_bus_commit(bus, p);
    bus->kept[0].done(bus->kept[0].arg, EVT_OK, 1);
    end(&first, 200, UNKNOWN);
    stop();
}
END_TEST

#define UNTAKEN                                                                                    \
    "the log does not take commands now; send the request again with the same Idempotency-Key"

START_TEST(what_the_log_does_not_take_is_said)
{
    struct web first;

    start();
    bus->refusing = true;
    web_ask(&web, "POST /stock/tea", JSON_TYPE KEY("a"), TEN);
    ck_problem(&web, 503, UNTAKEN);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    bus->refusing = false;
    bus->held = true;
    begin(&first, KEY("a"), TEN);
    fake_bus_await(bus, 0);
    fake_bus_report(bus, 0, EVT_E_AWAY);
    ck_assert(web_read(&first, false));
    ck_problem(&first, 503, UNTAKEN);
    web_close(&first);
    /* The same again is a new try. */
    bus->held = false;
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    stop();
}
END_TEST

START_TEST(a_deadline_is_answered_by_what_is_known)
{
    struct web first, second;
    int32_t p;

    start_within(1000);
    bus->held = true;
    /* Not reported: nothing is promised. */
    begin(&first, KEY("a"), TEN);
    p = fake_bus_await(bus, 0)->partition;
    ck_assert(web_read(&first, false));
    ck_problem(&first, 503, UNTAKEN);
    web_close(&first);
    fake_bus_report(bus, 0, EVT_OK);
    /* Reported, not committed: taken. Who joined is told that the first one is under way. */
    begin(&first, KEY("b"), TEN);
    fake_bus_await(bus, 1);
    fake_bus_report(bus, 1, EVT_OK);
    begin(&second, KEY("b"), TEN);
    ck_assert(web_read(&first, false));
    ck_assert_int_eq(first.status, 202);
    ck_assert_str_eq(web_header(&first, "Location"), "/where");
    ck_assert_str_eq(web_header(&first, "Retry-After"), "1");
    ck_assert_str_eq(evt_buf_text(&first.body), "{\"status\":\"accepted\"}");
    web_close(&first);
    ck_assert(web_read(&second, false));
    ck_problem(&second, 409,
               "an equal request is still being worked on; send this one again with the same "
               "Idempotency-Key");
    web_close(&second);
    ck_assert_uint_eq(bus->kept_n, 2);
    fake_bus_commit(bus, p);
    bus->held = false;
    ask("POST /stock/tea", KEY("b"), TEN, UNKNOWN);
    ask("POST /stock/tea", KEY("a"), TEN, UNKNOWN);
    ck_assert_int_eq(published(), 2);
    stop();
}
END_TEST

START_TEST(stopping_answers_who_waits)
{
    struct web first;

    start();
    bus->held = true;
    begin(&first, KEY("a"), TEN);
    fake_bus_await(bus, 0);
    fake_bus_report(bus, 0, EVT_OK);
    stop();
    ck_assert(web_read(&first, false));
    ck_assert_int_eq(first.status, 202);
    web_close(&first);
}
END_TEST

START_TEST(a_message_that_is_too_large_is_refused)
{
    struct evt_buf body = {0};

    start();
    for (int i = 0; i < 66000; i++)
        evt_buf_add_byte(&body, 'x');
    web_ask(&web, "PUT /product/tea", KEY("a"), evt_buf_text(&body));
    ck_assert_int_eq(web.status, 413);
    evt_buf_clear(&body);
    evt_buf_add_text(&body, "\xff");
    web_ask(&web, "PUT /product/tea", KEY("a"), evt_buf_text(&body));
    ck_assert_int_eq(web.status, 400);
    ck_assert_int_eq(published(), 0);
    evt_buf_release(&body);
    stop();
}
END_TEST

START_TEST(a_store_that_cannot_be_read_is_said)
{
    start();
    snprintf(bus->paths[evt_partition_of("tea", 3, 2)], sizeof(bus->paths[0]), "/nowhere");
    web_ask(&web, "POST /stock/tea", JSON_TYPE KEY("a"), TEN);
    ck_assert_int_eq(web.status, 503);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    stop();
}
END_TEST

SUITE("edge", a_command_is_answered, a_repeated_one_gets_the_stored_answer,
      a_key_is_for_one_request, a_key_must_be_there_and_well_formed,
      the_record_is_as_the_conventions_say, the_id_is_the_same_for_ever,
      equal_requests_in_flight_share_one_command, many_clients_are_answered,
      the_commit_may_come_before_the_report, what_the_log_does_not_take_is_said,
      a_deadline_is_answered_by_what_is_known, stopping_answers_who_waits,
      a_message_that_is_too_large_is_refused, a_store_that_cannot_be_read_is_said)

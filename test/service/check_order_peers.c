/* The order service in two processes, each with a shard of its own: what the near one does not own
 * it passes on, waiting and following included. */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <events/order.h>
#include <events/payment.h>
#include <events/product.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "svc-order/api.h"
#include "svc-order/order_service.h"

#define LINGER_MAX 1024

struct process {
    struct evt_bus *bus;
    struct evt_edge *edge;
    struct evt_http *http;
};

static struct process near, far;
static struct web web;     /* to the near one */
static char order_id[64];  /* of the far one's shard */
static char order_key[64]; /* with which it was placed, as a header */

static void start(struct process *process, unsigned owned, const char *peers, int64_t beat_ms)
{
    struct evt_edge_options opt = {.service = &order_service, .peers = peers, .beat_ms = beat_ms};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0", .routes = order_api};
    struct evt_error err;

    opt.bus = process->bus = fake_bus_new(&order_service, owned);
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

static void start_both(int64_t beat_ms)
{
    char peers[128];

    start(&far, 2, NULL, beat_ms);
    snprintf(peers, sizeof(peers), "1=http://%s", evt_http_address(far.http));
    start(&near, 1, peers, beat_ms);
    web_open(&web, evt_http_address(near.http));
}

static void stop_near(void)
{
    web_close(&web);
    stop(&near);
}

#define BODY                                                                                       \
    "{\"lines\":[{\"sku\":\"tea\",\"quantity\":1}],\"total\":{\"amount\":499,\"currency\":"        \
    "\"EUR\"},\"payment\":{\"token\":\"tok_visa\"},\"email\":\"a@b\",\"address\":{\"name\":"       \
    "\"A\",\"street\":\"S\",\"postcode\":\"1\",\"city\":\"C\",\"country\":\"GB\"}}"

/* Until one is the far one's. */
static void place(void)
{
    for (int i = 0;; i++) {
        json_t *json;

        snprintf(order_key, sizeof(order_key), JSON_TYPE "Idempotency-Key: %d\r\n", i);
        web_ask(&web, "POST /v1/orders", order_key, BODY);
        ck_assert_int_eq(web.status, 202);
        json = json_loads(evt_buf_text(&web.body), 0, NULL);
        snprintf(order_id, sizeof(order_id), "%s",
                 json_string_value(json_object_get(json, "order_id")));
        json_decref(json);
        if (evt_partition_of(order_id, strlen(order_id), FAKE_BUS_SHARDS) == 1)
            return;
    }
}

/* An id of the far one's shard that no order has. */
static void choose_nobody(void)
{
    int i = 0;

    do
        snprintf(order_id, sizeof(order_id), "nobody-%d", i++);
    while (evt_partition_of(order_id, strlen(order_id), FAKE_BUS_SHARDS) != 1);
}

#define GIVE(service, symbol, ...)                                                                 \
    fake_bus_give(far.bus, service, &symbol##_type, &(const struct symbol){__VA_ARGS__})

static void refuse(void)
{
    GIVE("product", product_stock_refused, .order_id = order_id, .line = 1, .sku = "tea",
         .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
}

static void end_it(void)
{
    GIVE("payment", payment_payment_voided, .order_id = order_id);
}

static const char *line_of(const char *method, const char *rest)
{
    static char line[256];

    snprintf(line, sizeof(line), "%s /v1/orders/%s%s", method, order_id, rest);
    return line;
}

static void begin(struct web *other, const char *line, const char *headers, const char *body)
{
    struct evt_buf out = {0};

    evt_buf_printf(&out, "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", line, headers,
                   strlen(body), body);
    web_open(other, evt_http_address(near.http));
    web_send(other, evt_buf_text(&out));
    evt_buf_release(&out);
}

static void expect_status(const struct web *at, const char *status)
{
    json_t *json = json_loads(evt_buf_text(&at->body), 0, NULL);

    ck_assert_int_eq(at->status, 200);
    ck_assert_str_eq(json_string_value(json_object_get(json, "status")), status);
    ck_assert_ptr_nonnull(web_header(at, "ETag"));
    json_decref(json);
}

/* The id follows from the key, so a retry meets the same shard through any process. */
START_TEST(a_retry_through_another_process_is_the_same_order)
{
    struct evt_buf first = {0};

    start_both(0);
    place();
    evt_buf_add(&first, web.body.data, web.body.len);
    web_close(&web);
    web_open(&web, evt_http_address(far.http));
    web_ask(&web, "POST /v1/orders", order_key, BODY);
    ck_assert_int_eq(web.status, 202);
    ck_assert_str_eq(evt_buf_text(&web.body), evt_buf_text(&first));
    ck_assert_ptr_nonnull(web_header(&web, "Location"));
    evt_buf_release(&first);
    stop_near();
    stop(&far);
}
END_TEST

START_TEST(waiting_is_passed_on)
{
    struct web one, two;

    start_both(0);
    place();
    begin(&one, line_of("GET", "?wait=60"), "", "");
    begin(&two, "POST /v1/orders?wait=60", order_key, BODY);
    refuse();
    end_it();
    ck_assert(web_read(&one, false));
    expect_status(&one, "rejected");
    ck_assert(web_read(&two, false));
    expect_status(&two, "rejected");
    ck_assert_ptr_nonnull(web_header(&two, "Location"));
    web_close(&one);
    web_close(&two);
    web_ask(&web, line_of("GET", "?wait=61"), NULL, NULL);
    ck_problem(&web, 400, "wait: is not a number of seconds from 0 to 60");
    web_ask(&web, line_of("GET", ""), NULL, NULL);
    expect_status(&web, "rejected");
    web_ask(&web, line_of("POST", "/cancellation"), "Idempotency-Key: c\r\n", NULL);
    ck_problem(&web, 409, "the order has ended");
    stop_near();
    stop(&far);
}
END_TEST

static void read_until(struct web *at, const char *last, struct evt_buf *all)
{
    evt_buf_clear(all);
    do {
        ck_assert(web_read_piece(at));
        evt_buf_add(all, at->body.data, at->body.len);
    } while (!strstr(evt_buf_text(all), last));
}

/* Here and there the same bytes. */
START_TEST(following_is_passed_on)
{
    struct evt_buf all = {0};
    struct web at;

    start_both(0);
    place();
    web_open(&at, evt_http_address(near.http));
    web_ask_stream(&at, line_of("GET", "/events"), NULL);
    ck_assert_str_eq(web_header(&at, "Content-Type"), "text/event-stream");
    read_until(&at, "id: 2\n", &all);
    refuse();
    read_until(&at, "\"what\":\"turned back\"", &all);
    ck_assert_int_eq(strncmp(evt_buf_text(&all), "id: 3\n", 6), 0);
    end_it();
    read_until(&at, "event: end\n", &all);
    ck_assert(!web_read_piece(&at));
    web_close(&at);

    web_ask(&web, line_of("GET", "/events"), NULL, NULL);
    evt_buf_clear(&all);
    evt_buf_add(&all, web.body.data, web.body.len);
    web_ask_once(&at, evt_http_address(far.http), line_of("GET", "/events"), NULL, NULL);
    ck_assert_str_eq(evt_buf_text(&at.body), evt_buf_text(&all));
    web_close(&at);
    web_ask(&web, line_of("GET", "/events"), "Last-Event-ID: 100\r\n", NULL);
    ck_assert_int_eq(web.status, 204);
    web_ask(&web, line_of("GET", "/events"), "Last-Event-ID: x\r\n", NULL);
    ck_assert_int_eq(web.status, 400);
    web_ask(&web, line_of("HEAD", "/events"), NULL, NULL);
    ck_assert_int_eq(web.status, 200);
    choose_nobody();
    web_ask(&web, line_of("GET", "/events"), NULL, NULL);
    ck_problem(&web, 404, "there is no such order");
    evt_buf_release(&all);
    stop_near();
    stop(&far);
}
END_TEST

START_TEST(a_silent_stream_says_that_it_lives)
{
    struct evt_buf all = {0};
    struct web at;

    start_both(10);
    place();
    web_open(&at, evt_http_address(near.http));
    web_ask_stream(&at, line_of("GET", "/events"), "Last-Event-ID: 2\r\n");
    for (int i = 0; i < 3; i++) {
        ck_assert(web_read_piece(&at));
        ck_assert_str_eq(evt_buf_text(&at.body), ":\n\n");
    }
    refuse();
    end_it();
    read_until(&at, "event: end\n", &all);
    ck_assert(!web_read_piece(&at));
    evt_buf_release(&all);
    web_close(&at);
    stop_near();
    stop(&far);
}
END_TEST

/* A client comes again, and is told how it is. */
START_TEST(a_stream_ends_when_the_owner_goes)
{
    struct evt_buf all = {0};
    struct web at;

    start_both(0);
    place();
    web_open(&at, evt_http_address(near.http));
    web_ask_stream(&at, line_of("GET", "/events"), NULL);
    read_until(&at, "id: 2\n", &all);
    stop(&far);
    while (web_read_piece(&at))
        ck_assert_str_eq(evt_buf_text(&at.body), ":\n\n");
    web_close(&at);
    web_ask(&web, line_of("GET", "/events"), NULL, NULL);
    ck_assert_int_eq(web.status, 503);
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    evt_buf_release(&all);
    stop_near();
}
END_TEST

START_TEST(a_stop_ends_streams_that_are_passed_on)
{
    struct evt_buf all = {0};
    struct web at;

    start_both(0);
    place();
    web_open(&at, evt_http_address(near.http));
    web_ask_stream(&at, line_of("GET", "/events"), NULL);
    read_until(&at, "id: 2\n", &all);
    stop_near();
    ck_assert(!web_read_piece(&at));
    web_close(&at);
    evt_buf_release(&all);
    stop(&far);
}
END_TEST

/* The connections to another process are not all for those who wait. */
START_TEST(only_so_many_wait_for_another_process)
{
    static struct web waiting[LINGER_MAX];
    static int asked[LINGER_MAX];
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0), last;
    struct web one;
    char peers[64];

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 2 * LINGER_MAX), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(peers, sizeof(peers), "1=http://127.0.0.1:%d", ntohs(at.sin_port));
    start(&near, 1, peers, 0);
    web_open(&web, evt_http_address(near.http));
    choose_nobody();
    for (int i = 0; i < LINGER_MAX; i++)
        begin(&waiting[i], line_of("GET", i % 2 ? "/events" : "?wait=60"), "", "");
    for (int i = 0; i < LINGER_MAX; i++)
        ck_assert_int_ge(asked[i] = accept(fd, NULL, NULL), 0);
    web_ask(&web, line_of("GET", "?wait=60"), NULL, NULL);
    ck_problem(&web, 503, "too many requests wait for the process that owns the shard; try again");
    ck_assert_str_eq(web_header(&web, "Retry-After"), "1");
    web_ask(&web, line_of("GET", "/events"), NULL, NULL);
    ck_assert_int_eq(web.status, 503);
    /* Who does not wait is passed on as ever. */
    begin(&one, line_of("GET", ""), "", "");
    last = accept(fd, NULL, NULL);
    ck_assert_int_ge(last, 0);
    stop_near();
    for (int i = 0; i < LINGER_MAX; i++) {
        ck_assert(web_read(&waiting[i], false));
        ck_assert_int_eq(waiting[i].status, 504);
        web_close(&waiting[i]);
        close(asked[i]);
    }
    web_close(&one);
    close(last);
    close(fd);
}
END_TEST

SUITE("order_peers", a_retry_through_another_process_is_the_same_order, waiting_is_passed_on,
      following_is_passed_on, a_silent_stream_says_that_it_lives, a_stream_ends_when_the_owner_goes,
      a_stop_ends_streams_that_are_passed_on, only_so_many_wait_for_another_process)

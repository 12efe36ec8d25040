/* Edge: who waits for a key is woken by what is committed about it, and by nothing else. */
#include "test/lib/fake_bus.h"

#include "test/lib/web.h"

#include <events/product.h>
#include <jansson.h>
#include <sys/socket.h>

#include "svc-product/product_service.h"

#define WAIT_MS 60000

static struct evt_bus *bus;
static struct evt_edge *edge;
static struct evt_http *http;
static int32_t partition; /* of all keys here */
static int waits_max;     /* 0: many */
static int looks, waits;  /* the HTTP thread's, read by others */

static int count(const int *counter)
{
    return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* Is there a product of this sku? Then it is answered. */
static bool look(struct evt_request *req, void *arg, bool last)
{
    const char *sku = evt_request_value(req, "sku");
    sqlite3 *db = evt_edge_store(edge, partition);
    sqlite3_stmt *row;
    bool found;

    ck_assert_ptr_eq(arg, &looks);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT 1 FROM product WHERE sku = ?1", -1, &row, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(row, 1, sku, -1, SQLITE_STATIC);
    found = sqlite3_step(row) == SQLITE_ROW;
    sqlite3_finalize(row);
    __atomic_add_fetch(&looks, 1, __ATOMIC_SEQ_CST);
    if (!found && !last)
        return false;
    evt_reply(req, found ? 200 : 404, json_pack("{s:s}", "sku", sku));
    return true;
}

static void wait_for(struct evt_request *req)
{
    evt_edge_await(edge, req, evt_request_value(req, "sku"), WAIT_MS, look, &looks);
    __atomic_add_fetch(&waits, 1, __ATOMIC_SEQ_CST);
}

static void wait_a_little(struct evt_request *req)
{
    evt_edge_await(edge, req, evt_request_value(req, "sku"), 1, look, &looks);
}

static void do_not_wait(struct evt_request *req)
{
    evt_edge_await(edge, req, evt_request_value(req, "sku"), 0, look, &looks);
}

/* A commit comes in the middle of it. */
static bool look_meanwhile(struct evt_request *req, void *arg, bool last)
{
    static bool once;

    if (look(req, arg, last))
        return true;
    if (!once)
        fake_bus_commit(bus, partition);
    once = true;
    return false;
}

static void wait_meanwhile(struct evt_request *req)
{
    evt_edge_await(edge, req, evt_request_value(req, "sku"), WAIT_MS, look_meanwhile, &looks);
}

static const struct evt_route routes[] = {
    {.method = "GET", .path = "/wait/{sku}", .fn = wait_for},
    {.method = "GET", .path = "/little/{sku}", .fn = wait_a_little},
    {.method = "GET", .path = "/now/{sku}", .fn = do_not_wait},
    {.method = "GET", .path = "/meanwhile/{sku}", .fn = wait_meanwhile},
    {0},
};

static void start(void)
{
    struct evt_edge_options opt = {.service = &product_service};
    struct evt_http_options http_opt = {.address = "127.0.0.1:0",
                                        .routes = routes,
                                        .waits_max = waits_max,
                                        .per_client_waits_max = waits_max};
    struct evt_error err;

    partition = evt_partition_of("tea", 3, FAKE_BUS_SHARDS);
    looks = waits = 0;
    opt.bus = bus = fake_bus_new(&product_service, 3);
    ck_ok(evt_edge_new(&opt, &edge, &err), err);
    bus->edge = http_opt.arg = edge;
    ck_ok(evt_http_start(&http_opt, &http, &err), err);
}

static void stop(void)
{
    evt_http_stop(http);
    evt_edge_free(edge);
    fake_bus_free(bus);
}

/* The `n`th sku of our shard. */
static const char *sku_of(int n)
{
    static char sku[16];

    for (int i = 0; n >= 0; i++) {
        snprintf(sku, sizeof(sku), "p%d", i);
        n -= evt_partition_of(sku, strlen(sku), FAKE_BUS_SHARDS) == partition;
    }
    return sku;
}

/* CreateProduct in the log, not applied. */
static void append(const char *sku)
{
    static int number;
    const struct product_create_product msg = {sku, "P", 1, "EUR"};
    char id[16];
    struct evt_buf value = {0};
    struct evt_error err;
    struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, 0},
        {"ce_source", "/cli/test", 9},
        {"ce_type", product_create_product_type.name, strlen(product_create_product_type.name)},
    };
    struct evt_send send = {.partition = partition,
                            .key = sku,
                            .key_len = strlen(sku),
                            .headers = headers,
                            .headers_n = 4};

    headers[1].len = (size_t)snprintf(id, sizeof(id), "%d", number++);
    ck_ok(product_create_product_encode(&msg, &value, &err), err);
    send.value = value.data;
    send.value_len = value.len;
    fake_bus_append(bus, &send);
    evt_buf_release(&value);
}

static void create(const char *sku)
{
    append(sku);
    fake_bus_commit(bus, partition);
}

static void begin(struct web *web, const char *way, const char *sku)
{
    char text[128];

    snprintf(text, sizeof(text), "GET /%s/%s HTTP/1.1\r\nHost: x\r\n\r\n", way, sku);
    web_open(web, evt_http_address(http));
    web_send(web, text);
}

/* Waits until `n` have looked and wait. */
static void await_waits(int n)
{
    struct web web;

    /* Other requests are answered between theirs. */
    web_open(&web, evt_http_address(http));
    while (count(&waits) < n)
        web_ask(&web, "GET /nowhere", NULL, NULL);
    web_close(&web);
}

static void end(struct web *web, int status)
{
    ck_assert(web_read(web, false));
    ck_assert_int_eq(web->status, status);
    web_close(web);
}

START_TEST(only_who_it_concerns_is_woken)
{
    enum { N = 100 };
    struct web web[N];

    start();
    for (int i = 0; i < N; i++)
        begin(&web[i], "wait", sku_of(i));
    await_waits(N);
    /* What was applied before anybody waited is not known: the first commit wakes them all. */
    create(sku_of(0));
    end(&web[0], 200);
    for (int i = 1; i < N; i++) {
        const int before = count(&looks);

        if (i > 1) {
            create(sku_of(i));
            end(&web[i], 200);
            ck_assert_int_eq(count(&looks), before + 1);
        }
        if (i == 1) {
            while (count(&looks) < 2 * N)
                await_waits(0);
            create(sku_of(1));
            end(&web[1], 200);
        }
    }
    stop();
}
END_TEST

START_TEST(all_who_wait_for_it_are_woken)
{
    enum { N = 30 };
    struct web web[N];

    start();
    for (int i = 0; i < N; i++)
        begin(&web[i], "wait", "tea");
    create("tea");
    for (int i = 0; i < N; i++)
        end(&web[i], 200);
    stop();
}
END_TEST

/* Applied before it waits, committed afterwards. */
START_TEST(what_was_applied_before_is_not_missed)
{
    struct evt_shard *shard;
    const struct evt_send *sends;
    struct evt_error err;
    struct web web;

    start();
    shard = bus->shards[partition];
    append("tea");
    ck_ok(evt_shard_apply(shard,
                          evt_sim_log_from(fake_bus_part(bus, partition),
                                           evt_shard_next_offset(shard)),
                          &err),
          err);
    begin(&web, "wait", "tea");
    await_waits(1);
    evt_shard_acknowledged(shard, evt_shard_sends(shard, &sends));
    ck_ok(evt_shard_commit(shard, &err), err);
    evt_edge_committed(edge, partition, evt_shard_position(shard));
    end(&web, 200);
    stop();
}
END_TEST

START_TEST(what_comes_while_it_looks_is_not_missed)
{
    struct web web;

    start();
    append("tea");
    begin(&web, "meanwhile", "tea");
    end(&web, 200);
    ck_assert_int_eq(count(&looks), 2);
    stop();
}
END_TEST

/* More keys than are noted: all are woken. */
START_TEST(a_batch_beyond_its_bound_wakes_all)
{
    struct web web[2];

    start();
    begin(&web[0], "wait", "tea");
    await_waits(1);
    begin(&web[1], "wait", sku_of(0));
    await_waits(2);
    create(sku_of(1));
    while (count(&looks) < 4)
        await_waits(0);
    for (int i = 0; i < EVT_BATCH_MAX; i++)
        append(sku_of(1));
    append("tea");
    fake_bus_commit(bus, partition);
    end(&web[0], 200);
    create(sku_of(0));
    end(&web[1], 200);
    stop();
}
END_TEST

START_TEST(the_deadline_has_the_last_word)
{
    struct web web;

    start();
    begin(&web, "little", "tea");
    end(&web, 404);
    ck_assert_int_ge(count(&looks), 2);
    looks = 0;
    begin(&web, "now", "tea");
    end(&web, 404);
    ck_assert_int_eq(count(&looks), 1);
    stop();
}
END_TEST

/* Nobody is turned away for having asked to wait. */
START_TEST(what_has_no_place_to_wait_is_answered_at_once)
{
    struct web one, two;

    waits_max = 1;
    start();
    begin(&one, "wait", sku_of(0));
    await_waits(1);
    begin(&two, "wait", sku_of(1));
    ck_assert(web_read(&two, false));
    ck_assert_int_eq(two.status, 404);
    ck_assert_str_eq(web_header(&two, "Retry-After"), "5");
    web_close(&two);
    create(sku_of(0));
    end(&one, 200);
    begin(&two, "little", sku_of(1)); /* there is a place again */
    ck_assert(web_read(&two, false));
    ck_assert_ptr_null(web_header(&two, "Retry-After"));
    web_close(&two);
    stop();
    waits_max = 0;
}
END_TEST

START_TEST(a_stop_has_it_too)
{
    struct web web;

    start();
    begin(&web, "wait", "tea");
    await_waits(1);
    stop();
    end(&web, 404);
}
END_TEST

/* Between looking, beginning to wait and waiting; alone, and where others wait already. */
START_TEST(a_commit_at_any_moment_is_not_missed)
{
    struct web other, web;

    start();
    for (int i = 0; i < 400; i++) {
        if (i == 200)
            begin(&other, "wait", "tea");
        begin(&web, "wait", sku_of(i));
        create(sku_of(i));
        end(&web, 200);
    }
    create("tea");
    end(&other, 200);
    stop();
}
END_TEST

/* Its client is gone when it is woken: nothing of it is left. */
START_TEST(who_has_gone_is_woken_all_the_same)
{
    enum { N = 20 };
    const struct linger at_once = {.l_onoff = 1};
    struct web web;

    start();
    for (int i = 0; i < N; i++) {
        begin(&web, "wait", "tea");
        await_waits(i + 1);
        setsockopt(web.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        web_close(&web);
    }
    create("mug");
    create(sku_of(0));
    create("tea");
    stop();
    ck_assert_int_ge(count(&looks), 2 * N);
}
END_TEST

SUITE("edge_wait", only_who_it_concerns_is_woken, all_who_wait_for_it_are_woken,
      what_was_applied_before_is_not_missed, what_comes_while_it_looks_is_not_missed,
      a_batch_beyond_its_bound_wakes_all, a_commit_at_any_moment_is_not_missed,
      the_deadline_has_the_last_word, what_has_no_place_to_wait_is_answered_at_once,
      a_stop_has_it_too, who_has_gone_is_woken_all_the_same)

/* Main's options: which shards, which address, which log, and what an error's exit status is. */
#include "libevents/src/main_internal.h"
#include "test/lib/fake_order.h"
#include "test/lib/fake_product.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

static struct evt_error err;

static void ck_shards(const char *text, int32_t partitions, const char *want)
{
    int32_t shards[16];
    struct evt_buf got = {0};
    size_t n = 0;

    ck_ok(evt__shards_parse(text, partitions, shards, &n, &err), err);
    for (size_t i = 0; i < n; i++)
        evt_buf_printf(&got, "%s%d", i ? " " : "", (int)shards[i]);
    ck_assert_str_eq(evt_buf_text(&got), want);
    evt_buf_release(&got);
}

START_TEST(shards_are_a_list_a_range_or_a_share)
{
    ck_shards("all", 3, "0 1 2");
    ck_shards("0", 3, "0");
    ck_shards("2,0", 3, "0 2");
    ck_shards("0-3", 8, "0 1 2 3");
    ck_shards("0-1,5,6-7", 8, "0 1 5 6 7");
    ck_shards("0/1", 2, "0 1");
    ck_shards("1/3", 8, "1 4 7");
    ck_shards("2/3", 8, "2 5");
}
END_TEST

START_TEST(shards_in_another_form_are_refused)
{
    static const char *const wrong[] = {"",     ",",   "0,",  ",0",    "1-",         "-1",
                                        "2-1",  "a",   "0 1", "all,",  "0/",         "/2",
                                        "0/2,", "0/x", "0/0", "0-1-2", "99999999999"};
    int32_t shards[4];
    size_t n;
    char want[200];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(
            want, sizeof(want),
            "wrong use: shards '%s': say all, a list (0,2), a range (0-3) or a share (1/3: the "
            "second of three)",
            wrong[i]);
        ck_refused(evt__shards_parse(wrong[i], 4, shards, &n, &err), err, EVT_E_USAGE, want);
    }
}
END_TEST

START_TEST(shards_that_are_not_there_are_refused)
{
    int32_t shards[4];
    size_t n;

    ck_refused(evt__shards_parse("1,4", 4, shards, &n, &err), err, EVT_E_USAGE,
               "wrong use: shards '1,4': there is no shard 4, the last is 3");
    ck_refused(evt__shards_parse("0-2,1", 4, shards, &n, &err), err, EVT_E_USAGE,
               "wrong use: shards '0-2,1': 1 is named twice");
    ck_refused(evt__shards_parse("3/3", 4, shards, &n, &err), err, EVT_E_USAGE,
               "wrong use: shards '3/3': the first number counts from 0 to 2");
    ck_refused(evt__shards_parse("4/5", 4, shards, &n, &err), err, EVT_E_USAGE,
               "wrong use: shards '4/5': there are only 4 shards, this process would have none");
}
END_TEST

START_TEST(http_listens_on_loopback_only)
{
    static const char *const fine[] = {"127.0.0.1:8081", "127.3.2.1:0", "localhost:80", "[::1]:0"};
    static const char *const open_to_all[] = {"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "example:80",
                                              ":80"};
    char want[200];

    for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
        ck_ok(evt__address_check(fine[i], &err), err);
    for (size_t i = 0; i < sizeof(open_to_all) / sizeof(*open_to_all); i++) {
        snprintf(want, sizeof(want),
                 "wrong use: http-addr '%s': until users can be told apart it listens on loopback "
                 "only, as 127.0.0.1%s",
                 open_to_all[i], strrchr(open_to_all[i], ':'));
        ck_refused(evt__address_check(open_to_all[i], &err), err, EVT_E_USAGE, want);
    }
    ck_refused(evt__address_check("8081", &err), err, EVT_E_USAGE,
               "wrong use: http-addr '8081': say host:port, as 127.0.0.1:8081");
}
END_TEST

START_TEST(the_declared_generation_is_the_built_one)
{
    struct evt_service service = fake_product;

    ck_ok(evt__main_generation(&service, &err), err);
    service.generation = 3;
    ck_refused(evt__main_generation(&service, &err), err, EVT_E_SERVICE,
               "the service's tables do not fit its declaration: topics.json says generation 1 of "
               "product and the service says 3: make them equal and build again");
    service.name = "nobody";
    ck_refused(evt__main_generation(&service, &err), err, EVT_E_SERVICE,
               "the service's tables do not fit its declaration: topics.json does not declare the "
               "service nobody");
}
END_TEST

START_TEST(exit_statuses)
{
    ck_assert_int_eq(evt__main_exit(EVT_OK), 0);
    ck_assert_int_eq(evt__main_exit(EVT_E_STORE_CORRUPT), 1);
    ck_assert_int_eq(evt__main_exit(EVT_E_AWAY), 1);
    ck_assert_int_eq(evt__main_exit(EVT_E_USAGE), 2);
    ck_assert_int_eq(evt__main_exit(EVT_E_STORE_NEWER), 6);
    ck_assert_int_eq(evt__main_exit(EVT_E_GENERATION_NEW), 6);
}
END_TEST

/* The shard's options as the program has them. */
static const struct evt_option options[] = {
    {.name = "partition", .value = "P", .kind = EVT_OPTION_NUMBER, .max = INT32_MAX},
    {.name = "subscription", .value = "NAME", .kind = EVT_OPTION_TEXT},
    {.name = "data-dir", .value = "FOLDER", .kind = EVT_OPTION_TEXT, .fallback = "data"},
    {0},
};

static struct evt_conf *conf_of(char **argv)
{
    struct evt_conf *conf = NULL;
    int argc = 0;

    while (argv[argc])
        argc++;
    ck_ok(evt_conf_parse(options, argc, argv, &conf, &err), err);
    return conf;
}

static enum evt_err log_of(char **argv, struct evt_main_log *ret_log)
{
    static struct evt_service service;
    const struct evt_main main = {.service = &service};
    struct evt_conf *conf = conf_of(argv);
    enum evt_err rc;

    service = fake_order;
    service.registry = &fake_registry;
    rc = evt__main_log(&main, conf, ret_log, &err);
    evt_conf_free(conf);
    return rc;
}

#define ARGS(...)  ((char *[]){(char *)(uintptr_t) "replay", __VA_ARGS__, NULL})
#define TEXT(text) ((char *)(uintptr_t)(text))

START_TEST(a_log_is_an_inbox_or_a_subscription)
{
    struct evt_main_log log;

    ck_ok(log_of(ARGS(TEXT("--partition"), TEXT("1")), &log), err);
    ck_assert_str_eq(log.name, "order");
    ck_assert_str_eq(log.topic->name, "shop.order.inbox.v1");
    ck_assert_int_eq(log.partition, 1);
    ck_ok(log_of(ARGS(TEXT("--partition=0"), TEXT("--subscription=order.product")), &log), err);
    ck_assert_str_eq(log.name, "order.product");
    ck_assert_str_eq(log.topic->name, "shop.product.events.v1");
    ck_assert_ptr_nonnull(log.subscription);
}
END_TEST

START_TEST(a_log_that_is_not_there_is_refused)
{
    struct evt_main_log log;

    ck_refused(log_of(ARGS(TEXT("--partition=2")), &log), err, EVT_E_USAGE,
               "wrong use: shop.order.inbox.v1 has no partition 2, the last is 1");
    ck_refused(log_of((char *[]){TEXT("replay"), NULL}, &log), err, EVT_E_USAGE,
               "wrong use: say which shard: --partition 0 to 1");
    ck_refused(log_of(ARGS(TEXT("--subscription=order.user")), &log), err, EVT_E_USAGE,
               "wrong use: order has no subscription order.user: describe lists what it has");
}
END_TEST

START_TEST(a_store_has_its_place)
{
    struct evt_conf *conf = conf_of(ARGS(TEXT("--data-dir=/srv")));
    char *path = evt__main_store_path(conf, "order.product", 3);

    ck_assert_str_eq(path, "/srv/order.product/3.db");
    evt_free(path);
    evt_conf_free(conf);
}
END_TEST

START_TEST(a_stream_is_named_as_in_ids)
{
    const struct evt_topic *topic = NULL;
    int32_t partition = -1;

    ck_ok(evt__stream_parse(&evt_registry, "order.inbox.1", &topic, &partition, &err), err);
    ck_assert_str_eq(topic->name, "shop.order.inbox.v1");
    ck_assert_int_eq(partition, 1);
    ck_refused(evt__stream_parse(&evt_registry, "order.inbox.2", &topic, &partition, &err), err,
               EVT_E_USAGE, "wrong use: 'order.inbox.2': order.inbox has the partitions 0 to 1");
    ck_refused(evt__stream_parse(&evt_registry, "order.inbox.", &topic, &partition, &err), err,
               EVT_E_USAGE, "wrong use: 'order.inbox.': order.inbox has the partitions 0 to 1");
    ck_refused(evt__stream_parse(&evt_registry, "order.inbox.1x", &topic, &partition, &err), err,
               EVT_E_USAGE, "wrong use: 'order.inbox.1x': order.inbox has the partitions 0 to 1");
    ck_refused(evt__stream_parse(&evt_registry, "shop.order.inbox.v1", &topic, &partition, &err),
               err, EVT_E_USAGE,
               "wrong use: 'shop.order.inbox.v1' is no stream: say it as ids do, product.inbox.1");
    ck_refused(evt__stream_parse(&evt_registry, "order", &topic, &partition, &err), err,
               EVT_E_USAGE, "wrong use: 'order' is no stream: say it as ids do, product.inbox.1");
}
END_TEST

SUITE("main_options", shards_are_a_list_a_range_or_a_share, shards_in_another_form_are_refused,
      shards_that_are_not_there_are_refused, http_listens_on_loopback_only,
      the_declared_generation_is_the_built_one, exit_statuses, a_log_is_an_inbox_or_a_subscription,
      a_log_that_is_not_there_is_refused, a_store_has_its_place, a_stream_is_named_as_in_ids)

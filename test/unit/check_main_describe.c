/* Main's describe: a service as JSON. */
#include "libevents/src/main_internal.h"
#include "test/lib/fake_order.h"
#include "test/lib/fake_product.h"
#include "test/lib/folder.h"
#include "test/lib/mortal.h"
#include "test/lib/suite.h"

#include <evt/http.h>
#include <evt/mem.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list(struct evt_request *req)
{
    (void)req;
}

static json_t *describe(const struct evt_service *service)
{
    const struct evt_main main = {.service = service,
                                  .commands = evt__main_commands,
                                  .options = evt__main_options};
    json_t *json = evt__describe(&main);

    ck_assert_ptr_nonnull(json);
    return json;
}

/* The member of a list whose `name` is `value`. */
static json_t *find(json_t *json, const char *in, const char *name, const char *value)
{
    json_t *list = json_object_get(json, in);

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = json_array_get(list, i);
        const char *text = json_string_value(json_object_get(item, name));

        if (text && strcmp(text, value) == 0)
            return item;
    }
    ck_abort_msg("%s has no %s %s", in, name, value);
    return NULL;
}

static void ck_json(json_t *got, const char *want)
{
    json_t *parsed = json_loads(want, JSON_DECODE_ANY, NULL);
    char *text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);

    ck_assert_msg(json_equal(got, parsed), "%s is not %s", text ? text : "nothing", want);
    free(text);
    json_decref(parsed);
}

START_TEST(what_it_takes_and_sends)
{
    json_t *json = describe(&fake_product);

    ck_json(json_object_get(json, "service"), "\"product\"");
    ck_json(json_object_get(json, "generation"), "1");
    ck_json(find(json, "in", "type", "shop.product.v1.ReserveStock"),
            "{\"type\":\"shop.product.v1.ReserveStock\",\"kind\":\"command\",\"key\":\"sku\","
            "\"from\":[\"order\"]}");
    ck_json(find(json, "out", "type", "shop.product.v1.StockReserved"),
            "{\"type\":\"shop.product.v1.StockReserved\",\"kind\":\"reply\",\"key\":\"order_id\","
            "\"topic\":\"shop.order.inbox.v1\"}");
    ck_json(find(json, "out", "type", "shop.product.v1.ProductCreated"),
            "{\"type\":\"shop.product.v1.ProductCreated\",\"kind\":\"fact\",\"key\":\"sku\","
            "\"topic\":\"shop.product.events.v1\"}");
    ck_assert_uint_eq(json_array_size(json_object_get(json, "in")), 7);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "out")), 9);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "topics")), 3);
    ck_json(find(json, "topics", "name", "shop.product.inbox.v1"),
            "{\"name\":\"shop.product.inbox.v1\",\"partitions\":2}");
    ck_json(find(json, "migrations", "name", "notes"), "{\"number\":1,\"name\":\"notes\"}");
    json_decref(json);
}
END_TEST

START_TEST(a_subscribed_fact_comes_under_the_subscribers_key)
{
    struct evt_service service = fake_order;
    json_t *json;

    service.registry = &fake_registry;
    json = describe(&service);
    ck_json(find(json, "in", "type", "shop.product.v1.ProductCreated"),
            "{\"type\":\"shop.product.v1.ProductCreated\",\"kind\":\"fact\",\"key\":\"name\","
            "\"from\":[\"product\"]}");
    ck_json(find(json, "subscriptions", "name", "order.product"),
            "{\"name\":\"order.product\",\"source\":\"shop.product.events.v1\",\"keys\":{"
            "\"shop.product.v1.ProductCreated\":\"name\",\"shop.product.v1.PriceChanged\":\"sku\","
            "\"shop.product.v1.StockChanged\":\"sku\",\"shop.product.v1.ProductWithdrawn\":"
            "\"sku\"}}");
    json_decref(json);
}
END_TEST

START_TEST(timers_and_calls_by_name)
{
    static const struct evt_timer_handler timers[] = {{.name = "expire"}, {0}};
    static const struct evt_call_handler calls[] = {{.name = "pay"}, {0}};
    struct evt_service service = fake_product;
    json_t *json;

    service.timers = timers;
    service.calls = calls;
    json = describe(&service);
    ck_json(json_object_get(json, "timers"), "[\"expire\"]");
    ck_json(json_object_get(json, "calls"), "[\"pay\"]");
    json_decref(json);
}
END_TEST

START_TEST(its_routes_and_ours)
{
    static const struct evt_route routes[] = {
        {.method = "GET", .path = "/v1/products", .fn = list, .summary = "all of them"}, {0}};
    struct evt_service service = fake_product;
    json_t *json = describe(&service);

    ck_assert_uint_eq(json_array_size(json_object_get(json, "routes")), 3);
    json_decref(json);
    service.routes = routes;
    json = describe(&service);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "routes")), 4);
    ck_json(find(json, "routes", "path", "/v1/products"),
            "{\"method\":\"GET\",\"path\":\"/v1/products\",\"summary\":\"all of them\"}");
    ck_json(find(json, "routes", "path", "/readyz"),
            "{\"method\":\"GET\",\"path\":\"/readyz\",\"summary\":\"has it caught up; else why "
            "not\"}");
    json_decref(json);
}
END_TEST

START_TEST(options_and_where_else_they_come_from)
{
    json_t *json = describe(&fake_product);

    ck_json(find(json, "options", "name", "data-dir"),
            "{\"name\":\"data-dir\",\"command\":null,\"environment\":\"DATA_DIR\","
            "\"value\":\"FOLDER\",\"default\":\"data\",\"help\":\"where the stores lie\"}");
    ck_json(find(json, "options", "name", "no-wait"),
            "{\"name\":\"no-wait\",\"command\":\"upgrade\",\"environment\":null,\"value\":null,"
            "\"default\":null,\"help\":\"append the boundaries and do not wait for the old "
            "process\"}");
    json_decref(json);
}
END_TEST

static const struct evt_option own[] = {
    {.name = "bank-url", .value = "URL", .fallback = "http://127.0.0.1:1", .help = "the bank"},
    {.name = "bank-key", .value = "KEY", .help = "what it knows us by", .secret = true},
    {0},
};

START_TEST(a_services_own_options_are_runs_and_checks)
{
    struct evt_service service = fake_product;
    struct evt_command *commands;
    struct evt_main main = {.service = &service, .options = evt__main_options};
    size_t takers = 0, others = 0;
    json_t *json;

    service.options = own;
    main.commands = commands = evt__main_commands_of(&service);
    json = evt__describe(&main);
    ck_json(find(json, "options", "name", "bank-url"),
            "{\"name\":\"bank-url\",\"command\":\"run\",\"environment\":\"BANK_URL\","
            "\"value\":\"URL\",\"default\":\"http://127.0.0.1:1\",\"help\":\"the bank\"}");
    ck_json(find(json, "options", "name", "bank-key"),
            "{\"name\":\"bank-key\",\"command\":\"run\",\"environment\":\"BANK_KEY\","
            "\"value\":\"KEY\",\"default\":null,\"help\":\"what it knows us by\","
            "\"secret\":true}");
    find(json, "options", "name", "http-addr"); /* and run's as ever */
    for (const struct evt_command *command = commands; command->name; command++)
        for (const struct evt_option *at = command->options; at && at->name; at++)
            if (strcmp(at->name, "bank-url") == 0)
                command->run == evt__main_run || command->run == evt__main_check ? takers++
                                                                                 : others++;
    ck_assert_uint_eq(takers, 2);
    ck_assert_uint_eq(others, 0);
    json_decref(json);
    evt__main_commands_free(commands);
}
END_TEST

START_TEST(an_option_of_ours_again_is_a_bug)
{
    static const struct evt_option again[] = {
        {.name = "http-addr", .value = "HOST:PORT", .help = "another one"}, {0}};
    struct evt_service service = fake_product;

    service.options = again;
    if (mortal_begin())
        (void)evt__main_commands_of(&service);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
}
END_TEST

/* What `svc-product run` prints with these arguments, its exit status in front. */
static char *ran(const struct evt_service *service, const char *arg)
{
    char program[] = "svc-product", verb[] = "run", *text;
    char *argv[] = {program, verb, evt_strdup(arg), NULL};
    struct folder folder;
    size_t len;
    int status;

    folder_init(&folder);
    ck_assert_ptr_nonnull(freopen(folder_path(&folder, "out"), "w", stdout));
    ck_assert_ptr_nonnull(freopen(folder_path(&folder, "err"), "w", stderr));
    status = evt_service_main(3, argv, service);
    printf("exit %d\n", status);
    fflush(stdout);
    fflush(stderr);
    text = folder_read(&folder, status == EVT_EXIT_OK ? "out" : "err", &len);
    folder_release(&folder);
    evt_free(argv[2]);
    return text;
}

START_TEST(a_secret_is_taken_from_the_environment_and_not_shown)
{
    struct evt_service service = fake_product;
    char *text;

    service.options = own;
    ck_assert_int_eq(setenv("BANK_KEY", "0123456789", 1), 0);
    ck_assert_int_eq(setenv("BANK_URL", "http://127.0.0.1:2", 1), 0);
    text = ran(&service, "--print-config");
    ck_assert_ptr_nonnull(strstr(text, "environment BANK_KEY\n"));
    ck_assert_ptr_nonnull(strstr(text, "http://127.0.0.1:2"));
    ck_assert_ptr_nonnull(strstr(text, "***"));
    ck_assert_ptr_null(strstr(text, "0123456789"));
    evt_free(text);
    text = ran(&service, "--bank-key=0123456789");
    ck_assert_ptr_nonnull(strstr(text,
                                 "--bank-key is not taken from the command line, where others can "
                                 "read it: set BANK_KEY or BANK_KEY_FILE\n"));
    evt_free(text);
}
END_TEST

SUITE("main_describe", what_it_takes_and_sends, a_subscribed_fact_comes_under_the_subscribers_key,
      timers_and_calls_by_name, its_routes_and_ours, options_and_where_else_they_come_from,
      a_services_own_options_are_runs_and_checks,
      a_secret_is_taken_from_the_environment_and_not_shown, an_option_of_ours_again_is_a_bug)

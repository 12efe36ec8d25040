/* Cli, names: types, topics and partitions as people write them. */
#include "test/lib/suite.h"

#include "libevents/cli/cli.h"

#include <stdio.h>
#include <string.h>

static const char *refused(const struct evt_registry *registry, const char *name)
{
    static char words[256];
    struct evt_buf why = {0};

    ck_assert_ptr_null(cli_type_in(registry, name, &why));
    snprintf(words, sizeof(words), "%s", evt_buf_text(&why));
    evt_buf_release(&why);
    return words;
}

START_TEST(types)
{
    ck_assert_str_eq(cli_type("shop.product.v1.ReserveStock")->name,
                     "shop.product.v1.ReserveStock");
    ck_assert_str_eq(cli_type("ReserveStock")->name, "shop.product.v1.ReserveStock");
    ck_assert_str_eq(cli_type("reservestock")->name, "shop.product.v1.ReserveStock");
    ck_assert_str_eq(refused(&evt_registry, "Reserve"),
                     "no message is called Reserve: docs/events.md lists them");
    ck_assert_str_eq(refused(&evt_registry, "shop.other.v1.ReserveStock"),
                     "no message is called shop.other.v1.ReserveStock: docs/events.md lists them");
}
END_TEST

START_TEST(two_of_a_name)
{
    static const struct evt_type one = {.name = "shop.a.v1.Told"}, two = {.name = "shop.b.v1.Told"};
    static const struct evt_type *const both[] = {&one, &two};
    const struct evt_registry registry = {.types = both, .types_n = 2};

    ck_assert_str_eq(refused(&registry, "Told"),
                     "Told may be shop.a.v1.Told, shop.b.v1.Told: say which");
    ck_assert_ptr_eq(cli_type_in(&registry, "shop.b.v1.Told", NULL), &two);
}
END_TEST

START_TEST(topics)
{
    ck_assert_str_eq(cli_topic("product.inbox")->name, "shop.product.inbox.v1");
    ck_assert_str_eq(cli_topic("shop.product.inbox.v1.dlt")->stream, "product.inbox.dlt");
    ck_assert_ptr_null(cli_topic("product"));
}
END_TEST

START_TEST(partitions)
{
    static const char *const wrong[] = {"product.inbox",
                                        "product.inbox.2",
                                        "product.inbox.x",
                                        "product.inbox.1x",
                                        "product.inbox.-1",
                                        "product.other.0",
                                        "",
                                        "."};
    const struct evt_topic *topic = NULL;
    int32_t partition = -1;

    ck_assert(cli_partition("product.inbox.1", &topic, &partition));
    ck_assert_str_eq(topic->stream, "product.inbox");
    ck_assert_int_eq(partition, 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        ck_assert_msg(!cli_partition(wrong[i], &topic, &partition), "%s", wrong[i]);
}
END_TEST

START_TEST(what_a_command_gets)
{
    char source[128], one[CLI_UUID_LEN + 1], two[CLI_UUID_LEN + 1];
    struct evt_error err;

    cli_source(source, sizeof(source));
    ck_assert_int_eq(strncmp(source, "/cli/", 5), 0);
    ck_assert_uint_gt(strlen(source), 5);
    ck_ok(cli_uuid(one, &err), err);
    ck_ok(cli_uuid(two, &err), err);
    ck_assert_str_ne(one, two);
    ck_assert_uint_eq(strlen(one), CLI_UUID_LEN);
    ck_assert_uint_eq(strspn(one, "0123456789abcdef-"), CLI_UUID_LEN);
    ck_assert_int_eq(one[14], '4');
    ck_assert_ptr_nonnull(strchr("89ab", one[19]));
}
END_TEST

SUITE("cli name", types, two_of_a_name, topics, partitions, what_a_command_gets)

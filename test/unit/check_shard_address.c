/* Address: a message is for this service, from somebody who may send it, under the key of this
 * partition. */
#include "test/lib/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void refuse(struct core *core, const struct evt_send *send, const char *fmt, ...)
    EVT_PRINTF(3, 4);
static void refuse(struct core *core, const struct evt_send *send, const char *fmt, ...)
{
    char words[512], want[600];
    int64_t offset = core_append(core, send);
    size_t sent = core->sent_n;
    va_list args;

    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    core_run(core);
    snprintf(want, sizeof(want), "%lld rejected: %s", (long long)offset, words);
    ck_assert_str_eq(core_told(core), want);
    ck_assert_str_eq(core_header(core->sent[sent], "kafka_dlt-exception-message"), words);
}

/* From a shard it may be one that a later version takes: its stream is held. */
START_TEST(a_message_of_another_service_is_not_taken)
{
    const struct product_stock_reserved reply = {.order_id = "o1", .sku = "tea", .currency = "EUR"};
    const struct product_product_created fact = {.sku = "tea", .name = "tea", .currency = "EUR"};
    struct core *core = core_new(&fake_product);
    struct core_sender order, product;

    refuse(core, core_outside(core, "/cli/a", "1", &product_stock_reserved_type, &reply),
           "the type is not one that is taken here: shop.product.v1.StockReserved");
    refuse(core, core_outside(core, "/cli/a", "2", &product_product_created_type, &fact),
           "the type is not one that is taken here: shop.product.v1.ProductCreated");
    core_sender(core, &order, "order");
    core_sender(core, &product, "product");
    core_append(core, core_number(core, &order, &product_stock_reserved_type, &reply));
    core_append(core, core_number(core, &product, &product_product_created_type, &fact));
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "3 parked: unknown: this version does not know its type or schema yet\n"
                     "4 parked: unknown: this version does not know its type or schema yet");
    core_free(core);
}
END_TEST

START_TEST(only_its_senders_may_send_it)
{
    const struct product_reserve_stock reserve = {.sku = "tea", .order_id = "o1"};
    const struct product_create_product create = {.sku = "tea", .name = "tea", .currency = "EUR"};
    struct core *core = core_new(&fake_product);
    struct core_sender order, user;

    core_sender(core, &order, "order");
    core_sender(core, &user, "product");
    refuse(core, core_number(core, &user, &product_reserve_stock_type, &reserve),
           "the type is not taken from this sender: shop.product.v1.ReserveStock from %s",
           user.source);
    refuse(core, core_outside(core, "/cli/a", "1", &product_reserve_stock_type, &reserve),
           "the type is not taken from this sender: shop.product.v1.ReserveStock from %s",
           "/cli/a");
    refuse(core, core_number(core, &order, &product_create_product_type, &create),
           "the type is not taken from this sender: shop.product.v1.CreateProduct from %s",
           order.source);
    core_free(core);
}
END_TEST

START_TEST(the_key_is_this_partitions)
{
    struct core *core = core_new(&fake_product);
    const char *there = core_key(core, "tea", false);
    const struct product_reserve_stock reserve = {.sku = there, .order_id = "o1"};
    const struct product_create_product create = {.sku = there, .name = "tea", .currency = "EUR"};
    struct core_sender order;

    core_sender(core, &order, "order");
    refuse(core, core_number(core, &order, &product_reserve_stock_type, &reserve),
           "the key belongs to another partition: \"%s\" belongs to partition 0, not 1", there);
    refuse(core, core_outside(core, "/cli/a", "1", &product_create_product_type, &create),
           "the key belongs to another partition: \"%s\" belongs to partition 0, not 1", there);
    core_free(core);
}
END_TEST

START_TEST(the_key_is_the_messages_field)
{
    struct core *core = core_new(&fake_product);
    const char *keys[] = {core_key(core, "mug", true), core_key(core, "te", true),
                          core_key(core, "teapot", true)};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        refuse(core, core_with_key(core, CREATE(core, "/cli/a", keys[i], "tea"), keys[i]),
               "the key is not the message's key field: the key is \"%s\" and sku is \"%s\"",
               keys[i], core_key(core, "tea", true));
    core_free(core);
}
END_TEST

/* Only from outside: a shard that sends what is not known yet holds its stream. */
START_TEST(an_unknown_type_from_outside_is_refused)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *create = CREATE(core, "/cli/a", "1", "tea");
    uint8_t value[256];

    memcpy(value, create->value, create->value_len);
    value[3] = 0xff;
    refuse(core, core_with_header(core, create, "ce_type", "shop.product.v1.Sing"),
           "the type is not one that is taken here: %s", "shop.product.v1.Sing");
    create = CREATE(core, "/cli/a", "2", "tea");
    refuse(core, core_with_value(core, create, value, create->value_len),
           "the schema id is not one of the type's: %s", "65290");
    core_free(core);
}
END_TEST

START_TEST(libevents_own_messages_are_not_anybodys)
{
    const struct evt_timer_fired fired = {1, "deadline"};
    const struct evt_rejected refusal = {"id", "type", "topic", 0, 1, "CODE", "reason"};
    const struct evt_log_begins birth = {CORE_LINEAGE, 1};
    const struct evt_generation_begins boundary = {0, "0"};
    const struct evt_command_answered answered = {.command_source = "",
                                                  .command_id = "",
                                                  .command_type = ""};
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    refuse(core, core_outside(core, "/cli/a", "1", &evt_timer_fired_type, &fired),
           "the type is not taken from this sender: shop.evt.v1.TimerFired from %s", "/cli/a");
    refuse(core, core_outside(core, "/cli/a", "2", &evt_rejected_type, &refusal),
           "the type is not taken from this sender: shop.evt.v1.Rejected from %s", "/cli/a");
    refuse(core, core_outside(core, "/cli/a", "3", &evt_log_begins_type, &birth),
           "the type is not taken from this sender: shop.evt.v1.LogBegins from %s", "/cli/a");
    refuse(core, core_outside(core, "/cli/a", "4", &evt_generation_begins_type, &boundary),
           "the type is not taken from this sender: shop.evt.v1.GenerationBegins from %s",
           "/cli/a");
    refuse(core, core_outside(core, "/cli/a", "5", &evt_command_answered_type, &answered),
           "the type is not taken from this sender: shop.evt.v1.CommandAnswered from %s", "/cli/a");
    refuse(core, core_number(core, &order, &evt_timer_fired_type, &fired),
           "the type is not taken from this sender: shop.evt.v1.TimerFired from %s", order.source);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM notes"), "0");
    core_free(core);
}
END_TEST

START_TEST(a_fact_comes_by_a_subscription_only)
{
    struct core *core = core_new(&fake_order);
    struct core_sender sub, product, other;
    const char *name = core_key(core, "tea", true);
    const struct product_product_created fact = {.sku = "mug", .name = name, .currency = "EUR"};
    const struct product_price_changed ignored = {.sku = name, .currency = "EUR"};

    core_sender(core, &sub, "order.product");
    core_sender(core, &product, "product");
    core_sender(core, &other, "order.user");
    /* Under the subscription's key, which is not the fact's own. */
    core_append(core, core_number_as(core, &sub, name, &product_product_created_type, &fact));
    core_append(core, core_number(core, &sub, &product_price_changed_type, &ignored));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 ignored");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), name);
    refuse(core, core_number_as(core, &product, name, &product_product_created_type, &fact),
           "the type is not taken from this sender: shop.product.v1.ProductCreated from %s",
           product.source);
    core_append(core, core_number_as(core, &other, name, &product_product_created_type, &fact));
    core_append(core, core_outside(core, "/cli/a", "1", &product_price_changed_type, &ignored));
    core_append(core, core_number_as(core, &sub, core_key(core, "tea", false),
                                     &product_product_created_type, &fact));
    core_run(core);
    ck_assert_str_eq(
        core_told(core),
        "4 rejected: the type is not taken from this sender: shop.product.v1.ProductCreated from"
        " /shop/order.user/0/00000000000000aa\n"
        "5 rejected: the type is not taken from this sender: shop.product.v1.PriceChanged from "
        "/cli/a\n"
        "6 rejected: the key belongs to another partition: \"tea\" belongs to partition 0, not 1");
    core_free(core);
}
END_TEST

SUITE("shard address", a_message_of_another_service_is_not_taken, only_its_senders_may_send_it,
      the_key_is_this_partitions, the_key_is_the_messages_field,
      an_unknown_type_from_outside_is_refused, libevents_own_messages_are_not_anybodys,
      a_fact_comes_by_a_subscription_only)

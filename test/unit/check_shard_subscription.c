/* Subscriptions: a shard over another service's events, which sends every fact on, bytes unchanged,
 * to the subscriber's inbox under the subscriber's key. */
#include "test/lib/core.h"

#include <evt/codec.h>

#include <stdio.h>
#include <string.h>

static struct core *new_subscription(void)
{
    struct core *core = core_new_log(&fake_order, &fake_subscription);

    core_start(core);
    core_run(core);
    core_told(core);
    return core;
}

static const struct evt_send *created(struct core *core, struct core_sender *product,
                                      const char *name)
{
    const struct product_product_created fact = {.sku = core_key(core, "tea", true),
                                                 .name = name,
                                                 .currency = "EUR"};

    return core_number(core, product, &product_product_created_type, &fact);
}

/* To the partition of the subscriber's key, numbered and chained as by any shard. */
START_TEST(every_fact_is_copied)
{
    struct core *core = new_subscription();
    struct core_sender product;
    const struct evt_send *first, *copy;

    core_sender(core, &product, "product");
    first = created(core, &product, "o1"); /* o1 belongs to partition 1, o2 to 0 */
    core_append(core, first);
    core_append(core, created(core, &product, "o2"));
    core_append(core, created(core, &product, "o1"));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied\n3 applied\n4 duplicate");
    ck_assert_str_eq(core_sent(core),
                     "order.inbox.1.1 ProductCreated\norder.inbox.0.1 ProductCreated\n"
                     "order.inbox.1.2 ProductCreated");
    copy = core->sent[0];
    ck_assert_str_eq(core_header(copy, "ce_source"), "/shop/order.product/1/" CORE_LINEAGE);
    ck_assert_uint_eq(copy->key_len, 2);
    ck_assert_mem_eq(copy->key, "o1", 2);
    ck_assert_uint_eq(copy->value_len, first->value_len);
    ck_assert_mem_eq(copy->value, first->value, first->value_len);
    ck_assert_str_eq(core_rows(core, "SELECT service, generation FROM evt_meta"),
                     "order.product|0");
    core_free(core);
}
END_TEST

/* Its source's numbers are checked like any other's. */
START_TEST(a_lost_fact_shows)
{
    struct core *core = new_subscription();
    struct core_sender product;
    const struct evt_send *lost;

    core_sender(core, &product, "product");
    lost = created(core, &product, "o1");
    core_append(core, created(core, &product, "o2"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 parked: gap: the numbers before it are missing");
    ck_assert_str_eq(core_sent(core), "");
    core_append(core, lost);
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 applied\n1 drained");
    core_free(core);
}
END_TEST

/* Answers are for whoever asked, and have no key of the subscriber's. */
START_TEST(answers_are_not_copied)
{
    const struct evt_command_answered answered = {.command_source = "/cli/a",
                                                  .command_id = "1",
                                                  .command_type = "x"};
    struct core *core = new_subscription();
    struct core_sender product;

    core_sender(core, &product, "product");
    core_append(core, core_number(core, &product, &evt_command_answered_type, &answered));
    core_append(core, created(core, &product, "o1"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 ignored\n2 applied");
    core_free(core);
}
END_TEST

START_TEST(what_is_no_fact_of_its_source_is_refused)
{
    const struct product_reserve_stock reserve = {.sku = "tea", .order_id = "o1"};
    const struct product_create_product create = {.sku = "tea", .name = "tea", .currency = "EUR"};
    struct core *core = new_subscription();
    struct core_sender product, order;

    core_sender(core, &product, "product");
    core_sender(core, &order, "order");
    core_append(core, created(core, &order, "o1"));
    core_append(core, core_number(core, &product, &product_reserve_stock_type, &reserve));
    core_append(core, core_outside(core, "/cli/a", "1", &product_create_product_type, &create));
    core_append(core, created(core, &product, ""));
    core_run(core);
    ck_assert_str_eq(
        core_told(core),
        "1 rejected: the type is not taken from this sender: shop.product.v1.ProductCreated from"
        " /shop/order/0/00000000000000aa\n"
        "2 rejected: the type is not one that is taken here: shop.product.v1.ReserveStock\n"
        "3 rejected: the type is not taken from this sender: a subscription takes facts only\n"
        "4 rejected: the key is empty or longer than the limit: name of "
        "shop.product.v1.ProductCreated has 0"
        " bytes, 1 to 255 are allowed");
    /* Its dead letters lie with the subscriber's, and nobody waits for an answer. */
    ck_assert_uint_eq(core->sent_n, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(core->sent[i]->topic, "shop.order.inbox.v1.dlt");
        ck_assert_int_eq(core->sent[i]->partition, 1);
        ck_assert_str_eq(core_header(core->sent[i], "kafka_dlt-original-topic"),
                         "shop.product.events.v1");
    }
    core_free(core);
}
END_TEST

/* Its bound is no service's, which may change without any record of it in this log. */
START_TEST(its_bound_is_its_own)
{
    struct evt_service service = fake_order;
    struct core_sender product;
    struct core *core;

    service.registry = fake_registry_older(NULL, 1, 1);
    core = core_new_log(&service, &fake_subscription);
    core_start(core);
    core_run(core);
    core_told(core);
    core_sender(core, &product, "product");
    (void)created(core, &product, "o1");
    core_append(core, created(core, &product, "o1"));
    core_append(core, created(core, &product, "o1"));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT parked FROM evt_marks"), "2");
    core_free(core);
}
END_TEST

/* There is no boundary at which it could be drained: it waits for the version that knows it, live
 * and when a gap before it was filled. */
START_TEST(a_fact_that_is_not_known_yet_is_waited_for)
{
    const struct evt_registry *older = fake_registry_older(&product_product_created_type, 1, 100);
    static const char away[] = "the schema of a subscribed fact is not known to this version yet:"
                               " shop.product.v1.ProductCreated";
    const struct product_price_changed known = {.sku = "o1", .currency = "EUR"};
    struct evt_service service = fake_order;
    struct core *core;
    struct core_sender product;
    const struct evt_send *first, *second;
    char want[256];

    service.registry = older;
    core = core_new_log(&service, &fake_subscription);
    core_start(core);
    core_run(core);
    core_sender(core, &product, "product");
    first = core_number(core, &product, &product_price_changed_type, &known);
    second = created(core, &product, "o1");
    core_append(core, second);
    core_run(core);
    core_append(core, first);
    snprintf(want, sizeof(want), "shop.product.events.v1/1 at offset 2: %s", away);
    ck_refused(core_apply(core), core->err, EVT_E_SCHEMA_AWAY, want);
    core_use(core, "live.db");
    core_start(core);
    evt_sim_log_truncate(core->part, 1);
    core_append(core, first);
    core_append(core, second);
    ck_refused(core_apply(core), core->err, EVT_E_SCHEMA_AWAY, want);
    core_use(core, core->store);
    core->opt.service = &fake_order;
    core_start(core);
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "0 control\n1 applied\n2 applied");
    core_free(core);
}
END_TEST

/* It has no generation: a boundary is nothing to it, nor is the birth's number. */
START_TEST(a_subscription_has_no_generation)
{
    const struct evt_generation_begins boundary = {2, "v"};
    struct evt_service third = fake_order;
    struct core *core;
    uint32_t generation;
    int64_t offset;

    third.generation = 3;
    core = core_new_log(&fake_order, &fake_subscription);
    core->opt.service = &third;
    core_start(core);
    core_append(core, core_outside(core, "/cli/a", "1", &evt_generation_begins_type, &boundary));
    core_run(core);
    ck_assert(!evt_shard_superseded(core->sh, &generation, &offset));
    ck_assert_str_eq(core_told(core),
                     "0 control\n1 rejected: the type is not taken from this sender: a subscription"
                     " takes facts only");
    core_free(core);
}
END_TEST

/* An operator's word on its streams comes the same way. */
START_TEST(a_subscription_takes_an_operators_word)
{
    struct core *core = new_subscription();
    struct core_sender product;
    char chain[17];

    core_sender(core, &product, "product");
    (void)created(core, &product, "o1");
    snprintf(chain, sizeof(chain), "%016llx", (unsigned long long)product.chain);
    core_append(core, created(core, &product, "o2"));
    core_append(core, core_outside(core, "/cli/ops", "1", &evt_accept_stream_type,
                                   &(const struct evt_accept_stream){product.source, 0, 1, chain}));
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 parked: gap: the numbers before it are missing\n1 drained\n2 applied");
    ck_assert_str_eq(core_sent(core), "order.inbox.0.1 ProductCreated");
    core_free(core);
}
END_TEST

SUITE("shard subscription", its_bound_is_its_own, every_fact_is_copied, a_lost_fact_shows,
      answers_are_not_copied, what_is_no_fact_of_its_source_is_refused,
      a_fact_that_is_not_known_yet_is_waited_for, a_subscription_has_no_generation,
      a_subscription_takes_an_operators_word)

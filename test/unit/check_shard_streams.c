/* Streams: what a shard sends is numbered and chained per destination partition, and a function of
 * its log. */
#include "test/lib/core.h"

#include <evt/codec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order id whose partition of order's inbox is `partition`. */
static const char *order_at(int partition, int i)
{
    static char ids[8][32];
    static unsigned next;
    char *id = ids[next++ % 8];

    for (;; i += 100) {
        snprintf(id, sizeof(ids[0]), "o%d", i);
        if (evt_partition_of(id, strlen(id), product_stock_reserved_type.topic->partitions) ==
            partition)
            return id;
    }
}

START_TEST(each_destination_partition_has_its_own_numbers)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 1)));
    core_append(core, RESERVE(core, &order, "tea", order_at(1, 2)));
    core_append(core, RESERVE(core, &order, "tea", order_at(1, 3)));
    core_run(core);
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 4)));
    core_run(core);
    core_restart(core);
    core_append(core, RESERVE(core, &order, "tea", order_at(1, 5)));
    core_run(core);
    ck_assert_str_eq(core_sent(core),
                     "order.inbox.0.1 StockReserved\norder.inbox.1.1 StockReserved\n"
                     "order.inbox.1.2 StockReserved\norder.inbox.0.2 StockReserved\n"
                     "order.inbox.1.3 StockReserved");
    core_free(core);
}
END_TEST

START_TEST(each_message_is_chained_to_the_one_before)
{
    struct core *core = core_new(&fake_product);
    const char *source = "/shop/product/1/" CORE_LINEAGE;
    uint64_t chain = evt_chain_first(source, strlen(source), "order.inbox", 11, 0);
    struct core_sender order;

    core_sender(core, &order, "order");
    for (int i = 1; i <= 3; i++) {
        core_append(core, RESERVE(core, &order, "tea", order_at(0, i)));
        core_run(core);
    }
    for (int i = 1; i <= 3; i++) {
        const struct evt_send *send = core->sent[i - 1];
        char want[128];

        chain = evt_chain_next(chain, product_stock_reserved_type.name,
                               strlen(product_stock_reserved_type.name), send->key, send->key_len,
                               (const uint8_t *)send->value + EVT_FRAME_LEN,
                               send->value_len - EVT_FRAME_LEN);
        evt_message_id_print(want, sizeof(want), "order.inbox", 0, (uint64_t)i, chain);
        ck_assert_str_eq(core_header(send, "ce_id"), want);
        ck_assert_str_eq(core_header(send, "ce_source"), source);
        ck_assert_str_eq(core_header(send, "ce_specversion"), "1.0");
        ck_assert_str_eq(core_header(send, "ce_type"), "shop.product.v1.StockReserved");
        ck_assert_uint_eq(send->headers_n, 5);
        ck_assert_str_eq(send->topic, "shop.order.inbox.v1");
        ck_assert_int_eq(send->partition, 0);
        ck_assert_mem_eq(send->key, order_at(0, i), send->key_len);
    }
    core_free(core);
}
END_TEST

/* The trace is the cause's, or made of the cause's id; the parent is the record's place. */
START_TEST(a_trace_goes_on)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *cause;
    char want[EVT_TRACE_LEN + 1];

    core_sender(core, &order, "order");
    core_append(core,
                core_with_header(core, RESERVE(core, &order, "tea", "o1"), "traceparent", trace));
    cause = RESERVE(core, &order, "tea", "o2");
    core_append(core, cause);
    core_run(core);
    evt_trace_print(want, (struct evt_text){trace, EVT_TRACE_LEN}, "", 0, core->part->topic->name,
                    1, 1);
    ck_assert_str_eq(core_header(core->sent[0], "traceparent"), want);
    core_append(core,
                core_with_header(core, CREATE(core, "/cli/a", "1", "tea"), "traceparent", trace));
    core_run(core);
    evt_trace_print(want, (struct evt_text){trace, EVT_TRACE_LEN}, "", 0, core->part->topic->name,
                    1, 3);
    ck_assert_str_eq(core_header(core->sent[2], "traceparent"), want);
    evt_trace_print(want, (struct evt_text){"", 0}, core_header(cause, "ce_id"),
                    strlen(core_header(cause, "ce_id")), core->part->topic->name, 1, 2);
    ck_assert_str_eq(core_header(core->sent[1], "traceparent"), want);
    core_free(core);
}
END_TEST

/* The lineage is in the source and in the chain: a recreated log is a new sender. */
START_TEST(another_lineage_is_another_sender)
{
    const struct evt_log_begins birth = {"00000000000000c2", 1};
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    char first[128];

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 1)));
    core_run(core);
    evt_sim_log_recreate(core->part);
    core_append(core, core_outside(core, "/cli/topics", "birth", &evt_log_begins_type, &birth));
    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 1)));
    core_use(core, "second.db");
    core_start(core);
    core_run(core);
    snprintf(first, sizeof(first), "%s", core_header(core->sent[0], "ce_id"));
    ck_assert_str_eq(core_header(core->sent[1], "ce_source"), "/shop/product/1/00000000000000c2");
    ck_assert_int_eq(strncmp(core_header(core->sent[1], "ce_id"), "order.inbox.0.1-", 16), 0);
    ck_assert_str_ne(core_header(core->sent[1], "ce_id"), first);
    core_free(core);
}
END_TEST

/* The streams stay dense: a number that a failed handler took is given again. */
START_TEST(what_a_failed_handler_sent_has_no_number)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 1)));
    core_append(core, RESERVE(core, &order, "reject", order_at(0, 2)));
    core_append(core, RESERVE(core, &order, "tea", order_at(0, 3)));
    core_run(core);
    ck_assert_str_eq(core_sent(core),
                     "order.inbox.0.1 StockReserved\n"
                     "product.inbox.dlt.1 2: the message breaks an invariant: o2 is refused\n"
                     "order.inbox.0.2 Rejected\norder.inbox.0.3 StockReserved");
    core_free(core);
}
END_TEST

START_TEST(a_handler_knows_the_id_of_what_it_sent)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    char want[256];

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "look", "o1"));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "order.inbox.1.1 StockReserved");
    snprintf(want, sizeof(want),
             "now 1700000000001 time 1700000000001 key %s source %s id product.inbox.1.1-%016llx "
             "sent %s",
             core_key(core, "look", true), order.source, (unsigned long long)order.chain,
             core_header(core->sent[0], "ce_id"));
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), want);
    core_free(core);
}
END_TEST

static void refuse_send(const char *sku, const char *words)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    char want[512];

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, sku, "o1"));
    core_run(core);
    snprintf(want, sizeof(want), "1 rejected: %s", words);
    ck_assert_str_eq(core_told(core), want);
    core_free(core);
}

/* Sizes are checked before anything is sent. */
START_TEST(what_must_not_be_sent_refuses_its_cause)
{
    refuse_send(
        "longkey",
        "the key is empty or longer than the limit: shop.product.v1.StockReserved would be sent"
        " under a key of 256 bytes, 1 to 255 are allowed");
    refuse_send(
        "nokey",
        "the key is empty or longer than the limit: shop.product.v1.StockReserved would be sent"
        " under a key of 0 bytes, 1 to 255 are allowed");
    refuse_send("long", "send shop.product.v1.StockReserved: the value is larger than the limit: "
                        "/sku: more than 65536 bytes");
}
END_TEST

/* Time-ordered, unique, and the same whoever makes them again. */
START_TEST(uuids_are_made_of_the_log)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const char *lived;
    char text[256];

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "uuid", "o1"));
    core_append(core, RESERVE(core, &order, "uuid", "o2"));
    core_run(core);
    lived = core_rows(core, "SELECT text FROM notes ORDER BY id");
    snprintf(text, sizeof(text), "%s", lived);
    ck_assert_uint_eq(strlen(text), 4 * EVT_UUID_LEN + 3);
    /* 1700000000001 ms is 0x18bcfe56801; the counter is in the next twelve bits. */
    ck_assert_int_eq(strncmp(text, "018bcfe5-6801-7001-", 19), 0);
    ck_assert_int_eq(strncmp(text + 37, "018bcfe5-6801-7002-", 19), 0);
    ck_assert_int_eq(strncmp(text + 74, "018bcfe5-6802-7003-", 19), 0);
    ck_assert_ptr_nonnull(memchr("89ab", text[19], 4));
    core_use(core, "again.db");
    core_start(core);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), text);
    core_free(core);
}
END_TEST

SUITE("shard streams", each_destination_partition_has_its_own_numbers,
      each_message_is_chained_to_the_one_before, a_trace_goes_on, another_lineage_is_another_sender,
      what_a_failed_handler_sent_has_no_number, a_handler_knows_the_id_of_what_it_sent,
      what_must_not_be_sent_refuses_its_cause, uuids_are_made_of_the_log)

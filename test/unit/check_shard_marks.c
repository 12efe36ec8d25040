/* Marks: of each numbered stream every message is taken once, in its order, whatever becomes of it.
 */
#include "test/lib/core.h"

#include <evt/codec.h>

#include <stdio.h>
#include <string.h>

START_TEST(a_message_is_taken_once)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first, *second;
    struct core_sender order;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    second = RESERVE(core, &order, "tea", "o2");
    core_append(core, first);
    core_append(core, first);
    core_append(core, second);
    core_append(core, first);
    core_run(core);
    core_restart(core);
    core_append(core, second);
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 applied\n2 duplicate\n3 applied\n4 duplicate\n5 duplicate");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;o2");
    ck_assert_uint_eq(core->sent_n, 2);
    core_free(core);
}
END_TEST

START_TEST(each_source_has_its_own_mark)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, other;
    char want[256];

    core_sender(core, &order, "order");
    core_sender(core, &other, "order");
    snprintf(other.source, sizeof(other.source), "/shop/order/1/00000000000000aa");
    other.chain =
        evt_chain_first(other.source, strlen(other.source), "product.inbox", 13, CORE_PARTITION);
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &other, "tea", "o2"));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied\n3 applied");
    snprintf(want, sizeof(want), "%s|2|%lld|0;%s|1|%lld|0", order.source, (long long)order.chain,
             other.source, (long long)other.chain);
    ck_assert_str_eq(
        core_rows(core, "SELECT source, number, chain, parked FROM evt_marks ORDER BY source"),
        want);
    core_free(core);
}
END_TEST

/* A rejected message had its turn. */
START_TEST(the_mark_advances_on_a_reject)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *rejected;
    struct core_sender order;

    core_sender(core, &order, "order");
    rejected = RESERVE(core, &order, "reject", "o1");
    core_append(core, rejected);
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    core_append(core, rejected);
    core_run(core);
    ck_assert_str_eq(
        core_told(core),
        "1 rejected: the message breaks an invariant: o1 is refused\n2 applied\n3 duplicate");
    core_free(core);
}
END_TEST

/* A failed message did not. */
START_TEST(the_mark_does_not_advance_on_a_retry)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "busy", "o2"));
    fake_product_busy = 2;
    for (int i = 0; i < 2; i++) {
        ck_refused(core_apply(core), core->err, EVT_E_BUSY,
                   "shop.product.inbox.v1/1 at offset 2: the store is busy: the test says so");
        evt_shard_rollback(core->sh);
    }
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied");
    ck_assert_str_eq(core_rows(core, "SELECT number FROM evt_marks"), "2");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_timers"), "1");
    ck_assert_str_eq(core_sent(core),
                     "order.inbox.1.1 StockReserved\norder.inbox.0.1 StockReserved");
    core_free(core);
}
END_TEST

/* The mark is looked at before any other check: a broken duplicate is a duplicate. */
START_TEST(a_duplicate_is_dropped_unseen)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first, *broken;
    struct core_sender order;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    core_append(core, first);
    broken = core_with_header(core, core_with_value(core, first, "x", 1), "ce_specversion", NULL);
    core_append(core, broken);
    core_append(core, core_with_key(core, core_with_header(core, first, "ce_type", NULL), NULL));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 duplicate\n3 duplicate");
    ck_assert_str_eq(core_sent(core), "order.inbox.1.1 StockReserved");
    core_free(core);
}
END_TEST

/* The schema's id is the frame's, not the message's: the chain follows, so it is no fork. */
START_TEST(a_chain_does_not_depend_on_the_schema_id)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first;
    struct core_sender order;
    uint8_t value[256];

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    memcpy(value, first->value, first->value_len);
    value[4] = (uint8_t)product_create_product_type.schemas[0].id;
    core_append(core, core_with_value(core, first, value, first->value_len));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 parked: unknown: this version does not know its type or schema yet\n"
                     "2 applied\n1 duplicate");
    core_free(core);
}
END_TEST

static void refuse(struct core *core, const struct evt_send *send, const char *words)
{
    char want[512];
    int64_t offset = core_append(core, send);

    core_run(core);
    snprintf(want, sizeof(want), "%lld rejected: %s", (long long)offset, words);
    ck_assert_str_eq(core_told(core), want);
}

/* Numbered for another topic or partition: not this shard's stream at all. */
START_TEST(a_stream_to_another_place_is_refused)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first;
    struct core_sender order;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    refuse(core, core_with_header(core, first, "ce_id", "product.inbox.0.1-00000000000000ff"),
           "ce_id is numbered for another topic or partition: product.inbox.0 came to "
           "product.inbox.1");
    refuse(
        core, core_with_header(core, first, "ce_id", "order.inbox.1.1-00000000000000ff"),
        "ce_id is numbered for another topic or partition: order.inbox.1 came to product.inbox.1");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_marks"), "0");
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "3 applied");
    core_free(core);
}
END_TEST

START_TEST(a_record_that_says_nothing_of_itself_is_refused)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first;
    struct core_sender order;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    refuse(core, core_with_header(core, first, "ce_source", NULL),
           "a required header is missing: ce_source");
    refuse(core, core_with_header(core, first, "ce_id", NULL),
           "a required header is missing: ce_id");
    refuse(core, core_with_header(core, first, "ce_id", "tea"),
           "ce_id is not <destination>.<partition>.<number>-<chain>: tea");
    refuse(core, core_with_header(core, first, "ce_source", "/shop/order"),
           "ce_source begins with /shop/ but is not /shop/<service>/<partition>/<lineage>: "
           "/shop/order");
    ck_assert_str_eq(
        core_sent(core),
        "product.inbox.dlt.1 1: a required header is missing: ce_source\n"
        "product.inbox.dlt.1 2: a required header is missing: ce_id\n"
        "product.inbox.dlt.1 3: ce_id is not <destination>.<partition>.<number>-<chain>: tea\n"
        "product.inbox.dlt.1 4: ce_source begins with /shop/ but is not"
        " /shop/<service>/<partition>/<lineage>: /shop/order");
    core_free(core);
}
END_TEST

SUITE("shard marks", a_message_is_taken_once, each_source_has_its_own_mark,
      the_mark_advances_on_a_reject, the_mark_does_not_advance_on_a_retry,
      a_duplicate_is_dropped_unseen, a_chain_does_not_depend_on_the_schema_id,
      a_stream_to_another_place_is_refused, a_record_that_says_nothing_of_itself_is_refused)

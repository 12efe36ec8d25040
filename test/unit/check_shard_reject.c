/* Rejects: what cannot be taken goes to the dead letters with the reason, and who waits is told. */
#include "test/lib/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVARIANT "the message breaks an invariant: "

START_TEST(a_dead_letter_is_the_record_and_why)
{
    static const char *const names[] = {
        "kafka_dlt-original-topic",     "kafka_dlt-original-partition", "kafka_dlt-original-offset",
        "kafka_dlt-original-timestamp", "kafka_dlt-exception-message",  "dlt-attempts"};
    static const char *const values[] = {"shop.product.inbox.v1",   "1", "1", "1700000000001",
                                         INVARIANT "o1 is refused", "1"};
    struct core *core = core_new(&fake_product);
    const struct evt_send *sent, *dead;
    struct core_sender order;

    core_sender(core, &order, "order");
    sent = core_with_header(core, RESERVE(core, &order, "reject", "o1"), "foreign", "kept");
    core_append(core, sent);
    core_run(core);
    dead = core->sent[0];
    ck_assert_str_eq(dead->topic, "shop.product.inbox.v1.dlt");
    ck_assert_int_eq(dead->partition, CORE_PARTITION);
    ck_assert_uint_eq(dead->key_len, sent->key_len);
    ck_assert_mem_eq(dead->key, sent->key, sent->key_len);
    ck_assert_uint_eq(dead->value_len, sent->value_len);
    ck_assert_mem_eq(dead->value, sent->value, sent->value_len);
    ck_assert_uint_eq(dead->headers_n, sent->headers_n + 6);
    for (size_t i = 0; i < sent->headers_n; i++) {
        ck_assert_str_eq(dead->headers[i].name, sent->headers[i].name);
        ck_assert_uint_eq(dead->headers[i].len, sent->headers[i].len);
        ck_assert_mem_eq(dead->headers[i].value, sent->headers[i].value, sent->headers[i].len);
    }
    for (size_t i = 0; i < 6; i++) {
        ck_assert_str_eq(dead->headers[sent->headers_n + i].name, names[i]);
        ck_assert_str_eq(core_header(dead, names[i]), values[i]);
    }
    core_free(core);
}
END_TEST

/* A record that no dead-letter topic would take does not stop its shard: the letter says where it
 * lies, and keeps its short headers. */
START_TEST(a_letter_is_never_too_large)
{
    static char large[128 * 1024 + 1], header[300];
    struct core *core = core_new(&fake_product);
    const struct evt_send *sent, *dead;
    struct core_sender order;

    memset(large, 'x', sizeof(large) - 1);
    memset(header, 'h', sizeof(header) - 1);
    core_sender(core, &order, "order");
    sent = core_with_header(core, RESERVE(core, &order, "reject", "o1"), "large", large);
    sent = core_with_header(core, sent, "a bit long", header);
    core_append(core, core_with_header(core, sent, "foreign", "kept"));
    core_run(core);
    dead = core->sent[0];
    ck_assert_str_eq(dead->topic, "shop.product.inbox.v1.dlt");
    ck_assert_str_eq(core_header(dead, "kafka_dlt-original-offset"), "1");
    ck_assert_str_eq(core_header(dead, "kafka_dlt-exception-message"), INVARIANT "o1 is refused");
    ck_assert_str_eq(core_header(dead, "foreign"), "kept");
    ck_assert_str_eq(core_header(dead, "ce_type"), "shop.product.v1.ReserveStock");
    ck_assert_str_eq(core_header(dead, "large"), "");
    ck_assert_str_eq(core_header(dead, "a bit long"), "");
    ck_assert_ptr_null(dead->value);
    ck_assert_mem_eq(dead->key, sent->key, sent->key_len);
    ck_assert_int_gt(strtol(core_header(dead, "dlt-left-out-bytes"), NULL, 10), 128 * 1024);
    core_free(core);
}
END_TEST

START_TEST(a_letter_has_so_many_headers)
{
    static char large[128 * 1024 + 1];
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *sent;

    memset(large, 'x', sizeof(large) - 1);
    core_sender(core, &order, "order");
    sent = core_with_header(core, RESERVE(core, &order, "reject", "o1"), "large", large);
    for (int i = 0; i < 40; i++) {
        char name[16];

        snprintf(name, sizeof(name), "foreign-%d", i);
        sent = core_with_header(core, sent, name, "kept");
    }
    core_append(core, sent);
    core_run(core);
    ck_assert_uint_eq(core->sent[0]->headers_n, 32 + 7);
    core_free(core);
}
END_TEST

/* To the partition in ce_source, naming the refused ce_id, whatever the key. */
START_TEST(the_sender_is_told)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *sent;
    char want[512];

    core_sender(core, &order, "order");
    sent = RESERVE(core, &order, "reject", "o1");
    core_append(core, sent);
    core_run(core);
    ck_assert_uint_eq(core->sent_n, 2);
    ck_assert_str_eq(core->sent[1]->topic, "shop.order.inbox.v1");
    ck_assert_int_eq(core->sent[1]->partition, 0);
    ck_assert_mem_eq(core->sent[1]->key, sent->key, sent->key_len);
    snprintf(
        want, sizeof(want),
        "{\"message_id\":\"product.inbox.1.1-%016llx\",\"message_type\":\"shop.product.v1."
        "ReserveStock\","
        "\"topic\":\"shop.product.inbox.v1\",\"partition\":1,\"offset\":1,\"code\":\"INVARIANT\","
        "\"reason\":\"" INVARIANT "o1 is refused\"}",
        (unsigned long long)order.chain);
    ck_assert_str_eq(core_message(core, 1), want);
    core_free(core);
}
END_TEST

/* Nothing of a refused handler stays: rows, sends, timers, calls, ids. */
START_TEST(a_refused_handler_leaves_nothing)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "reject", "o3"));
    core_append(core, RESERVE(core, &order, "timer", "o3"));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;timer 1");
    ck_assert_str_eq(core_rows(core, "SELECT id, ref FROM evt_timers"), "1|o3");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_calls"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT counter FROM evt_meta"), "1");
    core_free(core);
}
END_TEST

/* A constraint is the message's fault: it would break it again. */
START_TEST(a_broken_constraint_is_a_reject)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "taken", "o1"));
    core_append(core, RESERVE(core, &order, "taken", "o2"));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 rejected: " INVARIANT
                                      "UNIQUE in INSERT INTO taken (sku) VALUES (?1)\n3 applied");
    core_free(core);
}
END_TEST

START_TEST(fatal_is_fatal)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "fatal", "o1"));
    ck_refused(core_apply(core), core->err, EVT_E_STORE_CORRUPT,
               "shop.product.inbox.v1/1 at offset 1: the store is corrupt: the test says so");
    core_free(core);
    core = core_new(&fake_product);
    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "foreign", "o1"));
    ck_refused(core_apply(core), core->err, EVT_E_SERVICE,
               "shop.product.inbox.v1/1 at offset 1: the service's tables do not fit its "
               "declaration: topics.json does"
               " not list product among the senders of shop.product.v1.ReserveStock");
    core_free(core);
}
END_TEST

/* Nobody is told who cannot be: a source without an inbox, or with a partition that is none; a
 * rejected Rejected, or two shards would never stop. */
START_TEST(nobody_else_is_told)
{
    const struct evt_rejected refusal = {"id", "type", "topic", 0, 1, "CODE", "reason"};
    struct core *core = core_new(&fake_product);
    struct core_sender order, stranger, far;
    const struct evt_send *broken;

    core_sender(core, &order, "order");
    core_sender(core, &stranger, "nobody");
    core_sender(core, &far, "order");
    snprintf(far.source, sizeof(far.source), "/shop/order/2/00000000000000aa");
    far.chain =
        evt_chain_first(far.source, strlen(far.source), "product.inbox", 13, CORE_PARTITION);
    core_append(core, RESERVE(core, &stranger, "tea", "o1"));
    core_append(core, RESERVE(core, &far, "reject", "o1"));
    broken = core_number(core, &order, &evt_rejected_type, &refusal);
    core_append(core, core_with_header(core, broken, "ce_specversion", "2.0"));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "product.inbox.dlt.1 1: the type is not taken from this "
                                      "sender: shop.product.v1.ReserveStock from"
                                      " /shop/nobody/0/00000000000000aa\n"
                                      "product.inbox.dlt.1 2: " INVARIANT "o1 is refused\n"
                                      "product.inbox.dlt.1 3: ce_specversion is not 1.0: 2.0");
    core_free(core);
}
END_TEST

/* A service that topics.json knows, but as no sender of anything taken here: another build of the
 * same generation may not know it, and must send the same. */
START_TEST(who_may_send_nothing_is_told_nothing)
{
    struct core *core = core_new(&fake_product);
    struct core_sender self;

    core_sender(core, &self, "product");
    core_append(core, RESERVE(core, &self, "tea", "o1"));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "product.inbox.dlt.1 1: the type is not taken from this "
                                      "sender: shop.product.v1.ReserveStock from"
                                      " /shop/product/0/00000000000000aa");
    core_free(core);
}
END_TEST

/* It comes where its cause came from: the key is not looked at. */
START_TEST(a_rejected_reaches_the_handler)
{
    const struct evt_rejected refusal = {"id", "type", "topic", 0, 1, "CODE", "reason"};
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, core_with_key(core, core_number(core, &order, &evt_rejected_type, &refusal),
                                    "any"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "rejected id CODE");
    core_free(core);
}
END_TEST

START_TEST(without_a_handler_a_rejected_is_ignored)
{
    const struct evt_rejected refusal = {"id", "type", "topic", 0, 1, "CODE", "reason"};
    struct core *core = core_new(&fake_order);
    struct core_sender product;

    core_sender(core, &product, "product");
    core_append(core, core_number(core, &product, &evt_rejected_type, &refusal));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 ignored");
    ck_assert_str_eq(core_sent(core), "");
    core_free(core);
}
END_TEST

/* Words are cut at the end of a character, and stay text. */
START_TEST(long_words_stay_words)
{
    struct core *core = core_new(&fake_product);
    char name[300] = "reject", want[300];

    for (size_t i = 3; i < 149; i++)
        memcpy(name + 2 * i, "\xc3\xa4", 2);
    name[298] = '\0';
    core_append(core, CREATE(core, "/cli/a", "1", name));
    core_run(core);
    snprintf(want, sizeof(want), INVARIANT "%.222s", name);
    ck_assert_str_eq(core_header(core->sent[0], "kafka_dlt-exception-message"), want);
    core_free(core);
}
END_TEST

SUITE("shard reject", who_may_send_nothing_is_told_nothing, a_dead_letter_is_the_record_and_why,
      a_letter_is_never_too_large, a_letter_has_so_many_headers, the_sender_is_told,
      a_refused_handler_leaves_nothing, a_broken_constraint_is_a_reject, fatal_is_fatal,
      nobody_else_is_told, a_rejected_reaches_the_handler, without_a_handler_a_rejected_is_ignored,
      long_words_stay_words)

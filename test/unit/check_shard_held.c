/* Held streams: a gap, a fork or a type that is not known yet holds a stream, whose records wait in
 * the store and drain in order; all other streams go on. */
#include "test/lib/core.h"

#include <stdio.h>
#include <string.h>

#define GAP  "gap: the numbers before it are missing"
#define FORK "fork: its chain does not follow from the one before"
#define PAST "fork: this number was taken with another chain"

static char held_text[512];

static void show_held(void *arg, const struct evt_held *held)
{
    size_t len = strlen(held_text);

    (void)arg;
    ck_assert_uint_eq(evt_held_chain(held, held->mark), held->mark > 0 ? held->chain : 0);
    ck_assert_uint_eq(evt_held_chain(held, held->mark + 1), 0);
    snprintf(held_text + len, sizeof(held_text) - len,
             "%s mark %llu chain %016llx parked %lld next %llu;", held->source,
             (unsigned long long)held->mark, (unsigned long long)held->chain,
             (long long)held->parked, (unsigned long long)held->next);
}

static const char *held(struct core *core)
{
    held_text[0] = '\0';
    core_ok(core, evt_shard_held(core->sh, show_held, NULL, &core->err));
    return held_text;
}

START_TEST(a_gap_parks_until_it_is_filled)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *sends[5];
    struct core_sender order, other;
    char want[256];
    uint64_t chain;

    core_sender(core, &order, "order");
    core_sender(core, &other, "order");
    snprintf(other.source, sizeof(other.source), "/shop/order/1/00000000000000aa");
    other.chain =
        evt_chain_first(other.source, strlen(other.source), "product.inbox", 13, CORE_PARTITION);
    sends[0] = RESERVE(core, &order, "tea", "o1");
    chain = order.chain;
    for (int i = 1; i < 5; i++)
        sends[i] = RESERVE(core, &order, "tea",
                           i == 1   ? "o2"
                           : i == 2 ? "o3"
                           : i == 3 ? "o4"
                                    : "o5");
    core_append(core, sends[0]);
    core_append(core, sends[3]);
    core_append(core, sends[2]);
    core_append(core, RESERVE(core, &other, "tea", "x"));
    core_append(core, sends[3]);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 parked: " GAP "\n3 parked: " GAP
                                      "\n4 applied\n5 duplicate: " GAP);
    snprintf(want, sizeof(want), "%s mark 1 chain %016llx parked 2 next 3;", order.source,
             (unsigned long long)chain);
    ck_assert_str_eq(held(core), want);
    core_restart(core);
    core_append(core, sends[1]);
    core_append(core, sends[4]);
    core_run(core);
    ck_assert_str_eq(core_told(core), "6 applied\n3 drained\n2 drained\n7 applied");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;x;o2;o3;o4;o5");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_parked"), "0");
    ck_assert_str_eq(held(core), "");
    core_free(core);
}
END_TEST

/* It is handled as if it came from the log: time, key, headers, and its own words when refused. */
START_TEST(a_parked_record_comes_back_whole)
{
    static const char trace[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    struct core *core = core_new(&fake_product);
    const struct evt_send *first, *second, *third, *nothing;
    struct core_sender order;
    char want[256];

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    second = core_with_header(core, RESERVE(core, &order, "look", "o2"), "traceparent", trace);
    third = core_with_header(core, RESERVE(core, &order, "reject", "o3"), "foreign", "");
    core_append(core, second);
    core_append(core, third);
    core_run(core);
    core_told(core);
    core->now_ms = CORE_NOW + 900;
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(
        core_told(core),
        "3 applied\n1 drained\n2 rejected: the message breaks an invariant: o3 is refused");
    snprintf(want, sizeof(want), "now 1700000000900 time 1700000000001 key %s",
             core_key(core, "look", true));
    ck_assert_int_eq(strncmp(core_rows(core, "SELECT text FROM notes WHERE text LIKE 'now%'"), want,
                             strlen(want)),
                     0);
    ck_assert_int_eq(strncmp(core_header(core->sent[1], "traceparent"), trace, 36), 0);
    ck_assert_str_eq(core_sent(core),
                     "order.inbox.1.1 StockReserved\norder.inbox.0.1 StockReserved\n"
                     "product.inbox.dlt.1 2: the message breaks an invariant: o3 is refused\n"
                     "order.inbox.0.2 Rejected");
    nothing = core->sent[2];
    ck_assert_uint_eq(nothing->key_len, third->key_len);
    ck_assert_mem_eq(nothing->key, third->key, third->key_len);
    ck_assert_uint_eq(nothing->value_len, third->value_len);
    ck_assert_mem_eq(nothing->value, third->value, third->value_len);
    ck_assert_uint_eq(nothing->headers_n, third->headers_n + 6);
    for (size_t i = 0; i < third->headers_n; i++)
        ck_assert_str_eq(nothing->headers[i].name, third->headers[i].name);
    core_free(core);
}
END_TEST

/* A record without key and value, and a header without a value, stay without. */
START_TEST(what_is_absent_stays_absent)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first;
    struct core_sender order;
    struct evt_header headers[4];
    struct evt_send bare = {.topic = "", .headers = headers, .headers_n = 4};
    uint64_t chain;
    char id[128];

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "tea", "o1");
    chain = evt_chain_next(order.chain, "shop.product.v1.ReserveStock", 28, NULL, 0, NULL, 0);
    evt_message_id_print(id, sizeof(id), "product.inbox", CORE_PARTITION, 2, chain);
    headers[0] = (struct evt_header){"ce_id", id, strlen(id)};
    headers[1] = (struct evt_header){"ce_source", order.source, strlen(order.source)};
    headers[2] = (struct evt_header){"ce_type", "shop.product.v1.ReserveStock", 28};
    headers[3] = (struct evt_header){"none", NULL, 0};
    core_append(core, core_with_header(core, &bare, "empty", ""));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 parked: " GAP
                     "\n2 applied\n1 rejected: a required header is missing: ce_specversion");
    ck_assert_ptr_null(core->sent[1]->key);
    ck_assert_ptr_null(core->sent[1]->value);
    ck_assert_str_eq(core->sent[1]->headers[3].name, "none");
    ck_assert_ptr_null(core->sent[1]->headers[3].value);
    ck_assert_str_eq(core->sent[1]->headers[4].name, "empty");
    ck_assert_ptr_nonnull(core->sent[1]->headers[4].value);
    ck_assert_uint_eq(core->sent[1]->headers[4].len, 0);
    core_free(core);
}
END_TEST

START_TEST(a_chain_that_does_not_follow_holds_the_stream)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, zombie;
    const struct evt_send *wrong, *right;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    zombie = order;
    wrong = core_with_value(core, RESERVE(core, &zombie, "tea", "o2"), "x", 1);
    right = RESERVE(core, &order, "tea", "o2");
    core_append(core, wrong);
    core_append(core, right);
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    /* Its id says what the right one says, so it cannot be parked beside it: it is the same
     * message. */
    ck_assert_str_eq(core_told(core),
                     "1 applied\n2 parked: " FORK "\n3 applied\n2 duplicate\n4 applied");
    ck_assert_str_eq(held(core), "");
    core_free(core);
}
END_TEST

START_TEST(a_fork_is_told_from_a_duplicate)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, zombie;
    const struct evt_send *fork;
    char want[256];

    core_sender(core, &order, "order");
    zombie = order;
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    fork = RESERVE(core, &zombie, "tea", "other");
    core_append(core, fork);
    core_append(core, fork);
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    core_restart(core);
    ck_assert_str_eq(core_told(core),
                     "1 applied\n2 applied\n3 parked: " PAST "\n4 duplicate: " PAST "\n5 applied");
    snprintf(want, sizeof(want), "%s mark 3 chain %016llx parked 1 next 0;", order.source,
             (unsigned long long)order.chain);
    ck_assert_str_eq(held(core), want);
    /* It waits for a person, however far the stream goes on. */
    for (int i = 0; i < 2 * EVT_CHAINS_KEPT; i++)
        core_append(core, RESERVE(core, &order, "tea", "more"));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT parked FROM evt_marks"), "1");
    core_free(core);
}
END_TEST

START_TEST(a_fork_is_known_as_far_back_as_chains_are_kept)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, zombie;
    const struct evt_send *oldest, *older;

    core_sender(core, &order, "order");
    zombie = order;
    for (int i = 0; i <= EVT_CHAINS_KEPT; i++) /* 33: the first's chain is forgotten */
        core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_run(core);
    core_restart(core);
    core_told(core);
    oldest = RESERVE(core, &zombie, "tea", "other");
    older = RESERVE(core, &zombie, "tea", "other");
    core_append(core, oldest);
    core_append(core, older);
    core_run(core);
    ck_assert_str_eq(core_told(core), "34 duplicate\n35 parked: " PAST);
    core_free(core);
}
END_TEST

/* Neither when its turn comes nor when another took it. */
START_TEST(a_parked_fork_is_not_drained)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, zombie;
    const struct evt_send *second, *third, *fork;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    zombie = order;
    (void)RESERVE(core, &zombie, "tea", "other");
    fork = RESERVE(core, &zombie, "tea", "other");
    second = RESERVE(core, &order, "tea", "o2");
    third = RESERVE(core, &order, "tea", "o3");
    core_append(core, fork);
    core_append(core, second);
    core_append(core, third);
    core_append(core, RESERVE(core, &order, "tea", "o4"));
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 applied\n2 parked: " GAP "\n3 applied\n4 applied\n5 applied");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "4|1");
    ck_assert_str_eq(core_rows(core, "SELECT offset FROM evt_parked"), "2");
    core_free(core);
}
END_TEST

/* What the bound leaves out, the next resend brings. */
START_TEST(a_stream_parks_up_to_its_bound)
{
    const struct evt_registry *registry = fake_registry_older(NULL, 7, 2);
    struct core *core = core_new(fake_service_older(&fake_product, registry));
    struct core_sender order;
    const struct evt_send *sends[5];

    core_sender(core, &order, "order");
    for (int i = 0; i < 5; i++)
        sends[i] = RESERVE(core, &order, "tea", "o1");
    core_append(core, sends[1]);
    core_append(core, sends[2]);
    core_append(core, sends[4]);
    core_append(core, sends[0]);
    core_append(core, sends[4]);
    core_append(core, sends[3]);
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 parked: " GAP "\n2 parked: " GAP "\n3 dropped: " GAP
                     "\n4 applied\n1 drained\n2 drained\n5 parked: " GAP "\n6 applied\n5 drained");
    core_free(core);
}
END_TEST

SUITE("shard held", a_gap_parks_until_it_is_filled, a_parked_record_comes_back_whole,
      what_is_absent_stays_absent, a_chain_that_does_not_follow_holds_the_stream,
      a_fork_is_told_from_a_duplicate, a_fork_is_known_as_far_back_as_chains_are_kept,
      a_parked_fork_is_not_drained, a_stream_parks_up_to_its_bound)

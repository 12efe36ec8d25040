/* Timers: rows that handlers write, and the record that says one came due. It is taken only while
 * the row is there and the log's time has come. */
#include "test/lib/core.h"

#include <stdio.h>
#include <string.h>

#define DUE (CORE_NOW + 60000)

static char own[128];

static struct core *with_timer(const char *order_id)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "timer", order_id));
    core_run(core);
    core_told(core);
    snprintf(own, sizeof(own), "/own/product/%d/" CORE_LINEAGE, CORE_PARTITION);
    return core;
}

static void fire(struct core *core, const char *source, int64_t id)
{
    const struct evt_timer_fired fired = {id, "deadline"};

    core_append(core, core_outside(core, source, "timer", &evt_timer_fired_type, &fired));
    core_run(core);
}

START_TEST(a_timer_is_a_row)
{
    struct core *core = with_timer("o1");
    char want[256], trace[EVT_TRACE_LEN + 1];
    const struct evt_record *rec = evt_sim_log_at(core->part, 1);
    const struct evt_header *id = evt_record_header(rec, "ce_id");

    evt_trace_print(trace, (struct evt_text){"", 0}, id->value, id->len, rec->topic, 1, 1);
    snprintf(want, sizeof(want), "1|%lld|deadline|%s|o1|%s", DUE, core_key(core, "timer", true),
             trace);
    ck_assert_str_eq(core_rows(core, "SELECT id, due_ms, name, key, ref, trace FROM evt_timers"),
                     want);
    ck_assert_str_eq(core_sent(core), "");
    core_free(core);
}
END_TEST

START_TEST(a_timer_fires_once)
{
    struct core *core = with_timer("o1");
    char want[256];

    core->now_ms = DUE;
    fire(core, own, 1);
    fire(core, own, 1);
    ck_assert_str_eq(core_told(core), "2 applied\n3 ignored: not pending");
    snprintf(want, sizeof(want), "timer 1;fired 1 o1 due %lld key %s", DUE,
             core_key(core, "timer", true));
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), want);
    ck_assert_str_eq(core_sent(core), "order.inbox.1.1 StockReserved");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_timers"), "0");
    /* Its own records are nobody's commands. */
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_answers"), "0");
    core_free(core);
}
END_TEST

/* The log's own time decides, not the clamped one and not the driver's clock. */
START_TEST(a_timer_does_not_fire_early)
{
    struct core *core = with_timer("o1");

    core->now_ms = DUE - 1;
    fire(core, own, 1);
    core->now_ms = DUE + 1000;
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core->now_ms = DUE - 1;
    fire(core, own, 1);
    core->now_ms = DUE;
    fire(core, own, 1);
    ck_assert_str_eq(core_told(core),
                     "2 ignored: not pending\n3 applied\n4 ignored: not pending\n5 applied");
    core_free(core);
}
END_TEST

START_TEST(a_cancelled_timer_does_not_fire)
{
    struct core *core = with_timer("o1");
    const struct product_release_stock release = {.sku = core_key(core, "timer", true),
                                                  .order_id = "o1"};
    struct core_sender order;

    core_sender(core, &order, "order");
    (void)RESERVE(core, &order, "timer", "o1");
    core_append(core, core_number(core, &order, &product_release_stock_type, &release));
    core->now_ms = DUE;
    fire(core, own, 1);
    ck_assert_str_eq(core_told(core), "2 applied\n3 ignored: not pending");
    core_free(core);
}
END_TEST

/* A late record for a timer that is gone must not meet another one. */
START_TEST(timer_ids_are_not_used_again)
{
    struct core *core = with_timer("o1");
    struct core_sender order;

    core_sender(core, &order, "order");
    (void)RESERVE(core, &order, "timer", "o1");
    core->now_ms = DUE;
    fire(core, own, 1);
    core_restart(core);
    core_append(core, RESERVE(core, &order, "timer", "o2"));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT id, ref FROM evt_timers"), "2|o2");
    core_free(core);
}
END_TEST

/* A refused timer is over: the record is in the dead letters. */
START_TEST(a_timer_may_be_refused)
{
    struct core *core = with_timer("reject it");

    core->now_ms = DUE;
    fire(core, own, 1);
    ck_assert_str_eq(core_told(core), "2 rejected: the message breaks an invariant: reject it");
    ck_assert_str_eq(core_sent(core),
                     "product.inbox.dlt.1 2: the message breaks an invariant: reject it");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_timers"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "timer 1");
    core_free(core);
}
END_TEST

START_TEST(a_timer_that_no_version_handles_is_refused)
{
    struct core *core = with_timer("o1");
    struct evt_service service = fake_product;

    service.timers = NULL;
    core_use(core, core->store);
    core->opt.service = &service;
    core_start(core);
    core->now_ms = DUE;
    fire(core, own, 1);
    ck_assert_str_eq(
        core_told(core),
        "2 rejected: the type is not one that is taken here: no handler for the timer deadline");
    core_free(core);
}
END_TEST

/* Only the shard's own, of this log: another's is an outsider's message like any other. */
START_TEST(only_its_own_word_fires_a_timer)
{
    static const char *const others[] = {("/own/product/0/" CORE_LINEAGE),
                                         "/own/product/1/00000000000000c2", "/cli/own"};
    struct core *core = with_timer("o1");
    char want[256];

    core->now_ms = DUE;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        fire(core, others[i], 1);
        snprintf(
            want, sizeof(want),
            "%zu rejected: the type is not taken from this sender: shop.evt.v1.TimerFired from %s",
            i + 2, others[i]);
        ck_assert_str_eq(core_told(core), want);
    }
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_timers"), "1");
    core_free(core);
}
END_TEST

START_TEST(a_broken_word_is_refused)
{
    struct core *core = with_timer("o1");
    const struct evt_timer_fired fired = {1, "deadline"};
    const struct evt_send *send = core_outside(core, own, "timer", &evt_timer_fired_type, &fired);

    core->now_ms = DUE;
    core_append(core, core_with_value(core, send, send->value, send->value_len - 1));
    core_append(core, core_with_key(core, send, NULL));
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "2 rejected: an Avro length is negative or beyond the end: /name: 8 of 7\n"
                     "3 rejected: the key is missing");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_timers"), "1");
    core_free(core);
}
END_TEST

SUITE("shard timer", a_timer_is_a_row, a_timer_fires_once, a_timer_does_not_fire_early,
      a_cancelled_timer_does_not_fire, timer_ids_are_not_used_again, a_timer_may_be_refused,
      a_timer_that_no_version_handles_is_refused, only_its_own_word_fires_a_timer,
      a_broken_word_is_refused)

/* Outside calls: rows that handlers write, and the record that says how one ended. It is taken only
 * while the row is pending, and only under the call's own key. */
#include "test/lib/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OK      EVT_CALL_ENDED_OUTCOME_OK
#define REFUSED EVT_CALL_ENDED_OUTCOME_REFUSED
#define PARKED  EVT_CALL_ENDED_OUTCOME_PARKED

static char own[128], keys[2][64];

/* Two calls, 1 with the order as its ref, 2 without. */
static struct core *with_calls(const char *order_id)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "call", order_id));
    core_run(core);
    core_told(core);
    core->now_ms = CORE_NOW + 1000;
    snprintf(own, sizeof(own), "/own/product/%d/" CORE_LINEAGE, CORE_PARTITION);
    for (int i = 0; i < 2; i++)
        snprintf(keys[i], sizeof(keys[i]), "%s",
                 core_rows(core, i ? "SELECT call_key FROM evt_calls WHERE id = 2"
                                   : "SELECT call_key FROM evt_calls WHERE id = 1"));
    return core;
}

static void end(struct core *core, const char *source, const char *id, int64_t call,
                const char *key, enum evt_call_ended_outcome outcome)
{
    const struct evt_call_ended ended = {call, key, outcome, {(const uint8_t *)"paid", 4}};

    core_append(core, core_outside(core, source, id, &evt_call_ended_type, &ended));
    core_run(core);
}

/* The key: what the log holds up to the cause, and which of its calls this is. */
START_TEST(a_call_is_a_row)
{
    struct core *core = with_calls("o1");
    uint64_t roll = (uint64_t)strtoll(core_rows(core, "SELECT roll FROM evt_meta"), NULL, 10);
    char want[512];

    snprintf(want, sizeof(want),
             "1|bank|%016" PRIx64 "-1|%s|o1|7061790001|0|1700000000001;2|bank|%016" PRIx64
             "-2|%s|||0|1700000000001",
             roll, core_key(core, "call", true), roll, core_key(core, "call", true));
    ck_assert_str_eq(
        core_rows(core, "SELECT id, name, call_key, key, ref, hex(request), state, created_ms"
                        " FROM evt_calls ORDER BY id"),
        want);
    core_free(core);
}
END_TEST

/* The same call has the same key, whoever decides on it again; another has another. */
START_TEST(a_call_keeps_its_key)
{
    struct core *core = with_calls("o1");
    struct core_sender order;
    char before[512];

    core_sender(core, &order, "order");
    (void)RESERVE(core, &order, "call", "o1");
    core_append(core, RESERVE(core, &order, "call", "o1"));
    core_run(core);
    snprintf(before, sizeof(before), "%s",
             core_rows(core, "SELECT call_key FROM evt_calls ORDER BY id"));
    ck_assert_str_eq(core_rows(core, "SELECT count(DISTINCT call_key) FROM evt_calls"), "4");
    core_use(core, "again.db");
    core_start(core);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT call_key FROM evt_calls ORDER BY id"), before);
    core_free(core);
}
END_TEST

/* Records that drain together are all caused by the one that lets them. */
START_TEST(drained_calls_have_keys_of_their_own)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *first;

    core_sender(core, &order, "order");
    first = RESERVE(core, &order, "call", "o1");
    core_append(core, RESERVE(core, &order, "call", "o2"));
    core_append(core, RESERVE(core, &order, "call", "o3"));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT count(DISTINCT call_key), count(*) FROM evt_calls"),
                     "6|6");
    core_free(core);
}
END_TEST

START_TEST(an_outcome_is_taken_once)
{
    struct core *core = with_calls("o1");
    char want[256];

    end(core, own, "a", 1, keys[0], OK);
    end(core, own, "a", 1, keys[0], OK);
    end(core, own, "b", 2, keys[1], REFUSED);
    end(core, own, "b", 2, keys[1], OK);
    ck_assert_str_eq(core_told(core),
                     "2 applied\n3 ignored: not pending\n4 applied\n5 ignored: not pending");
    snprintf(want, sizeof(want),
             "calls 1 2;bank 1 o1 ok 'paid' key %s;bank 2  refused 'paid' key %s",
             core_key(core, "call", true), core_key(core, "call", true));
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), want);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_calls"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_answers"), "0");
    core_free(core);
}
END_TEST

START_TEST(an_outcome_is_for_its_key)
{
    struct core *core = with_calls("o1");

    end(core, own, "a", 1, keys[1], OK);
    end(core, own, "a", 7, keys[0], OK);
    ck_assert_str_eq(core_told(core), "2 ignored: not pending\n3 ignored: not pending");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_calls WHERE state = 0"), "2");
    core_free(core);
}
END_TEST

/* The provider forgot the key: no guess, and no handler. A late outcome does not count any more. */
START_TEST(a_parked_call_waits_for_a_person)
{
    struct core *core = with_calls("o1");

    end(core, own, "a", 1, keys[0], PARKED);
    end(core, own, "a", 1, keys[0], OK);
    end(core, own, "a", 1, keys[0], PARKED);
    ck_assert_str_eq(core_told(core), "2 applied\n3 ignored: not pending\n4 ignored: not pending");
    ck_assert_str_eq(core_rows(core, "SELECT id, state FROM evt_calls ORDER BY id"), "1|1;2|0");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "calls 1 2");
    core_free(core);
}
END_TEST

START_TEST(a_person_settles_a_parked_call)
{
    struct core *core = with_calls("o1");
    char want[256];

    end(core, "/cli/ops", "early", 1, keys[0], REFUSED);
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'early'"),
                     "1|no such call is parked");
    end(core, own, "a", 1, keys[0], PARKED);
    end(core, "/cli/ops", "parked", 1, keys[0], PARKED);
    ck_assert_str_eq(
        core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'parked'"),
        "2|the message breaks an invariant: a person settles a parked call with OK or REFUSED");
    end(core, "/cli/ops", "other", 1, keys[1], REFUSED);
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'other'"),
                     "1|no such call is parked");
    end(core, "/cli/ops", "word", 1, keys[0], REFUSED);
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'word'"),
                     "0|");
    end(core, "/cli/ops", "again", 1, keys[0], REFUSED);
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'again'"),
                     "1|no such call is parked");
    snprintf(want, sizeof(want), "calls 1 2;bank 1 o1 refused 'paid' key %s",
             core_key(core, "call", true));
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), want);
    ck_assert_str_eq(core_rows(core, "SELECT id FROM evt_calls"), "2");
    core_free(core);
}
END_TEST

/* A word that the handler rejects can be said again, in other words. */
START_TEST(a_rejected_word_leaves_the_call_parked)
{
    struct core *core = with_calls("reject it");

    end(core, own, "a", 1, keys[0], PARKED);
    end(core, "/cli/ops", "word", 1, keys[0], OK);
    ck_assert_str_eq(core_told(core),
                     "2 applied\n3 rejected: the message breaks an invariant: reject it");
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers WHERE id = 'word'"),
                     "2|the message breaks an invariant: reject it");
    ck_assert_str_eq(core_rows(core, "SELECT id, state FROM evt_calls ORDER BY id"), "1|1;2|0");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "calls 1 2");
    core_free(core);
}
END_TEST

START_TEST(an_outcome_may_be_refused)
{
    struct core *core = with_calls("reject it");

    end(core, own, "a", 1, keys[0], OK);
    ck_assert_str_eq(core_told(core), "2 rejected: the message breaks an invariant: reject it");
    ck_assert_str_eq(core_rows(core, "SELECT id FROM evt_calls"), "2");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes"), "calls 1 2");
    core_free(core);
}
END_TEST

START_TEST(a_call_that_no_version_handles_is_refused)
{
    struct core *core = with_calls("o1");
    struct evt_service service = fake_product;

    service.calls = NULL;
    core_use(core, core->store);
    core->opt.service = &service;
    core_start(core);
    end(core, own, "a", 1, keys[0], OK);
    ck_assert_str_eq(
        core_told(core),
        "2 rejected: the type is not one that is taken here: no handler for the call bank");
    core_free(core);
}
END_TEST

START_TEST(a_broken_outcome_is_refused)
{
    struct core *core = with_calls("o1");
    const struct evt_call_ended ended = {1, keys[0], OK, {NULL, 0}};
    const struct evt_send *send = core_outside(core, own, "a", &evt_call_ended_type, &ended);

    core_append(core, core_with_value(core, send, send->value, send->value_len - 1));
    core_append(core, core_with_header(core, send, "ce_specversion", NULL));
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 rejected: the Avro bytes end too early: /response\n3 "
                                      "rejected: a required header is missing: ce_specversion");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_calls WHERE state = 0"), "2");
    core_free(core);
}
END_TEST

SUITE("shard call", a_call_is_a_row, a_call_keeps_its_key, drained_calls_have_keys_of_their_own,
      an_outcome_is_taken_once, an_outcome_is_for_its_key, a_parked_call_waits_for_a_person,
      a_person_settles_a_parked_call, a_rejected_word_leaves_the_call_parked,
      an_outcome_may_be_refused, a_call_that_no_version_handles_is_refused,
      a_broken_outcome_is_refused)

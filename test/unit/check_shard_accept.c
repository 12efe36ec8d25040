/* Accept: an operator's logged word on a held stream: go on after this mark. */
#include "test/lib/core.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void say(struct core *core, const char *id, const char *source, int64_t expected,
                int64_t number, const char *chain)
{
    const struct evt_accept_stream word = {source, expected, number, chain};

    core_append(core, core_outside(core, "/cli/ops", id, &evt_accept_stream_type, &word));
}

static const char *hex(uint64_t chain)
{
    static char text[17];

    snprintf(text, sizeof(text), "%016" PRIx64, chain);
    return text;
}

static const char *answer(struct core *core)
{
    const struct evt_send *last = core->sent[core->sent_n - 1];

    ck_assert_str_eq(core_header(last, "ce_type"), "shop.evt.v1.CommandAnswered");
    return core_rows(core, "SELECT outcome, reason FROM evt_answers ORDER BY at_ms DESC LIMIT 1");
}

/* Two are lost for good: the third drains, and the fourth follows. */
START_TEST(a_gap_is_accepted)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *third;
    uint64_t chain;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    (void)RESERVE(core, &order, "tea", "o2");
    chain = order.chain;
    third = RESERVE(core, &order, "tea", "o3");
    core_append(core, third);
    core_run(core);
    core_told(core);
    say(core, "word", order.source, 1, 2, hex(chain));
    core_append(core, RESERVE(core, &order, "tea", "o4"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "2 drained\n3 applied\n4 applied");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;o3;o4");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "4|0");
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers"), "0|");
    core_free(core);
}
END_TEST

/* Somebody else was quicker, or the operator looked elsewhere. */
START_TEST(another_mark_is_left_alone)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    (void)RESERVE(core, &order, "tea", "o2");
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    say(core, "word", order.source, 2, 2, hex(order.chain));
    core_run(core);
    ck_assert_str_eq(answer(core), "1|the mark is 1, not 2");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "1|1");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_parked"), "1");
    core_free(core);
}
END_TEST

/* What waits at or below the new mark is settled by it. */
START_TEST(what_the_mark_covers_is_settled)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, zombie;
    const struct evt_send *third;

    core_sender(core, &order, "order");
    zombie = order;
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &zombie, "tea", "other")); /* fork of 1 */
    (void)RESERVE(core, &order, "tea", "o2");
    third = RESERVE(core, &order, "tea", "o3");
    core_append(core, third);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "1|2");
    say(core, "word", order.source, 1, 3, hex(order.chain));
    core_append(core, third);
    core_append(core, RESERVE(core, &order, "tea", "o4"));
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "3 duplicate\n4 applied\n5 duplicate\n6 applied");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_parked"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "4|0");
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"), "o1;o4");
    core_free(core);
}
END_TEST

/* A sender that lost its tail counts from further back: its forks become the stream. */
START_TEST(a_mark_may_go_back)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, again;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    again = order;
    core_append(core, RESERVE(core, &order, "tea", "lost"));
    core_append(core, RESERVE(core, &again, "tea", "o2"));
    core_append(core, RESERVE(core, &again, "tea", "o3"));
    core_run(core);
    ck_assert_str_eq(
        core_told(core),
        "1 applied\n2 applied\n3 parked: fork: this number was taken with another chain\n"
        "4 parked: fork: its chain does not follow from the one before");
    core_sender(core, &order, "order");
    (void)RESERVE(core, &order, "tea", "o1");
    say(core, "word", order.source, 2, 1, hex(order.chain));
    core_run(core);
    ck_assert_str_eq(core_told(core), "3 drained\n4 drained\n5 applied");
    core_append(core, RESERVE(core, &again, "tea", "o4"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "6 applied");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "4|0");
    core_free(core);
}
END_TEST

/* A sender that lost its tail twice says less than it said between: what follows from the middle
 * story follows from nothing any more. */
START_TEST(what_does_not_follow_is_settled_too)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order, between;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    between = order;
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    (void)RESERVE(core, &between, "tea", "between");
    core_append(core, RESERVE(core, &between, "tea", "after"));
    core_run(core);
    core_told(core);
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "2|1");
    say(core, "word", order.source, 2, 2, hex(order.chain));
    core_append(core, RESERVE(core, &order, "tea", "o3"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "4 applied\n5 applied");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_parked"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT number, parked FROM evt_marks"), "3|0");
    core_free(core);
}
END_TEST

/* Of the numbers that were passed over nothing is known: they are duplicates, not forks. */
START_TEST(an_accepted_mark_forgets_the_chains_before)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;
    const struct evt_send *late = NULL;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    for (int i = 2; i <= 40; i++)
        late = i == 33 ? RESERVE(core, &order, "tea", "late")
                       : (RESERVE(core, &order, "tea", "o"), late);
    say(core, "word", order.source, 1, 40,
        hex(order.chain)); /* 33 has the first's place in the ring */
    core_append(core, late);
    core_append(core, RESERVE(core, &order, "tea", "o41"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 applied\n3 duplicate\n4 applied");
    core_free(core);
}
END_TEST

START_TEST(a_word_that_is_none_is_refused)
{
    static const char words[] =
        "the message breaks an invariant: new_chain is 16 lower-case hexadecimal digits and"
        " marks are not negative";
    static const struct {
        int64_t expected, number;
        const char *chain;
    } wrong[] = {
        {0, 1, "00000000000000FF"},  {0, 1, "0x000000000000ff"},  {0, 1, "-0000000000000ff"},
        {0, 1, "               f"},  {0, 1, "00000000000000f"},   {0, 1, "00000000000000ff0"},
        {-1, 1, "00000000000000ff"}, {0, -1, "00000000000000ff"},
    };
    struct core *core = core_new(&fake_product);
    char id[16], want[256];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(id, sizeof(id), "word%zu", i);
        say(core, id, "/shop/order/0/00000000000000aa", wrong[i].expected, wrong[i].number,
            wrong[i].chain);
        core_run(core);
        snprintf(want, sizeof(want), "%zu rejected: %s", i + 1, words);
        ck_assert_str_eq(core_told(core), want);
    }
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_marks"), "0");
    core_free(core);
}
END_TEST

SUITE("shard accept", a_gap_is_accepted, another_mark_is_left_alone,
      what_the_mark_covers_is_settled, a_mark_may_go_back, what_does_not_follow_is_settled_too,
      an_accepted_mark_forgets_the_chains_before, a_word_that_is_none_is_refused)

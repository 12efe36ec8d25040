/* Outside: commands of whoever may send them again: their ids, their answers, and CommandAnswered.
 */
#include "test/lib/core.h"

#include <stdio.h>
#include <string.h>

START_TEST(a_command_is_obeyed_once)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first = CREATE(core, "/cli/a", "1", "tea");

    core_append(core, first);
    core_append(core, first);
    core_run(core);
    core_restart(core);
    core_append(core, first);
    core_append(core, CREATE(core, "/cli/a", "2", "tea"));
    core_append(core, CREATE(core, "/cli/b", "1", "tea"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 duplicate\n3 duplicate\n4 applied\n5 applied");
    ck_assert_str_eq(core_sent(core),
                     "product.events.1.1 ProductCreated\nproduct.events.1.2 CommandAnswered\n"
                     "product.events.1.3 ProductCreated\nproduct.events.1.4 CommandAnswered\n"
                     "product.events.1.5 ProductCreated\nproduct.events.1.6 CommandAnswered");
    core_free(core);
}
END_TEST

START_TEST(the_answer_is_kept_and_said)
{
    static const struct {
        const char *name, *stored, *said;
    } answers[] = {
        {"tea", "0||", "\"outcome\":\"DONE\",\"reason\":null,\"detail\":null}"},
        {"detail", "0||{\"id\":7}",
         "\"outcome\":\"DONE\",\"reason\":null,\"detail\":\"{\\\"id\\\":7}\"}"},
        {"refuse it", "1|refuse it|{\"left\":0}",
         "\"outcome\":\"REFUSED\",\"reason\":\"refuse it\",\"detail\":\"{\\\"left\\\":0}\"}"},
        {"reject it", "2|the message breaks an invariant: reject it|",
         "\"outcome\":\"REJECTED\",\"reason\":\"the message breaks an invariant: reject "
         "it\",\"detail\":null}"},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct core *core = core_new(&fake_product);
        char want[512];

        core_append(core, CREATE(core, "/cli/a", "c1", answers[i].name));
        core_run(core);
        ck_assert_str_eq(core_rows(core, "SELECT outcome, reason, detail FROM evt_answers"),
                         answers[i].stored);
        ck_assert_str_eq(core_rows(core, "SELECT source, id, at_ms FROM evt_answers"),
                         "/cli/a|c1|1700000000001");
        snprintf(want, sizeof(want),
                 "{\"command_source\":\"/cli/a\",\"command_id\":\"c1\","
                 "\"command_type\":\"shop.product.v1.CreateProduct\",%s",
                 answers[i].said);
        ck_assert_str_eq(core_message(core, core->sent_n - 1), want);
        ck_assert_str_eq(core->sent[core->sent_n - 1]->topic, "shop.product.events.v1");
        ck_assert_int_eq(core->sent[core->sent_n - 1]->partition, CORE_PARTITION); /* of its key */
        core_free(core);
    }
}
END_TEST

/* Our own edge reads the answer from the store. */
START_TEST(our_own_edge_is_not_told)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/edge/product", "c1", "refuse"));
    core_append(core, CREATE(core, "/edge/", "c2", "mug"));
    core_run(core);
    ck_assert_str_eq(core_sent(core),
                     "product.events.1.1 ProductCreated\nproduct.events.1.2 ProductCreated\n"
                     "product.events.1.3 CommandAnswered");
    ck_assert_str_eq(core_rows(core, "SELECT outcome FROM evt_answers ORDER BY id"), "1;0");
    core_free(core);
}
END_TEST

/* The first one's answer stays. */
START_TEST(an_id_is_for_one_request)
{
    static const char words[] = "the command id was used before, for another request";
    struct core *core = core_new(&fake_product);
    const struct evt_send *first = CREATE(core, "/cli/a", "1", "tea");
    char want[256];

    core_append(core, first);
    core_append(core, CREATE(core, "/cli/a", "1", "mug"));
    core_append(core, core_with_key(core, first, "mug"));
    core_append(core, core_with_header(core, first, "ce_type", "shop.product.v1.ChangePrice"));
    core_append(core, first);
    core_run(core);
    snprintf(want, sizeof(want),
             "1 applied\n2 rejected: %s\n3 rejected: %s\n4 rejected: %s\n5 duplicate", words, words,
             words);
    ck_assert_str_eq(core_told(core), want);
    ck_assert_uint_eq(core_lines(core_sent(core)), 5); /* a fact, an answer, three dead letters */
    ck_assert_str_eq(core_rows(core, "SELECT outcome FROM evt_answers"), "0");
    core_free(core);
}
END_TEST

/* A retry by a newer client says the same under another schema id, another trace. */
START_TEST(the_request_is_what_it_says)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first = CREATE(core, "/cli/a", "1", "tea");
    uint8_t value[256];

    memcpy(value, first->value, first->value_len);
    value[2] = 0xff;
    core_append(core, first);
    core_append(core, core_with_header(core, core_with_value(core, first, value, first->value_len),
                                       "x", "y"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n2 duplicate");
    core_free(core);
}
END_TEST

/* The id of a rejected command is used up as well. */
START_TEST(a_rejected_command_is_rejected_once)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first =
        core_with_header(core, CREATE(core, "/cli/a", "1", "tea"), "ce_specversion", "0.3");

    core_append(core, first);
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 rejected: ce_specversion is not 1.0: 0.3\n2 duplicate");
    ck_assert_str_eq(core_rows(core, "SELECT outcome, reason FROM evt_answers"),
                     "2|ce_specversion is not 1.0: 0.3");
    ck_assert_str_eq(core_sent(core), "product.inbox.dlt.1 1: ce_specversion is not 1.0: 0.3\n"
                                      "product.events.1.1 CommandAnswered");
    core_free(core);
}
END_TEST

/* A key that is none cannot be the answer's: its id stands for it. */
START_TEST(an_answer_always_has_a_key)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first = CREATE(core, "/cli/a", "id-of-mine", "tea");

    core_append(core, core_with_key(core, first, NULL));
    core_append(core,
                core_with_header(core, core_with_key(core, first, "\xff"), "ce_id", "another"));
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 rejected: the key is missing\n2 rejected: the key is not "
                                      "UTF-8 text: it holds invalid bytes");
    ck_assert_uint_eq(core->sent_n, 4);
    ck_assert_uint_eq(core->sent[1]->key_len, 10);
    ck_assert_mem_eq(core->sent[1]->key, "id-of-mine", 10);
    ck_assert_mem_eq(core->sent[3]->key, "another", 7);
    core_free(core);
}
END_TEST

/* It must fit the fact that publishes it. */
START_TEST(an_answer_is_bounded)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/cli/a", "1", "long enough"));
    core_append(core, CREATE(core, "/cli/a", "2", "long"));
    core_append(core, CREATE(core, "/cli/a", "3", "long first")); /* and answered again, shortly */
    core_append(core, CREATE(core, "/cli/a", "4", "latin"));
    core_run(core);
    ck_assert_str_eq(core_told(core),
                     "1 applied\n2 rejected: the message breaks an invariant: the answer has 16385"
                     " bytes, the limit is 16384\n3 applied\n4 rejected: the message breaks an"
                     " invariant: the answer is not UTF-8 text");
    ck_assert_str_eq(core_rows(core, "SELECT outcome, length(detail) FROM evt_answers ORDER BY id"),
                     "1|16378;2|;0|8;2|");
    core_free(core);
}
END_TEST

/* A command that fails is not answered; when it is applied again it is. */
START_TEST(a_failed_command_is_not_answered)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core_ok(core, core_apply(core));
    evt_shard_rollback(core->sh);
    core_told(core);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied");
    core_free(core);
}
END_TEST

/* By log time, at every 64th offset: a store that is rebuilt forgets the same ones. */
START_TEST(answers_are_forgotten_by_log_time)
{
    struct core *core = core_new(&fake_product);
    const struct evt_send *first = CREATE(core, "/cli/a", "first", "tea");
    int64_t at_ms;
    char want[128];

    at_ms = core->now_ms;
    core_append(core, first);
    core->now_ms = at_ms + EVT_ANSWERS_KEPT_MS;
    evt_sim_log_hole(core->part, 62);
    core_append(core, CREATE(core, "/cli/a", "kept", "tea")); /* at 64: just not older */
    core_append(core, CREATE(core, "/cli/a", "late", "tea"));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "1 applied\n64 applied\n65 applied\n66 duplicate");
    evt_sim_log_hole(core->part, 128 - 67);
    core_append(core, CREATE(core, "/cli/a", "prunes", "tea"));
    core_append(core, first);
    core_run(core);
    ck_assert_str_eq(core_told(core), "128 applied\n129 applied");
    snprintf(want, sizeof(want), "first|%lld", (long long)core->now_ms - 1);
    ck_assert_str_eq(core_rows(core, "SELECT id, at_ms FROM evt_answers ORDER BY id LIMIT 1"),
                     want);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_answers"), "4");
    core_free(core);
}
END_TEST

SUITE("shard outside", a_command_is_obeyed_once, the_answer_is_kept_and_said,
      our_own_edge_is_not_told, an_id_is_for_one_request, the_request_is_what_it_says,
      a_rejected_command_is_rejected_once, an_answer_always_has_a_key, an_answer_is_bounded,
      a_failed_command_is_not_answered, answers_are_forgotten_by_log_time)

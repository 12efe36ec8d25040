/* Tail probes: the last message of each stream is kept and can be sent again, so that a lost tail
 * shows though nothing follows. */
#include "test/lib/core.h"

#include <string.h>

static const struct evt_send *probes[8];
static size_t probes_n;

static void keep(void *arg, const struct evt_send *send)
{
    struct core *core = arg;

    probes[probes_n++] = evt_sim_log_keep(core->log, send);
}

static void probe(struct core *core)
{
    probes_n = 0;
    core_ok(core, evt_shard_probes(core->sh, keep, core, &core->err));
}

static void ck_same(const struct evt_send *send, const struct evt_send *other)
{
    ck_assert_str_eq(send->topic, other->topic);
    ck_assert_int_eq(send->partition, other->partition);
    ck_assert_uint_eq(send->key_len, other->key_len);
    ck_assert_mem_eq(send->key, other->key, send->key_len);
    ck_assert_uint_eq(send->value_len, other->value_len);
    ck_assert_mem_eq(send->value, other->value, send->value_len);
    ck_assert_uint_eq(send->headers_n, other->headers_n);
    for (size_t i = 0; i < send->headers_n; i++) {
        ck_assert_str_eq(send->headers[i].name, other->headers[i].name);
        ck_assert_uint_eq(send->headers[i].len, other->headers[i].len);
        ck_assert_mem_eq(send->headers[i].value, other->headers[i].value, send->headers[i].len);
    }
}

START_TEST(the_last_of_each_stream_is_kept)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    probe(core);
    ck_assert_uint_eq(probes_n, 0);
    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1")); /* to 1 */
    core_append(core, RESERVE(core, &order, "tea", "o2")); /* to 0 */
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_run(core);
    core_append(core, RESERVE(core, &order, "mute", "o1"));
    core_run(core);
    probe(core);
    ck_assert_uint_eq(probes_n, 2);
    ck_same(probes[0], core->sent[1]);
    ck_same(probes[1], core->sent[2]);
    core_restart(core);
    probe(core);
    ck_assert_uint_eq(probes_n, 2);
    ck_same(probes[0], core->sent[1]);
    ck_same(probes[1], core->sent[2]);
    core_free(core);
}
END_TEST

/* A dead letter has no stream; a handler that fails last leaves the one before. */
START_TEST(what_was_taken_back_is_not_probed)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "reject", "o3")); /* to 0, as o1's Rejected */
    core_run(core);
    probe(core);
    ck_assert_uint_eq(probes_n, 2);
    ck_assert_str_eq(core_header(probes[0], "ce_type"), "shop.evt.v1.Rejected");
    ck_assert_str_eq(core_header(probes[1], "ce_type"), "shop.product.v1.StockReserved");
    ck_same(probes[1], core->sent[0]);
    core_free(core);
}
END_TEST

/* To its receiver the last message again is a duplicate, or shows that it was lost. */
START_TEST(a_probe_shows_what_was_lost)
{
    struct core *core = core_new(&fake_product), *other = core_new_log(&fake_order, NULL);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_run(core);
    probe(core);
    ck_assert_uint_eq(probes_n, 1);
    core_start(other);
    core_append(other, core->sent[0]);
    core_append(other, probes[0]);
    core_append(other, probes[0]);
    core_run(other);
    ck_assert_str_eq(core_told(other), "0 control\n1 applied\n2 applied\n3 duplicate");
    core_use(other, "second.db");
    evt_sim_log_truncate(other->part, 1);
    core_append(other, probes[0]);
    core_start(other);
    core_run(other);
    ck_assert_str_eq(core_told(other),
                     "0 control\n1 parked: gap: the numbers before it are missing");
    core_free(other);
    core_free(core);
}
END_TEST

START_TEST(a_stream_to_nowhere_is_refused)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_run(core);
    core_rows(core, "UPDATE evt_streams SET topic = 'user.inbox'");
    ck_refused(evt_shard_probes(core->sh, keep, core, &core->err), core->err, EVT_E_SERVICE,
               "the service's tables do not fit its declaration: the store sends to user.inbox, "
               "which topics.json no"
               " longer declares");
    core_free(core);
}
END_TEST

SUITE("shard probe", the_last_of_each_stream_is_kept, what_was_taken_back_is_not_probed,
      a_probe_shows_what_was_lost, a_stream_to_nowhere_is_refused)

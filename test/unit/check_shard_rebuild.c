/* Rebuild: a store is made again from its log, with what was acknowledged before held back if the
 * proof shows that it is the same log. */
#include "test/lib/core.h"

#include <evt/snapshot.h>

#include <stdio.h>
#include <string.h>

static char proof[EVT_PROOF_LEN];

/* Four records in one store, of which the proof covers three; the next store is empty. */
static struct core *with_lost_store(struct core_sender *order)
{
    struct core *core = core_new(&fake_product);

    core_sender(core, order, "order");
    for (int i = 0; i < 4; i++) {
        char id[8];

        snprintf(id, sizeof(id), "o%d", i + 1);
        core_append(core, RESERVE(core, order, i == 1 ? "reject" : "tea", id));
        core_run(core);
        if (i == 2)
            ck_assert(evt_shard_proof(core->sh, proof));
    }
    core_use(core, "rebuilt.db");
    core_start(core);
    core_told(core);
    core_sent(core);
    return core;
}

static void compare_with_lived(struct core *core)
{
    uint64_t hash = core_hash(core);

    core_use(core, "lived.db");
    core_start(core);
    ck_assert_uint_eq(core_hash(core), hash);
}

START_TEST(a_proof_names_the_log_and_what_was_applied)
{
    struct core *core = core_new(&fake_product);
    char before[EVT_PROOF_LEN], want[EVT_PROOF_LEN];

    ck_assert(evt_shard_proof(core->sh, before));
    snprintf(want, sizeof(want), CORE_LINEAGE ":%016llx",
             (unsigned long long)strtoll(core_rows(core, "SELECT roll FROM evt_meta"), NULL, 10));
    ck_assert_str_eq(before, want);
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core_ok(core, core_apply(core));
    ck_assert(evt_shard_proof(core->sh, proof));
    ck_assert_str_eq(proof, before); /* of what is committed */
    core_ok(core, core_commit(core));
    ck_assert(evt_shard_proof(core->sh, proof));
    ck_assert_str_ne(proof, before);
    core_free(core);
}
END_TEST

START_TEST(without_a_proof_all_is_sent_again)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);
    size_t before = core->sent_n;

    core_run(core);
    ck_assert_uint_eq(core->sent_n, 2 * before);
    for (size_t i = 0; i < before; i++) {
        char id[512];

        snprintf(id, sizeof(id), "%s", core_header(core->sent[i], "ce_id"));
        ck_assert_str_eq(core_header(core->sent[before + i], "ce_id"), id);
    }
    compare_with_lived(core);
    core_free(core);
}
END_TEST

START_TEST(what_was_acknowledged_is_held_back)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    core_ok(core, evt_shard_hold_back(core->sh, 3, proof, &core->err));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "order.inbox.0.2 StockReserved");
    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    compare_with_lived(core);
    core_free(core);
}
END_TEST

START_TEST(it_is_held_back_over_batches_and_rollbacks)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);
    char unproven[EVT_PROOF_LEN];

    core_ok(core, evt_shard_hold_back(core->sh, 3, proof, &core->err));
    core_ok(core, core_apply_some(core, 2));
    core_ok(core, core_commit(core));
    ck_assert(!evt_shard_proof(core->sh, unproven)); /* another would build on what is not shown */
    core_ok(core, core_apply(core));
    evt_shard_rollback(core->sh);
    core_ok(core, core_apply_some(core, 2));
    ck_assert_uint_eq(evt_shard_sends(core->sh, &(const struct evt_send *){NULL}), 0);
    core_ok(core, core_commit(core));
    core_run(core);
    ck_assert_str_eq(core_sent(core), "order.inbox.0.2 StockReserved");
    ck_assert(evt_shard_proof(core->sh, unproven));
    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    compare_with_lived(core);
    core_free(core);
}
END_TEST

/* Killed in between, nobody knows what the proof was: begin anew. */
START_TEST(a_half_rebuilt_store_is_refused)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    core_ok(core, evt_shard_hold_back(core->sh, 3, proof, &core->err));
    core_ok(core, core_apply_some(core, 2));
    core_ok(core, core_commit(core));
    core_use(core, core->store);
    ck_assert_str_eq(evt_err_name(core_open(core)), "STORE_HELD_BACK");
    ck_assert_ptr_nonnull(
        strstr(core->err.text,
               "the store was being rebuilt with its sends held back: remove it, and it"
               " is rebuilt from its log from the start"));
    core_free(core);
}
END_TEST

static void refuse(struct core *core, int64_t offset, const char *other, const char *words)
{
    core_ok(core, evt_shard_hold_back(core->sh, offset, other, &core->err));
    ck_assert_str_eq(evt_err_name(core_apply(core)), "PROOF_DIFFERS");
    ck_assert_str_eq(core->err.text, words);
}

START_TEST(another_log_is_noticed)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);
    char other[EVT_PROOF_LEN];

    snprintf(other, sizeof(other), "%s", proof);
    other[strlen(other) - 1] ^= 1;
    refuse(core, 3, other,
           "shop.product.inbox.v1/1 at offset 3: the log is not the one whose sends were "
           "acknowledged: offset 3: remove"
           " the store, rebuild it and send again");
    core_use(core, "second.db");
    core_start(core);
    snprintf(other, sizeof(other), "00000000000000c2%s", proof + 16);
    refuse(core, 3, other,
           "shop.product.inbox.v1/1 at offset 3: the log is not the one whose sends were "
           "acknowledged: offset 3: remove"
           " the store, rebuild it and send again");
    core_free(core);
}
END_TEST

/* The proof is of all records up to there, not of the last alone. */
START_TEST(another_log_with_the_same_record_is_noticed)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);
    const struct evt_record kept = *evt_sim_log_at(core->part, 3);
    const struct evt_send send = {.topic = kept.topic,
                                  .partition = kept.partition,
                                  .key = kept.key,
                                  .key_len = kept.key_len,
                                  .value = kept.value,
                                  .value_len = kept.value_len,
                                  .headers = kept.headers,
                                  .headers_n = kept.headers_n};

    evt_sim_log_truncate(core->part, 1);
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    evt_sim_log_hole(core->part, 1);
    core->now_ms = kept.time_ms;
    core_append(core, &send);
    ck_assert_uint_eq(evt_record_hash(evt_sim_log_at(core->part, 3)), evt_record_hash(&kept));
    refuse(core, 3, proof,
           "shop.product.inbox.v1/1 at offset 3: the log is not the one whose sends were "
           "acknowledged: offset 3: remove"
           " the store, rebuild it and send again");
    core_free(core);
}
END_TEST

/* The record that was proven must be there. */
START_TEST(a_hole_where_the_proof_was_is_noticed)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    evt_sim_log_truncate(core->part, 3);
    evt_sim_log_hole(core->part, 1);
    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    refuse(core, 3, proof,
           "shop.product.inbox.v1/1 at offset 4: the log is not the one whose sends were "
           "acknowledged: offset 3: remove"
           " the store, rebuild it and send again");
    core_free(core);
}
END_TEST

START_TEST(a_log_that_ends_before_is_noticed)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    evt_sim_log_truncate(core->part, 3);
    core_ok(core, evt_shard_hold_back(core->sh, 3, proof, &core->err));
    core_run(core);
    ck_refused(evt_shard_caught_up(core->sh, &core->err), core->err, EVT_E_PROOF_DIFFERS,
               "the log is not the one whose sends were acknowledged: it ends before offset 3: "
               "rebuild the store and send"
               " again");
    ck_assert(!evt_shard_is_caught_up(core->sh));
    core_free(core);
}
END_TEST

/* The old version cannot check what the new one proved. */
START_TEST(a_proof_beyond_the_boundary_is_none)
{
    const struct evt_generation_begins boundary = {2, "v"};
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    core_append(core,
                core_outside(core, "/cli/upgrade", "1", &evt_generation_begins_type, &boundary));
    refuse(core, 9, proof,
           "shop.product.inbox.v1/1 at offset 5: the log is not the one whose sends were "
           "acknowledged: generation 1 ends"
           " before offset 9: remove the store, rebuild it and send again");
    core_free(core);
}
END_TEST

START_TEST(a_snapshot_goes_on_from_where_it_is)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    core_ok(core, core_apply_some(core, 2));
    core_ok(core, core_commit(core));
    core_ok(core, evt_snapshot_take(evt_shard_store(core->sh), NULL, core->opt.store.path, 1, 1,
                                    &core->err));
    core_sent(core);
    core_run(core);
    core_use(core, core->store);
    core_restore(core, 1, 1);
    core_start(core);
    ck_assert_int_eq(evt_shard_position(core->sh), 1);
    ck_refused(
        evt_shard_hold_back(core->sh, 3, "00000000000000c2:0", &core->err), core->err,
        EVT_E_PROOF_DIFFERS,
        "the log is not the one whose sends were acknowledged: its lineage is " CORE_LINEAGE);
    core_ok(core, evt_shard_hold_back(core->sh, 1, "nothing to hold back", &core->err));
    core_ok(core, evt_shard_hold_back(core->sh, 3, proof, &core->err));
    core_sent(core);
    core_run(core);
    ck_assert_str_eq(core_sent(core), "order.inbox.0.2 StockReserved");
    compare_with_lived(core);
    core_free(core);
}
END_TEST

/* What is not written down does not hold. */
START_TEST(a_hold_back_that_fails_is_none)
{
    struct core_sender order;
    struct core *core = with_lost_store(&order);

    core_rows(core, "ALTER TABLE evt_meta RENAME TO away");
    ck_assert_str_eq(evt_err_name(evt_shard_hold_back(core->sh, 3, proof, &core->err)),
                     "STORE_SQL");
    core_rows(core, "ALTER TABLE away RENAME TO evt_meta");
    core_run(core);
    ck_assert_uint_eq(core_lines(core_sent(core)), 5);
    core_ok(core, evt_shard_caught_up(core->sh, &core->err));
    core_free(core);
}
END_TEST

SUITE("shard rebuild", a_proof_names_the_log_and_what_was_applied,
      without_a_proof_all_is_sent_again, what_was_acknowledged_is_held_back,
      it_is_held_back_over_batches_and_rollbacks, a_half_rebuilt_store_is_refused,
      another_log_is_noticed, another_log_with_the_same_record_is_noticed,
      a_hole_where_the_proof_was_is_noticed, a_log_that_ends_before_is_noticed,
      a_proof_beyond_the_boundary_is_none, a_snapshot_goes_on_from_where_it_is,
      a_hold_back_that_fails_is_none)

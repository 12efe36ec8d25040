/* What a shard refuses when it is opened, and what a driver may never do. */
#include "test/lib/core.h"
#include "test/lib/mortal.h"

#include <string.h>

static void refuse(struct core *core, const struct evt_service *service, const char *code,
                   const char *words)
{
    core_use(core, core->store);
    core->opt.service = service;
    ck_assert_str_eq(evt_err_name(core_open(core)), code);
    ck_assert_ptr_null(core->sh);
    ck_assert_str_eq(core->err.text, words);
}

START_TEST(a_service_must_be_declared)
{
    struct core *core = core_new(&fake_product);
    struct evt_service nobody = fake_product;

    nobody.name = "nobody";
    refuse(core, &nobody, "SERVICE",
           "the service's tables do not fit its declaration: topics.json does not declare the "
           "service nobody");
    nobody = fake_product;
    nobody.generation = 0;
    refuse(core, &nobody, "SERVICE",
           "the service's tables do not fit its declaration: product: generations count from 1");
    core_free(core);
}
END_TEST

/* What a migration does is a decision: a rebuild would run it at the birth. */
START_TEST(a_migration_needs_a_generation)
{
    static const struct evt_migration changed[] = {
        {1, "notes", "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT"}, {0}};
    struct core *core = core_new(&fake_product);
    struct evt_service service = fake_product;

    service.migrations = fake_product_2.migrations;
    refuse(core, &service, "GENERATION_CHANGED",
           "what the service takes changed without a new generation: migration 2 (further) came "
           "without a new"
           " generation: bump the generation");
    service.migrations = changed;
    refuse(core, &service, "MIGRATION",
           "a migration failed: migration 1 (notes) was changed after it had run: add a new one "
           "instead");
    service.migrations = NULL;
    refuse(
        core, &service, "MIGRATION",
        "a migration failed: the store has migration 1 (notes), which this version does not know");
    core_free(core);
}
END_TEST

/* A table that breaks a rule shows at the birth, and nothing of it stays. */
START_TEST(an_impure_table_stops_the_birth)
{
    static const struct evt_migration impure[] = {{1, "notes", "CREATE TABLE notes (text TEXT)"},
                                                  {0}};
    struct evt_service service = fake_product;
    struct core *core;

    service.migrations = impure;
    core = core_new_log(&service, NULL);
    core_start(core);
    ck_assert_str_eq(evt_err_name(core_apply(core)), "PURITY");
    evt_shard_rollback(core->sh);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM sqlite_schema WHERE name = 'notes'"),
                     "0");
    core_free(core);
}
END_TEST

static void ck_died(const char *words)
{
    const char *why = mortal_end();

    ck_assert_ptr_nonnull(why);
    ck_assert_msg(strstr(why, words) != NULL, "%s", why);
}

START_TEST(nothing_is_committed_before_it_is_acknowledged)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    core_append(core, RESERVE(core, &order, "tea", "o1"));
    core_append(core, RESERVE(core, &order, "tea", "o2"));
    core_ok(core, core_apply(core));
    if (mortal_begin())
        (void)!evt_shard_commit(core->sh, &core->err);
    ck_died("acknowledged != ");
    evt_shard_acknowledged(core->sh, 1);
    if (mortal_begin())
        (void)!evt_shard_commit(core->sh, &core->err);
    ck_died("acknowledged != ");
    if (mortal_begin())
        evt_shard_acknowledged(core->sh, 2);
    ck_died("acknowledged > ");
    core_free(core);
}
END_TEST

START_TEST(nothing_is_applied_before_the_join)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    evt_shard_reconnected(core->sh);
    if (mortal_begin())
        (void)!core_apply(core);
    ck_died("join != EVT_JOINED");
    if (mortal_begin())
        (void)!evt_shard_commit(core->sh, &core->err);
    ck_died("join != EVT_JOINED");
    if (mortal_begin())
        (void)!evt_shard_caught_up(core->sh, &core->err);
    ck_died("join != EVT_JOINED");
    core_ok(core, core_join(core));
    if (mortal_begin())
        (void)!evt_shard_join(core->sh, NULL, 0, &core->err);
    ck_died("join == EVT_JOINED");
    core_free(core);
}
END_TEST

/* After a failure there is only the rollback. */
START_TEST(a_failed_batch_is_not_committed)
{
    struct core *core = core_new(&fake_product);
    struct core_sender order;

    core_sender(core, &order, "order");
    fake_product_busy = 1;
    core_append(core, RESERVE(core, &order, "busy", "o1"));
    ck_assert_str_eq(evt_err_name(core_apply(core)), "BUSY");
    if (mortal_begin())
        (void)!evt_shard_commit(core->sh, &core->err);
    ck_died("failed");
    if (mortal_begin())
        (void)!core_apply(core);
    ck_died("failed");
    evt_shard_rollback(core->sh);
    core_run(core);
    core_free(core);
}
END_TEST

START_TEST(probes_and_hold_backs_are_between_batches)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core_ok(core, core_apply(core));
    if (mortal_begin())
        (void)!evt_shard_probes(core->sh, NULL, NULL, &core->err);
    ck_died("batch > 0");
    if (mortal_begin())
        (void)!evt_shard_hold_back(core->sh, 9, "", &core->err);
    ck_died("batch > 0");
    if (mortal_begin())
        (void)!evt_shard_supersede(core->sh, &core->err);
    ck_died("superseded");
    core_free(core);
}
END_TEST

START_TEST(a_record_of_another_partition_is_a_bug)
{
    struct core *core = core_new(&fake_product);
    struct evt_record rec = *evt_sim_log_at(core->part, 0);

    rec.offset = 1;
    rec.partition = 0;
    if (mortal_begin())
        (void)!evt_shard_apply(core->sh, &rec, &core->err);
    ck_died("rec->partition != sh->partition");
    core_free(core);
}
END_TEST

/* What a handler may not ask shows at the birth, and in a store that is there at the start. */
START_TEST(a_statement_is_refused_before_its_message_comes)
{
    static const char *const statements[] = {"SELECT pos FROM evt_meta", NULL};
    static const char words[] =
        "SELECT pos FROM evt_meta: the store refuses a statement: a handler "
        "may not touch libevents' table evt_meta";
    struct core *core = core_new(&fake_product);
    struct evt_service service = fake_product;
    char want[256];

    service.statements = statements;
    core_run(core);
    refuse(core, &service, "STORE_SQL", words);
    core_use(core, "new.db");
    core_start(core);
    snprintf(want, sizeof(want), "shop.product.inbox.v1/1 at offset 0: %s", words);
    ck_refused(core_apply(core), core->err, EVT_E_STORE_SQL, want);
    core_free(core);
}
END_TEST

/* SQLite may have rolled back by itself: to go on would commit a part of the batch. */
START_TEST(half_a_batch_is_not_committed)
{
    struct core *core = core_new(&fake_product);

    core_append(core, CREATE(core, "/cli/a", "1", "tea"));
    core_append(core, CREATE(core, "/cli/a", "2", "tea"));
    core_ok(core, core_apply_some(core, 1));
    evt_store_rollback(evt_shard_store(core->sh));
    ck_refused(core_apply_some(core, 1), core->err, EVT_E_IO,
               "shop.product.inbox.v1/1 at offset 2: input or output error: the transaction was "
               "rolled back by SQLite");
    evt_shard_rollback(core->sh);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_answers"), "2");
    core_free(core);
}
END_TEST

SUITE("shard open", a_statement_is_refused_before_its_message_comes, half_a_batch_is_not_committed,
      a_service_must_be_declared, a_migration_needs_a_generation, an_impure_table_stops_the_birth,
      nothing_is_committed_before_it_is_acknowledged, nothing_is_applied_before_the_join,
      a_failed_batch_is_not_committed, probes_and_hold_backs_are_between_batches,
      a_record_of_another_partition_is_a_bug)

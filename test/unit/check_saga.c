/* Saga, going forward: stages and their joins, several items and none, what is written down. */
#include "test/lib/core.h"
#include "test/lib/harness_internal.h"
#include "test/lib/saga_case.h"

#include <events/order.h>

#include <stdio.h>
#include <string.h>

START_TEST(stages_follow_each_other)
{
    struct harness *h =
        (saga_case_reset(),
         saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), STEP(2, 2), {0}}));

    SENT(h, "ask a1, ask b1, done");
    saga_done(h, "b1");
    SENT(h, "");
    PHASE(h, "forward 1");
    saga_done(h, "a1");
    SENT(h, "ask c1");
    PHASE(h, "forward 2");
    saga_done(h, "c1");
    ROWS(h, "SELECT text FROM notes", "completed by 1: ");
    HISTORY(h, 1, "asked a1; asked b1; done b1; done a1; asked c1; done c1; completed");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(a_stage_waits_for_every_item)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = 3;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}});
    SENT(h, "ask a1, ask a2, ask a3, done");
    saga_done(h, "a2");
    saga_done(h, "a1");
    saga_done(h, "a1"); /* once more: it changes nothing */
    SENT(h, "");
    PARTS(h, "a 1 done 1; a 2 done 1; a 3 asked 1");
    saga_done(h, "a4");
    SENT(h, "dead (the message breaks an invariant: a 4 was never asked for), evt_rejected");
    saga_done(h, "a0");
    SENT(h, "dead (the message breaks an invariant: a 0 was never asked for), evt_rejected");
    saga_done(h, "x1"); /* of no step */
    SENT(h, "dead (the message breaks an invariant: definition 1 of the saga trip knows no"
            " shop.product.v1.StockReserved), evt_rejected");
    saga_done(h, "b1"); /* not yet */
    SENT(h, "dead (the message breaks an invariant: b 1 was never asked for), evt_rejected");
    saga_done(h, "a3");
    SENT(h, "ask b1");
    saga_done(h, "b1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(a_step_without_items_is_done_at_once)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = fake_saga_items[2] = 0;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), STEP(2, 3), {0}});
    SENT(h, "ask b1, done");
    PHASE(h, "forward 2");
    saga_done(h, "b1");
    PHASE(h, "completed 3");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(a_saga_may_have_nothing_to_do)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = 0;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}});
    SENT(h, "done");
    HISTORY(h, 1, "completed");
    saga_case_end(h, "completed");
}
END_TEST

/* A pivot of no items is done like any other: the deadline has no meaning behind it. */
START_TEST(a_pivot_without_items_is_a_pivot)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[1] = 0;
    h = saga_case((const struct evt_saga_step[]){
        STEP(0, 1), STEP_AS(1, 2, EVT_SAGA_PIVOT, fake_saga_undo[1]), STEP(2, 3), {0}});
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask c1");
    ROWS(h, "SELECT pivoted FROM evt_sagas", "1");
    harness_wait(h, 20 * 60 * 1000);
    SENT(h, "ask c1, ask c1");
    PARTS(h, "a 1 done 1; c 1 parked 3");
    saga_done(h, "c1");
    saga_case_end(h, "completed");
}
END_TEST

START_TEST(there_is_one_of_a_ref)
{
    static const char long_ref[] =
        "123456789 123456789 123456789 123456789 123456789 123456789 12345"; /* 65 */
    struct harness *h =
        (saga_case_reset(), saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}}));
    char ref[66];

    SENT(h, "ask a1, done");
    saga_start(h, SAGA_REF);
    SENT(h, "dead (the message breaks an invariant: there is a saga trip c-1 already), rejected"
            " (the message breaks an invariant: there is a saga trip c-1 already)");
    /* Two of its bytes are free to make it this shard's. */
    snprintf(ref, sizeof(ref), "%s", long_ref);
    while (evt_partition_of(ref, 65, 2) != h->partition)
        ref[0]++;
    saga_start(h, ref);
    SENT(h, "dead (the message breaks an invariant: a saga's reference is not 1 to 64 bytes),"
            " rejected (the message breaks an invariant: a saga's reference is not 1 to 64"
            " bytes)");
    for (ref[64] = '\0'; evt_partition_of(ref, 64, 2) != h->partition;)
        ref[0]++;
    saga_start(h, ref);
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    ROWS(h, "SELECT phase FROM evt_sagas ORDER BY saga_id", "completed; forward");
    harness_end(h);
}
END_TEST

START_TEST(an_instance_has_so_many_parts)
{
    struct harness *h;

    saga_case_reset();
    fake_saga_items[0] = EVT_SAGA_PARTS_MAX - 1;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), {0}});
    harness_skip_sent(h, EVT_SAGA_PARTS_MAX + 1);
    for (int32_t item = 1; item < EVT_SAGA_PARTS_MAX; item++) {
        char part[8];

        snprintf(part, sizeof(part), "a%d", (int)item);
        saga_done(h, part);
    }
    SENT(h, "");
    saga_done(h, "b1");
    saga_case_end(h, "completed");

    saga_case_reset(); /* one more, though it were asked for only later */
    fake_saga_items[0] = EVT_SAGA_PARTS_MAX;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}});
    SENT(h, "dead (saga trip c-1: the message breaks an invariant: more than 256 items of all"
            " steps), rejected (saga trip c-1: the message breaks an invariant: more than 256 items"
            " of all steps)");
    harness_end(h);

    saga_case_reset();
    fake_saga_items[0] = EVT_SAGA_PARTS_MAX;
    h = saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), {0}});
    SENT(h, "dead (saga trip c-1: the message breaks an invariant: more than 256 items of all"
            " steps), rejected (saga trip c-1: the message breaks an invariant: more than 256 items"
            " of all steps)");
    ROWS(h, "SELECT count(*) FROM evt_sagas", "0");
    harness_end(h);
}
END_TEST

/* All that it sends goes under the trace of what began it, whatever came between. */
START_TEST(its_trace_is_kept)
{
    struct harness *h =
        (saga_case_reset(), saga_case((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}}));
    char trace[33];
    int found = 0;

    snprintf(trace, sizeof(trace), "%.32s", saga_text(h, "SELECT trace FROM evt_sagas") + 3);
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    harness_wait(h, 10000);
    SENT(h, "ask b1, ask b1");
    saga_cancel(h, "why not");
    SENT(h, "undo b1, done");
    for (size_t i = 0; i < h->sent_n; i++)
        for (size_t j = 0; j < h->sent[i]->headers_n; j++)
            if (strcmp(h->sent[i]->headers[j].name, "traceparent") == 0 &&
                strncmp((const char *)h->sent[i]->headers[j].value + 3, trace, 32) == 0)
                found++;
    ck_assert_int_ge(found, 4); /* a1, b1, b1 again, its undoing */
    saga_undone(h, "b1");
    SENT(h, "undo a1");
    saga_undone(h, "a1");
    saga_case_end(h, "undone");
}
END_TEST

START_TEST(words_that_change_nothing_are_noted)
{
    struct harness *h =
        (saga_case_reset(), saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}}));

    SENT(h, "ask a1, done");
    saga_noted(h, "a1");
    PARTS(h, "a 1 asked 1");
    saga_done(h, "a1");
    saga_noted(h, "a1"); /* when it has ended, too */
    HISTORY(h, 1,
            "asked a1; noted a1: a word about a; done a1; completed; noted a1: a word about"
            " a");
    saga_case_end(h, "completed");
}
END_TEST

/* Each that closes takes those with it that are old enough, with their histories. */
START_TEST(it_is_forgotten_in_time)
{
    struct harness *h =
        (saga_case_reset(), saga_case((const struct evt_saga_step[]){STEP(0, 1), {0}}));
    const char *others[] = {"c-2", "c-3", "c-4", "c-5", "c-6", "c-7", "c-8", "c-9", "d-1"};
    const char *here[2];
    size_t n = 0;

    for (size_t i = 0; i < 9 && n < 2; i++)
        if (evt_partition_of(others[i], 3, 2) == h->partition)
            here[n++] = others[i];
    ck_assert_uint_eq(n, 2);
    saga_sent(h);
    saga_done(h, "a1");
    ROWS(h,
         "SELECT forget_ms - "
         "(SELECT max(at_ms) FROM evt_saga_history) FROM evt_sagas",
         "3600000");
    harness_wait(h, 3600000); /* not yet: the hour must have passed */
    saga_start(h, here[0]);
    SENT(h, "ask a1, done");
    GIVE(h, "product", product_stock_reserved, .order_id = here[0], .sku = "a", .line = 1,
         .currency = "");
    ROWS(h, "SELECT count(*) FROM evt_sagas", "2");
    harness_wait(h, 1);
    saga_start(h, here[1]);
    SENT(h, "ask a1, done");
    GIVE(h, "product", product_stock_reserved, .order_id = here[1], .sku = "a", .line = 1,
         .currency = "");
    ROWS(h, "SELECT count(*) FROM evt_sagas WHERE ref = '" SAGA_REF "'", "0");
    saga_done(h, "a1");
    SENT(h, "dead (the message breaks an invariant: there is no saga trip c-1), evt_rejected");
    saga_start(h, SAGA_REF); /* its ref is free again */
    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    saga_case_end(h, "completed");
}
END_TEST

/* Running instances finish on the definition with which they began; one that is still needed cannot
 * be left out. */
START_TEST(definitions_live_beside_each_other)
{
    static struct evt_service services[4];
    static const struct evt_saga *sagas[4][3];
    const struct evt_saga *first, *second;
    struct core_sender product;
    struct core *core;
    const char *old_ref, *new_ref;

    saga_case_reset();
    first = saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 2), {0}}, 1);
    second = saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), STEP(1, 1), {0}}, 2);
    sagas[0][0] = first;
    sagas[1][0] = second; /* the order in the table does not matter */
    sagas[1][1] = first;
    sagas[2][0] = sagas[3][0] = second;
    for (int i = 0; i < 4; i++) {
        services[i] = fake_saga_service;
        services[i].generation = i == 3 ? 3 : i ? 2 : 1;
        services[i].sagas = sagas[i];
    }
    core = core_new(&services[0]);
    core_sender(core, &product, "product");
    old_ref = core_key(core, "c", true);
    new_ref = core_key(core, "d", true);
#define TELL(ref, step)                                                                            \
    core_append(core,                                                                              \
                core_number(core, &product, &product_stock_reserved_type,                          \
                            &(const struct product_stock_reserved){                                \
                                .order_id = (ref), .sku = (step), .line = 1, .currency = ""}))
#define BEGIN(ref)                                                                                 \
    core_append(core, core_outside(core, "/edge/order", ref, &order_cancel_order_type,             \
                                   &(const struct order_cancel_order){ref, "start"}))
    BEGIN(old_ref);
    core_run(core);
    core_append(core, core_boundary(core, "1", 2));
    core_run(core);
    /* Without the old definition the boundary is refused. */
    core_use(core, core->store);
    core->opt.service = &services[2];
    core_start(core);
    ck_refused(core_apply(core), core->err, EVT_E_SERVICE,
               "shop.order.inbox.v1/1 at offset 2: the service's tables do not fit its"
               " declaration: the saga trip has instances of definition 1, which this version"
               " lacks: put it back until they are forgotten");
    core_use(core, core->store);
    core->opt.service = &services[1];
    core_start(core);
    BEGIN(new_ref);
    TELL(old_ref, "a");
    TELL(new_ref, "a");
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT definition, stage FROM evt_sagas ORDER BY saga_id"),
                     "1|2;2|1");
    TELL(old_ref, "b");
    TELL(new_ref, "b");
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT text FROM notes ORDER BY id"),
                     "completed by 1: ;completed by 2: ");
    /* It has ended, and is not forgotten yet. */
    core_append(core, core_boundary(core, "2", 3));
    core_run(core);
    core_use(core, core->store);
    core->opt.service = &services[3];
    core_start(core);
    ck_assert_int_eq(core_apply(core), EVT_E_SERVICE);
    core_free(core);
}
END_TEST

/* What was written is looked at when it is read. */
START_TEST(rows_that_make_no_sense_are_said)
{
    static const char *const sets[] = {
        "parts = 'a 1 asked 1 5 id'",
        "parts = 'x 1 asked 1 5 id' || char(10)",
        "parts = 'a 0 asked' || char(10)",
        "parts = 'a 1 eaten 1' || char(10)",
        "phase = 'sideways'",
        "definition = 7",
    };
    static const char *const words[] = {
        "its parts",
        "its part x",
        "its part a",
        "its part a",
        "definition 1, phase sideways",
        "definition 7, phase forward",
    };
    static const struct evt_saga *sagas[2];
    static struct evt_service service;

    saga_case_reset();
    sagas[0] = saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), {0}}, 1);
    service = fake_saga_service;
    service.sagas = sagas;
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        struct core *core = core_new(&service);
        const char *ref = core_key(core, "c", true);
        struct core_sender product;
        char sql[128], want[256];

        core_sender(core, &product, "product");
        BEGIN(ref);
        core_run(core);
        snprintf(sql, sizeof(sql), "UPDATE evt_sagas SET %s", sets[i]);
        ck_assert_int_eq(sqlite3_exec(evt_store_db(evt_shard_store(core->sh)), sql, NULL, NULL,
                                      NULL),
                         SQLITE_OK);
        TELL(ref, "a");
        snprintf(want, sizeof(want),
                 "shop.order.inbox.v1/1 at offset 2: the store is corrupt: saga %s: %s", ref,
                 words[i]);
        ck_refused(core_apply(core), core->err, EVT_E_STORE_CORRUPT, want);
        core_free(core);
    }
}
END_TEST

SUITE("saga", stages_follow_each_other, a_stage_waits_for_every_item,
      a_step_without_items_is_done_at_once, a_saga_may_have_nothing_to_do,
      a_pivot_without_items_is_a_pivot, there_is_one_of_a_ref, an_instance_has_so_many_parts,
      its_trace_is_kept, words_that_change_nothing_are_noted, it_is_forgotten_in_time,
      definitions_live_beside_each_other, rows_that_make_no_sense_are_said)

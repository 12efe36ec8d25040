/* Saga, its instances in the store: whose they are, how long they are kept, how one is found by
 * what it sent, and what a version must have to take them over. */
#include "test/lib/core.h"
#include "test/lib/saga_case.h"

#include <events/order.h>
#include <evt/envelope.h>

#include <stdio.h>
#include <string.h>

#define HOUR_MS 3600000

static struct evt_service services[2];
static const struct evt_saga *sagas[2][3];
static struct core_sender product;

/* The first of two services begins; the second has the saga's definition 2 alone. */
static struct core *begin(void)
{
    struct core *core;

    saga_case_reset();
    sagas[0][0] = saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), {0}}, 1);
    sagas[1][0] = saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), {0}}, 2);
    for (int i = 0; i < 2; i++) {
        services[i] = fake_saga_service;
        services[i].sagas = sagas[i];
    }
    core = core_new(&services[0]);
    core_sender(core, &product, "product");
    return core;
}

static void start(struct core *core, const char *ref)
{
    core_append(core, core_outside(core, "/edge/order", ref, &order_cancel_order_type,
                                   &(const struct order_cancel_order){ref, "start"}));
    core_run(core);
}

static void done(struct core *core, const char *ref)
{
    core_append(core, core_number(core, &product, &product_stock_reserved_type,
                                  &(const struct product_stock_reserved){
                                      .order_id = ref, .sku = "a", .line = 1, .currency = ""}));
    core_run(core);
}

static void use(struct core *core, const struct evt_service *service)
{
    core_use(core, core->store);
    core->opt.service = service;
}

#define LACKS                                                                                      \
    "the service's tables do not fit its declaration: the saga trip has instances of definition"   \
    " 1, which this version lacks: put it back until they are forgotten"

START_TEST(a_definition_that_is_needed_is_missed_at_start)
{
    struct core *core = begin();

    start(core, core_key(core, "c", true));
    use(core, &services[1]);
    ck_refused(core_open(core), core->err, EVT_E_SERVICE, LACKS);
    core_free(core);
}
END_TEST

/* Of no instance it is asked, and still: a rebuild from the log would need it. */
START_TEST(a_generation_keeps_its_tables)
{
    static const char *const changed =
        "what the service takes changed without a new generation: generation 1 was begun with"
        " other schemas, senders, bounds or sagas: bump the generation";
    struct core *core = begin();
    struct evt_saga other = *sagas[0][0];
    struct evt_saga_step steps[2] = {other.steps[0]};

    use(core, &services[1]);
    ck_refused(core_open(core), core->err, EVT_E_GENERATION_CHANGED, changed);
    sagas[1][0] = &other;
    use(core, &services[1]);
    core_start(core); /* the same in another place */
    steps[0].wait_ms++;
    other.steps = steps;
    use(core, &services[1]);
    ck_refused(core_open(core), core->err, EVT_E_GENERATION_CHANGED, changed);
    core_free(core);
}
END_TEST

START_TEST(what_is_due_is_forgotten_before_a_boundary)
{
    struct core *core = begin();
    const char *ref = core_key(core, "c", true);

    start(core, ref);
    done(core, ref);
    ck_assert_str_eq(core_rows(core, "SELECT phase FROM evt_sagas"), "completed");
    core->now_ms += HOUR_MS + 1;
    core_append(core, core_boundary(core, "1", 2));
    core_run(core);
    services[1].generation = 2;
    use(core, &services[1]);
    core_start(core);
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_sagas"), "0");
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_saga_history"), "0");
    core_free(core);
}
END_TEST

/* Where none ends any more, the last ones go, too. */
START_TEST(what_is_due_is_forgotten_as_the_log_goes_on)
{
    struct core *core = begin();
    const char *ref = core_key(core, "c", true);

    start(core, ref);
    done(core, ref);
    core->now_ms += HOUR_MS + 1;
    while (core_append(core, core_boundary(core, "1", 1)) < 63)
        continue;
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_sagas"), "1");
    core_append(core, core_boundary(core, "1", 1));
    core_run(core);
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_sagas"), "0");
    core_free(core);
}
END_TEST

START_TEST(it_is_of_its_partition)
{
    struct core *core = begin();
    const char *ref = core_key(core, "c", false), *here = core_key(core, "c", true);
    char want[200], reason[80];

    snprintf(reason, sizeof(reason), "start %s", ref);
    core_append(core, core_outside(core, "/edge/order", "1", &order_cancel_order_type,
                                   &(const struct order_cancel_order){here, reason}));
    core_run(core);
    snprintf(want, sizeof(want),
             "the message breaks an invariant: the saga trip %s belongs to partition %d, not %d",
             ref, 1 - CORE_PARTITION, CORE_PARTITION);
    ck_assert_ptr_nonnull(strstr(core_told(core), want));
    ck_assert_str_eq(core_rows(core, "SELECT count(*) FROM evt_sagas"), "0");
    core_free(core);
}
END_TEST

/* ---- by what it sent ---- */

/* As its taker refuses it: under the key of what was refused, with that one's trace. */
static void reject(struct core *core, const struct evt_send *sent, const char *key,
                   const char *trace)
{
    const struct evt_send *send =
        core_number_as(core, &product, key, &evt_rejected_type,
                       &(const struct evt_rejected){.message_id = core_header(sent, "ce_id"),
                                                    .message_type = "",
                                                    .topic = "",
                                                    .code = "",
                                                    .reason = "it cannot be"});

    core_append(core, core_with_header(core, send, "traceparent", trace));
    core_run(core);
}

static const struct evt_send *last_asked(const struct core *core)
{
    size_t i = core->sent_n - 1;

    while (!strstr(core_header(core->sent[i], "ce_type"), "ReserveStock"))
        i--;
    return core->sent[i];
}

START_TEST(it_is_found_by_its_trace)
{
    struct core *core = begin();
    const struct evt_send *sent;
    char trace[EVT_TRACE_LEN + 1];

    start(core, core_key(core, "c", true));
    start(core, core_key(core, "d", true));
    sent = last_asked(core);
    snprintf(trace, sizeof(trace), "%s", core_header(sent, "traceparent"));
    reject(core, sent, "tea", NULL); /* neither its key nor its trace */
    ck_assert_str_eq(core_rows(core, "SELECT phase FROM evt_sagas ORDER BY saga_id"),
                     "forward;forward");
    reject(core, sent, "tea", trace);
    ck_assert_str_eq(core_rows(core, "SELECT phase FROM evt_sagas ORDER BY saga_id"),
                     "forward;undone");
    core_free(core);
}
END_TEST

START_TEST(it_is_found_by_its_key)
{
    struct core *core = begin();
    const char *ref = core_key(core, "c", true);
    const struct evt_send *sent;

    start(core, ref);
    sent = last_asked(core);
    reject(core, sent, ref, NULL);
    ck_assert_str_eq(core_rows(core, "SELECT phase FROM evt_sagas"), "undone");
    core_free(core);
}
END_TEST

/* No row of other instances is read for it: both ways have their index. */
START_TEST(it_is_found_without_a_search)
{
    struct core *core = begin();

    ck_assert_ptr_nonnull(
        strstr(core_rows(core,
                         "EXPLAIN QUERY PLAN SELECT name FROM evt_sagas WHERE substr(trace, 4, 32)"
                         " = '0' AND forget_ms IS NULL AND instr(parts, '1') > 0 ORDER BY saga_id"),
               "USING INDEX evt_sagas_by_trace"));
    core_free(core);
}
END_TEST

/* ---- itself within its own functions ---- */

static bool cancelled;

static enum evt_err cancel_itself(struct evt_ctx *ctx, const struct evt_saga_run *run,
                                  int32_t stage, struct evt_error *err)
{
    (void)stage;
    return evt_saga_cancel(ctx, "trip", run->ref, "no more", &cancelled, err);
}

START_TEST(its_own_functions_do_not_cancel_it)
{
    struct core *core;
    struct evt_saga saga;
    const char *ref;

    saga_case_reset();
    saga = *saga_case_definition((const struct evt_saga_step[]){STEP(0, 1), {0}}, 1);
    saga.joined = cancel_itself;
    sagas[0][0] = &saga;
    services[0] = fake_saga_service;
    services[0].sagas = sagas[0];
    core = core_new(&services[0]);
    core_sender(core, &product, "product");
    ref = core_key(core, "c", true);
    start(core, ref);
    core_told(core);
    done(core, ref);
    ck_assert_ptr_nonnull(
        strstr(core_told(core), "its own functions cannot cancel it: use evt_saga_turn_back"));
    ck_assert_str_eq(core_rows(core, "SELECT phase FROM evt_sagas"), "forward");
    core_free(core);
}
END_TEST

SUITE("saga: kept", a_definition_that_is_needed_is_missed_at_start, a_generation_keeps_its_tables,
      what_is_due_is_forgotten_before_a_boundary, what_is_due_is_forgotten_as_the_log_goes_on,
      it_is_of_its_partition, it_is_found_by_its_trace, it_is_found_by_its_key,
      it_is_found_without_a_search, its_own_functions_do_not_cancel_it)

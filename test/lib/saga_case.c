/* Saga case: messages about one instance, and what became of it, as text. */
#include "test/lib/saga_case.h"

#include "test/lib/harness_internal.h"

#include <events/order.h>
#include <events/product.h>
#include <evt/codec.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFINITIONS_MAX = 8, TEXT_MAX = 32768 };

static struct evt_service service;
static struct evt_saga definitions[DEFINITIONS_MAX];
static struct evt_saga_step tables[DEFINITIONS_MAX][EVT_SAGA_STEPS_MAX + 1];
static const struct evt_saga *sagas[2];
static int definitions_n;

void saga_case_reset(void)
{
    for (int i = 0; i < FAKE_SAGA_STEPS; i++)
        fake_saga_items[i] = 1;
    fake_saga_last_stage = 0;
    definitions_n = 0;
}

const struct evt_saga *saga_case_definition(const struct evt_saga_step *steps, uint32_t number)
{
    struct evt_saga *definition = &definitions[definitions_n];
    struct evt_saga_step *table = tables[definitions_n];
    int n = 0;

    ck_assert_int_lt(definitions_n, DEFINITIONS_MAX);
    definitions_n++;
    for (; steps[n].name; n++)
        table[n] = steps[n];
    table[n] = (struct evt_saga_step){0};
    *definition = (struct evt_saga){.name = "trip",
                                    .number = number,
                                    .steps = table,
                                    .replies = fake_saga_replies(n),
                                    .within_ms = 600000,
                                    .kept_ms = 3600000,
                                    .load = fake_saga_load,
                                    .joined = fake_saga_joined,
                                    .ended = fake_saga_ended};
    return definition;
}

struct harness *saga_case(const struct evt_saga_step *steps)
{
    struct harness *h;

    sagas[0] = saga_case_definition(steps, 1);
    service = fake_saga_service;
    service.sagas = sagas;
    h = harness_new(&service, SAGA_REF);
    saga_start(h, SAGA_REF);
    return h;
}

struct harness *saga_case_with_pivot(void)
{
    saga_case_reset();
    return saga_case(
        (const struct evt_saga_step[]){STEP(0, 1),
                                       STEP_AS(1, 2, EVT_SAGA_PIVOT, fake_saga_undo[1]),
                                       STEP(2, 3),
                                       STEP_AS(3, 3, EVT_SAGA_TURNS_BACK, fake_saga_undo[3]),
                                       STEP_AS(4, 3, EVT_SAGA_DETACHED, NULL),
                                       STEP_AS(5, EVT_SAGA_AFTER_UNDO, 0, NULL),
                                       {0}});
}

struct harness *saga_case_behind_pivot(void)
{
    struct harness *h = saga_case_with_pivot();

    SENT(h, "ask a1, done");
    saga_done(h, "a1");
    SENT(h, "ask b1");
    saga_done(h, "b1");
    SENT(h, "ask c1, ask d1, ask e1");
    return h;
}

void saga_case_end(struct harness *h, const char *phase)
{
    char sql[160];

    SENT(h, "");
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM evt_sagas WHERE phase <> '%s'", phase);
    ck_assert_int_eq(harness_query(h, sql), 0);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_timers"), 0);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_sagas WHERE forget_ms IS NULL"), 0);
    /* Nothing of the history is missing, and nothing is left of what is forgotten. */
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_sagas AS s WHERE history <>"
                                      " (SELECT count(*) FROM evt_saga_history AS h"
                                      "  WHERE h.saga_id = s.saga_id) OR history <>"
                                      " (SELECT max(n) FROM evt_saga_history AS h"
                                      "  WHERE h.saga_id = s.saga_id)"),
                     0);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_saga_history"
                                      " WHERE saga_id NOT IN (SELECT saga_id FROM evt_sagas)"),
                     0);
    harness_end(h);
}

void saga_start(struct harness *h, const char *ref)
{
    GIVE(h, "outside", order_cancel_order, .order_id = ref, .reason = "start");
}

void saga_cancel(struct harness *h, const char *why)
{
    GIVE(h, "outside", order_cancel_order, .order_id = SAGA_REF, .reason = why);
}

void saga_retry(struct harness *h)
{
    GIVE(h, "outside", evt_retry_saga, .saga = "trip", .ref = SAGA_REF);
}

/* "b12": step b, item 12. */
static const char *step_of(const char *part)
{
    static char step[2];

    step[0] = part[0];
    return step;
}

static int32_t item_of(const char *part)
{
    return (int32_t)strtol(part + 1, NULL, 10);
}

void saga_done_but(struct harness *h, const char *part, const char *turn_back)
{
    GIVE(h, "product", product_stock_reserved, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part), .currency = turn_back);
}

void saga_done(struct harness *h, const char *part)
{
    saga_done_but(h, part, "");
}

void saga_refused(struct harness *h, const char *part)
{
    GIVE(h, "product", product_stock_refused, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part));
}

void saga_refused_because(struct harness *h, const char *part)
{
    GIVE(h, "product", product_stock_refused, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part), .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
}

void saga_undone(struct harness *h, const char *part)
{
    GIVE(h, "product", product_stock_released, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part));
}

void saga_not_undone(struct harness *h, const char *part)
{
    GIVE(h, "product", product_stock_gone, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part));
}

void saga_noted(struct harness *h, const char *part)
{
    GIVE(h, "product", product_stock_committed, .order_id = SAGA_REF, .sku = step_of(part),
         .line = item_of(part));
}

static const char *header(const struct evt_send *send, const char *name)
{
    for (size_t i = 0; i < send->headers_n; i++)
        if (strcmp(send->headers[i].name, name) == 0)
            return send->headers[i].value; /* what is kept in the log ends with a NUL */
    return "";
}

void saga_rejected(struct harness *h)
{
    const char *id = header(h->sent[h->sent_n - 1], "ce_id");

    GIVE(h, "product", evt_rejected, .message_id = id, .message_type = "", .topic = "",
         .code = "EVT_E_INVARIANT", .reason = "it cannot be");
}

static void show(const struct harness *h, const struct evt_send *send, struct evt_buf *buf)
{
    static const char *const outcomes[] = {[EVT_COMMAND_OUTCOME_DONE] = "done",
                                           [EVT_COMMAND_OUTCOME_REFUSED] = "refused",
                                           [EVT_COMMAND_OUTCOME_REJECTED] = "rejected"};
    const char *name = header(send, "ce_type");
    const struct evt_type *type = evt_registry_type(h->service->registry, name, strlen(name));
    struct evt_arena arena = {0};
    struct evt_error err;
    void *msg;

    if (header(send, "kafka_dlt-original-offset")[0]) {
        evt_buf_printf(buf, "dead (%s)", header(send, "kafka_dlt-exception-message"));
        return;
    }
    msg = evt_arena_alloc(&arena, type->size);
    ck_ok(evt_type_decode(h->service->registry, type, send->value, send->value_len, &arena, msg,
                          &err),
          err);
    if (type == &product_reserve_stock_type) {
        const struct product_reserve_stock *ask = msg;

        evt_buf_printf(buf, "ask %s%d", ask->sku, (int)ask->line);
    } else if (type == &product_release_stock_type) {
        const struct product_release_stock *undo = msg;

        evt_buf_printf(buf, "undo %s%d", undo->sku, (int)undo->line);
    } else if (type == &evt_command_answered_type) {
        const struct evt_command_answered *answer = msg;

        evt_buf_printf(buf, "%s", outcomes[answer->outcome]);
        if (answer->reason)
            evt_buf_printf(buf, " (%s)", answer->reason);
    } else {
        evt_buf_printf(buf, "%s", type->symbol);
    }
    evt_arena_release(&arena);
}

const char *saga_sent(struct harness *h)
{
    static char text[TEXT_MAX];
    struct evt_buf buf = {0};

    for (; h->expected_n < h->sent_n; h->expected_n++) {
        if (buf.len)
            evt_buf_printf(&buf, ", ");
        show(h, h->sent[h->expected_n], &buf);
    }
    snprintf(text, sizeof(text), "%s", evt_buf_text(&buf));
    evt_buf_release(&buf);
    return text;
}

const char *saga_text(struct harness *h, const char *sql)
{
    static char text[TEXT_MAX];
    struct evt_buf buf = {0};
    sqlite3_stmt *row;

    ck_assert_int_eq(sqlite3_prepare_v2(evt_store_db(evt_shard_store(h->shard)), sql, -1, &row,
                                        NULL),
                     SQLITE_OK);
    while (sqlite3_step(row) == SQLITE_ROW)
        evt_buf_printf(&buf, "%s%s", buf.len ? "; " : "", evt_row_text(row, 0));
    sqlite3_finalize(row);
    snprintf(text, sizeof(text), "%s", evt_buf_text(&buf));
    evt_buf_release(&buf);
    return text;
}

const char *saga_parts(struct harness *h)
{
    static char text[TEXT_MAX];
    const char *at = saga_text(h, "SELECT parts FROM evt_sagas");
    size_t n = 0;
    int blanks = 0;

    for (; *at; at++) {
        blanks = *at == '\n' ? 0 : blanks + (*at == ' ');
        if (*at == '\n' && at[1])
            n += (size_t)snprintf(text + n, sizeof(text) - n, "; ");
        else if (*at != '\n' && blanks < 4)
            text[n++] = *at;
    }
    text[n] = '\0';
    return text;
}

const char *saga_history(struct harness *h, int from)
{
    char sql[240];

    snprintf(sql, sizeof(sql),
             "SELECT what || iif(item > 0, ' ' || step || item, '') || iif(why = '', '', ': ' ||"
             " why) FROM evt_saga_history WHERE n >= %d ORDER BY saga_id, n",
             from);
    return saga_text(h, sql);
}

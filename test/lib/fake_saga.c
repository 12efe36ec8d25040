/* Fake saga: the functions of its steps, one set for each of six. */
#include "test/lib/fake_saga.h"

#include <events/evt.h>
#include <events/order.h>
#include <events/product.h>
#include <evt/mem.h>
#include <evt/store.h>

#include <string.h>

enum { NOTE };
static const char *const statements[] = {[NOTE] = "INSERT INTO notes (text) VALUES (?1)", NULL};
static const struct evt_migration migrations[] = {
    {1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"}, {0}};

int32_t fake_saga_items[FAKE_SAGA_STEPS];
int32_t fake_saga_last_stage;
static char data[] = "what load finds";

/* ---- what each step does ---- */

static enum evt_err ask(struct evt_ctx *ctx, const struct evt_saga_run *run, const char *step,
                        int32_t item, struct evt_error *err)
{
    const struct product_reserve_stock msg = {run->ref, item, step, 1, run->deadline_ms};

    EVT_BUG_ON(run->data != data || evt_saga_current(ctx) != run ||
               strcmp(evt_key(ctx), run->ref) != 0);
    return product_reserve_stock_send(ctx, &msg, err);
}

static enum evt_err undo(struct evt_ctx *ctx, const struct evt_saga_run *run, const char *step,
                         int32_t item, struct evt_error *err)
{
    const struct product_release_stock msg = {run->ref, item, step};

    return product_release_stock_send(ctx, &msg, err);
}

static bool is(const char *sku, const char *step)
{
    return strcmp(sku, step) == 0;
}

#define FITS(type, step)                                                                           \
    static bool type##_is_##step(const void *msg)                                                  \
    {                                                                                              \
        return is(((const struct product_##type *)msg)->sku, #step);                               \
    }
#define STEP(step, n)                                                                              \
    static enum evt_err ask_##step(struct evt_ctx *ctx, const struct evt_saga_run *run,            \
                                   int32_t item, struct evt_error *err)                            \
    {                                                                                              \
        return ask(ctx, run, #step, item, err);                                                    \
    }                                                                                              \
    static enum evt_err undo_##step(struct evt_ctx *ctx, const struct evt_saga_run *run,           \
                                    int32_t item, struct evt_error *err)                           \
    {                                                                                              \
        return undo(ctx, run, #step, item, err);                                                   \
    }                                                                                              \
    static int32_t items_##step(const struct evt_saga_run *run)                                    \
    {                                                                                              \
        (void)run;                                                                                 \
        return fake_saga_items[n];                                                                 \
    }                                                                                              \
    FITS(stock_reserved, step)                                                                     \
    FITS(stock_refused, step)                                                                      \
    FITS(stock_released, step)                                                                     \
    FITS(stock_gone, step)                                                                         \
    FITS(stock_committed, step)
#define STEPS(X) X(a, 0) X(b, 1) X(c, 2) X(d, 3) X(e, 4) X(f, 5)
STEPS(STEP)

#define ITEMS_OF(step, n) items_##step,
#define ASK_OF(step, n)   ask_##step,
#define UNDO_OF(step, n)  undo_##step,
int32_t (*const fake_saga_items_of[])(const struct evt_saga_run *run) = {STEPS(ITEMS_OF)};
evt_saga_ask_fn *const fake_saga_ask[] = {STEPS(ASK_OF)};
evt_saga_ask_fn *const fake_saga_undo[] = {STEPS(UNDO_OF)};

/* ---- what the answers say ---- */

static enum evt_err took_done(struct evt_ctx *ctx, const struct product_stock_reserved *msg,
                              struct evt_error *err)
{
    (void)err;
    if (strcmp(msg->currency, "") != 0)
        evt_saga_turn_back(ctx, "%s", msg->currency);
    return EVT_OK;
}

static enum evt_err took_refused(struct evt_ctx *ctx, const struct product_stock_refused *msg,
                                 struct evt_error *err)
{
    (void)err;
    if (msg->reason == PRODUCT_REFUSAL_REASON_NOT_ENOUGH)
        evt_saga_because(ctx, "not enough of %s %d", msg->sku, (int)msg->line);
    return EVT_OK;
}

static enum evt_err took_noted(struct evt_ctx *ctx, const struct product_stock_committed *msg,
                               struct evt_error *err)
{
    evt_saga_because(ctx, "a word about %s", msg->sku);
    return evt_store_run(evt_ctx_store(ctx), NOTE, err, "t", "noted");
}

#define REPLIES(step, n)                                                                           \
    EVT_SAGA_ON_IF(stock_reserved_is_##step, product_stock_reserved, n, EVT_SAGA_DONE, "line",     \
                   took_done),                                                                     \
        EVT_SAGA_ON_IF(stock_refused_is_##step, product_stock_refused, n, EVT_SAGA_REFUSED,        \
                       "line", took_refused),                                                      \
        EVT_SAGA_ON_IF(stock_released_is_##step, product_stock_released, n, EVT_SAGA_UNDONE,       \
                       "line", NULL),                                                              \
        EVT_SAGA_ON_IF(stock_gone_is_##step, product_stock_gone, n, EVT_SAGA_NOT_UNDONE, "line",   \
                       NULL),                                                                      \
        EVT_SAGA_ON_IF(stock_committed_is_##step, product_stock_committed, n, EVT_SAGA_NOTED,      \
                       "line", took_noted),
static const struct evt_saga_reply all_replies[] = {STEPS(REPLIES)};

const struct evt_saga_reply *fake_saga_replies(int steps_n)
{
    static struct evt_saga_reply tables[FAKE_SAGA_STEPS + 1][5 * FAKE_SAGA_STEPS + 1];

    EVT_BUG_ON(steps_n > FAKE_SAGA_STEPS);
    memcpy(tables[steps_n], all_replies, 5 * (size_t)steps_n * sizeof(*all_replies));
    return tables[steps_n];
}

/* ---- where it leads ---- */

enum evt_err fake_saga_load(struct evt_ctx *ctx, const char *ref, void **ret_data,
                            struct evt_error *err)
{
    (void)ctx, (void)ref, (void)err;
    *ret_data = data;
    return EVT_OK;
}

enum evt_err fake_saga_joined(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                              struct evt_error *err)
{
    (void)run, (void)err;
    if (stage == fake_saga_last_stage)
        evt_saga_turn_back(ctx, "no further than stage %d", (int)stage);
    return EVT_OK;
}

enum evt_err fake_saga_ended(struct evt_ctx *ctx, const struct evt_saga_run *run,
                             enum evt_saga_outcome outcome, struct evt_error *err)
{
    char *text = evt_ctx_alloc(ctx, EVT_SAGA_WHY_MAX + 64);

    snprintf(text, EVT_SAGA_WHY_MAX + 64, "%s by %u%s%s: %s",
             outcome == EVT_SAGA_COMPLETED ? "completed" : "undone", (unsigned)run->saga->number,
             run->pivoted ? " pivoted" : "", run->cancelled ? " cancelled" : "", run->why);
    return evt_store_run(evt_ctx_store(ctx), NOTE, err, "t", text);
}

static enum evt_err handle_cancel(struct evt_ctx *ctx, const struct order_cancel_order *msg,
                                  struct evt_error *err)
{
    bool cancelled = false;
    enum evt_err rc;

    if (strcmp(msg->reason, "start") == 0)
        return evt_saga_start(ctx, "trip", msg->order_id, data, err);
    if (strncmp(msg->reason, "start ", 6) == 0)
        return evt_saga_start(ctx, "trip", msg->reason + 6, data, err);
    rc = evt_saga_cancel(ctx, "trip", msg->order_id, msg->reason, &cancelled, err);
    if (rc == EVT_OK && !cancelled)
        evt_answer_refused(ctx, "it cannot be cancelled", NULL);
    return rc;
}

static enum evt_err handle_rejected(struct evt_ctx *ctx, const struct evt_rejected *msg,
                                    struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), NOTE, err, "t", msg->reason);
}

/* ---- the service ---- */

static const struct evt_type *const known[] = {
    &order_cancel_order_type,    &product_release_stock_type,   &product_reserve_stock_type,
    &product_stock_refused_type, &product_stock_reserved_type,  &product_stock_released_type,
    &product_stock_gone_type,    &product_stock_committed_type,
};
enum { TYPES_MAX = 64 };
static const struct evt_type *types[TYPES_MAX];
static struct evt_schema_ref refs[TYPES_MAX];
static struct evt_declaration declaration = {.service = "order", .hash = 1, .parked_max = 100};
static struct evt_registry registry;

static bool is_known(const struct evt_type *type)
{
    bool found = type->kind == EVT_KIND_SYSTEM;

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        found = found || known[i] == type;
    return found;
}

/* The shop's services may take more by now. */
__attribute__((constructor)) static void fill_in(void)
{
    registry = evt_registry;
    registry.types = types;
    registry.refs = refs;
    registry.declarations = &declaration;
    registry.declarations_n = 1;
    registry.types_n = registry.refs_n = registry.subscriptions_n = 0;
    for (size_t i = 0; i < evt_registry.types_n; i++)
        if (is_known(evt_registry.types[i]))
            types[registry.types_n++] = evt_registry.types[i];
    for (size_t i = 0; i < evt_registry.refs_n; i++)
        if (is_known(evt_registry.refs[i].type))
            refs[registry.refs_n++] = evt_registry.refs[i];
    EVT_BUG_ON(registry.types_n > TYPES_MAX || registry.refs_n > TYPES_MAX);
}

static const struct evt_handler handlers[] = {EVT_ON(order_cancel_order, handle_cancel),
                                              EVT_ON(evt_rejected, handle_rejected),
                                              {0}};

const struct evt_service fake_saga_service = {
    .name = "order",
    .generation = 1,
    .registry = &registry,
    .handlers = handlers,
    .migrations = migrations,
    .statements = statements,
};

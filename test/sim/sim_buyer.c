/* Sim buyer: stands for the order service. Reserves stock and charges an account at the same time,
 * then does one of what a customer may do, chosen by the purchase's id: buys, gives everything
 * back, or keeps silent until the reservations expire. Impatient, it undoes what it does not know
 * yet. */
#include "sim_service.h"

#include <evt/hash.h>
#include <stdio.h>
#include <string.h>

enum {
    STATEMENT_PURCHASE_ADD = SIM_STATEMENTS_N,
    STATEMENT_PURCHASE_GET,
    STATEMENT_PURCHASE_PUT,
    STATEMENT_LINE_ADD,
    STATEMENT_LINE_PUT,
    STATEMENT_LINE_LIST,
    STATEMENT_LINE_COUNT,
};

static const char *const statements[] = {
    SIM_STATEMENTS,
    "INSERT INTO purchase (id, state, account, charge, timer_id)"
    " VALUES (?1, 'open', ?2, 'asked', ?3)",
    "SELECT state, account, charge, timer_id FROM purchase WHERE id = ?1",
    "UPDATE purchase SET state = ?2, charge = ?3, timer_id = ?4 WHERE id = ?1",
    "INSERT INTO line VALUES (?1, ?2, ?3, 'asked')",
    "UPDATE line SET state = ?3 WHERE id = ?1 AND line = ?2",
    "SELECT line, sku FROM line WHERE id = ?1 ORDER BY line",
    "SELECT count(*) FROM line WHERE id = ?1 AND state = ?2",
    NULL,
};

static const char tables_1[] =
    SIM_TABLES "CREATE TABLE purchase (id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL,"
               " account TEXT NOT NULL, charge TEXT NOT NULL, timer_id INTEGER NOT NULL)"
               " STRICT, WITHOUT ROWID;"
               "CREATE TABLE line (id TEXT NOT NULL, line INTEGER NOT NULL, sku TEXT NOT NULL,"
               " state TEXT NOT NULL, PRIMARY KEY (id, line)) STRICT, WITHOUT ROWID;";
static const char tables_2[] =
    "ALTER TABLE purchase ADD COLUMN note TEXT NOT NULL DEFAULT 'before 2';";
static const struct evt_migration migrations_1[] = {{1, "0001-buyer", tables_1}, {0}};
static const struct evt_migration migrations_2[] = {{1, "0001-buyer", tables_1},
                                                    {2, "0002-note", tables_2},
                                                    {0}};

struct purchase {
    const char *id;
    char state[16]; /* open, buying, and its ends: bought, refused, cancelled */
    char account[64];
    char charge[16]; /* asked, charged, refused */
    int64_t timer_id;
};

static enum evt_err purchase_get(struct evt_ctx *ctx, const char *id, struct purchase *ret_purchase,
                                 struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc =
        evt_store_query(evt_ctx_store(ctx), STATEMENT_PURCHASE_GET, &row, err, "t", id);

    *ret_purchase = (struct purchase){.id = id};
    if (rc == EVT_OK && row != NULL) {
        snprintf(ret_purchase->state, sizeof ret_purchase->state, "%s", evt_row_text(row, 0));
        snprintf(ret_purchase->account, sizeof ret_purchase->account, "%s", evt_row_text(row, 1));
        snprintf(ret_purchase->charge, sizeof ret_purchase->charge, "%s", evt_row_text(row, 2));
        ret_purchase->timer_id = sqlite3_column_int64(row, 3);
        evt_store_done(row);
    }
    return rc;
}

static enum evt_err purchase_put(struct evt_ctx *ctx, const struct purchase *purchase,
                                 struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_PURCHASE_PUT, err, "tttl", purchase->id,
                         purchase->state, purchase->charge, purchase->timer_id);
}

static enum evt_err lines_in(struct evt_ctx *ctx, const char *id, const char *state, int64_t *ret_n,
                             struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc =
        evt_store_query(evt_ctx_store(ctx), STATEMENT_LINE_COUNT, &row, err, "tt", id, state);

    if (rc == EVT_OK && row != NULL) {
        *ret_n = sqlite3_column_int64(row, 0);
        evt_store_done(row);
    }
    return rc;
}

static enum evt_err line_put(struct evt_ctx *ctx, const char *id, int32_t line, const char *state,
                             struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_LINE_PUT, err, "tit", id, line, state);
}

enum ask { ASK_COMMIT, ASK_RELEASE };

/* Asks the same of every line. */
static enum evt_err ask_lines(struct evt_ctx *ctx, const char *id, enum ask ask,
                              struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_LINE_LIST, &row, err, "t", id);

    while (rc == EVT_OK && row != NULL) {
        const int32_t line = sqlite3_column_int(row, 0);
        const char *sku = evt_row_text(row, 1);
        const struct product_commit_stock commit = {.order_id = id, .line = line, .sku = sku};
        const struct product_release_stock release = {.order_id = id, .line = line, .sku = sku};

        rc = ask == ASK_COMMIT ? product_commit_stock_send(ctx, &commit, err)
                               : product_release_stock_send(ctx, &release, err);
        if (rc == EVT_OK)
            rc = evt_store_next(evt_ctx_store(ctx), &row, err);
    }
    evt_store_done(row);
    return rc;
}

static enum evt_err refund(struct evt_ctx *ctx, const struct purchase *purchase,
                           struct evt_error *err)
{
    const struct sim_refund command = {.purchase_id = purchase->id, .account = purchase->account};

    return sim_refund_send(ctx, &command, err);
}

static enum evt_err end(struct evt_ctx *ctx, struct purchase *purchase, const char *outcome,
                        struct evt_error *err)
{
    const struct sim_purchase_ended fact = {.purchase_id = purchase->id, .outcome = outcome};
    enum evt_err rc = EVT_OK;

    snprintf(purchase->state, sizeof purchase->state, "%s", outcome);
    if (purchase->timer_id != 0)
        rc = evt_timer_cancel(ctx, purchase->timer_id, err);
    purchase->timer_id = 0;
    return rc == EVT_OK ? sim_purchase_ended_send(ctx, &fact, err) : rc;
}

static bool is_open(const struct purchase *purchase)
{
    return strcmp(purchase->state, "open") == 0;
}

static enum evt_err undo(struct evt_ctx *ctx, struct purchase *purchase, const char *outcome,
                         bool release, struct evt_error *err)
{
    enum evt_err rc = release ? ask_lines(ctx, purchase->id, ASK_RELEASE, err) : EVT_OK;

    if (rc == EVT_OK && strcmp(purchase->charge, "refused") != 0)
        rc = refund(ctx, purchase, err);
    return rc == EVT_OK ? end(ctx, purchase, outcome, err) : rc;
}

/* Every answer is there. The generations choose differently for the same purchase. */
static enum evt_err decide(struct evt_ctx *ctx, struct purchase *purchase, int generation,
                           struct evt_error *err)
{
    const uint32_t choice =
        (evt_murmur2(purchase->id, strlen(purchase->id)) + (uint32_t)generation) % 5;
    int64_t asked = 0, refused = 0;
    enum evt_err rc = lines_in(ctx, purchase->id, "asked", &asked, err);

    if (rc == EVT_OK)
        rc = lines_in(ctx, purchase->id, "refused", &refused, err);
    if (rc != EVT_OK)
        return rc;
    if (!is_open(purchase) || asked > 0 || strcmp(purchase->charge, "asked") == 0)
        return purchase_put(ctx, purchase, err);
    if (refused > 0 || strcmp(purchase->charge, "refused") == 0)
        rc = undo(ctx, purchase, "refused", true, err);
    else if (choice == 0)
        rc = undo(ctx, purchase, "cancelled", true, err);
    else if (choice == 1)
        rc = undo(ctx, purchase, "cancelled", false, err); /* the reservations expire */
    else {
        snprintf(purchase->state, sizeof purchase->state, "buying");
        rc = ask_lines(ctx, purchase->id, ASK_COMMIT, err);
    }
    return rc == EVT_OK ? purchase_put(ctx, purchase, err) : rc;
}

/* A line was answered: noted, and decided upon. */
static enum evt_err answered(struct evt_ctx *ctx, const char *id, int32_t line, const char *state,
                             int generation, struct evt_error *err)
{
    struct purchase purchase;
    enum evt_err rc = purchase_get(ctx, id, &purchase, err);

    if (rc == EVT_OK)
        rc = line_put(ctx, id, line, state, err);
    return rc == EVT_OK ? decide(ctx, &purchase, generation, err) : rc;
}

static enum evt_err paid(struct evt_ctx *ctx, const char *id, const char *charge, int generation,
                         struct evt_error *err)
{
    struct purchase purchase;
    enum evt_err rc = purchase_get(ctx, id, &purchase, err);

    if (rc != EVT_OK)
        return rc;
    snprintf(purchase.charge, sizeof purchase.charge, "%s", charge);
    return decide(ctx, &purchase, generation, err);
}

/* Once all lines are settled the purchase ends: bought, or refused when some stock was gone. */
static enum evt_err settled(struct evt_ctx *ctx, const char *id, int32_t line, const char *state,
                            int generation, struct evt_error *err)
{
    struct purchase purchase;
    int64_t reserved = 0, gone = 0;
    enum evt_err rc = purchase_get(ctx, id, &purchase, err);

    if (rc == EVT_OK)
        rc = line_put(ctx, id, line, state, err);
    if (rc == EVT_OK)
        rc = lines_in(ctx, id, "reserved", &reserved, err);
    if (rc == EVT_OK)
        rc = lines_in(ctx, id, "gone", &gone, err);
    if (rc != EVT_OK || reserved > 0 || strcmp(purchase.state, "buying") != 0)
        return rc;
    if (gone > 0)
        rc = undo(ctx, &purchase, "refused", false, err);
    else
        rc = end(ctx, &purchase, "bought", err);
    if (rc == EVT_OK && generation == 2) {
        const struct sim_audit_account audit = {.purchase_id = id, .account = purchase.account};

        rc = sim_audit_account_send(ctx, &audit, err);
    }
    return rc == EVT_OK ? purchase_put(ctx, &purchase, err) : rc;
}

static enum evt_err reserve_and_charge(struct evt_ctx *ctx, const struct sim_start_purchase *msg,
                                       struct evt_error *err)
{
    const struct sim_charge charge = {.purchase_id = msg->purchase_id,
                                      .account = msg->account,
                                      .amount_minor = msg->amount_minor};
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; rc == EVT_OK && i < msg->skus_n; i++) {
        const struct product_reserve_stock reserve = {.order_id = msg->purchase_id,
                                                      .line = (int32_t)i + 1,
                                                      .sku = msg->skus[i],
                                                      .quantity = msg->quantity,
                                                      .deadline =
                                                          evt_time_ms(ctx) + msg->patience_ms};

        rc = evt_store_run(evt_ctx_store(ctx), STATEMENT_LINE_ADD, err, "tit", msg->purchase_id,
                           reserve.line, reserve.sku);
        if (rc == EVT_OK)
            rc = product_reserve_stock_send(ctx, &reserve, err);
    }
    return rc == EVT_OK ? sim_charge_send(ctx, &charge, err) : rc;
}

static enum evt_err handle_start(struct evt_ctx *ctx, const struct sim_start_purchase *msg,
                                 struct evt_error *err)
{
    struct purchase purchase;
    enum evt_err rc = sim_seen(ctx, &sim_start_purchase_type, err);

    if (rc == EVT_OK)
        rc = purchase_get(ctx, msg->purchase_id, &purchase, err);
    if (rc != EVT_OK)
        return rc;
    if (purchase.state[0] != '\0') {
        evt_answer_refused(ctx, "it was started before", NULL);
        return EVT_OK;
    }
    rc = reserve_and_charge(ctx, msg, err);
    if (rc == EVT_OK && msg->quantity < 1) /* only now: what was sent and written must vanish */
        return evt_reject(err, "the quantity is %lld", (long long)msg->quantity);
    if (rc == EVT_OK)
        rc = evt_timer_set(ctx, "patience", evt_time_ms(ctx) + msg->patience_ms, msg->purchase_id,
                           &purchase.timer_id, err);
    if (rc != EVT_OK)
        return rc;
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_PURCHASE_ADD, err, "ttl", msg->purchase_id,
                         msg->account, purchase.timer_id);
}

static enum evt_err handle_cancel(struct evt_ctx *ctx, const struct sim_cancel_purchase *msg,
                                  struct evt_error *err)
{
    struct purchase purchase;
    enum evt_err rc = sim_seen(ctx, &sim_cancel_purchase_type, err);

    if (rc == EVT_OK)
        rc = purchase_get(ctx, msg->purchase_id, &purchase, err);
    if (rc != EVT_OK)
        return rc;
    if (!is_open(&purchase)) {
        evt_answer_refused(ctx, "it is not open", NULL);
        return EVT_OK;
    }
    rc = undo(ctx, &purchase, "cancelled", true, err);
    return rc == EVT_OK ? purchase_put(ctx, &purchase, err) : rc;
}

static enum evt_err lose_patience(struct evt_ctx *ctx, const struct evt_timer *timer,
                                  struct evt_error *err)
{
    struct purchase purchase;
    enum evt_err rc = sim_fired(ctx, timer, err);

    if (rc == EVT_OK)
        rc = purchase_get(ctx, timer->ref, &purchase, err);
    if (rc != EVT_OK)
        return rc;
    if (purchase.timer_id != timer->id)
        return evt_reject(err, "%s does not wait for this timer", timer->ref);
    purchase.timer_id = 0;
    if (is_open(&purchase))
        rc = undo(ctx, &purchase, "cancelled", true, err);
    return rc == EVT_OK ? purchase_put(ctx, &purchase, err) : rc;
}

/* Replies: each is noted as seen, then handled by the generation's own decision. */
#define REPLY(symbol, generation, how)                                                             \
    static enum evt_err symbol##_##generation(struct evt_ctx *ctx, const struct symbol *msg,       \
                                              struct evt_error *err)                               \
    {                                                                                              \
        const enum evt_err rc = sim_seen(ctx, &symbol##_type, err);                                \
                                                                                                   \
        (void)msg;                                                                                 \
                                                                                                   \
        return rc == EVT_OK ? how : rc;                                                            \
    }
#define REPLIES(generation)                                                                        \
    REPLY(product_stock_reserved, generation,                                                      \
          answered(ctx, msg->order_id, msg->line, "reserved", generation, err))                    \
    REPLY(product_stock_refused, generation,                                                       \
          answered(ctx, msg->order_id, msg->line, "refused", generation, err))                     \
    REPLY(product_stock_released, generation,                                                      \
          line_put(ctx, msg->order_id, msg->line, "released", err))                                \
    REPLY(product_stock_committed, generation,                                                     \
          settled(ctx, msg->order_id, msg->line, "committed", generation, err))                    \
    REPLY(product_stock_gone, generation,                                                          \
          settled(ctx, msg->order_id, msg->line, "gone", generation, err))                         \
    REPLY(sim_charged, generation, paid(ctx, msg->purchase_id, "charged", generation, err))        \
    REPLY(sim_charge_refused, generation, paid(ctx, msg->purchase_id, "refused", generation, err)) \
    REPLY(sim_refunded, generation, EVT_OK)
REPLIES(1)
REPLIES(2)
REPLY(sim_account_audited, 2, EVT_OK)

#define HANDLERS(generation)                                                                       \
    EVT_ON(sim_start_purchase, handle_start), EVT_ON(sim_cancel_purchase, handle_cancel),          \
        EVT_ON(product_stock_reserved, product_stock_reserved_##generation),                       \
        EVT_ON(product_stock_refused, product_stock_refused_##generation),                         \
        EVT_ON(product_stock_released, product_stock_released_##generation),                       \
        EVT_ON(product_stock_committed, product_stock_committed_##generation),                     \
        EVT_ON(product_stock_gone, product_stock_gone_##generation),                               \
        EVT_ON(sim_charged, sim_charged_##generation),                                             \
        EVT_ON(sim_charge_refused, sim_charge_refused_##generation),                               \
        EVT_ON(sim_refunded, sim_refunded_##generation)
static const struct evt_handler handlers_1[] = {HANDLERS(1), {0}};
static const struct evt_handler handlers_2[] = {HANDLERS(2),
                                                EVT_ON(sim_account_audited, sim_account_audited_2),
                                                {0}};
static const struct evt_timer_handler timers[] = {{"patience", lose_patience}, {0}};

const struct evt_service sim_buyer[SIM_GENERATIONS] = {
    {.name = "order",
     .generation = 1,
     .registry = &sim_registry[0],
     .handlers = handlers_1,
     .timers = timers,
     .migrations = migrations_1,
     .statements = statements},
    {.name = "order",
     .generation = 2,
     .registry = &sim_registry[1],
     .handlers = handlers_2,
     .timers = timers,
     .migrations = migrations_2,
     .statements = statements},
};

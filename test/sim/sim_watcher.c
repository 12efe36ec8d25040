/* Sim watcher: counts the facts that others say, each of which must come exactly once.
 *
 * Generation 2 counts by another weight, so that records applied by the wrong generation show. */
#include "sim_service.h"

enum { STATEMENT_COUNT = SIM_STATEMENTS_N, STATEMENT_STOCK, STATEMENT_ACCOUNT };

static const char *const statements[] = {
    SIM_STATEMENTS,
    "INSERT INTO counted VALUES (?1, ?2, ?3) ON CONFLICT (type, key) DO UPDATE SET n = n + ?3",
    "INSERT INTO stock VALUES (?1, ?2, ?3) ON CONFLICT (sku) DO UPDATE SET"
    " sum = sum + ?2, on_hand = ?3",
    "INSERT INTO moved VALUES (?1, ?2, ?3) ON CONFLICT (purchase_id) DO UPDATE SET sum = sum + ?3",
    NULL,
};

#define WATCH                                                                                      \
    {                                                                                              \
        1, "0001-watch", tables_1                                                                  \
    }
static const char tables_1[] =
    SIM_TABLES "CREATE TABLE counted (type TEXT NOT NULL, key TEXT NOT NULL, n INTEGER NOT NULL,"
               " PRIMARY KEY (type, key)) STRICT, WITHOUT ROWID;"
               "CREATE TABLE stock (sku TEXT PRIMARY KEY NOT NULL, sum INTEGER NOT NULL,"
               " on_hand INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
               "CREATE TABLE moved (purchase_id TEXT PRIMARY KEY NOT NULL, account TEXT NOT NULL,"
               " sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;";
static const struct evt_migration migrations_1[] = {WATCH, {0}};
static const struct evt_migration migrations_2[] = {
    WATCH,
    {2, "0002-more",
     "CREATE TABLE more (one INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
     "INSERT INTO more VALUES (1, 2);"},
    {0},
};

static enum evt_err count(struct evt_ctx *ctx, const struct evt_type *type, int weight,
                          struct evt_error *err)
{
    enum evt_err rc = sim_seen(ctx, type, err);

    if (rc != EVT_OK)
        return rc;
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_COUNT, err, "tti", type->symbol,
                         evt_key(ctx), weight);
}

static enum evt_err product_stock_changed_more(struct evt_ctx *ctx,
                                               const struct product_stock_changed *msg,
                                               struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_STOCK, err, "tll", msg->sku, msg->delta,
                         msg->on_hand);
}

static enum evt_err sim_account_moved_more(struct evt_ctx *ctx, const struct sim_account_moved *msg,
                                           struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_ACCOUNT, err, "ttl", msg->purchase_id,
                         msg->account, msg->delta_minor);
}

#define NOTHING_MORE(symbol)                                                                       \
    static enum evt_err symbol##_more(struct evt_ctx *ctx, const struct symbol *msg,               \
                                      struct evt_error *err)                                       \
    {                                                                                              \
        (void)ctx, (void)msg, (void)err;                                                           \
        return EVT_OK;                                                                             \
    }
NOTHING_MORE(product_product_created)
NOTHING_MORE(product_price_changed)
NOTHING_MORE(product_product_withdrawn)

/* A handler per fact and generation. */
#define COUNTED(symbol, generation)                                                                \
    static enum evt_err symbol##_##generation(struct evt_ctx *ctx, const struct symbol *msg,       \
                                              struct evt_error *err)                               \
    {                                                                                              \
        const enum evt_err rc = count(ctx, &symbol##_type, generation, err);                       \
                                                                                                   \
        return rc == EVT_OK ? symbol##_more(ctx, msg, err) : rc;                                   \
    }
#define FACTS(X, generation)                                                                       \
    X(product_product_created, generation)                                                         \
    X(product_price_changed, generation)                                                           \
    X(product_product_withdrawn, generation)                                                       \
    X(product_stock_changed, generation)                                                           \
    X(sim_account_moved, generation)
FACTS(COUNTED, 1)
FACTS(COUNTED, 2)

#define HANDLER(symbol, generation) EVT_ON(symbol, symbol##_##generation),
static const struct evt_handler handlers_1[] = {FACTS(HANDLER, 1){0}};
static const struct evt_handler handlers_2[] = {FACTS(HANDLER, 2){0}};

const struct evt_service sim_watcher[SIM_GENERATIONS] = {
    {.name = "watcher",
     .generation = 1,
     .registry = &sim_registry[0],
     .handlers = handlers_1,
     .migrations = migrations_1,
     .statements = statements},
    {.name = "watcher",
     .generation = 2,
     .registry = &sim_registry[1],
     .handlers = handlers_2,
     .migrations = migrations_2,
     .statements = statements},
};

/* Fake product: its tables and handlers; what ReserveStock does is in fake_reserve.c. */
#include "test/lib/fake_product.h"
#include "test/lib/fake_reserve.h"

#include <events/evt.h>
#include <events/product.h>
#include <evt/store.h>

#include <string.h>

static const char *const statements[] = {
    [FAKE_NOTE] = "INSERT INTO notes (text) VALUES (?1)",
    [FAKE_TAKE] = "INSERT INTO taken (sku) VALUES (?1)",
    [FAKE_TIMER_KEEP] = "INSERT INTO waits (order_id, timer) VALUES (?1, ?2)",
    [FAKE_TIMER_GET] = "SELECT timer FROM waits WHERE order_id = ?1",
    NULL,
};

#define NOTES                                                                                      \
    {                                                                                              \
        1, "notes",                                                                                \
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"              \
            "CREATE TABLE taken (sku TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;"            \
            "CREATE TABLE waits (order_id TEXT NOT NULL PRIMARY KEY, timer INTEGER NOT NULL)"      \
            " STRICT, WITHOUT ROWID;"                                                              \
    }
static const struct evt_migration migrations[] = {NOTES, {0}};
static const struct evt_migration migrations_2[] = {
    NOTES,
    {2, "further",
     "CREATE TABLE further (id INTEGER PRIMARY KEY) STRICT;"
     "INSERT INTO further SELECT max(id) FROM notes HAVING max(id) IS NOT NULL"},
    {0},
};

static enum evt_err cancel_timer(struct evt_ctx *ctx, const char *order_id, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int64_t id = 0;
    enum evt_err rc = evt_store_query(evt_ctx_store(ctx), FAKE_TIMER_GET, &row, err, "t", order_id);

    if (rc != EVT_OK || !row)
        return rc;
    id = sqlite3_column_int64(row, 0);
    evt_store_done(row);
    return evt_timer_cancel(ctx, id, err);
}

static enum evt_err handle_release(struct evt_ctx *ctx, const struct product_release_stock *msg,
                                   struct evt_error *err)
{
    enum evt_err rc = fake_note(ctx, err, "release %s", msg->order_id);

    return rc == EVT_OK ? cancel_timer(ctx, msg->order_id, err) : rc;
}

static enum evt_err handle_commit(struct evt_ctx *ctx, const struct product_commit_stock *msg,
                                  struct evt_error *err)
{
    return fake_note(ctx, err, "commit %s", msg->order_id);
}

static void answer_long(struct evt_ctx *ctx, size_t len)
{
    char text[EVT_ANSWER_MAX + 2];

    memset(text, 'x', len);
    text[len - 6] = '\0'; /* reason and detail together */
    evt_answer_refused(ctx, "reason", text);
}

/* The name says how it is answered. */
static enum evt_err handle_create(struct evt_ctx *ctx, const struct product_create_product *msg,
                                  struct evt_error *err)
{
    const struct product_product_created fact = {.sku = msg->sku,
                                                 .name = msg->name,
                                                 .price_minor = msg->price_minor,
                                                 .currency = msg->currency,
                                                 .version = 1};
    enum evt_err rc = fake_note(ctx, err, "create %s", msg->name);

    if (fake_begins(msg->name, "reject"))
        return evt_reject(err, "%s", msg->name);
    if (fake_begins(msg->name, "refuse"))
        evt_answer_refused(ctx, msg->name, "{\"left\":0}");
    if (fake_begins(msg->name, "long"))
        answer_long(ctx,
                    strcmp(msg->name, "long enough") == 0 ? EVT_ANSWER_MAX : EVT_ANSWER_MAX + 1);
    if (fake_begins(msg->name, "latin"))
        evt_answer_refused(ctx, "caf\xe9", NULL);
    if (fake_begins(msg->name, "detail") || strcmp(msg->name, "long first") == 0)
        evt_answer_done(ctx, "{\"id\":7}");
    return rc == EVT_OK ? product_product_created_send(ctx, &fact, err) : rc;
}

static enum evt_err handle_price(struct evt_ctx *ctx, const struct product_change_price *msg,
                                 struct evt_error *err)
{
    return fake_note(ctx, err, "price %s", msg->sku);
}

static enum evt_err handle_receive(struct evt_ctx *ctx, const struct product_receive_stock *msg,
                                   struct evt_error *err)
{
    return fake_note(ctx, err, "receive %s", msg->sku);
}

static enum evt_err handle_withdraw(struct evt_ctx *ctx, const struct product_withdraw_product *msg,
                                    struct evt_error *err)
{
    return fake_note(ctx, err, "withdraw %s", msg->sku);
}

static enum evt_err handle_rejected(struct evt_ctx *ctx, const struct evt_rejected *msg,
                                    struct evt_error *err)
{
    return fake_note(ctx, err, "rejected %s %s", msg->message_id, msg->code);
}

static enum evt_err handle_deadline(struct evt_ctx *ctx, const struct evt_timer *timer,
                                    struct evt_error *err)
{
    enum evt_err rc = fake_note(ctx, err, "fired %lld %s due %lld key %s", (long long)timer->id,
                                timer->ref, (long long)timer->due_ms, evt_key(ctx));

    if (fake_begins(timer->ref, "reject"))
        return evt_reject(err, "%s", timer->ref);
    return rc == EVT_OK ? fake_reply(ctx, timer->ref, evt_key(ctx), err) : rc;
}

static enum evt_err handle_bank(struct evt_ctx *ctx, const struct evt_call_result *result,
                                struct evt_error *err)
{
    enum evt_err rc =
        fake_note(ctx, err, "bank %lld %s %s '%.*s' key %s", (long long)result->id, result->ref,
                  result->end == EVT_CALL_END_OK ? "ok" : "refused", (int)result->response.len,
                  result->response.len ? (const char *)result->response.data : "", evt_key(ctx));

    if (fake_begins(result->ref, "reject"))
        return evt_reject(err, "%s", result->ref);
    return rc;
}

static const struct evt_handler handlers[] = {
    EVT_ON(product_create_product, handle_create),
    EVT_ON(product_change_price, handle_price),
    EVT_ON(product_receive_stock, handle_receive),
    EVT_ON(product_withdraw_product, handle_withdraw),
    EVT_ON(product_reserve_stock, fake_reserve),
    EVT_ON(product_release_stock, handle_release),
    EVT_ON(product_commit_stock, handle_commit),
    EVT_ON(evt_rejected, handle_rejected),
    {0},
};
static const struct evt_timer_handler timers[] = {{"deadline", handle_deadline}, {0}};
static const struct evt_call_handler calls[] = {{"bank", handle_bank}, {0}};

const struct evt_service fake_product = {
    .name = "product",
    .generation = 1,
    .registry = &fake_registry,
    .handlers = handlers,
    .timers = timers,
    .calls = calls,
    .migrations = migrations,
    .statements = statements,
};
const struct evt_service fake_product_2 = {
    .name = "product",
    .generation = 2,
    .registry = &fake_registry,
    .handlers = handlers,
    .timers = timers,
    .calls = calls,
    .migrations = migrations_2,
    .statements = statements,
};

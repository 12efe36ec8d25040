/* Fake reserve: what ReserveStock does in the fake product, by the first letters of its sku. */
#include "test/lib/fake_reserve.h"
#include "test/lib/fake_product.h"

#include <evt/store.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fake_product_busy;

enum evt_err fake_note(struct evt_ctx *ctx, struct evt_error *err, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return evt_store_run(evt_ctx_store(ctx), FAKE_NOTE, err, "t", text);
}

bool fake_begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum evt_err fake_reply(struct evt_ctx *ctx, const char *order_id, const char *sku,
                        struct evt_error *err)
{
    const struct product_stock_reserved msg = {
        .order_id = order_id, .line = 1, .sku = sku, .quantity = 1, .currency = "EUR"};

    return product_stock_reserved_send(ctx, &msg, err);
}

static enum evt_err set_timer(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                              struct evt_error *err)
{
    int64_t id;
    enum evt_err rc = evt_timer_set(ctx, "deadline", msg->deadline, msg->order_id, &id, err);

    if (rc == EVT_OK)
        rc = evt_store_run(evt_ctx_store(ctx), FAKE_TIMER_KEEP, err, "tl", msg->order_id, id);
    return rc == EVT_OK ? fake_note(ctx, err, "timer %lld", (long long)id) : rc;
}

static enum evt_err call_twice(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                               struct evt_error *err)
{
    static const uint8_t pay[] = {'p', 'a', 'y', 0, 1};
    int64_t first = 0, second = 0;
    enum evt_err rc =
        evt_call(ctx, "bank", msg->order_id, (struct evt_bytes){pay, sizeof(pay)}, &first, err);

    if (rc == EVT_OK)
        rc = evt_call(ctx, "bank", NULL, (struct evt_bytes){NULL, 0}, &second, err);
    return rc == EVT_OK
               ? fake_note(ctx, err, "calls %lld %lld", (long long)first, (long long)second)
               : rc;
}

/* Everything that a handler can leave behind, before it fails. */
static enum evt_err do_all(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                           struct evt_error *err)
{
    enum evt_err rc = fake_note(ctx, err, "%s", msg->order_id);

    if (rc == EVT_OK)
        rc = fake_reply(ctx, msg->order_id, msg->sku, err);
    if (rc == EVT_OK)
        rc = set_timer(ctx, msg, err);
    return rc == EVT_OK ? call_twice(ctx, msg, err) : rc;
}

static enum evt_err mute(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                         struct evt_error *err)
{
    return fake_note(ctx, err, "%s", msg->order_id);
}

static enum evt_err answer(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                           struct evt_error *err)
{
    enum evt_err rc = mute(ctx, msg, err);

    return rc == EVT_OK ? fake_reply(ctx, msg->order_id, msg->sku, err) : rc;
}

static enum evt_err look(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                         struct evt_error *err)
{
    enum evt_err rc = fake_reply(ctx, msg->order_id, msg->sku, err);

    if (rc != EVT_OK)
        return rc;
    return fake_note(ctx, err, "now %lld time %lld key %s source %s id %s sent %s",
                     (long long)evt_now_ms(ctx), (long long)evt_time_ms(ctx), evt_key(ctx),
                     evt_source(ctx), evt_id(ctx), evt_sent_id(ctx));
}

static enum evt_err take_uuids(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                               struct evt_error *err)
{
    char first[EVT_UUID_LEN + 1], second[EVT_UUID_LEN + 1];

    (void)msg;
    evt_uuid(ctx, first);
    evt_uuid(ctx, second);
    return fake_note(ctx, err, "%s %s", first, second);
}

static enum evt_err reject(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                           struct evt_error *err)
{
    enum evt_err rc = do_all(ctx, msg, err);

    return rc == EVT_OK ? evt_reject(err, "%s is refused", msg->order_id) : rc;
}

static enum evt_err busy(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                         struct evt_error *err)
{
    enum evt_err rc = do_all(ctx, msg, err);

    if (rc != EVT_OK || fake_product_busy == 0)
        return rc;
    fake_product_busy--;
    return evt_fail(err, EVT_E_BUSY, "the test says so");
}

static enum evt_err fatal(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                          struct evt_error *err)
{
    (void)ctx;
    (void)msg;
    return evt_fail(err, EVT_E_STORE_CORRUPT, "the test says so");
}

static enum evt_err take(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                         struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), FAKE_TAKE, err, "t", msg->sku);
}

static enum evt_err send_long(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                              struct evt_error *err)
{
    char text[70000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    return fake_reply(ctx, msg->order_id, text, err);
}

static enum evt_err send_longkey(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                                 struct evt_error *err)
{
    char text[257];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    return fake_reply(ctx, text, msg->sku, err);
}

static enum evt_err send_nokey(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                               struct evt_error *err)
{
    return fake_reply(ctx, "", msg->sku, err);
}

/* What only another service may send. */
static enum evt_err send_foreign(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                                 struct evt_error *err)
{
    return product_reserve_stock_send(ctx, msg, err);
}

static const struct {
    const char *prefix;
    product_reserve_stock_fn *fn;
} tricks[] = {
    {"busy", busy},
    {"call", call_twice},
    {"fatal", fatal},
    {"foreign", send_foreign},
    {"longkey", send_longkey},
    {"long", send_long},
    {"look", look},
    {"mute", mute},
    {"nokey", send_nokey},
    {"reject", reject},
    {"taken", take},
    {"timer", set_timer},
    {"uuid", take_uuids},
};

enum evt_err fake_reserve(struct evt_ctx *ctx, const struct product_reserve_stock *msg,
                          struct evt_error *err)
{
    for (size_t i = 0; i < sizeof(tricks) / sizeof(*tricks); i++)
        if (fake_begins(msg->sku, tricks[i].prefix))
            return tricks[i].fn(ctx, msg, err);
    return answer(ctx, msg, err);
}

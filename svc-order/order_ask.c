/* Order, what its saga asks: each function sends one message. */
#include "order_saga.h"
#include "store_order.h"

#include "events/notify.h"
#include "events/payment.h"
#include "events/product.h"

/* How long goods are held: longer than anything before the pivot may take, so that a reservation
 * only ends before its order when the payment provider is away for long. */
#define RESERVED_MS (15LL * 60 * 1000)

static enum evt_err get_line(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t line,
                             const struct order_line **ret_line, struct evt_error *err)
{
    struct order *order = run->data;
    enum evt_err rc = store_order_lines(ctx, order, err);

    if (rc == EVT_OK)
        *ret_line = &order->lines[line - 1];
    return rc;
}

enum evt_err order_ask_reserve(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                               struct evt_error *err)
{
    struct product_reserve_stock msg = {
        .order_id = run->ref,
        .line = item,
        .deadline = run->started_ms + RESERVED_MS,
    };
    const struct order_line *line;
    enum evt_err rc = get_line(ctx, run, item, &line, err);

    if (rc != EVT_OK)
        return rc;
    msg.sku = line->sku;
    msg.quantity = line->quantity;
    return product_reserve_stock_send(ctx, &msg, err);
}

enum evt_err order_undo_reserve(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                struct evt_error *err)
{
    struct product_release_stock msg = {.order_id = run->ref, .line = item};
    const struct order_line *line;
    enum evt_err rc = get_line(ctx, run, item, &line, err);

    if (rc != EVT_OK)
        return rc;
    msg.sku = line->sku;
    return product_release_stock_send(ctx, &msg, err);
}

enum evt_err order_ask_commit(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                              struct evt_error *err)
{
    struct product_commit_stock msg = {.order_id = run->ref, .line = item};
    const struct order_line *line;
    enum evt_err rc = get_line(ctx, run, item, &line, err);

    if (rc != EVT_OK)
        return rc;
    msg.sku = line->sku;
    return product_commit_stock_send(ctx, &msg, err);
}

enum evt_err order_ask_authorise(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                 struct evt_error *err)
{
    const struct order *order = run->data;
    const struct payment_authorise_payment msg = {
        .order_id = run->ref,
        .amount_minor = order->total_minor,
        .currency = order->currency,
        .token = order->payment_token,
    };

    (void)item;
    return payment_authorise_payment_send(ctx, &msg, err);
}

enum evt_err order_undo_authorise(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                  struct evt_error *err)
{
    const struct payment_void_payment msg = {.order_id = run->ref};

    (void)item;
    return payment_void_payment_send(ctx, &msg, err);
}

enum evt_err order_ask_capture(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                               struct evt_error *err)
{
    const struct payment_capture_payment msg = {.order_id = run->ref};

    (void)item;
    return payment_capture_payment_send(ctx, &msg, err);
}

enum evt_err order_undo_capture(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                struct evt_error *err)
{
    const struct payment_refund_payment msg = {.order_id = run->ref};

    (void)item;
    return payment_refund_payment_send(ctx, &msg, err);
}

static enum evt_err send_mail(struct evt_ctx *ctx, struct order *order, enum notify_mail_kind kind,
                              struct evt_error *err)
{
    struct notify_mail_line *lines;
    struct notify_send_mail msg = {
        .recipient = order->email,
        .order_id = order->id,
        .kind = kind,
        .email = order->email,
        .name = order->address.name,
        .total_minor =
            kind == NOTIFY_MAIL_KIND_ORDER_REFUNDED ? order->refunded_minor : order->total_minor,
        .currency = order->currency,
        .reason = order->reason,
    };
    enum evt_err rc = store_order_lines(ctx, order, err);

    if (rc != EVT_OK)
        return rc;
    lines = evt_ctx_alloc(ctx, (size_t)order->lines_n * sizeof(*lines));
    for (int32_t i = 0; i < order->lines_n; i++) {
        lines[i].sku = order->lines[i].sku;
        lines[i].quantity = order->lines[i].quantity;
        lines[i].price_minor = order->lines[i].price_minor;
    }
    msg.lines = lines;
    msg.lines_n = (size_t)order->lines_n;
    return notify_send_mail_send(ctx, &msg, err);
}

enum evt_err order_ask_confirmation(struct evt_ctx *ctx, const struct evt_saga_run *run,
                                    int32_t item, struct evt_error *err)
{
    (void)item;
    return send_mail(ctx, run->data, NOTIFY_MAIL_KIND_ORDER_CONFIRMED, err);
}

enum notify_mail_kind order_mail_kind(const struct order *order)
{
    switch (order->status) {
    case ORDER_REJECTED:
        return NOTIFY_MAIL_KIND_ORDER_REJECTED;
    case ORDER_CANCELLED:
        return NOTIFY_MAIL_KIND_ORDER_CANCELLED;
    case ORDER_REFUNDED:
        return NOTIFY_MAIL_KIND_ORDER_REFUNDED;
    case ORDER_PLACED: /* the confirmation goes out before the end */
    case ORDER_CONFIRMED:
    case ORDER_CANCELLING:
        break;
    }
    return NOTIFY_MAIL_KIND_ORDER_CONFIRMED;
}

enum evt_err order_ask_farewell(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t item,
                                struct evt_error *err)
{
    (void)item;
    return send_mail(ctx, run->data, order_mail_kind(run->data), err);
}

/* Order saga: the table, what it keeps of the answers, and how an order ends. */
#include "order_saga.h"

#include "store_order.h"

#include "events/payment.h"
#include "events/product.h"

#include <evt/mem.h>
#include <evt/money.h>

#include <stdio.h>
#include <string.h>

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS    (24 * 60 * MINUTE_MS)

/* Indexes of the table below. */
enum { RESERVE, AUTHORISE, CAPTURE, COMMIT, CONFIRMATION, FAREWELL };

struct order *order_current(const struct evt_ctx *ctx)
{
    return evt_saga_current(ctx)->data;
}

static enum evt_err load(struct evt_ctx *ctx, const char *ref, void **ret_data,
                         struct evt_error *err)
{
    struct order *order;
    enum evt_err rc = store_order_get(ctx, ref, &order, err);

    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(!order); /* they began in one transaction */
    *ret_data = order;
    return EVT_OK;
}

static int32_t lines(const struct evt_saga_run *run)
{
    const struct order *order = run->data;

    return order->lines_n;
}

/* ---- what the answers say ---- */

static enum evt_err took_reserved(struct evt_ctx *ctx, const struct product_stock_reserved *msg,
                                  struct evt_error *err)
{
    const struct order *order = order_current(ctx);

    if (strcmp(msg->currency, order->currency) != 0) { /* and its price is none of this order's */
        evt_saga_turn_back(ctx, "%s is sold in %s and not in %s", msg->sku, msg->currency,
                           order->currency);
        return EVT_OK;
    }
    return store_order_price(ctx, order, msg->line, msg->price_minor, err);
}

static enum evt_err took_refused(struct evt_ctx *ctx, const struct product_stock_refused *msg,
                                 struct evt_error *err)
{
    static const char *const words[] = {
        [PRODUCT_REFUSAL_REASON_OTHER] = "cannot be had",
        [PRODUCT_REFUSAL_REASON_UNKNOWN] = "is not in the catalogue",
        [PRODUCT_REFUSAL_REASON_WITHDRAWN] = "is no longer sold",
        [PRODUCT_REFUSAL_REASON_NOT_ENOUGH] = "is not in stock in that quantity",
        [PRODUCT_REFUSAL_REASON_EXPIRED] = "was reserved too late",
        [PRODUCT_REFUSAL_REASON_RELEASED] = "was released before it was reserved",
    };

    (void)err;
    evt_saga_because(ctx, "%s %s", msg->sku, words[msg->reason]);
    return EVT_OK;
}

static enum evt_err took_gone(struct evt_ctx *ctx, const struct product_stock_gone *msg,
                              struct evt_error *err)
{
    (void)err;
    evt_saga_because(ctx, "%s is gone: its reservation had %s", msg->sku,
                     msg->reason == PRODUCT_GONE_REASON_EXPIRED ? "expired" : "ended");
    return EVT_OK;
}

static enum evt_err took_declined(struct evt_ctx *ctx, const struct payment_payment_declined *msg,
                                  struct evt_error *err)
{
    (void)err;
    evt_saga_because(ctx, "the payment was declined: %s (%s)", msg->reason, msg->code);
    return EVT_OK;
}

static enum evt_err took_capture_refused(struct evt_ctx *ctx,
                                         const struct payment_capture_refused *msg,
                                         struct evt_error *err)
{
    (void)err;
    evt_saga_because(ctx, "the payment was not completed: %s (%s)", msg->reason, msg->code);
    return EVT_OK;
}

static enum evt_err took_refund_refused(struct evt_ctx *ctx,
                                        const struct payment_refund_refused *msg,
                                        struct evt_error *err)
{
    (void)err;
    evt_saga_because(ctx, "the refund was refused: %s (%s)", msg->reason, msg->code);
    return EVT_OK;
}

static enum evt_err took_refunded(struct evt_ctx *ctx, const struct payment_payment_refunded *msg,
                                  struct evt_error *err)
{
    struct order *order = order_current(ctx);

    order->refunded_minor = msg->amount_minor;
    return store_order_put(ctx, order, err);
}

/* A person paid it back: all of it, as nobody says how much. */
static enum evt_err capture_settled(struct evt_ctx *ctx, int32_t item, enum evt_saga_word word,
                                    struct evt_error *err)
{
    struct order *order = order_current(ctx);

    (void)item;
    if (word != EVT_SAGA_UNDONE)
        return EVT_OK;
    order->refunded_minor = order->total_minor;
    return store_order_put(ctx, order, err);
}

/* What becomes of a confirmation that was overtaken says nothing of the end that the order has. */
static enum evt_err keep_mail(struct evt_ctx *ctx, enum notify_mail_kind kind, const char *mail,
                              struct evt_error *err)
{
    struct order *order = order_current(ctx);

    if (kind != order_mail_kind(order))
        return EVT_OK;
    order->mail = mail;
    return store_order_put(ctx, order, err);
}

static enum evt_err took_mail_sent(struct evt_ctx *ctx, const struct notify_mail_sent *msg,
                                   struct evt_error *err)
{
    return keep_mail(ctx, msg->kind, "sent", err);
}

static enum evt_err took_mail_given_up(struct evt_ctx *ctx, const struct notify_mail_given_up *msg,
                                       struct evt_error *err)
{
    evt_saga_because(ctx, "the mail was not delivered: %s", msg->reason);
    return keep_mail(ctx, msg->kind, msg->reason, err);
}

/* Notify rejected it, or is never heard of: nobody else says so. */
static enum evt_err mail_failed(struct evt_ctx *ctx, enum notify_mail_kind kind, const char *why,
                                struct evt_error *err)
{
    static const char words[] = "the mail was not accepted: ";
    const size_t size = sizeof(words) + strlen(why);
    char *mail = evt_ctx_alloc(ctx, size);

    snprintf(mail, size, "%s%s", words, why);
    return keep_mail(ctx, kind, mail, err);
}

static enum evt_err confirmation_failed(struct evt_ctx *ctx, const char *why, struct evt_error *err)
{
    return mail_failed(ctx, NOTIFY_MAIL_KIND_ORDER_CONFIRMED, why, err);
}

static enum evt_err farewell_failed(struct evt_ctx *ctx, const char *why, struct evt_error *err)
{
    return mail_failed(ctx, order_mail_kind(order_current(ctx)), why, err);
}

/* ---- where it leads ---- */

static enum evt_err joined(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                           struct evt_error *err)
{
    char now[EVT_MONEY_MAX], seen[EVT_MONEY_MAX];
    struct order *order = run->data;
    int64_t sum = 0;
    enum evt_err rc;

    if (stage != 1)
        return EVT_OK;
    rc = store_order_lines(ctx, order, err);
    if (rc != EVT_OK)
        return rc;
    if (order_sum(order, &sum) && sum == order->total_minor)
        return EVT_OK;
    evt_money_print(now, sum, order->currency);
    evt_money_print(seen, order->total_minor, order->currency);
    evt_saga_turn_back(ctx, "the total is %s now, and not %s", now, seen);
    return EVT_OK;
}

static enum evt_err tell(struct evt_ctx *ctx, const struct order *order, struct evt_error *err)
{
    switch (order->status) {
    case ORDER_CONFIRMED:
        return order_order_confirmed_send(ctx,
                                          &(const struct order_order_confirmed){order->id,
                                                                                order->total_minor,
                                                                                order->currency},
                                          err);
    case ORDER_REJECTED:
        return order_order_rejected_send(
            ctx, &(const struct order_order_rejected){order->id, order->reason}, err);
    case ORDER_CANCELLED:
        return order_order_cancelled_send(
            ctx, &(const struct order_order_cancelled){order->id, order->reason}, err);
    case ORDER_REFUNDED:
        return order_order_refunded_send(ctx,
                                         &(const struct order_order_refunded){order->id,
                                                                              order->reason,
                                                                              order->refunded_minor,
                                                                              order->currency},
                                         err);
    case ORDER_PLACED:
    case ORDER_CANCELLING:
        break;
    }
    EVT_BUG_ON(true); /* these are no ends */
    return EVT_OK;
}

static enum evt_err ended(struct evt_ctx *ctx, const struct evt_saga_run *run,
                          enum evt_saga_outcome outcome, struct evt_error *err)
{
    struct order *order = run->data;
    enum evt_err rc;

    order->status =
        outcome == EVT_SAGA_COMPLETED ? ORDER_CONFIRMED : order_undone(order, run->cancelled);
    order->reason = run->why;
    if (outcome == EVT_SAGA_TURNED_BACK) /* its confirmation may be there before its end */
        order->mail = "";
    rc = store_order_put(ctx, order, err);
    return rc == EVT_OK ? tell(ctx, order, err) : rc;
}

static const struct evt_saga_step steps[] = {
    [RESERVE] = {.name = "reserve",
                 .stage = 1,
                 .items = lines,
                 .ask = order_ask_reserve,
                 .asks = &product_reserve_stock_type,
                 .undo = order_undo_reserve,
                 .undoes = &product_release_stock_type,
                 .wait_ms = 20 * SECOND_MS,
                 .wait_ms_max = 60 * SECOND_MS,
                 .tries = 3,
                 .undo_tries = 30},
    [AUTHORISE] = {.name = "authorise",
                   .stage = 1,
                   .ask = order_ask_authorise,
                   .asks = &payment_authorise_payment_type,
                   .undo = order_undo_authorise,
                   .undoes = &payment_void_payment_type,
                   .wait_ms = 20 * SECOND_MS,
                   .wait_ms_max = 10 * MINUTE_MS,
                   .tries = 8,
                   .undo_tries = 30},
    [CAPTURE] = {.name = "capture",
                 .stage = 2,
                 .flags = EVT_SAGA_PIVOT,
                 .ask = order_ask_capture,
                 .asks = &payment_capture_payment_type,
                 .undo = order_undo_capture,
                 .undoes = &payment_refund_payment_type,
                 .wait_ms = 20 * SECOND_MS,
                 .wait_ms_max = 10 * MINUTE_MS,
                 .tries = 30,
                 .undo_tries = 8,
                 .settled = capture_settled},
    [COMMIT] = {.name = "commit",
                .stage = 3,
                .flags = EVT_SAGA_TURNS_BACK,
                .items = lines,
                .ask = order_ask_commit, /* undone by releasing what was reserved */
                .asks = &product_commit_stock_type,
                .wait_ms = 20 * SECOND_MS,
                .wait_ms_max = 10 * MINUTE_MS,
                .tries = 30},
    [CONFIRMATION] = {.name = "confirmation",
                      .stage = 3,
                      .flags = EVT_SAGA_DETACHED,
                      .ask = order_ask_confirmation,
                      .asks = &notify_send_mail_type,
                      .wait_ms = MINUTE_MS,
                      .wait_ms_max = 60 * MINUTE_MS,
                      .tries = 30,
                      .failed = confirmation_failed},
    [FAREWELL] = {.name = "farewell",
                  .stage = EVT_SAGA_AFTER_UNDO,
                  .ask = order_ask_farewell,
                  .asks = &notify_send_mail_type,
                  .wait_ms = MINUTE_MS,
                  .wait_ms_max = 60 * MINUTE_MS,
                  .tries = 30,
                  .failed = farewell_failed},
    {0},
};

static bool confirms(const void *msg)
{
    const struct notify_mail_accepted *mail = msg;

    return mail->kind == NOTIFY_MAIL_KIND_ORDER_CONFIRMED;
}

static bool sent_confirms(const void *msg)
{
    const struct notify_mail_sent *mail = msg;

    return mail->kind == NOTIFY_MAIL_KIND_ORDER_CONFIRMED;
}

static bool given_up_confirms(const void *msg)
{
    const struct notify_mail_given_up *mail = msg;

    return mail->kind == NOTIFY_MAIL_KIND_ORDER_CONFIRMED;
}

static const struct evt_saga_reply replies[] = {
    EVT_SAGA_ON(product_stock_reserved, RESERVE, EVT_SAGA_DONE, "line", took_reserved),
    EVT_SAGA_ON(product_stock_refused, RESERVE, EVT_SAGA_REFUSED, "line", took_refused),
    EVT_SAGA_ON(product_stock_released, RESERVE, EVT_SAGA_UNDONE, "line", NULL),
    EVT_SAGA_ON(payment_payment_authorised, AUTHORISE, EVT_SAGA_DONE, NULL, NULL),
    EVT_SAGA_ON(payment_payment_declined, AUTHORISE, EVT_SAGA_REFUSED, NULL, took_declined),
    EVT_SAGA_ON(payment_payment_voided, AUTHORISE, EVT_SAGA_UNDONE, NULL, NULL),
    EVT_SAGA_ON(payment_payment_captured, CAPTURE, EVT_SAGA_DONE, NULL, NULL),
    EVT_SAGA_ON(payment_capture_refused, CAPTURE, EVT_SAGA_REFUSED, NULL, took_capture_refused),
    EVT_SAGA_ON(payment_payment_refunded, CAPTURE, EVT_SAGA_UNDONE, NULL, took_refunded),
    EVT_SAGA_ON(payment_refund_refused, CAPTURE, EVT_SAGA_NOT_UNDONE, NULL, took_refund_refused),
    EVT_SAGA_ON(product_stock_committed, COMMIT, EVT_SAGA_DONE, "line", NULL),
    EVT_SAGA_ON(product_stock_gone, COMMIT, EVT_SAGA_REFUSED, "line", took_gone),
    EVT_SAGA_ON_IF(confirms, notify_mail_accepted, CONFIRMATION, EVT_SAGA_DONE, NULL, NULL),
    EVT_SAGA_ON(notify_mail_accepted, FAREWELL, EVT_SAGA_DONE, NULL, NULL),
    EVT_SAGA_ON_IF(sent_confirms, notify_mail_sent, CONFIRMATION, EVT_SAGA_NOTED, NULL,
                   took_mail_sent),
    EVT_SAGA_ON(notify_mail_sent, FAREWELL, EVT_SAGA_NOTED, NULL, took_mail_sent),
    EVT_SAGA_ON_IF(given_up_confirms, notify_mail_given_up, CONFIRMATION, EVT_SAGA_NOTED, NULL,
                   took_mail_given_up),
    EVT_SAGA_ON(notify_mail_given_up, FAREWELL, EVT_SAGA_NOTED, NULL, took_mail_given_up),
    {0},
};

static const struct evt_saga definition = {
    .name = ORDER_SAGA,
    .number = 1,
    .steps = steps,
    .replies = replies,
    .within_ms = 10 * MINUTE_MS,
    .kept_ms = 30 * DAY_MS,
    .load = load,
    .joined = joined,
    .ended = ended,
};

const struct evt_saga *const order_sagas[] = {&definition, NULL};

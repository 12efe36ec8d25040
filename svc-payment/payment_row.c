/* Payment row: loading, storing, calling, answering. */
#include "payment_row.h"

#include "payment_call.h"
#include "store_payment.h"

#include <string.h>

/* ISO 4217's word for no currency: of an order that was never to be paid. */
#define NO_CURRENCY "XXX"

enum evt_err payment_row_load(struct evt_ctx *ctx, const char *order_id,
                              struct payment_row *ret_row, struct evt_error *err)
{
    struct payment_row row = {.order_id = order_id};
    enum evt_err rc = payment_order_id_check(order_id, err);

    if (rc == EVT_OK)
        rc = store_payment_get(evt_ctx_store(ctx), order_id, &row.payment, err);
    if (rc != EVT_OK)
        return rc;
    row.before = row.payment;
    *ret_row = row;
    return EVT_OK;
}

static enum evt_err send_authorised(struct evt_ctx *ctx, const struct payment_row *row,
                                    struct evt_error *err)
{
    const struct payment_payment_authorised msg = {row->order_id, row->payment.amount_minor,
                                                   row->payment.currency};

    return payment_payment_authorised_send(ctx, &msg, err);
}

static enum evt_err send_declined(struct evt_ctx *ctx, const struct payment_row *row,
                                  struct evt_error *err)
{
    const struct payment_words words = payment_declined_words(&row->payment);
    const struct payment_payment_declined msg = {row->order_id, words.code, words.reason};

    return payment_payment_declined_send(ctx, &msg, err);
}

static enum evt_err send_captured(struct evt_ctx *ctx, const struct payment_row *row,
                                  struct evt_error *err)
{
    const struct payment_payment_captured msg = {row->order_id, row->payment.amount_minor,
                                                 row->payment.currency};

    return payment_payment_captured_send(ctx, &msg, err);
}

static enum evt_err send_capture_refused(struct evt_ctx *ctx, const struct payment_row *row,
                                         struct evt_error *err)
{
    const struct payment_words words = payment_capture_refused_words(&row->payment);
    const struct payment_capture_refused msg = {row->order_id, words.code, words.reason};

    return payment_capture_refused_send(ctx, &msg, err);
}

static enum evt_err send_refunded(struct evt_ctx *ctx, const struct payment_row *row,
                                  struct evt_error *err)
{
    const struct payment *payment = &row->payment;
    const struct payment_payment_refunded msg = {
        .order_id = row->order_id,
        .amount_minor = payment->state == PAYMENT_REFUNDED ? payment->amount_minor : 0,
        .currency = payment->amount_minor ? payment->currency : NO_CURRENCY,
    };

    return payment_payment_refunded_send(ctx, &msg, err);
}

static enum evt_err send_refund_refused(struct evt_ctx *ctx, const struct payment_row *row,
                                        struct evt_error *err)
{
    const struct payment_refund_refused msg = {row->order_id, row->end->code, row->end->reason};

    return payment_refund_refused_send(ctx, &msg, err);
}

static enum evt_err send_voided(struct evt_ctx *ctx, const struct payment_row *row,
                                struct evt_error *err)
{
    const struct payment_payment_voided msg = {row->order_id};

    return payment_payment_voided_send(ctx, &msg, err);
}

static const struct {
    enum payment_answer answer;
    enum evt_err (*send)(struct evt_ctx *ctx, const struct payment_row *row, struct evt_error *err);
} answers[] = {
    {PAYMENT_ANSWER_AUTHORISED, send_authorised},
    {PAYMENT_ANSWER_DECLINED, send_declined},
    {PAYMENT_ANSWER_CAPTURED, send_captured},
    {PAYMENT_ANSWER_CAPTURE_REFUSED, send_capture_refused},
    {PAYMENT_ANSWER_REFUNDED, send_refunded},
    {PAYMENT_ANSWER_REFUND_REFUSED, send_refund_refused},
    {PAYMENT_ANSWER_VOIDED, send_voided},
};

static enum evt_err call(struct evt_ctx *ctx, const struct payment_row *row, enum payment_call call,
                         int keys, struct evt_error *err)
{
    const struct payment *payment = &row->payment;
    struct evt_buf request = {0};
    enum evt_err rc;

    if (call == PAYMENT_CALL_NONE)
        return EVT_OK;
    if (call == PAYMENT_CALL_AUTHORISE)
        payment_order_print(&request, payment->amount_minor, payment->currency, row->token);
    else
        payment_intent_print(&request, payment->intent, keys);
    rc = evt_call(ctx, payment_call_str(call), row->order_id,
                  (struct evt_bytes){request.data, request.len}, NULL, err);
    evt_buf_release(&request);
    return rc;
}

/* Field by field: between them may be anything. */
static bool changed(const struct payment *now, const struct payment *before)
{
    return now->state != before->state || now->closed != before->closed ||
           now->void_wanted != before->void_wanted || now->refund_wanted != before->refund_wanted;
}

enum evt_err payment_row_do(struct evt_ctx *ctx, const struct payment_row *row,
                            struct payment_next next, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    /* Raw log time, as for timers: one wrong record must not make us forget everything at once. */
    if (changed(&row->payment, &row->before))
        rc = store_payment_put(evt_ctx_store(ctx), row->order_id, &row->payment, evt_time_ms(ctx),
                               err);
    if (rc == EVT_OK)
        rc = call(ctx, row, next.call, 1, err);
    for (size_t i = 0; rc == EVT_OK && i < sizeof(answers) / sizeof(*answers); i++)
        if (next.answers & answers[i].answer)
            rc = answers[i].send(ctx, row, err);
    return rc;
}

/* What is under way, by its state; an authorisation is not made a second time. */
static enum payment_call under_way(enum payment_state state)
{
    return state == PAYMENT_CAPTURING   ? PAYMENT_CALL_CAPTURE
           : state == PAYMENT_VOIDING   ? PAYMENT_CALL_VOID
           : state == PAYMENT_REFUNDING ? PAYMENT_CALL_REFUND
                                        : PAYMENT_CALL_NONE;
}

enum evt_err payment_row_call_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                                    struct payment_next (*decide)(struct payment *,
                                                                  const struct payment_end *),
                                    struct evt_error *err)
{
    struct payment_end end;
    struct payment_row row;
    enum evt_err rc = payment_row_load(ctx, result->ref, &row, err);

    if (rc != EVT_OK)
        return rc;
    payment_end_read(result, &end);
    if (payment_spent_keys(&end) && under_way(row.payment.state))
        return call(ctx, &row, under_way(row.payment.state), payment_spent_keys(&end), err);
    row.end = &end;
    return payment_row_do(ctx, &row, decide(&row.payment, &end), err);
}

/* Payment shop: the messages around one payment. */
#include "test/lib/payment_shop.h"

#include "svc-payment/payment_service.h"
#include "test/lib/suite.h"

#include <stdio.h>

struct harness *payment_shop(void)
{
    return harness_new(&payment_service, PAID_ORDER);
}

void payment_shop_authorise(struct harness *h)
{
    GIVE(h, "order", payment_authorise_payment, .order_id = PAID_ORDER, .amount_minor = PAID_AMOUNT,
         .currency = "EUR", .token = "tok_visa");
}

void payment_shop_capture(struct harness *h)
{
    GIVE(h, "order", payment_capture_payment, .order_id = PAID_ORDER);
}

void payment_shop_void(struct harness *h)
{
    GIVE(h, "order", payment_void_payment, .order_id = PAID_ORDER);
}

void payment_shop_refund(struct harness *h)
{
    GIVE(h, "order", payment_refund_payment, .order_id = PAID_ORDER);
}

void payment_shop_expect_authorised(struct harness *h, int at)
{
    const struct payment_payment_authorised msg = {PAID_ORDER, PAID_AMOUNT, "EUR"};

    harness_expect(h, at, &payment_payment_authorised_type, &msg);
}

void payment_shop_expect_declined(struct harness *h, int at, const char *code, const char *reason)
{
    const struct payment_payment_declined msg = {PAID_ORDER, code, reason};

    harness_expect(h, at, &payment_payment_declined_type, &msg);
}

void payment_shop_expect_captured(struct harness *h, int at)
{
    const struct payment_payment_captured msg = {PAID_ORDER, PAID_AMOUNT, "EUR"};

    harness_expect(h, at, &payment_payment_captured_type, &msg);
}

void payment_shop_expect_capture_refused(struct harness *h, int at, const char *code,
                                         const char *reason)
{
    const struct payment_capture_refused msg = {PAID_ORDER, code, reason};

    harness_expect(h, at, &payment_capture_refused_type, &msg);
}

void payment_shop_expect_voided(struct harness *h, int at)
{
    const struct payment_payment_voided msg = {PAID_ORDER};

    harness_expect(h, at, &payment_payment_voided_type, &msg);
}

void payment_shop_expect_refunded(struct harness *h, int at, int64_t amount_minor)
{
    const bool known = harness_query(h, "SELECT amount_minor FROM payment"
                                        " WHERE order_id = '" PAID_ORDER "'") > 0;
    const struct payment_payment_refunded msg = {PAID_ORDER, amount_minor, known ? "EUR" : "XXX"};

    harness_expect(h, at, &payment_payment_refunded_type, &msg);
}

void payment_shop_expect_refund_refused(struct harness *h, int at, const char *code,
                                        const char *reason)
{
    const struct payment_refund_refused msg = {PAID_ORDER, code, reason};

    harness_expect(h, at, &payment_refund_refused_type, &msg);
}

static void to_authorised(struct harness *h)
{
    payment_shop_authorise(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_AUTHORISED(h);
}

static void to_captured(struct harness *h)
{
    to_authorised(h);
    payment_shop_capture(h);
    CALL_OK(h, "capture", PAID_INTENT);
    EXPECT_CAPTURED(h);
}

struct harness *payment_shop_in(enum payment_state state)
{
    struct harness *h = payment_shop();

    switch (state) {
    case PAYMENT_NONE:
        return h;
    case PAYMENT_AUTHORISING:
        payment_shop_authorise(h);
        break;
    case PAYMENT_AUTHORISED:
        to_authorised(h);
        break;
    case PAYMENT_DECLINED:
        payment_shop_authorise(h);
        CALL_REFUSED(h, "authorise", "card_declined Your card was declined.");
        EXPECT_DECLINED(h, "card_declined", "Your card was declined.");
        break;
    case PAYMENT_CAPTURING:
        to_authorised(h);
        payment_shop_capture(h);
        break;
    case PAYMENT_CAPTURED:
        to_captured(h);
        break;
    case PAYMENT_CAPTURE_REFUSED:
        to_authorised(h);
        payment_shop_capture(h);
        CALL_REFUSED(h, "capture", "charge_expired_for_capture The charge has expired.");
        EXPECT_CAPTURE_REFUSED(h, "charge_expired_for_capture", "The charge has expired.");
        break;
    case PAYMENT_VOIDING:
        to_authorised(h);
        payment_shop_void(h);
        break;
    case PAYMENT_VOIDED:
        to_authorised(h);
        payment_shop_void(h);
        CALL_OK(h, "void", PAID_INTENT);
        EXPECT_VOIDED(h);
        break;
    case PAYMENT_REFUNDING:
        to_captured(h);
        payment_shop_refund(h);
        break;
    case PAYMENT_REFUNDED:
        to_captured(h);
        payment_shop_refund(h);
        CALL_OK(h, "refund", "re_1");
        EXPECT_REFUNDED(h, PAID_AMOUNT);
        break;
    case PAYMENT_STATES_N:
        ck_abort();
    }
    EXPECT_NOTHING(h);
    ck_assert_int_eq(payment_shop_is(h, state), 1);
    return h;
}

int64_t payment_shop_is(struct harness *h, enum payment_state state)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM payment WHERE order_id = '" PAID_ORDER "' AND state = '%s'"
             " AND void_wanted = 0 AND refund_wanted = 0",
             payment_state_str(state));
    return harness_query(h, sql);
}

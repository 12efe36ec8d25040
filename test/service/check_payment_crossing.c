/* What comes while a call is under way: it is remembered, and done when the call's end is known. */
#include "test/lib/payment_shop.h"
#include "test/lib/suite.h"

static int64_t wishes(struct harness *h)
{
    return harness_query(h, "SELECT void_wanted + 2 * refund_wanted FROM payment");
}

START_TEST(a_void_waits_for_the_authorisation)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

    payment_shop_void(h);
    payment_shop_void(h);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(wishes(h), 1);
    payment_shop_authorise(h);
    EXPECT_NOTHING(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_NOTHING(h);
    EXPECT_CALL(h, "void", PAID_INTENT);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_VOIDING), 1);
    payment_shop_authorise(h);
    EXPECT_NOTHING(h);
    payment_shop_void(h);
    EXPECT_NOTHING(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

START_TEST(a_void_waits_for_a_decline)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

    payment_shop_void(h);
    CALL_REFUSED(h, "authorise", "card_declined No.");
    EXPECT_DECLINED(h, "card_declined", "No.");
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_DECLINED), 1);
    harness_end(h);
}
END_TEST

/* Who asks does not know yet that the money is held; it must not learn two answers. */
START_TEST(a_capture_while_it_is_authorised_is_refused_for_good)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_AUTHORISED(h);
    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    EXPECT_NO_CALL(h);
    payment_shop_void(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    harness_end(h);
}
END_TEST

/* Nothing was taken, so nothing is given back; what comes later takes nothing. */
START_TEST(a_refund_before_the_capture_refuses_it)
{
    static const enum payment_state states[] = {PAYMENT_AUTHORISING, PAYMENT_AUTHORISED};

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        struct harness *h = payment_shop_in(states[i]);

        payment_shop_refund(h);
        EXPECT_REFUNDED(h, 0);
        if (states[i] == PAYMENT_AUTHORISING) {
            CALL_OK(h, "authorise", PAID_INTENT);
            EXPECT_AUTHORISED(h);
        }
        payment_shop_capture(h);
        EXPECT_NOT_AUTHORISED(h);
        payment_shop_refund(h);
        EXPECT_REFUNDED(h, 0);
        EXPECT_NO_CALL(h);
        payment_shop_void(h);
        EXPECT_CALL(h, "void", PAID_INTENT);
        payment_shop_refund(h);
        EXPECT_REFUNDED(h, 0);
        CALL_OK(h, "void", PAID_INTENT);
        EXPECT_VOIDED(h);
        harness_end(h);
    }
}
END_TEST

START_TEST(a_refund_waits_for_the_capture)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

    payment_shop_refund(h);
    payment_shop_refund(h);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(wishes(h), 2);
    CALL_OK(h, "capture", PAID_INTENT);
    EXPECT_NOTHING(h);
    EXPECT_CALL(h, "refund", PAID_INTENT);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_REFUNDING), 1);
    CALL_OK(h, "refund", "re_1");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    harness_end(h);
}
END_TEST

START_TEST(a_refund_waits_for_a_refused_capture)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

    payment_shop_refund(h);
    CALL_REFUSED(h, "capture", "card_declined No.");
    EXPECT_CAPTURE_REFUSED(h, "card_declined", "No.");
    EXPECT_REFUNDED(h, 0);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURE_REFUSED), 1);
    harness_end(h);
}
END_TEST

/* Of what is captured nothing is held; what is not captured is. */
START_TEST(a_void_waits_for_the_capture)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

    payment_shop_void(h);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(wishes(h), 1);
    CALL_OK(h, "capture", PAID_INTENT);
    EXPECT_CAPTURED(h);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURED), 1);
    harness_end(h);
}
END_TEST

START_TEST(a_void_waits_for_a_refused_capture)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

    payment_shop_void(h);
    CALL_REFUSED(h, "capture", "card_declined No.");
    EXPECT_CAPTURE_REFUSED(h, "card_declined", "No.");
    EXPECT_CALL(h, "void", PAID_INTENT);
    EXPECT_NOTHING(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    harness_end(h);
}
END_TEST

/* In whichever order they come. */
START_TEST(refund_and_void_wait_for_the_capture)
{
    for (int refund_first = 0; refund_first < 2; refund_first++) {
        struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

        if (refund_first)
            payment_shop_refund(h);
        payment_shop_void(h);
        if (!refund_first)
            payment_shop_refund(h);
        ck_assert_int_eq(wishes(h), 3);
        CALL_OK(h, "capture", PAID_INTENT);
        EXPECT_VOIDED(h);
        EXPECT_CALL(h, "refund", PAID_INTENT);
        CALL_OK(h, "refund", "re_1");
        EXPECT_REFUNDED(h, PAID_AMOUNT);
        harness_end(h);
    }
}
END_TEST

START_TEST(refund_and_void_wait_for_a_refused_capture)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURING);

    payment_shop_refund(h);
    payment_shop_void(h);
    CALL_REFUSED(h, "capture", "card_declined No.");
    EXPECT_CAPTURE_REFUSED(h, "card_declined", "No.");
    EXPECT_REFUNDED(h, 0);
    EXPECT_CALL(h, "void", PAID_INTENT);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

/* Two orders do not meet. */
START_TEST(each_order_has_its_own)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

    GIVE(h, "order", payment_authorise_payment, .order_id = PAID_OTHER, .amount_minor = 500,
         .currency = "JPY", .token = "tok mastercard");
    EXPECT_CALL(h, "authorise", "2198 EUR tok_visa");
    EXPECT_CALL(h, "authorise", "500 JPY tok mastercard");
    payment_shop_void(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_CALL(h, "void", PAID_INTENT);
    CALL_OK(h, "authorise", "pi_2");
    EXPECT(h, payment_payment_authorised, .order_id = PAID_OTHER, .amount_minor = 500,
           .currency = "JPY");
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    GIVE(h, "order", payment_capture_payment, .order_id = PAID_OTHER);
    EXPECT_CALL(h, "capture", "pi_2");
    harness_end(h);
}
END_TEST

SUITE("payment crossing", a_void_waits_for_the_authorisation, a_void_waits_for_a_decline,
      a_capture_while_it_is_authorised_is_refused_for_good, a_refund_before_the_capture_refuses_it,
      a_refund_waits_for_the_capture, a_refund_waits_for_a_refused_capture,
      a_void_waits_for_the_capture, a_void_waits_for_a_refused_capture,
      refund_and_void_wait_for_the_capture, refund_and_void_wait_for_a_refused_capture,
      each_order_has_its_own)

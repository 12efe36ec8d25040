/* A payment's way: each state, each command that may come in it, each end of a call. */
#include "test/lib/payment_shop.h"
#include "test/lib/suite.h"

#include <string.h>

#define EXPECT_EXPIRED(h)                                                                          \
    EXPECT_CAPTURE_REFUSED(h, "charge_expired_for_capture", "The charge has expired.")

START_TEST(it_is_authorised_captured_and_refunded)
{
    struct harness *h = payment_shop();

    payment_shop_authorise(h);
    EXPECT_CALL(h, "authorise", "2198 EUR tok_visa");
    EXPECT_NOTHING(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_AUTHORISED(h);
    EXPECT_NO_CALL(h);
    payment_shop_capture(h);
    EXPECT_CALL(h, "capture", PAID_INTENT);
    EXPECT_NOTHING(h);
    CALL_OK(h, "capture", PAID_INTENT);
    EXPECT_CAPTURED(h);
    EXPECT_NO_CALL(h);
    payment_shop_refund(h);
    EXPECT_CALL(h, "refund", PAID_INTENT);
    EXPECT_NOTHING(h);
    CALL_OK(h, "refund", "re_1");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_REFUNDED), 1);
    harness_end(h);
}
END_TEST

START_TEST(it_is_authorised_and_voided)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISED);

    payment_shop_void(h);
    EXPECT_CALL(h, "void", PAID_INTENT);
    EXPECT_NOTHING(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_VOIDED), 1);
    harness_end(h);
}
END_TEST

/* The provider repeats an error for good: the same is asked for under another key. */
START_TEST(a_spent_key_is_replaced)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISED);

    payment_shop_capture(h);
    CALL_REFUSED(h, "capture", "key_spent 2");
    EXPECT_CALL(h, "capture", PAID_INTENT " 2");
    payment_shop_refund(h); /* a wish outlives it */
    CALL_REFUSED(h, "capture", "key_spent 3");
    EXPECT_CALL(h, "capture", PAID_INTENT " 3");
    EXPECT_NOTHING(h);
    CALL_OK(h, "capture", "done");
    EXPECT_CALL(h, "refund", PAID_INTENT);
    CALL_REFUSED(h, "refund", "key_spent 2");
    EXPECT_CALL(h, "refund", PAID_INTENT " 2");
    CALL_OK(h, "refund", "done");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

START_TEST(a_spent_key_of_a_void_is_replaced)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISED);

    payment_shop_void(h);
    CALL_REFUSED(h, "void", "key_spent 2");
    EXPECT_CALL(h, "void", PAID_INTENT " 2");
    CALL_OK(h, "void", "done");
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

/* Which of them says so, whoever wrote it, a second one would hold the money twice. */
START_TEST(an_authorisation_is_made_once)
{
    struct harness *h = payment_shop();

    payment_shop_authorise(h);
    CALL_REFUSED(h, "authorise", "key_spent 2");
    EXPECT(h, payment_payment_declined, .order_id = PAID_ORDER, .code = "key_spent", .reason = "2");
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

/* The same command again: the same answer, and no second call. */
START_TEST(a_repeated_command_gets_the_answer_again)
{
    struct harness *h = payment_shop();

    payment_shop_authorise(h);
    payment_shop_authorise(h);
    EXPECT_CALL(h, "authorise", "2198 EUR tok_visa");
    EXPECT_NOTHING(h);
    CALL_OK(h, "authorise", PAID_INTENT);
    EXPECT_AUTHORISED(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    payment_shop_capture(h);
    payment_shop_capture(h);
    EXPECT_CALL(h, "capture", PAID_INTENT);
    EXPECT_NOTHING(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    CALL_OK(h, "capture", PAID_INTENT);
    EXPECT_CAPTURED(h);
    payment_shop_capture(h);
    EXPECT_CAPTURED(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    payment_shop_refund(h);
    payment_shop_refund(h);
    EXPECT_CALL(h, "refund", PAID_INTENT);
    EXPECT_NOTHING(h);
    payment_shop_capture(h);
    EXPECT_CAPTURED(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    CALL_OK(h, "refund", "re_1");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    payment_shop_refund(h);
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    payment_shop_capture(h);
    EXPECT_CAPTURED(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

START_TEST(a_declined_one_stays_declined)
{
    struct harness *h = payment_shop_in(PAYMENT_DECLINED);

    payment_shop_authorise(h);
    EXPECT_DECLINED(h, "card_declined", "Your card was declined.");
    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    payment_shop_void(h);
    EXPECT_VOIDED(h);
    payment_shop_refund(h);
    EXPECT_REFUNDED(h, 0);
    payment_shop_authorise(h);
    EXPECT_DECLINED(h, "card_declined", "Your card was declined.");
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

/* What the provider says may be cut, torn or nothing. */
START_TEST(a_refusal_may_say_nothing)
{
    struct harness *h = payment_shop();

    payment_shop_authorise(h);
    CALL_REFUSED(h, "authorise", "");
    EXPECT_DECLINED(h, "unknown", "");
    harness_end(h);
}
END_TEST

/* A code has 64 bytes in the books, of whole letters. */
START_TEST(a_long_code_is_cut)
{
    char words[100], want[PAYMENT_CODE_MAX];
    struct harness *h = payment_shop();

    memset(words, 'c', sizeof(words));
    memcpy(words + PAYMENT_CODE_MAX - 1, "\xc3\xa4 no.", 7);
    memset(want, 'c', sizeof(want));
    want[PAYMENT_CODE_MAX - 1] = '\0';
    payment_shop_authorise(h);
    CALL_REFUSED(h, "authorise", words);
    EXPECT_DECLINED(h, want, "no.");
    harness_end(h);
}
END_TEST

/* The money may still be held then, so it is given up at the provider's. */
START_TEST(a_refused_capture_stays_refused_and_is_voided)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURE_REFUSED);

    payment_shop_capture(h);
    EXPECT_EXPIRED(h);
    payment_shop_refund(h);
    EXPECT_REFUNDED(h, 0);
    EXPECT_NO_CALL(h);
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    payment_shop_void(h);
    EXPECT_CALL(h, "void", PAID_INTENT);
    payment_shop_capture(h);
    EXPECT_EXPIRED(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    payment_shop_capture(h);
    EXPECT_EXPIRED(h);
    payment_shop_authorise(h);
    EXPECT_DECLINED(h, "voided", "it was given up before");
    harness_end(h);
}
END_TEST

START_TEST(a_refused_refund_may_be_asked_for_again)
{
    struct harness *h = payment_shop_in(PAYMENT_REFUNDING);

    CALL_REFUSED(h, "refund", "balance_insufficient Insufficient funds.");
    EXPECT_REFUND_REFUSED(h, "balance_insufficient", "Insufficient funds.");
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURED), 1);
    payment_shop_capture(h);
    EXPECT_CAPTURED(h);
    payment_shop_refund(h);
    EXPECT_CALL(h, "refund", PAID_INTENT);
    CALL_REFUSED(h, "refund", "balance_insufficient Still.");
    EXPECT_REFUND_REFUSED(h, "balance_insufficient", "Still.");
    payment_shop_refund(h);
    CALL_OK(h, "refund", "re_1");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    harness_end(h);
}
END_TEST

/* Nobody is told that it was not: it is asked for again, and a capture is refused meanwhile. */
START_TEST(a_refused_void_may_be_asked_for_again)
{
    struct harness *h = payment_shop_in(PAYMENT_VOIDING);

    CALL_REFUSED(h, "void", "intent_invalid_state Not now.");
    EXPECT_NOTHING(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_AUTHORISED), 1);
    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    EXPECT_NO_CALL(h);
    payment_shop_void(h);
    EXPECT_CALL(h, "void", PAID_INTENT);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    harness_end(h);
}
END_TEST

START_TEST(a_refused_void_after_a_refused_capture_leads_back_there)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURE_REFUSED);

    payment_shop_void(h);
    CALL_REFUSED(h, "void", "intent_invalid_state Not now.");
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURE_REFUSED), 1);
    payment_shop_capture(h);
    EXPECT_EXPIRED(h);
    payment_shop_void(h);
    CALL_OK(h, "void", PAID_INTENT);
    EXPECT_VOIDED(h);
    harness_end(h);
}
END_TEST

/* By hand, or by a capture that our log has lost. */
START_TEST(what_was_taken_before_it_is_voided_is_paid_back)
{
    struct harness *h = payment_shop_in(PAYMENT_VOIDING);

    CALL_REFUSED(h, "void", "captured It was captured before.");
    EXPECT_CALL(h, "refund", PAID_INTENT);
    payment_shop_void(h);
    EXPECT_NOTHING(h);
    CALL_REFUSED(h, "refund", "charge_disputed Not now.");
    EXPECT_NOTHING(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURED), 0);
    payment_shop_void(h);
    EXPECT_CALL(h, "refund", PAID_INTENT);
    CALL_OK(h, "refund", "re_1");
    EXPECT_VOIDED(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_REFUNDED), 1);
    payment_shop_void(h);
    EXPECT_VOIDED(h);
    harness_end(h);
}
END_TEST

/* A voided one: the shop's last word, whatever comes. */
static void ck_buried(struct harness *h)
{
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_VOIDED), 1);
    payment_shop_authorise(h);
    EXPECT_DECLINED(h, "voided", "it was given up before");
    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    payment_shop_void(h);
    EXPECT_VOIDED(h);
    payment_shop_refund(h);
    EXPECT_REFUNDED(h, 0);
    EXPECT_NO_CALL(h);
    harness_end(h);
}

START_TEST(a_voided_one_stays_voided)
{
    ck_buried(payment_shop_in(PAYMENT_VOIDED));
}
END_TEST

START_TEST(a_void_that_comes_first_is_remembered)
{
    struct harness *h = payment_shop();

    payment_shop_void(h);
    EXPECT_VOIDED(h);
    ck_buried(h);
}
END_TEST

START_TEST(a_refund_that_comes_first_is_remembered)
{
    struct harness *h = payment_shop();

    payment_shop_refund(h);
    EXPECT_REFUNDED(h, 0);
    ck_buried(h);
}
END_TEST

START_TEST(a_capture_that_comes_first_is_refused_for_good)
{
    struct harness *h = payment_shop();

    payment_shop_capture(h);
    EXPECT_NOT_AUTHORISED(h);
    ck_buried(h);
}
END_TEST

START_TEST(of_a_refunded_one_nothing_is_held)
{
    struct harness *h = payment_shop_in(PAYMENT_REFUNDED);

    payment_shop_void(h);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_REFUNDED), 1);
    harness_end(h);
}
END_TEST

START_TEST(of_a_captured_one_nothing_is_held)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURED);

    payment_shop_void(h);
    EXPECT_VOIDED(h);
    EXPECT_NO_CALL(h);
    payment_shop_refund(h);
    payment_shop_void(h);
    EXPECT_VOIDED(h);
    CALL_OK(h, "refund", "re_1");
    EXPECT_REFUNDED(h, PAID_AMOUNT);
    harness_end(h);
}
END_TEST

SUITE("payment way", it_is_authorised_captured_and_refunded, it_is_authorised_and_voided,
      a_spent_key_is_replaced, a_spent_key_of_a_void_is_replaced, an_authorisation_is_made_once,
      a_repeated_command_gets_the_answer_again, a_declined_one_stays_declined,
      a_refusal_may_say_nothing, a_long_code_is_cut, a_refused_capture_stays_refused_and_is_voided,
      a_refused_refund_may_be_asked_for_again, a_refused_void_may_be_asked_for_again,
      a_refused_void_after_a_refused_capture_leads_back_there,
      what_was_taken_before_it_is_voided_is_paid_back, a_voided_one_stays_voided,
      a_void_that_comes_first_is_remembered, a_refund_that_comes_first_is_remembered,
      a_capture_that_comes_first_is_refused_for_good, of_a_refunded_one_nothing_is_held,
      of_a_captured_one_nothing_is_held)

/* What is rejected, and for how long a payment is known. */
#include "test/lib/payment_shop.h"
#include "test/lib/suite.h"

#include <string.h>

#define BROKEN "the message breaks an invariant: "
#define DAY_MS (24LL * 60 * 60 * 1000)

static void authorise(struct harness *h, const char *order_id, int64_t amount_minor,
                      const char *currency, const char *token)
{
    GIVE(h, "order", payment_authorise_payment, .order_id = order_id, .amount_minor = amount_minor,
         .currency = currency, .token = token);
}

START_TEST(the_form_is_checked)
{
    char token[PAYMENT_TOKEN_MAX + 2];
    struct harness *h = payment_shop();

    authorise(h, PAID_ORDER, 0, "EUR", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the amount is not 1 to 900000000000");
    authorise(h, PAID_ORDER, PAYMENT_AMOUNT_MAX + 1, "EUR", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the amount is not 1 to 900000000000");
    authorise(h, PAID_ORDER, 1, "EURO", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the currency is not three upper-case letters");
    authorise(h, PAID_ORDER, 1, "eur", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the currency is not three upper-case letters");
    authorise(h, PAID_ORDER, 1, "EUR", "");
    EXPECT_REJECTED(h, BROKEN "the token is not 1 to 200 bytes");
    memset(token, 't', sizeof(token));
    token[PAYMENT_TOKEN_MAX + 1] = '\0';
    authorise(h, PAID_ORDER, 1, "EUR", token);
    EXPECT_REJECTED(h, BROKEN "the token is not 1 to 200 bytes");
    token[PAYMENT_TOKEN_MAX] = '\0';
    authorise(h, PAID_ORDER, PAYMENT_AMOUNT_MAX, "EUR", token);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_AUTHORISING), 1);
    harness_end(h);
}
END_TEST

START_TEST(an_order_does_not_change_what_it_costs)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISED);

    authorise(h, PAID_ORDER, PAID_AMOUNT + 1, "EUR", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the order is known for 2198 EUR, not 2199 EUR");
    authorise(h, PAID_ORDER, PAID_AMOUNT, "USD", "tok_visa");
    EXPECT_REJECTED(h, BROKEN "the order is known for 2198 EUR, not 2198 USD");
    payment_shop_authorise(h);
    EXPECT_AUTHORISED(h);
    harness_end(h);
}
END_TEST

/* It names what is captured later. Without a name, which a person may leave out, there is nothing
 * that can be. */
START_TEST(an_authorisation_has_a_name)
{
    static const char *const wrong[] = {"", " pi_1", "pi/../1", "pi_1?x=1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

        CALL_OK(h, "authorise", wrong[i]);
        EXPECT_DECLINED(h, "no_intent", "the provider's id of the authorisation is not known");
        EXPECT_NO_CALL(h);
        harness_end(h);
    }
}
END_TEST

START_TEST(what_a_person_adds_to_the_name_is_left_out)
{
    struct harness *h = payment_shop_in(PAYMENT_AUTHORISING);

    CALL_OK(h, "authorise", PAID_INTENT " as the provider's page says");
    EXPECT_AUTHORISED(h);
    payment_shop_capture(h);
    EXPECT_CALL(h, "capture", PAID_INTENT);
    harness_end(h);
}
END_TEST

static void void_it(struct harness *h, const char *order_id)
{
    GIVE(h, "order", payment_void_payment, .order_id = order_id);
    EXPECT(h, payment_payment_voided, .order_id = order_id);
}

static int64_t rows(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM payment");
}

START_TEST(what_ended_is_forgotten)
{
    struct harness *h = payment_shop_in(PAYMENT_DECLINED);

    void_it(h, PAID_OTHER);
    void_it(h, PAID_THIRD);
    harness_wait(h, 30 * DAY_MS);
    void_it(h, "o-5");
    ck_assert_int_eq(rows(h), 4);
    harness_wait(h, 1);
    void_it(h, "o-6");
    ck_assert_int_eq(rows(h), 3); /* two went with it, of three */
    void_it(h, "o-7");
    ck_assert_int_eq(rows(h), 3);
    payment_shop_authorise(h);
    EXPECT_CALL(h, "authorise", "2198 EUR tok_visa");
    harness_end(h);
}
END_TEST

/* It may be asked back for longer than an order is known. */
START_TEST(what_was_captured_is_remembered_for_long)
{
    struct harness *h = payment_shop_in(PAYMENT_CAPTURED);

    harness_wait(h, 400 * DAY_MS);
    void_it(h, PAID_OTHER);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURED), 1);
    harness_wait(h, 1);
    void_it(h, PAID_THIRD);
    ck_assert_int_eq(payment_shop_is(h, PAYMENT_CAPTURED), 0);
    harness_end(h);
}
END_TEST

/* Money that is held, or may be: that is never forgotten. */
START_TEST(what_is_not_settled_is_not_forgotten)
{
    static const enum payment_state states[] = {PAYMENT_AUTHORISING,     PAYMENT_AUTHORISED,
                                                PAYMENT_CAPTURING,       PAYMENT_VOIDING,
                                                PAYMENT_CAPTURE_REFUSED, PAYMENT_REFUNDING};

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        struct harness *h = payment_shop_in(states[i]);

        harness_skip(h, 4000 * DAY_MS);
        void_it(h, PAID_OTHER);
        ck_assert_int_eq(payment_shop_is(h, states[i]), 1);
        harness_end(h);
    }
}
END_TEST

SUITE("payment bounds", the_form_is_checked, an_order_does_not_change_what_it_costs,
      an_authorisation_has_a_name, what_a_person_adds_to_the_name_is_left_out,
      what_ended_is_forgotten, what_was_captured_is_remembered_for_long,
      what_is_not_settled_is_not_forgotten)

/* The order saga: every way that an order may go, and what is undone on each. */
#include "test/lib/order_shop.h"
#include "test/lib/suite.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)

#define STATUS(h, status, phase) ck_assert_int_eq(order_shop_is(h, status, phase), 1)

static void refuse_line(struct harness *h, int32_t line)
{
    GIVE(h, "product", product_stock_refused, .order_id = ORDER_ID, .line = line,
         .sku = line == 1 ? "tea" : "mug", .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
}

static void authorised(struct harness *h)
{
    GIVE(h, "payment", payment_payment_authorised, .order_id = ORDER_ID,
         .amount_minor = ORDER_TOTAL, .currency = "EUR");
}

static void voided(struct harness *h)
{
    GIVE(h, "payment", payment_payment_voided, .order_id = ORDER_ID);
}

static void refunded(struct harness *h, int64_t amount_minor)
{
    GIVE(h, "payment", payment_payment_refunded, .order_id = ORDER_ID, .amount_minor = amount_minor,
         .currency = "EUR");
}

/* Stage 1 is undone, the order has its end, and its mail goes out. */
static void expect_rejected(struct harness *h, const char *reason)
{
    EXPECT(h, order_order_rejected, .order_id = ORDER_ID, .reason = reason);
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_REJECTED, reason);
    STATUS(h, "rejected", "undone");
}

static void cancel(struct harness *h)
{
    GIVE(h, "outside", order_cancel_order, .order_id = ORDER_ID, .reason = "too slow");
}

START_TEST(an_order_is_confirmed)
{
    struct harness *h = order_shop();

    order_shop_to_end(h);
    STATUS(h, "confirmed", "completed");
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_timers"), 0);
    ck_assert_int_eq(harness_query(h, "SELECT forget_ms IS NOT NULL FROM evt_sagas"), 1);
    harness_end(h);
}
END_TEST

START_TEST(a_declined_payment_releases_the_goods)
{
    struct harness *h = order_shop();
    const char *reason = "the payment was declined: Your card was declined. (card_declined)";

    order_shop_reserved(h, 1);
    order_shop_reserved(h, 2);
    GIVE(h, "payment", payment_payment_declined, .order_id = ORDER_ID, .code = "card_declined",
         .reason = "Your card was declined.");
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    order_shop_released(h, 1);
    EXPECT_NOTHING(h);
    order_shop_released(h, 2);
    expect_rejected(h, reason);
    harness_end(h);
}
END_TEST

START_TEST(what_is_not_answered_yet_is_undone_and_its_answer_is_no_surprise)
{
    struct harness *h = order_shop();

    refuse_line(h, 2);
    EXPECT_RELEASE(h, 1);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_reserved(h, 1);
    authorised(h);
    EXPECT_NOTHING(h);
    order_shop_released(h, 1);
    EXPECT_NOTHING(h);
    voided(h);
    expect_rejected(h, "mug is not in stock in that quantity");
    harness_end(h);
}
END_TEST

START_TEST(an_answer_after_the_undoing_is_undone_again)
{
    struct harness *h = order_shop();

    refuse_line(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "tea is not in stock in that quantity");
    GIVE(h, "notify", notify_mail_accepted, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_REJECTED);
    authorised(h);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    ck_assert_int_eq(harness_query(h, "SELECT forget_ms IS NULL FROM evt_sagas"), 1);
    voided(h);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(harness_query(h, "SELECT forget_ms IS NOT NULL FROM evt_sagas"), 1);
    STATUS(h, "rejected", "undone");
    harness_end(h);
}
END_TEST

START_TEST(another_total_is_rejected_with_both_figures)
{
    struct harness *h = order_shop_empty();

    order_shop_place(h, 2000);
    EXPECT(h, order_order_placed, .order_id = ORDER_ID, .total_minor = 2000, .currency = "EUR",
           .lines = 2);
    EXPECT_RESERVE(h, 1);
    EXPECT_RESERVE(h, 2);
    EXPECT(h, payment_authorise_payment, .order_id = ORDER_ID, .amount_minor = 2000,
           .currency = "EUR", .token = "tok_visa");
    EXPECT_DONE(h, NULL);
    order_shop_reserved(h, 1);
    order_shop_reserved(h, 2);
    authorised(h);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_rejected, .order_id = ORDER_ID,
           .reason = "the total is 21.98 EUR now, and not 20.00 EUR");
    harness_skip_sent(h, 1); /* the mail, of another total */
    STATUS(h, "rejected", "undone");
    harness_end(h);
}
END_TEST

START_TEST(another_currency_turns_back_at_once)
{
    struct harness *h = order_shop();

    GIVE(h, "product", product_stock_reserved, .order_id = ORDER_ID, .line = 1, .sku = "tea",
         .quantity = 2, .price_minor = 499, .currency = "USD");
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "tea is sold in USD and not in EUR");
    /* Its price would be read as one in euros. */
    ck_assert_int_eq(harness_query(h, "SELECT count(price_minor) FROM order_line"), 0);
    harness_end(h);
}
END_TEST

START_TEST(a_refused_capture_undoes_stage_1)
{
    struct harness *h = order_shop();

    order_shop_to_capture(h);
    GIVE(h, "payment", payment_capture_refused, .order_id = ORDER_ID, .code = "expired",
         .reason = "The hold has expired.");
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "the payment was not completed: The hold has expired. (expired)");
    harness_end(h);
}
END_TEST

/* Behind the pivot, stage by stage: the money first, then the goods and the hold. */
START_TEST(stock_that_is_gone_refunds)
{
    struct harness *h = order_shop();
    const char *reason = "mug is gone: its reservation had expired";

    order_shop_to_commit(h);
    order_shop_committed(h, 1);
    GIVE(h, "product", product_stock_gone, .order_id = ORDER_ID, .line = 2, .sku = "mug",
         .reason = PRODUCT_GONE_REASON_EXPIRED);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    refunded(h, ORDER_TOTAL);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_refunded, .order_id = ORDER_ID, .reason = reason,
           .refunded_minor = ORDER_TOTAL, .currency = "EUR");
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_REFUNDED, reason);
    STATUS(h, "refunded", "undone");
    harness_end(h);
}
END_TEST

START_TEST(cancelled_before_the_pivot)
{
    struct harness *h = order_shop();

    order_shop_reserved(h, 1);
    cancel(h);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    STATUS(h, "cancelling", "undoing");
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_cancelled, .order_id = ORDER_ID, .reason = "too slow");
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_CANCELLED, "too slow");
    STATUS(h, "cancelled", "undone");
    harness_end(h);
}
END_TEST

/* The capture's answer is not known: what it took is given back, if anything. */
START_TEST(cancelled_during_the_pivot)
{
    struct harness *h = order_shop();

    order_shop_to_capture(h);
    cancel(h);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    GIVE(h, "payment", payment_payment_captured, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
         .currency = "EUR");
    EXPECT_NOTHING(h);
    refunded(h, ORDER_TOTAL);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_refunded, .order_id = ORDER_ID, .reason = "too slow",
           .refunded_minor = ORDER_TOTAL, .currency = "EUR");
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_REFUNDED, "too slow");
    harness_end(h);
}
END_TEST

START_TEST(cancelled_after_it_was_confirmed)
{
    struct harness *h = order_shop();

    order_shop_to_end(h);
    cancel(h);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    cancel(h);
    EXPECT_REFUSED(h, "the order is being cancelled");
    refunded(h, ORDER_TOTAL);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_refunded, .order_id = ORDER_ID, .reason = "too slow",
           .refunded_minor = ORDER_TOTAL, .currency = "EUR");
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_REFUNDED, "too slow");
    cancel(h);
    EXPECT_REFUSED(h, "the order has ended");
    STATUS(h, "refunded", "undone");
    harness_end(h);
}
END_TEST

START_TEST(what_is_not_answered_is_asked_again_and_then_undone)
{
    struct harness *h = order_shop();

    order_shop_reserved(h, 1);
    authorised(h);
    harness_wait(h, 19 * SECOND_MS);
    EXPECT_NOTHING(h);
    harness_wait(h, SECOND_MS);
    EXPECT_RESERVE(h, 2);
    harness_wait(h, 40 * SECOND_MS);
    EXPECT_RESERVE(h, 2);
    harness_wait(h, MINUTE_MS);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "no answer to reserve");
    harness_end(h);
}
END_TEST

START_TEST(a_saga_has_ten_minutes_to_its_pivot)
{
    struct harness *h = order_shop();

    order_shop_reserved(h, 1);
    order_shop_reserved(h, 2);
    harness_wait(h, 10 * MINUTE_MS - 1);
    for (int i = 0; i < 4; i++)
        EXPECT(h, payment_authorise_payment, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
               .currency = "EUR", .token = "tok_visa");
    harness_wait(h, 1);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "it took too long");
    harness_end(h);
}
END_TEST

/* Whether the money was taken is not for us to guess: asked for as long as it takes. */
START_TEST(behind_the_pivot_nothing_turns_back_by_itself)
{
    struct harness *h = order_shop();

    order_shop_to_capture(h);
    harness_wait(h, 24 * 60 * MINUTE_MS);
    for (int i = 1; i < 30; i++)
        EXPECT(h, payment_capture_payment, .order_id = ORDER_ID);
    EXPECT_NOTHING(h);
    STATUS(h, "placed", "forward");
    ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), 1);
    GIVE(h, "payment", payment_payment_captured, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
         .currency = "EUR");
    EXPECT_COMMIT(h, 1);
    EXPECT_COMMIT(h, 2);
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_CONFIRMED, "");
    ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), 0);
    harness_end(h);
}
END_TEST

static void refuse_refund(struct harness *h)
{
    GIVE(h, "payment", payment_refund_refused, .order_id = ORDER_ID, .code = "insufficient_funds",
         .reason = "The balance is too low.");
}

START_TEST(a_refused_refund_is_tried_again_then_parked_and_taken_up_by_a_person)
{
    static const int pauses_s[] = {20, 40, 80, 160, 320, 600, 600};
    struct harness *h = order_shop();

    order_shop_to_capture(h);
    GIVE(h, "payment", payment_payment_captured, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
         .currency = "EUR");
    harness_skip_sent(h, 3);
    cancel(h);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    for (size_t i = 0; i < sizeof(pauses_s) / sizeof(*pauses_s); i++) {
        refuse_refund(h);
        harness_wait(h, pauses_s[i] * SECOND_MS - 1);
        EXPECT_NOTHING(h);
        harness_wait(h, 1);
        EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    }
    refuse_refund(h);
    harness_wait(h, 24 * 60 * MINUTE_MS);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), 1);
    GIVE(h, "outside", evt_retry_saga, .saga = "order", .ref = ORDER_ID);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    ck_assert_int_eq(harness_query(h, "SELECT parked FROM evt_sagas"), 0);
    GIVE(h, "outside", evt_retry_saga, .saga = "order", .ref = ORDER_ID);
    EXPECT_REFUSED(h, "nothing of it is parked");
    GIVE(h, "outside", evt_retry_saga, .saga = "order", .ref = "o-2");
    EXPECT_REFUSED(h, "there is no such saga here");
    refunded(h, ORDER_TOTAL);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    harness_end(h);
}
END_TEST

START_TEST(a_mail_that_is_given_up_changes_nothing_but_is_said)
{
    struct harness *h = order_shop();

    order_shop_to_end(h);
    GIVE(h, "notify", notify_mail_given_up, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED, .reason = "no such mailbox");
    EXPECT_NOTHING(h);
    STATUS(h, "confirmed", "completed");
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'no such mailbox' FROM orders"), 1);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM evt_saga_history WHERE step ="
                                      " 'confirmation' AND what = 'noted' AND why ="
                                      " 'the mail was not delivered: no such mailbox'"),
                     1);
    harness_end(h);
}
END_TEST

static void reject_mail(struct harness *h)
{
    REJECT_SENT(h, "notify", notify_send_mail, "the name is odd");
    EXPECT_NOTHING(h);
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'the mail was not accepted: rejected:"
                                      " the name is odd' FROM orders"),
                     1);
}

START_TEST(a_confirmation_that_notify_rejects_is_said)
{
    struct harness *h = order_shop();

    order_shop_to_commit(h);
    order_shop_committed(h, 1);
    order_shop_committed(h, 2);
    EXPECT(h, order_order_confirmed, .order_id = ORDER_ID, .total_minor = ORDER_TOTAL,
           .currency = "EUR");
    reject_mail(h);
    STATUS(h, "confirmed", "completed");
    harness_end(h);
}
END_TEST

START_TEST(a_confirmation_that_is_never_answered_is_said)
{
    struct harness *h = order_shop();

    order_shop_to_commit(h);
    order_shop_committed(h, 1);
    order_shop_committed(h, 2);
    EXPECT(h, order_order_confirmed, .order_id = ORDER_ID, .total_minor = ORDER_TOTAL,
           .currency = "EUR");
    for (int hour = 0; hour < 30; hour++)
        harness_wait(h, 60 * MINUTE_MS);
    harness_skip_sent(h, 29); /* the same, again and again */
    EXPECT_NOTHING(h);
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'the mail was not accepted: no answer'"
                                      " FROM orders"),
                     1);
    /* It was, after all. */
    GIVE(h, "notify", notify_mail_sent, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED);
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'sent' FROM orders"), 1);
    harness_end(h);
}
END_TEST

START_TEST(a_farewell_that_notify_rejects_is_said)
{
    struct harness *h = order_shop();

    refuse_line(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 2);
    voided(h);
    expect_rejected(h, "tea is not in stock in that quantity");
    reject_mail(h);
    STATUS(h, "rejected", "undone");
    harness_end(h);
}
END_TEST

/* It waits for nothing but the server, the order's end for the goods. */
START_TEST(a_mail_may_be_there_before_the_end)
{
    struct harness *h = order_shop();

    order_shop_to_commit(h);
    order_shop_committed(h, 1);
    GIVE(h, "notify", notify_mail_accepted, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED);
    GIVE(h, "notify", notify_mail_given_up, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED, .reason = "no such mailbox");
    EXPECT_NOTHING(h);
    order_shop_committed(h, 2);
    EXPECT(h, order_order_confirmed, .order_id = ORDER_ID, .total_minor = ORDER_TOTAL,
           .currency = "EUR");
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'no such mailbox' FROM orders"), 1);
    harness_end(h);
}
END_TEST

/* The order was confirmed, cancelled, refunded, and its first mail arrives last. */
START_TEST(a_confirmation_that_was_overtaken_is_not_the_last_mail)
{
    struct harness *h = order_shop();

    order_shop_to_end(h);
    cancel(h);
    EXPECT(h, payment_refund_payment, .order_id = ORDER_ID);
    EXPECT_DONE(h, NULL);
    refunded(h, ORDER_TOTAL);
    EXPECT_RELEASE(h, 1);
    EXPECT_RELEASE(h, 2);
    EXPECT(h, payment_void_payment, .order_id = ORDER_ID);
    order_shop_released(h, 1);
    order_shop_released(h, 2);
    voided(h);
    EXPECT(h, order_order_refunded, .order_id = ORDER_ID, .reason = "too slow",
           .refunded_minor = ORDER_TOTAL, .currency = "EUR");
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_REFUNDED, "too slow");
    GIVE(h, "notify", notify_mail_sent, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_REFUNDED);
    GIVE(h, "notify", notify_mail_given_up, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED, .reason = "mailbox full");
    EXPECT_NOTHING(h);
    ck_assert_int_eq(harness_query(h, "SELECT mail = 'sent' FROM orders"), 1);
    harness_end(h);
}
END_TEST

START_TEST(an_order_is_placed_once)
{
    struct harness *h = order_shop();

    order_shop_place(h, ORDER_TOTAL);
    EXPECT_REFUSED(h, "the order exists already");
    GIVE(h, "outside", order_cancel_order, .order_id = "o-3", .reason = "");
    EXPECT_REFUSED(h, "there is no such order");
    harness_end(h);
}
END_TEST

START_TEST(answers_that_nobody_asked_for_are_rejected)
{
    struct harness *h = order_shop_empty();

    order_shop_reserved(h, 1);
    EXPECT_REJECTED(h, "the message breaks an invariant: there is no saga order o-1");
    harness_end(h);
    h = order_shop();
    order_shop_committed(h, 1);
    EXPECT_REJECTED(h, "the message breaks an invariant: commit 1 was never asked for");
    harness_end(h);
}
END_TEST

SUITE("order: saga", an_order_is_confirmed, a_declined_payment_releases_the_goods,
      what_is_not_answered_yet_is_undone_and_its_answer_is_no_surprise,
      an_answer_after_the_undoing_is_undone_again, another_total_is_rejected_with_both_figures,
      another_currency_turns_back_at_once, a_refused_capture_undoes_stage_1,
      stock_that_is_gone_refunds, cancelled_before_the_pivot, cancelled_during_the_pivot,
      cancelled_after_it_was_confirmed, what_is_not_answered_is_asked_again_and_then_undone,
      a_saga_has_ten_minutes_to_its_pivot, behind_the_pivot_nothing_turns_back_by_itself,
      a_refused_refund_is_tried_again_then_parked_and_taken_up_by_a_person,
      a_mail_that_is_given_up_changes_nothing_but_is_said,
      a_confirmation_that_notify_rejects_is_said, a_confirmation_that_is_never_answered_is_said,
      a_farewell_that_notify_rejects_is_said, a_mail_may_be_there_before_the_end,
      a_confirmation_that_was_overtaken_is_not_the_last_mail, an_order_is_placed_once,
      answers_that_nobody_asked_for_are_rejected)

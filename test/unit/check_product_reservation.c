/* Reservation: every state of an order line, every word about it, and what it does to the stock. */
#include "svc-product/reservation.h"

#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

#define BROKEN "the message breaks an invariant: "
#define NOW    1000
#define LATER  2000

/* Ten on hand, none reserved. */
static struct product tea(void)
{
    return (struct product){
        .id = 1,
        .price_minor = 499,
        .currency = "EUR",
        .version = 1,
        .received = 12,
        .committed = 2,
    };
}

static struct reservation reserve(struct product *product, int64_t quantity)
{
    struct reservation res = {0};

    reservation_reserve(&res, product, "tea", quantity, LATER, NOW);
    return res;
}

static void ck_stock(const struct product *product, int64_t received, int64_t committed,
                     int64_t reserved)
{
    ck_assert_int_eq(product->received, received);
    ck_assert_int_eq(product->committed, committed);
    ck_assert_int_eq(product->reserved, reserved);
    ck_assert(product_holds(product));
}

START_TEST(states_have_words)
{
    enum reservation_state state;

    for (int i = RESERVATION_NONE; i <= RESERVATION_EXPIRED; i++) {
        ck_assert(
            reservation_state_parse(reservation_state_str((enum reservation_state)i), &state));
        ck_assert_int_eq(state, i);
    }
    ck_assert_str_eq(reservation_state_str(RESERVATION_COMMITTED), "committed");
    ck_assert(!reservation_state_parse("Reserved", &state));
}
END_TEST

START_TEST(a_line_has_a_name)
{
    char order_id[RESERVATION_ORDER_ID_MAX + 2] = {0};
    struct evt_error err;

    memset(order_id, 'o', RESERVATION_ORDER_ID_MAX);
    ck_ok(reservation_line_check("o", 1, &err), err);
    ck_ok(reservation_line_check(order_id, INT32_MAX, &err), err);
    ck_refused(reservation_line_check("o", 0, &err), err, EVT_E_INVARIANT,
               BROKEN "the line is not 1 or more");
    ck_refused(reservation_line_check("o", -1, &err), err, EVT_E_INVARIANT,
               BROKEN "the line is not 1 or more");
    ck_refused(reservation_line_check("", 1, &err), err, EVT_E_INVARIANT,
               BROKEN "the order id is not 1 to 64 bytes");
    order_id[RESERVATION_ORDER_ID_MAX] = 'o';
    ck_refused(reservation_line_check(order_id, 1, &err), err, EVT_E_INVARIANT,
               BROKEN "the order id is not 1 to 64 bytes");
}
END_TEST

START_TEST(a_line_never_changes_what_it_asks_for)
{
    struct product product = tea();
    struct reservation none = {0}, early = {0}, res = reserve(&product, 3);
    struct evt_error err;

    ck_ok(reservation_same_check(&none, "tea", 3, &err), err);
    ck_ok(reservation_same_check(&res, "tea", 3, &err), err);
    ck_ok(reservation_same_check(&res, "tea", 0, &err), err);
    ck_refused(reservation_same_check(&res, "mug", 3, &err), err, EVT_E_INVARIANT,
               BROKEN "the line is known for tea, not mug");
    ck_refused(reservation_same_check(&res, "tea", 4, &err), err, EVT_E_INVARIANT,
               BROKEN "the line is known for 3 pieces, not 4");
    reservation_release(&early, &product, "tea");
    ck_ok(reservation_same_check(&early, "tea", 4, &err), err);
    ck_refused(reservation_same_check(&early, "mug", 4, &err), err, EVT_E_INVARIANT,
               BROKEN "the line is known for tea, not mug");
}
END_TEST

START_TEST(stock_is_reserved_at_todays_price)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    ck_assert_int_eq(res.state, RESERVATION_RESERVED);
    ck_assert(reservation_stands(&res));
    ck_assert_str_eq(res.sku, "tea");
    ck_assert_int_eq(res.quantity, 3);
    ck_assert_int_eq(res.price_minor, 499);
    ck_assert_str_eq(res.currency, "EUR");
    ck_assert_int_eq(res.deadline_ms, LATER);
    ck_stock(&product, 12, 2, 3);
}
END_TEST

START_TEST(only_what_is_not_held_can_be_reserved)
{
    struct product product = tea();
    struct reservation first = reserve(&product, 6), second = reserve(&product, 5),
                       third = reserve(&product, 4), fourth = reserve(&product, 1);

    ck_assert_int_eq(first.state, RESERVATION_RESERVED);
    ck_assert_int_eq(second.state, RESERVATION_REFUSED);
    ck_assert_int_eq(reservation_refusal(&second), PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    ck_assert(!reservation_stands(&second));
    ck_assert_int_eq(third.state, RESERVATION_RESERVED);
    ck_assert_int_eq(fourth.state, RESERVATION_REFUSED);
    ck_stock(&product, 12, 2, 10);
}
END_TEST

START_TEST(what_cannot_be_sold_is_refused)
{
    struct product none = {0}, withdrawn = tea();
    struct reservation unknown = reserve(&none, 1), gone;

    withdrawn.withdrawn = true;
    gone = reserve(&withdrawn, 1);
    ck_assert_int_eq(reservation_refusal(&unknown), PRODUCT_REFUSAL_REASON_UNKNOWN);
    ck_assert_int_eq(reservation_refusal(&gone), PRODUCT_REFUSAL_REASON_WITHDRAWN);
    ck_stock(&none, 0, 0, 0);
    ck_stock(&withdrawn, 12, 2, 0);
}
END_TEST

START_TEST(a_deadline_in_the_past_is_refused)
{
    struct product product = tea();
    struct reservation at = {0}, after = {0};

    reservation_reserve(&at, &product, "tea", 1, NOW, NOW);
    ck_assert_int_eq(at.state, RESERVATION_REFUSED);
    ck_assert_int_eq(reservation_refusal(&at), PRODUCT_REFUSAL_REASON_EXPIRED);
    ck_stock(&product, 12, 2, 0);
    reservation_reserve(&after, &product, "tea", 1, NOW + 1, NOW);
    ck_assert_int_eq(after.state, RESERVATION_RESERVED);
}
END_TEST

START_TEST(a_line_is_decided_once)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    if (mortal_begin())
        reservation_reserve(&res, &product, "tea", 3, LATER, NOW);
    ck_assert_ptr_nonnull(mortal_end());
    ck_stock(&product, 12, 2, 3);
}
END_TEST

START_TEST(a_commit_takes_stock_off_the_shelf)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    ck_assert_int_eq(reservation_commit(&res, &product, "tea"), -3);
    ck_assert_int_eq(res.state, RESERVATION_COMMITTED);
    ck_assert(reservation_stands(&res));
    ck_stock(&product, 12, 5, 0);
    ck_assert_int_eq(reservation_commit(&res, &product, "tea"), 0);
    ck_stock(&product, 12, 5, 0);
}
END_TEST

START_TEST(a_release_frees_a_reservation)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 0);
    ck_assert_int_eq(res.state, RESERVATION_RELEASED);
    ck_assert_int_eq(reservation_refusal(&res), PRODUCT_REFUSAL_REASON_RELEASED);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_RELEASED);
    ck_stock(&product, 12, 2, 0);
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 0);
    ck_assert_int_eq(reservation_commit(&res, &product, "tea"), 0);
    ck_stock(&product, 12, 2, 0);
}
END_TEST

START_TEST(a_release_takes_committed_stock_back)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    reservation_commit(&res, &product, "tea");
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 3);
    ck_assert_int_eq(res.state, RESERVATION_RELEASED);
    ck_stock(&product, 12, 2, 0);
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 0);
    ck_stock(&product, 12, 2, 0);
}
END_TEST

/* Returned goods may lie above the bound for receiving: then nothing more is received. */
START_TEST(goods_come_back_whatever_is_on_hand)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);
    struct product_refusal refusal;

    reservation_commit(&res, &product, "tea");
    ck_assert(product_receive(&product, PRODUCT_STOCK_MAX - 7, &refusal));
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 3);
    ck_assert_int_eq(product_on_hand(&product), PRODUCT_STOCK_MAX + 3);
    ck_assert(!product_receive(&product, 1, &refusal));
}
END_TEST

START_TEST(a_release_before_the_reservation_is_remembered)
{
    struct reservation res = {0};

    ck_assert_int_eq(reservation_release(&res, NULL, "tea"), 0);
    ck_assert_int_eq(res.state, RESERVATION_RELEASED);
    ck_assert_str_eq(res.sku, "tea");
    ck_assert_int_eq(res.quantity, 0);
    ck_assert_int_eq(reservation_refusal(&res), PRODUCT_REFUSAL_REASON_RELEASED);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_NOT_RESERVED);
}
END_TEST

START_TEST(a_commit_before_the_reservation_is_remembered)
{
    struct reservation res = {0};

    ck_assert_int_eq(reservation_commit(&res, NULL, "tea"), 0);
    ck_assert_int_eq(res.state, RESERVATION_RELEASED);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_NOT_RESERVED);
    ck_assert_int_eq(reservation_commit(&res, NULL, "tea"), 0);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_NOT_RESERVED);
    ck_assert_int_eq(reservation_refusal(&res), PRODUCT_REFUSAL_REASON_RELEASED);
}
END_TEST

START_TEST(what_was_refused_stays_refused)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 11);

    ck_assert_int_eq(reservation_commit(&res, &product, "tea"), 0);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_NOT_RESERVED);
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 0);
    ck_assert_int_eq(res.state, RESERVATION_REFUSED);
    ck_assert_int_eq(reservation_refusal(&res), PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    ck_stock(&product, 12, 2, 0);
}
END_TEST

START_TEST(a_reservation_expires)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    reservation_expire(&res, &product);
    ck_assert_int_eq(res.state, RESERVATION_EXPIRED);
    ck_assert_int_eq(reservation_refusal(&res), PRODUCT_REFUSAL_REASON_EXPIRED);
    ck_assert_int_eq(reservation_gone(&res), PRODUCT_GONE_REASON_EXPIRED);
    ck_stock(&product, 12, 2, 0);
    ck_assert_int_eq(reservation_commit(&res, &product, "tea"), 0);
    ck_assert_int_eq(reservation_release(&res, &product, "tea"), 0);
    ck_assert_int_eq(res.state, RESERVATION_EXPIRED);
    ck_stock(&product, 12, 2, 0);
}
END_TEST

START_TEST(what_is_committed_does_not_expire)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    reservation_commit(&res, &product, "tea");
    if (mortal_begin())
        reservation_expire(&res, &product);
    ck_assert_ptr_nonnull(mortal_end());
    ck_stock(&product, 12, 5, 0);
}
END_TEST

START_TEST(what_stands_has_no_refusal)
{
    struct product product = tea();
    struct reservation res = reserve(&product, 3);

    if (mortal_begin())
        reservation_refusal(&res);
    ck_assert_ptr_nonnull(mortal_end());
}
END_TEST

/* Withdrawing ends the sale, not what was promised. */
START_TEST(a_withdrawn_product_keeps_its_promises)
{
    struct product product = tea();
    struct reservation sold = reserve(&product, 3), undone = reserve(&product, 2);
    struct product_refusal refusal;

    ck_assert(product_withdraw(&product, &refusal));
    ck_assert_int_eq(reservation_commit(&sold, &product, "tea"), -3);
    ck_assert_int_eq(reservation_release(&undone, &product, "tea"), 0);
    ck_stock(&product, 12, 5, 0);
}
END_TEST

SUITE("product_reservation", states_have_words, a_line_has_a_name,
      a_line_never_changes_what_it_asks_for, stock_is_reserved_at_todays_price,
      only_what_is_not_held_can_be_reserved, what_cannot_be_sold_is_refused,
      a_deadline_in_the_past_is_refused, a_line_is_decided_once, a_commit_takes_stock_off_the_shelf,
      a_release_frees_a_reservation, a_release_takes_committed_stock_back,
      goods_come_back_whatever_is_on_hand, a_release_before_the_reservation_is_remembered,
      a_commit_before_the_reservation_is_remembered, what_was_refused_stays_refused,
      a_reservation_expires, what_is_committed_does_not_expire, what_stands_has_no_refusal,
      a_withdrawn_product_keeps_its_promises)

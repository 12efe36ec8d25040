/* ReserveStock: what is held, for whom, at which price, and every way to be refused. */
#include "test/lib/product_shop.h"
#include "test/lib/suite.h"

START_TEST(stock_is_held_at_todays_price)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT(h, product_stock_reserved, .order_id = "o-1", .line = 1, .sku = "tea", .quantity = 3,
           .price_minor = 499, .currency = "EUR", .deadline = DEADLINE);
    ck_assert_int_eq(product_shop_reserved(h), 3);
    product_shop_end(h);
}
END_TEST

START_TEST(lines_share_what_there_is)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 6);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 2, .sku = "tea",
         .quantity = 5, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 2, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    product_shop_reserve(h, "o-2", 1, 4);
    product_shop_end(h);
}
END_TEST

START_TEST(what_is_not_sold_is_refused)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "mug",
         .quantity = 1, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "mug",
           .reason = PRODUCT_REFUSAL_REASON_UNKNOWN);
    GIVE(h, "outside", product_withdraw_product, .sku = "tea");
    EXPECT(h, product_product_withdrawn, .sku = "tea", .version = 2);
    EXPECT_DONE(h, NULL);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-2", .line = 1, .sku = "tea",
         .quantity = 1, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-2", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_WITHDRAWN);
    product_shop_end(h);
}
END_TEST

START_TEST(a_deadline_that_has_passed_is_refused)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 1, .deadline = HARNESS_NOW);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_EXPIRED);
    ck_assert_int_eq(product_shop_timers(h), 0);
    product_shop_end(h);
}
END_TEST

START_TEST(the_same_request_gets_the_same_answer)
{
    struct harness *h = product_shop();

    for (int i = 0; i < 2; i++) {
        GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
             .quantity = 3, .deadline = DEADLINE + i);
        EXPECT(h, product_stock_reserved, .order_id = "o-1", .line = 1, .sku = "tea", .quantity = 3,
               .price_minor = 499, .currency = "EUR", .deadline = DEADLINE);
        GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 600 + i,
             .currency = "CHF");
        EXPECT(h, product_price_changed, .sku = "tea", .price_minor = 600 + i, .currency = "CHF",
               .version = 2 + i);
        EXPECT_DONE(h, i == 0 ? "{\"version\":2}" : "{\"version\":3}");
    }
    ck_assert_int_eq(product_shop_reserved(h), 3);
    ck_assert_int_eq(product_shop_timers(h), 1);
    product_shop_end(h);
}
END_TEST

/* Else an order that was told no could be told yes behind its back. */
START_TEST(the_same_request_gets_the_same_refusal)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 11, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 1);
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 1, .on_hand = 11, .reserved = 0);
    EXPECT_DONE(h, "{\"on_hand\":11}");
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 11, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    product_shop_end(h);
}
END_TEST

START_TEST(another_request_for_the_same_line_is_rejected)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 4, .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the line is known for 3 pieces, not 4");
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "mug",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the line is known for tea, not mug");
    ck_assert_int_eq(product_shop_reserved(h), 3);
    product_shop_end(h);
}
END_TEST

START_TEST(a_malformed_request_is_rejected)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 0, .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the quantity is not 1 to 1000000000");
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 0, .sku = "tea",
         .quantity = 1, .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the line is not 1 or more");
    GIVE(h, "order", product_reserve_stock, .order_id = "", .line = 1, .sku = "tea", .quantity = 1,
         .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the order id is not 1 to 64 bytes");
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea 500",
         .quantity = 1, .deadline = DEADLINE);
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM reservation"), 0);
    product_shop_end(h);
}
END_TEST

SUITE("product_reserve", stock_is_held_at_todays_price, lines_share_what_there_is,
      what_is_not_sold_is_refused, a_deadline_that_has_passed_is_refused,
      the_same_request_gets_the_same_answer, the_same_request_gets_the_same_refusal,
      another_request_for_the_same_line_is_rejected, a_malformed_request_is_rejected)

/* CommitStock and ReleaseStock: a line's two ends, in any order, once or twice. */
#include "test/lib/product_shop.h"
#include "test/lib/suite.h"

static void release(struct harness *h, const char *order_id, int32_t line)
{
    GIVE(h, "order", product_release_stock, .order_id = order_id, .line = line, .sku = "tea");
}

START_TEST(a_commit_takes_the_goods_off_the_shelf)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    product_shop_reserve(h, "o-2", 1, 2);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = -3, .on_hand = 7, .reserved = 2);
    EXPECT(h, product_stock_committed, .order_id = "o-1", .line = 1, .sku = "tea");
    ck_assert_int_eq(product_shop_timers(h), 1);
    product_shop_end(h);
}
END_TEST

START_TEST(a_commit_is_answered_twice_and_done_once)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = -3, .on_hand = 7, .reserved = 0);
    EXPECT(h, product_stock_committed, .order_id = "o-1", .line = 1, .sku = "tea");
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_committed, .order_id = "o-1", .line = 1, .sku = "tea");
    product_shop_reserve(h, "o-1", 1, 3); /* still stands: the same answer */
    ck_assert_int_eq(product_shop_on_hand(h), 7);
    product_shop_end(h);
}
END_TEST

START_TEST(a_release_frees_the_goods)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 10);
    for (int i = 0; i < 2; i++) {
        release(h, "o-1", 1);
        EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    }
    ck_assert_int_eq(product_shop_timers(h), 0);
    product_shop_reserve(h, "o-2", 1, 10);
    product_shop_end(h);
}
END_TEST

START_TEST(what_was_released_is_gone)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    release(h, "o-1", 1);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_gone, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_GONE_REASON_RELEASED);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_RELEASED);
    ck_assert_int_eq(product_shop_on_hand(h), 10);
    product_shop_end(h);
}
END_TEST

START_TEST(a_release_takes_committed_goods_back)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    product_shop_commit(h, "o-1", 1, 3, 7);
    release(h, "o-1", 1);
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 3, .on_hand = 10, .reserved = 0);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    release(h, "o-1", 1);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    product_shop_end(h);
}
END_TEST

START_TEST(a_release_before_the_reservation_is_remembered)
{
    struct harness *h = product_shop();

    release(h, "o-1", 1);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_RELEASED);
    ck_assert_int_eq(product_shop_reserved(h), 0);
    product_shop_end(h);
}
END_TEST

START_TEST(a_commit_before_the_reservation_finds_nothing_for_good)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_gone, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_GONE_REASON_NOT_RESERVED);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_RELEASED);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_gone, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_GONE_REASON_NOT_RESERVED);
    product_shop_end(h);
}
END_TEST

START_TEST(what_was_refused_is_gone)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 11, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_gone, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_GONE_REASON_NOT_RESERVED);
    release(h, "o-1", 1);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    product_shop_end(h);
}
END_TEST

/* Withdrawing ends the sale, not what was promised. */
START_TEST(a_withdrawn_product_keeps_its_promises)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    GIVE(h, "outside", product_withdraw_product, .sku = "tea");
    EXPECT(h, product_product_withdrawn, .sku = "tea", .version = 2);
    EXPECT_DONE(h, NULL);
    product_shop_commit(h, "o-1", 1, 3, 7);
    product_shop_end(h);
}
END_TEST

START_TEST(a_line_of_another_sku_is_rejected)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "mug");
    EXPECT_REJECTED(h, BROKEN "the line is known for tea, not mug");
    GIVE(h, "order", product_release_stock, .order_id = "o-1", .line = 1, .sku = "mug");
    EXPECT_REJECTED(h, BROKEN "the line is known for tea, not mug");
    ck_assert_int_eq(product_shop_reserved(h), 3);
    product_shop_end(h);
}
END_TEST

START_TEST(a_malformed_line_is_rejected)
{
    struct harness *h = product_shop();

    GIVE(h, "order", product_commit_stock, .order_id = "", .line = 1, .sku = "tea");
    EXPECT_REJECTED(h, BROKEN "the order id is not 1 to 64 bytes");
    GIVE(h, "order", product_release_stock, .order_id = "o-1", .line = -1, .sku = "tea");
    EXPECT_REJECTED(h, BROKEN "the line is not 1 or more");
    GIVE(h, "order", product_release_stock, .order_id = "o-1", .line = 1, .sku = "tea 500");
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    product_shop_end(h);
}
END_TEST

SUITE("product_commit", a_commit_takes_the_goods_off_the_shelf,
      a_commit_is_answered_twice_and_done_once, a_release_frees_the_goods,
      what_was_released_is_gone, a_release_takes_committed_goods_back,
      a_release_before_the_reservation_is_remembered,
      a_commit_before_the_reservation_finds_nothing_for_good, what_was_refused_is_gone,
      a_withdrawn_product_keeps_its_promises, a_line_of_another_sku_is_rejected,
      a_malformed_line_is_rejected)

/* A reservation's deadline, and how long a line is remembered after its end. */
#include "test/lib/product_shop.h"
#include "test/lib/suite.h"

#include <stdio.h>

#define DAY_MS       (24LL * 60 * 60 * 1000)
#define KEPT_MS      (30 * DAY_MS)
#define SOLD_KEPT_MS (400 * DAY_MS)

START_TEST(what_nobody_commits_frees_itself)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 10);
    harness_wait(h, DEADLINE - HARNESS_NOW - 1);
    ck_assert_int_eq(product_shop_reserved(h), 10);
    harness_wait(h, 1);
    ck_assert_int_eq(product_shop_reserved(h), 0);
    ck_assert_int_eq(product_shop_timers(h), 0);
    EXPECT_NOTHING(h); /* the order is not told */
    product_shop_end(h);
}
END_TEST

START_TEST(what_has_expired_is_gone)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    harness_wait(h, DEADLINE - HARNESS_NOW);
    GIVE(h, "order", product_commit_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_gone, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_GONE_REASON_EXPIRED);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-1", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_EXPIRED);
    GIVE(h, "order", product_release_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    product_shop_end(h);
}
END_TEST

START_TEST(what_is_sold_or_undone_does_not_expire)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    product_shop_reserve(h, "o-2", 1, 2);
    product_shop_reserve(h, "o-3", 1, 1);
    product_shop_commit(h, "o-1", 1, 3, 7);
    GIVE(h, "order", product_release_stock, .order_id = "o-2", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_released, .order_id = "o-2", .line = 1, .sku = "tea");
    ck_assert_int_eq(product_shop_reserved(h), 1);
    harness_wait(h, DEADLINE - HARNESS_NOW);
    ck_assert_int_eq(product_shop_on_hand(h), 7);
    ck_assert_int_eq(product_shop_reserved(h), 0);
    product_shop_end(h);
}
END_TEST

/* The row decides, not the clock: the timer may be late. */
START_TEST(until_its_timer_comes_a_reservation_can_be_committed)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    harness_skip(h, DEADLINE - HARNESS_NOW + 1000);
    product_shop_commit(h, "o-1", 1, 3, 7);
    harness_wait(h, 1000);
    ck_assert_int_eq(product_shop_on_hand(h), 7);
    product_shop_end(h);
}
END_TEST

static void release(struct harness *h, int order)
{
    char order_id[16];

    snprintf(order_id, sizeof(order_id), "o-%d", order);
    GIVE(h, "order", product_release_stock, .order_id = order_id, .line = 1, .sku = "tea");
    EXPECT(h, product_stock_released, .order_id = order_id, .line = 1, .sku = "tea");
}

static int64_t rows(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM reservation");
}

START_TEST(old_lines_are_forgotten_as_new_ones_end)
{
    struct harness *h = product_shop();

    for (int order = 1; order <= 5; order++)
        release(h, order);
    harness_wait(h, KEPT_MS);
    release(h, 6); /* they are not older than that yet */
    ck_assert_int_eq(rows(h), 6);
    harness_wait(h, 1);
    release(h, 7);
    ck_assert_int_eq(rows(h), 5);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM reservation WHERE order_id IN"
                                      " ('o-1', 'o-2')"),
                     0);
    release(h, 8);
    ck_assert_int_eq(rows(h), 4);
    release(h, 9);
    ck_assert_int_eq(rows(h), 4);
    product_shop_end(h);
}
END_TEST

START_TEST(what_stands_is_not_forgotten)
{
    struct harness *h = product_shop();
    const int64_t deadline = HARNESS_NOW + 2 * KEPT_MS;

    GIVE(h, "order", product_reserve_stock, .order_id = "o-1", .line = 1, .sku = "tea",
         .quantity = 3, .deadline = deadline);
    EXPECT(h, product_stock_reserved, .order_id = "o-1", .line = 1, .sku = "tea", .quantity = 3,
           .price_minor = 499, .currency = "EUR", .deadline = deadline);
    harness_wait(h, KEPT_MS + 1);
    release(h, 2);
    ck_assert_int_eq(rows(h), 2);
    ck_assert_int_eq(product_shop_reserved(h), 3);
    product_shop_end(h);
}
END_TEST

/* A cancelled order's refund may be a year under way. */
START_TEST(what_is_sold_comes_back_after_a_year)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    product_shop_commit(h, "o-1", 1, 3, 7);
    harness_wait(h, SOLD_KEPT_MS);
    release(h, 2); /* an end that forgets what is old enough */
    GIVE(h, "order", product_release_stock, .order_id = "o-1", .line = 1, .sku = "tea");
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 3, .on_hand = 10);
    EXPECT(h, product_stock_released, .order_id = "o-1", .line = 1, .sku = "tea");
    ck_assert_int_eq(rows(h), 2);
    product_shop_end(h);
}
END_TEST

START_TEST(what_is_sold_is_forgotten_after_that)
{
    struct harness *h = product_shop();

    product_shop_reserve(h, "o-1", 1, 3);
    product_shop_commit(h, "o-1", 1, 3, 7);
    harness_wait(h, SOLD_KEPT_MS + 1);
    release(h, 2);
    ck_assert_int_eq(rows(h), 1);
    product_shop_end(h);
}
END_TEST

/* A refusal and an expiry end a line as well, and forget. */
START_TEST(every_end_forgets)
{
    struct harness *h = product_shop();

    for (int order = 1; order <= 5; order++)
        release(h, order);
    harness_wait(h, KEPT_MS + 1);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-6", .line = 1, .sku = "tea",
         .quantity = 1, .deadline = DEADLINE);
    EXPECT(h, product_stock_refused, .order_id = "o-6", .line = 1, .sku = "tea",
           .reason = PRODUCT_REFUSAL_REASON_EXPIRED);
    ck_assert_int_eq(rows(h), 4);
    GIVE(h, "order", product_reserve_stock, .order_id = "o-7", .line = 1, .sku = "tea",
         .quantity = 1, .deadline = DEADLINE + KEPT_MS);
    EXPECT(h, product_stock_reserved, .order_id = "o-7", .line = 1, .sku = "tea", .quantity = 1,
           .price_minor = 499, .currency = "EUR", .deadline = DEADLINE + KEPT_MS);
    ck_assert_int_eq(rows(h), 5);
    harness_wait(h, DEADLINE - HARNESS_NOW);
    ck_assert_int_eq(rows(h), 3);
    product_shop_end(h);
}
END_TEST

SUITE("product_deadline", what_nobody_commits_frees_itself, what_has_expired_is_gone,
      what_is_sold_or_undone_does_not_expire, until_its_timer_comes_a_reservation_can_be_committed,
      old_lines_are_forgotten_as_new_ones_end, what_stands_is_not_forgotten,
      what_is_sold_comes_back_after_a_year, what_is_sold_is_forgotten_after_that, every_end_forgets)

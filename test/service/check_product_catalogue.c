/* The catalogue: what people outside may do to a product, and how they are told. */
#include "test/lib/product_shop.h"
#include "test/lib/suite.h"

START_TEST(a_product_is_created_with_nothing_on_hand)
{
    struct harness *h = product_shop_empty();

    GIVE(h, "outside", product_create_product, .sku = "mug", .name = "Mug", .price_minor = 1250,
         .currency = "CHF");
    EXPECT(h, product_product_created, .sku = "mug", .name = "Mug", .price_minor = 1250,
           .currency = "CHF", .version = 1);
    EXPECT_DONE(h, NULL);
    ck_assert_int_eq(harness_query(h, "SELECT received + committed + reserved FROM product"), 0);
    product_shop_end(h);
}
END_TEST

START_TEST(a_product_is_created_once)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "More tea", .price_minor = 1,
         .currency = "EUR");
    EXPECT_REFUSED(h, "the product exists already");
    GIVE(h, "outside", product_withdraw_product, .sku = "tea");
    EXPECT(h, product_product_withdrawn, .sku = "tea", .version = 2);
    EXPECT_DONE(h, NULL);
    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "More tea", .price_minor = 1,
         .currency = "EUR");
    EXPECT_REFUSED(h, "the product exists already");
    product_shop_end(h);
}
END_TEST

START_TEST(a_price_is_changed)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 525, .currency = "USD");
    EXPECT(h, product_price_changed, .sku = "tea", .price_minor = 525, .currency = "USD",
           .version = 2);
    EXPECT_DONE(h, "{\"version\":2}");
    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 530, .currency = "USD",
         .has_expected_version = true, .expected_version = 2);
    EXPECT(h, product_price_changed, .sku = "tea", .price_minor = 530, .currency = "USD",
           .version = 3);
    EXPECT_DONE(h, "{\"version\":3}");
    product_shop_end(h);
}
END_TEST

START_TEST(a_price_change_for_another_version_is_refused)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 525, .currency = "EUR",
         .has_expected_version = true, .expected_version = 0);
    EXPECT_REFUSED(h, "the version is 1, not 0");
    ck_assert_int_eq(harness_query(h, "SELECT price_minor FROM product"), 499);
    product_shop_end(h);
}
END_TEST

/* A delivery must not make somebody's price change fail. */
START_TEST(stock_does_not_count_as_a_version)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 1);
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 1, .on_hand = 11, .reserved = 0);
    EXPECT_DONE(h, "{\"on_hand\":11}");
    product_shop_reserve(h, "o-1", 1, 1);
    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 525, .currency = "EUR",
         .has_expected_version = true, .expected_version = 1);
    EXPECT(h, product_price_changed, .sku = "tea", .price_minor = 525, .currency = "EUR",
           .version = 2);
    EXPECT_DONE(h, "{\"version\":2}");
    product_shop_end(h);
}
END_TEST

START_TEST(the_stock_has_a_bound)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 999999991);
    EXPECT_REFUSED(h, "the stock would exceed 1000000000");
    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 999999990);
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 999999990, .on_hand = 1000000000,
           .reserved = 0);
    EXPECT_DONE(h, "{\"on_hand\":1000000000}");
    product_shop_end(h);
}
END_TEST

START_TEST(a_withdrawal_is_for_good_and_done_twice)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_withdraw_product, .sku = "tea");
    EXPECT(h, product_product_withdrawn, .sku = "tea", .version = 2);
    EXPECT_DONE(h, NULL);
    GIVE(h, "outside", product_withdraw_product, .sku = "tea");
    EXPECT_DONE(h, NULL);
    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 1, .currency = "EUR");
    EXPECT_REFUSED(h, "the product is withdrawn");
    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 1);
    EXPECT_REFUSED(h, "the product is withdrawn");
    product_shop_end(h);
}
END_TEST

START_TEST(what_does_not_exist_cannot_be_changed)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_change_price, .sku = "mug", .price_minor = 1, .currency = "EUR");
    EXPECT_REFUSED(h, "there is no such product");
    GIVE(h, "outside", product_receive_stock, .sku = "mug", .quantity = 1);
    EXPECT_REFUSED(h, "there is no such product");
    GIVE(h, "outside", product_withdraw_product, .sku = "mug");
    EXPECT_REFUSED(h, "there is no such product");
    product_shop_end(h);
}
END_TEST

START_TEST(a_malformed_product_is_rejected)
{
    struct harness *h = product_shop_empty();

    GIVE(h, "outside", product_create_product, .sku = "tea 500", .name = "Tea", .price_minor = 1,
         .currency = "EUR");
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "", .price_minor = 1,
         .currency = "EUR");
    EXPECT_REJECTED(h, BROKEN "the name is not 1 to 200 bytes");
    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "Tea", .price_minor = -1,
         .currency = "EUR");
    EXPECT_REJECTED(h, BROKEN "the price is not 0 to 9000000000");
    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "Tea", .price_minor = 1,
         .currency = "eur");
    EXPECT_REJECTED(h, BROKEN "the currency is not three upper-case letters");
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM product"), 0);
    product_shop_end(h);
}
END_TEST

START_TEST(a_malformed_change_is_rejected)
{
    struct harness *h = product_shop();

    GIVE(h, "outside", product_change_price, .sku = "tea", .price_minor = 9000000001,
         .currency = "EUR");
    EXPECT_REJECTED(h, BROKEN "the price is not 0 to 9000000000");
    GIVE(h, "outside", product_change_price, .sku = "tea 500", .price_minor = 1, .currency = "EUR");
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = -1);
    EXPECT_REJECTED(h, BROKEN "the quantity is not 1 to 1000000000");
    GIVE(h, "outside", product_receive_stock, .sku = "tea 500", .quantity = 1);
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    GIVE(h, "outside", product_withdraw_product, .sku = "tea 500");
    EXPECT_REJECTED(h, BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a "
                              "letter or digit");
    product_shop_end(h);
}
END_TEST

SUITE("product_catalogue", a_product_is_created_with_nothing_on_hand, a_product_is_created_once,
      a_price_is_changed, a_price_change_for_another_version_is_refused,
      stock_does_not_count_as_a_version, the_stock_has_a_bound,
      a_withdrawal_is_for_good_and_done_twice, what_does_not_exist_cannot_be_changed,
      a_malformed_product_is_rejected, a_malformed_change_is_rejected)

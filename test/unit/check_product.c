/* Product: what a message may say, and the decisions about catalogue and stock. */
#include "svc-product/product.h"

#include <stdint.h>
#include <string.h>

#include "test/lib/suite.h"

#define BROKEN "the message breaks an invariant: "

/* Ten on hand, three of them reserved. */
static struct product tea(void)
{
    return (struct product){
        .id = 1,
        .price_minor = 499,
        .currency = "EUR",
        .version = 4,
        .received = 12,
        .committed = 2,
        .reserved = 3,
    };
}

static void ck_same(const struct product *product, const struct product *other)
{
    ck_assert_int_eq(product->id, other->id);
    ck_assert_int_eq(product->price_minor, other->price_minor);
    ck_assert_str_eq(product->currency, other->currency);
    ck_assert_int_eq(product->version, other->version);
    ck_assert_int_eq(product->withdrawn, other->withdrawn);
    ck_assert_int_eq(product->received, other->received);
    ck_assert_int_eq(product->committed, other->committed);
    ck_assert_int_eq(product->reserved, other->reserved);
}

static const char *longest_sku(void)
{
    static char sku[PRODUCT_SKU_MAX + 2];

    memset(sku, 'x', PRODUCT_SKU_MAX);
    return sku;
}

START_TEST(a_sku_has_a_form)
{
    const char *good[] = {"A", "7", "tea-500g", "A.b_C-9", "x--", longest_sku()};
    struct evt_error err;

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        ck_ok(product_sku_check(good[i], &err), err);
}
END_TEST

START_TEST(a_sku_of_another_form_is_rejected)
{
    const char *bad[] = {"", "-tea", ".tea", "_", "tea 500", "t\xc3\xa9", "a/b", "tea\n", NULL};
    char too_long[PRODUCT_SKU_MAX + 2] = {0};
    struct evt_error err;

    memset(too_long, 'x', PRODUCT_SKU_MAX + 1);
    bad[sizeof(bad) / sizeof(*bad) - 1] = too_long;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_refused(product_sku_check(bad[i], &err), err, EVT_E_INVARIANT,
                   BROKEN "the sku is not 1 to 40 of A-Z a-z 0-9 . _ -, beginning with a letter "
                          "or digit");
}
END_TEST

START_TEST(a_name_has_1_to_200_bytes)
{
    char name[PRODUCT_NAME_MAX + 2] = {0};
    struct evt_error err;

    memset(name, 'n', PRODUCT_NAME_MAX);
    ck_ok(product_name_check("T", &err), err);
    ck_ok(product_name_check(name, &err), err);
    name[PRODUCT_NAME_MAX] = 'n';
    ck_refused(product_name_check(name, &err), err, EVT_E_INVARIANT,
               BROKEN "the name is not 1 to 200 bytes");
    ck_refused(product_name_check("", &err), err, EVT_E_INVARIANT,
               BROKEN "the name is not 1 to 200 bytes");
}
END_TEST

START_TEST(a_price_has_bounds)
{
    struct evt_error err;

    ck_ok(product_price_check(0, "EUR", &err), err);
    ck_ok(product_price_check(9000000000, "JPY", &err), err);
    ck_refused(product_price_check(-1, "EUR", &err), err, EVT_E_INVARIANT,
               BROKEN "the price is not 0 to 9000000000");
    ck_refused(product_price_check(9000000001, "EUR", &err), err, EVT_E_INVARIANT,
               BROKEN "the price is not 0 to 9000000000");
}
END_TEST

START_TEST(a_currency_is_three_upper_case_letters)
{
    const char *bad[] = {"", "EU", "EURO", "eur", "EU1", "\xc3\x84R"};
    struct evt_error err;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_refused(product_price_check(1, bad[i], &err), err, EVT_E_INVARIANT,
                   BROKEN "the currency is not three upper-case letters");
}
END_TEST

START_TEST(a_quantity_has_bounds)
{
    const int64_t bad[] = {0, -1, INT64_MIN, 1000000001, INT64_MAX};
    struct evt_error err;

    ck_ok(product_quantity_check(1, &err), err);
    ck_ok(product_quantity_check(1000000000, &err), err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_refused(product_quantity_check(bad[i], &err), err, EVT_E_INVARIANT,
                   BROKEN "the quantity is not 1 to 1000000000");
}
END_TEST

/* What the bounds are for. */
START_TEST(the_price_of_a_line_fits_a_long)
{
    int64_t total;

    ck_assert(!__builtin_mul_overflow(PRODUCT_PRICE_MINOR_MAX, PRODUCT_STOCK_MAX, &total));
}
END_TEST

START_TEST(stock_adds_up)
{
    struct product product = tea();

    ck_assert_int_eq(product_on_hand(&product), 10);
    ck_assert_int_eq(product_available(&product), 7);
    ck_assert(product_holds(&product));
}
END_TEST

START_TEST(broken_stock_is_seen)
{
    struct product product = tea();

    product.reserved = 10;
    ck_assert(product_holds(&product));
    product.reserved = 11;
    ck_assert(!product_holds(&product));
    product.reserved = -1;
    ck_assert(!product_holds(&product));
    product = tea();
    product.committed = -1;
    ck_assert(!product_holds(&product));
    product.committed = 13;
    product.reserved = 0;
    ck_assert(!product_holds(&product));
}
END_TEST

START_TEST(a_new_product_has_version_1_and_nothing_on_hand)
{
    struct product product = {0};
    struct product_refusal refusal;

    ck_assert(product_create(&product, 250, "CHF", &refusal));
    ck_assert_int_eq(product.price_minor, 250);
    ck_assert_str_eq(product.currency, "CHF");
    ck_assert_int_eq(product.version, 1);
    ck_assert(!product.withdrawn);
    ck_assert_int_eq(product_on_hand(&product), 0);
    ck_assert(product_holds(&product));
}
END_TEST

START_TEST(a_product_is_created_once)
{
    struct product product = tea();
    const struct product before = product;
    struct product_refusal refusal;

    ck_assert(!product_create(&product, 250, "CHF", &refusal));
    ck_assert_str_eq(refusal.text, "the product exists already");
    ck_same(&product, &before);
    product.withdrawn = true;
    ck_assert(!product_create(&product, 250, "CHF", &refusal));
    ck_assert_str_eq(refusal.text, "the product exists already");
}
END_TEST

START_TEST(a_price_change_counts_as_a_version)
{
    struct product product = tea();
    struct product_refusal refusal;
    const int64_t expected = 4;

    ck_assert(product_reprice(&product, 525, "USD", &expected, &refusal));
    ck_assert_int_eq(product.price_minor, 525);
    ck_assert_str_eq(product.currency, "USD");
    ck_assert_int_eq(product.version, 5);
    ck_assert(product_reprice(&product, 530, "USD", NULL, &refusal));
    ck_assert_int_eq(product.version, 6);
}
END_TEST

START_TEST(a_price_change_for_another_version_is_refused)
{
    struct product product = tea();
    const struct product before = product;
    struct product_refusal refusal;
    const int64_t older = 3, newer = 5;

    ck_assert(!product_reprice(&product, 525, "EUR", &older, &refusal));
    ck_assert_str_eq(refusal.text, "the version is 4, not 3");
    ck_assert(!product_reprice(&product, 525, "EUR", &newer, &refusal));
    ck_assert_str_eq(refusal.text, "the version is 4, not 5");
    ck_same(&product, &before);
}
END_TEST

START_TEST(goods_come_in)
{
    struct product product = tea();
    struct product_refusal refusal;

    ck_assert(product_receive(&product, 5, &refusal));
    ck_assert_int_eq(product.received, 17);
    ck_assert_int_eq(product_on_hand(&product), 15);
    ck_assert_int_eq(product.version, 4);
}
END_TEST

START_TEST(the_stock_has_a_bound)
{
    struct product product = tea();
    struct product_refusal refusal;

    ck_assert(!product_receive(&product, 1000000000 - 9, &refusal));
    ck_assert_str_eq(refusal.text, "the stock would exceed 1000000000");
    ck_assert_int_eq(product.received, 12);
    ck_assert(product_receive(&product, 1000000000 - 10, &refusal));
    ck_assert_int_eq(product_on_hand(&product), 1000000000);
}
END_TEST

START_TEST(all_that_was_ever_received_stays_a_number)
{
    struct product product = tea();
    struct product_refusal refusal;

    product.received = INT64_MAX - 1;
    product.committed = INT64_MAX - 11;
    ck_assert(!product_receive(&product, 2, &refusal));
    ck_assert_str_eq(refusal.text, "the stock would exceed 1000000000");
    ck_assert(product_receive(&product, 1, &refusal));
    ck_assert_int_eq(product.received, INT64_MAX);
    ck_assert_int_eq(product_on_hand(&product), 11);
}
END_TEST

START_TEST(a_product_is_withdrawn_once)
{
    struct product product = tea();
    struct product_refusal refusal;

    ck_assert(product_withdraw(&product, &refusal));
    ck_assert(product.withdrawn);
    ck_assert_int_eq(product.version, 5);
    ck_assert(product_withdraw(&product, &refusal));
    ck_assert_int_eq(product.version, 5);
    ck_assert_int_eq(product_on_hand(&product), 10);
}
END_TEST

START_TEST(what_does_not_exist_cannot_be_changed)
{
    struct product none = {0};
    struct product_refusal refusal[3];

    ck_assert(!product_reprice(&none, 1, "EUR", NULL, &refusal[0]));
    ck_assert(!product_receive(&none, 1, &refusal[1]));
    ck_assert(!product_withdraw(&none, &refusal[2]));
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(refusal[i].text, "there is no such product");
    ck_assert_int_eq(none.received, 0);
    ck_assert_int_eq(none.version, 0);
}
END_TEST

START_TEST(what_is_withdrawn_cannot_be_changed)
{
    struct product product = tea();
    struct product_refusal refusal;

    product.withdrawn = true;
    ck_assert(!product_reprice(&product, 1, "EUR", NULL, &refusal));
    ck_assert_str_eq(refusal.text, "the product is withdrawn");
    ck_assert(!product_receive(&product, 1, &refusal));
    ck_assert_str_eq(refusal.text, "the product is withdrawn");
    ck_assert_int_eq(product.price_minor, 499);
    ck_assert_int_eq(product.received, 12);
}
END_TEST

SUITE("product", a_sku_has_a_form, a_sku_of_another_form_is_rejected, a_name_has_1_to_200_bytes,
      a_price_has_bounds, a_currency_is_three_upper_case_letters, a_quantity_has_bounds,
      the_price_of_a_line_fits_a_long, stock_adds_up, broken_stock_is_seen,
      a_new_product_has_version_1_and_nothing_on_hand, a_product_is_created_once,
      a_price_change_counts_as_a_version, a_price_change_for_another_version_is_refused,
      goods_come_in, the_stock_has_a_bound, all_that_was_ever_received_stays_a_number,
      a_product_is_withdrawn_once, what_does_not_exist_cannot_be_changed,
      what_is_withdrawn_cannot_be_changed)

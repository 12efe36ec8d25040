/* Money: every number of places, both signs, and the ends of the range. */
#include <evt/money.h>

#include "test/lib/suite.h"

static const char *print(int64_t minor, const char *currency)
{
    static char buf[EVT_MONEY_MAX];

    evt_money_print(buf, minor, currency);
    return buf;
}

START_TEST(two_places_are_usual)
{
    ck_assert_str_eq(print(1999, "EUR"), "19.99 EUR");
    ck_assert_str_eq(print(0, "EUR"), "0.00 EUR");
    ck_assert_str_eq(print(5, "USD"), "0.05 USD");
    ck_assert_str_eq(print(100, "XYZ"), "1.00 XYZ"); /* one that we do not know */
}
END_TEST

START_TEST(some_have_none_or_three)
{
    static const char *const none[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                       "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                       "VND", "VUV", "XAF", "XOF", "XPF"};
    static const char *const three[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    char want[16];

    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        snprintf(want, sizeof(want), "500 %s", none[i]);
        ck_assert_str_eq(print(500, none[i]), want);
    }
    for (size_t i = 0; i < sizeof(three) / sizeof(*three); i++) {
        snprintf(want, sizeof(want), "1.250 %s", three[i]);
        ck_assert_str_eq(print(1250, three[i]), want);
    }
    ck_assert_str_eq(print(7, "KWD"), "0.007 KWD");
}
END_TEST

/* Only a whole code is looked for. */
START_TEST(a_part_of_a_code_is_none)
{
    ck_assert_str_eq(print(500, ""), "5.00 ");
    ck_assert_str_eq(print(500, "JP"), "5.00 JP");
    ck_assert_str_eq(print(500, "BIF CLP"), "5.00 BIF CLP");
    ck_assert_str_eq(print(500, "F C"), "5.00 F C");
}
END_TEST

START_TEST(less_than_nothing)
{
    ck_assert_str_eq(print(-5, "EUR"), "-0.05 EUR");
    ck_assert_str_eq(print(-1999, "EUR"), "-19.99 EUR");
    ck_assert_str_eq(print(-500, "JPY"), "-500 JPY");
}
END_TEST

START_TEST(the_ends_of_the_range_fit)
{
    ck_assert_str_eq(print(INT64_MIN, "EUR"), "-92233720368547758.08 EUR");
    ck_assert_str_eq(print(INT64_MAX, "EUR"), "92233720368547758.07 EUR");
    ck_assert_str_eq(print(INT64_MIN, "JPY"), "-9223372036854775808 JPY");
    ck_assert_str_eq(print(INT64_MIN, "KWD"), "-9223372036854775.808 KWD");
    ck_assert_str_eq(print(INT64_MIN, "a long name"), "-92233720368547758.08 a long n");
}
END_TEST

SUITE("money", two_places_are_usual, some_have_none_or_three, a_part_of_a_code_is_none,
      less_than_nothing, the_ends_of_the_range_fit)

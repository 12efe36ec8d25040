/* Payment minor units: what the provider counts otherwise than we do, each class of it, both ways.
 */
#include "svc-payment/payment.h"
#include "svc-payment/payment_minor.h"

#include "test/lib/suite.h"

static void ck_is(int at, const char *currency, int64_t ours, int64_t theirs)
{
    int64_t amount = -1;

    ck_assert_msg(payment_minor_to_psp(ours, currency, &amount), "line %d", at);
    ck_assert_msg(amount == theirs, "line %d: to %lld", at, (long long)amount);
    ck_assert_msg(payment_minor_from_psp(theirs, currency, &amount), "line %d", at);
    ck_assert_msg(amount == ours, "line %d: from %lld", at, (long long)amount);
}
#define IS(currency, ours, theirs) ck_is(__LINE__, currency, ours, theirs)

START_TEST(most_are_the_same)
{
    IS("EUR", 2198, 2198);
    IS("JPY", 500, 500);
    IS("HUF", 100, 100);
    IS("XXX", PAYMENT_AMOUNT_MAX, PAYMENT_AMOUNT_MAX);
    IS("EUR", 0, 0);
}
END_TEST

START_TEST(some_have_places_that_are_none)
{
    IS("ISK", 5, 500);
    IS("UGX", 1, 100);
    IS("UGX", PAYMENT_AMOUNT_MAX, 100 * PAYMENT_AMOUNT_MAX);
}
END_TEST

START_TEST(one_has_none_where_we_have_two)
{
    int64_t amount;

    IS("MGA", 50000, 500);
    ck_assert(!payment_minor_to_psp(50001, "MGA", &amount));
    ck_assert(!payment_minor_to_psp(99, "MGA", &amount));
}
END_TEST

START_TEST(of_three_places_the_last_is_nought)
{
    static const char *const three[] = {"BHD", "JOD", "KWD", "OMR", "TND"};
    int64_t amount;

    for (size_t i = 0; i < sizeof(three) / sizeof(*three); i++) {
        IS(three[i], 1250, 1250);
        ck_assert(!payment_minor_to_psp(1255, three[i], &amount));
        ck_assert(payment_minor_from_psp(1255, three[i], &amount)); /* said by them, it is so */
        ck_assert_int_eq(amount, 1255);
    }
}
END_TEST

START_TEST(what_has_no_whole_unit_of_ours_is_odd)
{
    int64_t amount;

    ck_assert(!payment_minor_from_psp(505, "ISK", &amount));
    ck_assert_int_eq(amount, 5);
    ck_assert(!payment_minor_from_psp(INT64_MAX, "MGA", &amount));
}
END_TEST

SUITE("payment minor", most_are_the_same, some_have_places_that_are_none,
      one_has_none_where_we_have_two, of_three_places_the_last_is_nought,
      what_has_no_whole_unit_of_ours_is_odd)

/* Order: what a customer may send, what it costs, and how it ends. */
#include "svc-order/order.h"
#include "test/lib/suite.h"

#include <string.h>

#define BROKEN "the message breaks an invariant: "

static struct order_order_line lines[ORDER_LINES_MAX + 1];
static struct evt_error err;

static struct order_place_order good(void)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        lines[i] = (struct order_order_line){.sku = "tea", .quantity = 1};
    return (struct order_place_order){
        .order_id = "o-1",
        .lines = lines,
        .lines_n = 2,
        .total_minor = 998,
        .currency = "EUR",
        .payment_token = "pm_card_visa",
        .email = "ada@example.org",
        .address = {.name = "Ada",
                    .street = "Main Street 1",
                    .postcode = "1",
                    .city = "London",
                    .country = "GB"},
    };
}

static void refuse(const struct order_place_order *msg, const char *words)
{
    ck_assert_int_eq(order_check(msg, &err), EVT_E_INVARIANT);
    ck_assert_str_eq(err.text, words);
}

#define REFUSE(field, value, words)                                                                \
    do {                                                                                           \
        struct order_place_order msg = good();                                                     \
        msg.field = value;                                                                         \
        refuse(&msg, BROKEN words);                                                                \
    } while (0)

static const char *repeat(size_t n)
{
    static char text[512];

    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

START_TEST(what_is_in_order_is_taken)
{
    struct order_place_order msg = good();

    ck_ok(order_check(&msg, &err), err);
    msg.lines_n = ORDER_LINES_MAX;
    msg.total_minor = ORDER_TOTAL_MAX;
    msg.address.name = "Зоя Ångström";
    ck_ok(order_check(&msg, &err), err);
}
END_TEST

START_TEST(what_is_not_is_refused_in_words)
{
    REFUSE(order_id, "", "the order id is not 1 to 64 bytes");
    REFUSE(order_id, repeat(65), "the order id is not 1 to 64 bytes");
    REFUSE(lines_n, 0, "an order has 1 to 50 lines");
    REFUSE(lines_n, 51, "an order has 1 to 50 lines");
    REFUSE(lines[1].sku, "te a", "line 2: the sku is not 1 to 40 of A-Z a-z 0-9 . _ -");
    REFUSE(lines[0].sku, ".tea", "line 1: the sku is not 1 to 40 of A-Z a-z 0-9 . _ -");
    REFUSE(lines[1].quantity, 0, "line 2: the quantity is not 1 to 1000000000");
    REFUSE(lines[1].quantity, 1000000001, "line 2: the quantity is not 1 to 1000000000");
    REFUSE(total_minor, 0, "the total is not 1 to 900000000000");
    REFUSE(total_minor, 900000000001, "the total is not 1 to 900000000000");
    REFUSE(currency, "eur", "the currency is not three upper-case letters");
    REFUSE(payment_token, "", "the payment token is not 1 to 200 bytes");
    REFUSE(payment_token, "a\nb", "the payment token holds a control character");
    REFUSE(address.name, repeat(101), "the name is not 1 to 100 bytes");
    REFUSE(address.name, "Ada\r\nBcc: eve", "the name holds a control character");
    REFUSE(address.street, "", "the street is not 1 to 200 bytes");
    REFUSE(address.postcode, repeat(21), "the postcode is not 1 to 20 bytes");
    REFUSE(address.city, "", "the city is not 1 to 100 bytes");
    REFUSE(address.country, "gb", "the country is not two upper-case letters");
}
END_TEST

START_TEST(an_address_for_mails_is_one)
{
    static const char *const none[] = {"", "ada", "@example.org", "ada@", "a@b@c"};
    static const char *const odd[] = {"a da@example.org", "ada@example.org\r", "<ada@example.org>",
                                      "ada,eve@example.org", "\"ada\"@example.org"};

    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
        REFUSE(email, none[i], "the email is not an address of up to 254 bytes");
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
        REFUSE(email, odd[i], "the email holds a character that no address has");
    ck_assert_int_eq(order_reason_check(repeat(201), &err), EVT_E_INVARIANT);
    ck_assert_str_eq(err.text, BROKEN "the reason is not 0 to 200 bytes");
    ck_ok(order_reason_check("", &err), err);
}
END_TEST

/* It goes into a mail, and notify refuses what would end a header's line. */
START_TEST(a_reason_is_one_line)
{
    ck_assert_int_eq(order_reason_check("line one\nBcc: x@y", &err), EVT_E_INVARIANT);
    ck_assert_str_eq(err.text, BROKEN "the reason holds a control character");
    ck_assert_int_eq(order_reason_check("\x7f", &err), EVT_E_INVARIANT);
    ck_ok(order_reason_check("zu sp\xc3\xa4t", &err), err);
}
END_TEST

START_TEST(a_sum_that_cannot_be_is_none)
{
    struct order_line priced[] = {{"tea", 2, 499}, {"mug", 1, 1200}};
    struct order order = {.lines_n = 2, .lines = priced};
    int64_t sum = 0;

    ck_assert(order_sum(&order, &sum));
    ck_assert_int_eq(sum, 2198);
    priced[1].price_minor = INT64_MAX;
    ck_assert(!order_sum(&order, &sum));
    priced[1].quantity = 2;
    ck_assert(!order_sum(&order, &sum));
    ck_assert_int_eq(sum, 2198);
}
END_TEST

START_TEST(an_undone_order_has_one_end)
{
    struct order order = {.refunded_minor = 0};

    ck_assert_int_eq(order_undone(&order, false), ORDER_REJECTED);
    ck_assert_int_eq(order_undone(&order, true), ORDER_CANCELLED);
    order.refunded_minor = 1;
    ck_assert_int_eq(order_undone(&order, true), ORDER_REFUNDED);
    ck_assert_int_eq(order_undone(&order, false), ORDER_REFUNDED);
}
END_TEST

SUITE("order", what_is_in_order_is_taken, what_is_not_is_refused_in_words,
      an_address_for_mails_is_one, a_reason_is_one_line, a_sum_that_cannot_be_is_none,
      an_undone_order_has_one_end)

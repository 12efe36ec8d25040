/* Order shop: the messages around one order. */
#include "test/lib/order_shop.h"

#include "svc-order/order_service.h"
#include "test/lib/suite.h"

#include <stdio.h>

#define RESERVED_UNTIL (HARNESS_NOW + 15 * 60 * 1000)

static const struct {
    const char *sku;
    int64_t quantity, price_minor;
} lines[] = {{"tea", 2, 499}, {"mug", 1, 1200}};

struct harness *order_shop_empty(void)
{
    return harness_new(&order_service, ORDER_ID);
}

void order_shop_place(struct harness *h, int64_t total_minor)
{
    struct order_order_line order_lines[2];
    struct order_place_order msg = {
        .order_id = ORDER_ID,
        .lines = order_lines,
        .lines_n = 2,
        .total_minor = total_minor,
        .currency = "EUR",
        .payment_token = "tok_visa",
        .email = "ada@example.org",
        .address = {.name = "Ada",
                    .street = "Main Street 1",
                    .postcode = "12345",
                    .city = "London",
                    .country = "GB"},
    };

    for (size_t i = 0; i < 2; i++) {
        order_lines[i].sku = lines[i].sku;
        order_lines[i].quantity = lines[i].quantity;
    }
    harness_give(h, __LINE__, "outside", &order_place_order_type, &msg);
}

struct harness *order_shop(void)
{
    struct harness *h = order_shop_empty();

    order_shop_place(h, ORDER_TOTAL);
    EXPECT(h, order_order_placed, .order_id = ORDER_ID, .total_minor = ORDER_TOTAL,
           .currency = "EUR", .lines = 2);
    EXPECT_RESERVE(h, 1);
    EXPECT_RESERVE(h, 2);
    EXPECT(h, payment_authorise_payment, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
           .currency = "EUR", .token = "tok_visa");
    EXPECT_DONE(h, NULL);
    return h;
}

void order_shop_to_capture(struct harness *h)
{
    order_shop_reserved(h, 1);
    GIVE(h, "payment", payment_payment_authorised, .order_id = ORDER_ID,
         .amount_minor = ORDER_TOTAL, .currency = "EUR");
    EXPECT_NOTHING(h);
    order_shop_reserved(h, 2);
    EXPECT(h, payment_capture_payment, .order_id = ORDER_ID);
}

void order_shop_to_commit(struct harness *h)
{
    order_shop_to_capture(h);
    GIVE(h, "payment", payment_payment_captured, .order_id = ORDER_ID, .amount_minor = ORDER_TOTAL,
         .currency = "EUR");
    EXPECT_COMMIT(h, 1);
    EXPECT_COMMIT(h, 2);
    EXPECT_MAIL(h, NOTIFY_MAIL_KIND_ORDER_CONFIRMED, "");
}

void order_shop_to_end(struct harness *h)
{
    order_shop_to_commit(h);
    order_shop_committed(h, 2);
    EXPECT_NOTHING(h);
    order_shop_committed(h, 1);
    EXPECT(h, order_order_confirmed, .order_id = ORDER_ID, .total_minor = ORDER_TOTAL,
           .currency = "EUR");
    GIVE(h, "notify", notify_mail_accepted, .order_id = ORDER_ID,
         .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED);
    EXPECT_NOTHING(h);
}

void order_shop_expect_reserve(struct harness *h, int at, int32_t line)
{
    const struct product_reserve_stock msg = {
        .order_id = ORDER_ID,
        .line = line,
        .sku = lines[line - 1].sku,
        .quantity = lines[line - 1].quantity,
        .deadline = RESERVED_UNTIL,
    };

    harness_expect(h, at, &product_reserve_stock_type, &msg);
}

void order_shop_expect_release(struct harness *h, int at, int32_t line)
{
    const struct product_release_stock msg = {ORDER_ID, line, lines[line - 1].sku};

    harness_expect(h, at, &product_release_stock_type, &msg);
}

void order_shop_expect_commit(struct harness *h, int at, int32_t line)
{
    const struct product_commit_stock msg = {ORDER_ID, line, lines[line - 1].sku};

    harness_expect(h, at, &product_commit_stock_type, &msg);
}

void order_shop_expect_mail(struct harness *h, int at, enum notify_mail_kind kind,
                            const char *reason)
{
    struct notify_mail_line mail_lines[2];
    const struct notify_send_mail msg = {
        .recipient = "ada@example.org",
        .order_id = ORDER_ID,
        .kind = kind,
        .email = "ada@example.org",
        .name = "Ada",
        .lines = mail_lines,
        .lines_n = 2,
        .total_minor = ORDER_TOTAL,
        .currency = "EUR",
        .reason = reason,
    };

    for (int32_t i = 0; i < 2; i++) {
        mail_lines[i].sku = lines[i].sku;
        mail_lines[i].quantity = lines[i].quantity;
        mail_lines[i].price_minor =
            harness_query(h,
                          i == 0
                              ? "SELECT coalesce(price_minor, -1) FROM order_line WHERE line = 1"
                              : "SELECT coalesce(price_minor, -1) FROM order_line WHERE line = 2");
    }
    harness_expect(h, at, &notify_send_mail_type, &msg);
}

void order_shop_reserved(struct harness *h, int32_t line)
{
    GIVE(h, "product", product_stock_reserved, .order_id = ORDER_ID, .line = line,
         .sku = lines[line - 1].sku, .quantity = lines[line - 1].quantity,
         .price_minor = lines[line - 1].price_minor, .currency = "EUR", .deadline = RESERVED_UNTIL);
}

void order_shop_released(struct harness *h, int32_t line)
{
    GIVE(h, "product", product_stock_released, .order_id = ORDER_ID, .line = line,
         .sku = lines[line - 1].sku);
}

void order_shop_committed(struct harness *h, int32_t line)
{
    GIVE(h, "product", product_stock_committed, .order_id = ORDER_ID, .line = line,
         .sku = lines[line - 1].sku);
}

int64_t order_shop_is(struct harness *h, const char *status, const char *phase)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM orders JOIN evt_sagas ON ref = order_id"
             " WHERE order_id = '" ORDER_ID "' AND status = '%s' AND phase = '%s'",
             status, phase);
    return harness_query(h, sql);
}

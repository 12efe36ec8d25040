/* Product shop: how a test's shop comes to its goods. */
#include "test/lib/product_shop.h"

#include "svc-product/product_service.h"
#include "test/lib/suite.h"

struct harness *product_shop_empty(void)
{
    return harness_new(&product_service, "tea");
}

struct harness *product_shop(void)
{
    struct harness *h = product_shop_empty();

    GIVE(h, "outside", product_create_product, .sku = "tea", .name = "Tea", .price_minor = 499,
         .currency = "EUR");
    EXPECT(h, product_product_created, .sku = "tea", .name = "Tea", .price_minor = 499,
           .currency = "EUR", .version = 1);
    EXPECT_DONE(h, NULL);
    GIVE(h, "outside", product_receive_stock, .sku = "tea", .quantity = 10);
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = 10, .on_hand = 10, .reserved = 0);
    EXPECT_DONE(h, "{\"on_hand\":10}");
    return h;
}

void product_shop_end(struct harness *h)
{
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM product AS p WHERE reserved <>"
                                      " (SELECT coalesce(sum(quantity), 0) FROM reservation AS r"
                                      "  WHERE r.sku = p.sku AND r.state = 'reserved')"),
                     0);
    ck_assert_int_eq(harness_query(h, "SELECT count(*) FROM reservation WHERE state = 'reserved'"),
                     product_shop_timers(h));
    harness_end(h);
}

void product_shop_reserve(struct harness *h, const char *order_id, int32_t line, int64_t quantity)
{
    GIVE(h, "order", product_reserve_stock, .order_id = order_id, .line = line, .sku = "tea",
         .quantity = quantity, .deadline = DEADLINE);
    EXPECT(h, product_stock_reserved, .order_id = order_id, .line = line, .sku = "tea",
           .quantity = quantity, .price_minor = 499, .currency = "EUR", .deadline = DEADLINE);
}

void product_shop_commit(struct harness *h, const char *order_id, int32_t line, int64_t quantity,
                         int64_t on_hand)
{
    GIVE(h, "order", product_commit_stock, .order_id = order_id, .line = line, .sku = "tea");
    EXPECT(h, product_stock_changed, .sku = "tea", .delta = -quantity, .on_hand = on_hand,
           .reserved = product_shop_reserved(h));
    EXPECT(h, product_stock_committed, .order_id = order_id, .line = line, .sku = "tea");
}

int64_t product_shop_on_hand(struct harness *h)
{
    return harness_query(h, "SELECT received - committed FROM product WHERE sku = 'tea'");
}

int64_t product_shop_reserved(struct harness *h)
{
    return harness_query(h, "SELECT reserved FROM product WHERE sku = 'tea'");
}

int64_t product_shop_timers(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM evt_timers");
}

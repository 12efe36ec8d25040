/* Recorded: what generation 1 decides, as one number over rows and messages. A store of a
 * generation is rebuilt by every later binary of it, which must come to the same: so when this
 * fails because a decision changed (a handler, its SQL, a message, libevents' core), bump the
 * generation in product_service.c, and then write the new number here. */
#include "test/lib/product_shop.h"
#include "test/lib/suite.h"

#include "libevents/src/main_internal.h"
#include "svc-product/product_service.h"

#include <inttypes.h>

#define RECORDED_GENERATION 1
#define RECORDED            UINT64_C(0x985099e32f8d30b2)

#define TOLD_MAX 64

static const struct evt_type *told[TOLD_MAX];
static size_t told_n;

static bool is_told(const struct evt_type *type)
{
    size_t i = 0;

    while (i < told_n && told[i] != type)
        i++;
    return i < told_n;
}

static void tell(const struct evt_type *type)
{
    if (is_told(type))
        return;
    ck_assert_uint_lt(told_n, TOLD_MAX);
    told[told_n++] = type;
}

/* Gives it; whatever it sends is in the number. */
#define TELL(h, sender, symbol, ...)                                                               \
    do {                                                                                           \
        tell(&symbol##_type);                                                                      \
        GIVE(h, sender, symbol, __VA_ARGS__);                                                      \
        (void)harness_hash(h);                                                                     \
    } while (0)

static void line(struct harness *h, const char *order_id, int32_t number, int64_t quantity)
{
    TELL(h, "order", product_reserve_stock, .order_id = order_id, .line = number, .sku = "tea",
         .quantity = quantity, .deadline = DEADLINE);
}

static void end(struct harness *h, const char *order_id, bool commit)
{
    if (commit)
        TELL(h, "order", product_commit_stock, .order_id = order_id, .line = 1, .sku = "tea");
    else
        TELL(h, "order", product_release_stock, .order_id = order_id, .line = 1, .sku = "tea");
}

/* Every message, each way that it can go, and the timer. */
static void live(struct harness *h)
{
    line(h, "o-1", 1, 3);
    line(h, "o-1", 1, 3);
    line(h, "o-2", 1, 100);
    line(h, "o-3", 1, 2);
    line(h, "o-4", 1, 1);
    end(h, "o-1", true);
    end(h, "o-1", true);
    end(h, "o-3", false);
    end(h, "o-5", false);
    line(h, "o-5", 1, 1);
    end(h, "o-6", true);
    harness_wait(h, 2 * (DEADLINE - HARNESS_NOW));
    end(h, "o-4", true);
    end(h, "o-1", false);
    line(h, "o-1", 1, 4);
    TELL(h, "outside", product_change_price, .sku = "tea", .price_minor = 599, .currency = "EUR");
    TELL(h, "outside", product_change_price, .sku = "tea", .price_minor = -1, .currency = "EUR");
    TELL(h, "outside", product_receive_stock, .sku = "mug", .quantity = 5);
    TELL(h, "outside", product_create_product, .sku = "mug", .name = "Mug", .currency = "EUR");
    TELL(h, "outside", product_withdraw_product, .sku = "tea");
    line(h, "o-7", 1, 1);
}

/* What live() does not give may change unseen. */
static void ck_all_are_told(void)
{
    for (size_t i = 0; i < product_service.registry->types_n; i++) {
        const struct evt_type *type = product_service.registry->types[i];

        ck_assert_msg(!evt_service_takes(&product_service, type) || is_told(type),
                      "product takes %s, and live() does not give it: add each way that it can go,"
                      " before you write down what this test says next",
                      type->name);
    }
}

START_TEST(its_generation_is_the_declared_one)
{
    struct evt_error err;

    ck_ok(evt__main_generation(&product_service, &err), err);
}
END_TEST

START_TEST(what_it_decides_is_recorded)
{
    struct harness *h = product_shop();
    uint64_t hash;

    live(h);
    ck_all_are_told();
    hash = harness_hash(h);
    ck_assert_msg(product_service.generation == RECORDED_GENERATION,
                  "generation %u: write it down as RECORDED_GENERATION, and 0x%016" PRIx64
                  " as RECORDED",
                  (unsigned)product_service.generation, hash);
    ck_assert_msg(hash == RECORDED,
                  "decisions changed (0x%016" PRIx64 "): raise the generation in"
                  " product_service.c and topics.json; this test then says what to write down",
                  hash);
    product_shop_end(h);
}
END_TEST

SUITE("product recorded", its_generation_is_the_declared_one, what_it_decides_is_recorded)

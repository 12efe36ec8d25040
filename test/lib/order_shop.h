/* Order shop: a shard of the order service with one order on its way, and a few words for its
 * tests. Order o-1 has two packets of tea at 4.99 and a mug at 12 euros. */
#ifndef TEST_ORDER_SHOP_H
#define TEST_ORDER_SHOP_H

#include "test/lib/harness.h"

#include <events/notify.h>
#include <events/order.h>
#include <events/payment.h>
#include <events/product.h>

#define ORDER_ID    "o-1"
#define ORDER_TOTAL 2198

/* Nothing was ordered yet. */
struct harness *order_shop_empty(void);
/* The order was placed, and stage 1 asked for. */
struct harness *order_shop(void);
void order_shop_place(struct harness *h, int64_t total_minor);

/* Stage 1 is answered, capture asked for. */
void order_shop_to_capture(struct harness *h);
/* The money is taken, stage 3 asked for. */
void order_shop_to_commit(struct harness *h);
/* Confirmed, and the mail accepted. */
void order_shop_to_end(struct harness *h);

/* What the order service asks for. */
void order_shop_expect_reserve(struct harness *h, int at, int32_t line);
void order_shop_expect_release(struct harness *h, int at, int32_t line);
void order_shop_expect_commit(struct harness *h, int at, int32_t line);
void order_shop_expect_mail(struct harness *h, int at, enum notify_mail_kind kind,
                            const char *reason);
#define EXPECT_RESERVE(h, line)      order_shop_expect_reserve(h, __LINE__, line)
#define EXPECT_RELEASE(h, line)      order_shop_expect_release(h, __LINE__, line)
#define EXPECT_COMMIT(h, line)       order_shop_expect_commit(h, __LINE__, line)
#define EXPECT_MAIL(h, kind, reason) order_shop_expect_mail(h, __LINE__, kind, reason)

/* What the others answer. */
void order_shop_reserved(struct harness *h, int32_t line);
void order_shop_released(struct harness *h, int32_t line);
void order_shop_committed(struct harness *h, int32_t line);

/* The order's status, and its saga's phase, as numbers that a test compares: 1 it is. */
int64_t order_shop_is(struct harness *h, const char *status, const char *phase);

#endif

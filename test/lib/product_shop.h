/* Product shop: a shard of the product service with something to sell, and a few words for its
 * tests. All its skus (tea, mug, cup, jam, and the malformed "tea 500") are the same shard's. */
#ifndef TEST_PRODUCT_SHOP_H
#define TEST_PRODUCT_SHOP_H

#include "test/lib/harness.h"

#include <events/product.h>

#define BROKEN   "the message breaks an invariant: "
#define DEADLINE (HARNESS_NOW + 60000)

/* An empty catalogue. */
struct harness *product_shop_empty(void);
/* Tea at 4.99 euros, ten packets on hand. */
struct harness *product_shop(void);
/* Ends the harness, after what no row shows by itself: what is reserved is the sum of reservations.
 */
void product_shop_end(struct harness *h);

/* Tea for a line of an order, which gets it. */
void product_shop_reserve(struct harness *h, const char *order_id, int32_t line, int64_t quantity);
/* It is sold: `on_hand` is left. */
void product_shop_commit(struct harness *h, const char *order_id, int32_t line, int64_t quantity,
                         int64_t on_hand);

/* Columns of tea. */
int64_t product_shop_on_hand(struct harness *h);
int64_t product_shop_reserved(struct harness *h);
int64_t product_shop_timers(struct harness *h);

#endif

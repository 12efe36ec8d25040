/* Payment shop: a shard of the payment service, and how the payment of order o-1, of 21.98 euros,
 * comes to each of its states. All orders that are named here are the same shard's. */
#ifndef TEST_PAYMENT_SHOP_H
#define TEST_PAYMENT_SHOP_H

#include "svc-payment/payment.h"
#include "test/lib/harness.h"

#include <events/payment.h>

#define PAID_ORDER  "o-1"
#define PAID_OTHER  "o-3"
#define PAID_THIRD  "o-4"
#define PAID_AMOUNT 2198
#define PAID_INTENT "pi_1"

struct harness *payment_shop(void);
/* As if the saga and the provider had led it there; every answer on the way was expected.
 * PAYMENT_NONE: nothing was said yet. */
struct harness *payment_shop_in(enum payment_state state);

/* What order asks for. */
void payment_shop_authorise(struct harness *h);
void payment_shop_capture(struct harness *h);
void payment_shop_void(struct harness *h);
void payment_shop_refund(struct harness *h);

/* What it is told. */
void payment_shop_expect_authorised(struct harness *h, int at);
void payment_shop_expect_declined(struct harness *h, int at, const char *code, const char *reason);
void payment_shop_expect_captured(struct harness *h, int at);
void payment_shop_expect_capture_refused(struct harness *h, int at, const char *code,
                                         const char *reason);
void payment_shop_expect_voided(struct harness *h, int at);
void payment_shop_expect_refunded(struct harness *h, int at, int64_t amount_minor);
void payment_shop_expect_refund_refused(struct harness *h, int at, const char *code,
                                        const char *reason);
#define EXPECT_AUTHORISED(h)             payment_shop_expect_authorised(h, __LINE__)
#define EXPECT_DECLINED(h, code, reason) payment_shop_expect_declined(h, __LINE__, code, reason)
#define EXPECT_CAPTURED(h)               payment_shop_expect_captured(h, __LINE__)
#define EXPECT_CAPTURE_REFUSED(h, code, reason)                                                    \
    payment_shop_expect_capture_refused(h, __LINE__, code, reason)
#define EXPECT_NOT_AUTHORISED(h)                                                                   \
    EXPECT_CAPTURE_REFUSED(h, "not_authorised", "nothing is held that may be taken")
#define EXPECT_VOIDED(h)           payment_shop_expect_voided(h, __LINE__)
#define EXPECT_REFUNDED(h, amount) payment_shop_expect_refunded(h, __LINE__, amount)
#define EXPECT_REFUND_REFUSED(h, code, reason)                                                     \
    payment_shop_expect_refund_refused(h, __LINE__, code, reason)

/* The row's state, and nothing is wished for afterwards: 1 it is. */
int64_t payment_shop_is(struct harness *h, enum payment_state state);

#endif

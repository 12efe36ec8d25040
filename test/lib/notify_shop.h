/* Notify shop: a shard of the notify service, and mails to Ada about her orders. */
#ifndef TEST_NOTIFY_SHOP_H
#define TEST_NOTIFY_SHOP_H

#include "svc-notify/mail.h"
#include "test/lib/harness.h"

#include <events/notify.h>

#define MAILED_TO    "ada@example.org"
#define MAILED_ORDER "o-1"
#define CONFIRMED    NOTIFY_MAIL_KIND_ORDER_CONFIRMED

struct harness *notify_shop(void);
/* The mail that order o-1 is confirmed: two packets of tea at 4.99 euros, a mug without a price. */
extern const struct notify_send_mail notify_shop_mail;
void notify_shop_send(struct harness *h, const char *order_id, enum notify_mail_kind kind);
/* Asked for, accepted, and under way. */
struct harness *notify_shop_sending(void);

void notify_shop_expect_accepted(struct harness *h, int at, const char *order_id,
                                 enum notify_mail_kind kind);
void notify_shop_expect_sent(struct harness *h, int at, const char *order_id,
                             enum notify_mail_kind kind);
void notify_shop_expect_given_up(struct harness *h, int at, const char *reason);
#define EXPECT_ACCEPTED(h, order_id, kind) notify_shop_expect_accepted(h, __LINE__, order_id, kind)
#define EXPECT_SENT(h, order_id, kind)     notify_shop_expect_sent(h, __LINE__, order_id, kind)
#define EXPECT_GIVEN_UP(h, reason)         notify_shop_expect_given_up(h, __LINE__, reason)

int64_t notify_shop_pending(struct harness *h); /* calls */
/* The state of the first mail: 1 it is. */
int64_t notify_shop_is(struct harness *h, enum mail_state state);

#endif

/* Notify shop: the messages around one mail. */
#include "test/lib/notify_shop.h"

#include "svc-notify/notify_service.h"
#include "test/lib/suite.h"

#include <stdio.h>

static struct notify_mail_line lines[] = {{"tea", 2, 499}, {"mug", 1, -1}};

const struct notify_send_mail notify_shop_mail = {
    .recipient = MAILED_TO,
    .order_id = MAILED_ORDER,
    .kind = CONFIRMED,
    .email = MAILED_TO,
    .name = "Ada",
    .lines = lines,
    .lines_n = 2,
    .total_minor = 2198,
    .currency = "EUR",
    .reason = "",
};

struct harness *notify_shop(void)
{
    return harness_new(&notify_service, MAILED_TO);
}

void notify_shop_send(struct harness *h, const char *order_id, enum notify_mail_kind kind)
{
    struct notify_send_mail msg = notify_shop_mail;

    msg.order_id = order_id;
    msg.kind = kind;
    harness_give(h, __LINE__, "order", &notify_send_mail_type, &msg);
}

struct harness *notify_shop_sending(void)
{
    struct harness *h = notify_shop();

    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    EXPECT_NOTHING(h);
    ck_assert_int_eq(notify_shop_pending(h), 1);
    return h;
}

void notify_shop_expect_accepted(struct harness *h, int at, const char *order_id,
                                 enum notify_mail_kind kind)
{
    const struct notify_mail_accepted msg = {order_id, kind};

    harness_expect(h, at, &notify_mail_accepted_type, &msg);
}

void notify_shop_expect_sent(struct harness *h, int at, const char *order_id,
                             enum notify_mail_kind kind)
{
    const struct notify_mail_sent msg = {order_id, kind};

    harness_expect(h, at, &notify_mail_sent_type, &msg);
}

void notify_shop_expect_given_up(struct harness *h, int at, const char *reason)
{
    const struct notify_mail_given_up msg = {MAILED_ORDER, CONFIRMED, reason};

    harness_expect(h, at, &notify_mail_given_up_type, &msg);
}

int64_t notify_shop_pending(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM evt_calls WHERE state = 0");
}

int64_t notify_shop_is(struct harness *h, enum mail_state state)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT state = '%s' FROM mail ORDER BY mail_id LIMIT 1",
             mail_state_str(state));
    return harness_query(h, sql);
}

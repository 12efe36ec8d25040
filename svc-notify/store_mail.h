/* Mails in the store, by order and kind. */
#ifndef STORE_MAIL_H
#define STORE_MAIL_H

#include "mail.h"

#include <evt/ctx.h>

/* How long an ended one is remembered: as long as the order service knows an order. */
#define STORE_MAIL_KEPT_MS    (30LL * 24 * 60 * 60 * 1000)
/* Each one that ends takes up to so many old ones with it: the table shrinks faster than it grows,
 * without a timer, and no message pays for a heap of them. */
#define STORE_MAIL_FORGET_MAX 2

/* A zeroed `ret_mail` when it was never asked for, or is forgotten. Its content lives until the
 * message is handled. */
EVT_MUST_USE enum evt_err store_mail_get(struct evt_ctx *ctx, const char *order_id,
                                         enum notify_mail_kind kind, struct mail *ret_mail,
                                         struct evt_error *err);
EVT_MUST_USE enum evt_err store_mail_add(struct evt_ctx *ctx, const struct notify_send_mail *msg,
                                         const struct mail *mail, struct evt_error *err);
EVT_MUST_USE enum evt_err store_mail_put(struct evt_ctx *ctx, const struct mail *mail,
                                         struct evt_error *err);

#endif

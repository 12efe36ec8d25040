/* Handlers: for the message that the service takes, for its outside call and for its timer, each in
 * a file of its name. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "mail_call.h"

#define MAIL_TIMER "mail-again"

/* From order. */
notify_send_mail_fn handle_send_mail;
/* From the mail server. */
enum evt_err handle_mail_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                               struct evt_error *err);
/* A deferred one's timer. */
enum evt_err handle_mail_again(struct evt_ctx *ctx, const struct evt_timer *timer,
                               struct evt_error *err);

/* What these share: an attempt at a mail that is being sent. */
EVT_MUST_USE enum evt_err mail_try(struct evt_ctx *ctx, const char *ref, const struct mail *mail,
                                   struct evt_error *err);

#endif

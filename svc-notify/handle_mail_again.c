/* A deferred mail's time has come: it is tried again, under the same Message-ID. */
#include "handlers.h"
#include "store_mail.h"

#include <evt/mem.h>

enum evt_err handle_mail_again(struct evt_ctx *ctx, const struct evt_timer *timer,
                               struct evt_error *err)
{
    enum notify_mail_kind kind;
    const char *order_id = mail_ref_parse(timer->ref, &kind);
    struct mail mail;
    enum evt_err rc = store_mail_get(ctx, order_id, kind, &mail, err);

    if (rc != EVT_OK)
        return rc;
    EVT_BUG_ON(mail.state != MAIL_DEFERRED || mail.timer_id != timer->id);
    mail.state = MAIL_SENDING;
    mail.timer_id = 0;
    rc = store_mail_put(ctx, &mail, err);
    return rc == EVT_OK ? mail_try(ctx, timer->ref, &mail, err) : rc;
}

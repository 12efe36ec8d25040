/* An attempt has ended: the mail was taken by the next server, was refused for good, or is tried
 * again later. */
#include "handlers.h"
#include "store_mail.h"

#include <evt/mem.h>

static enum evt_err tell(struct evt_ctx *ctx, const char *order_id, enum notify_mail_kind kind,
                         const struct mail *mail, struct evt_error *err)
{
    const struct notify_mail_sent sent = {order_id, kind};
    const struct notify_mail_given_up given_up = {order_id, kind, mail->reason};

    if (mail->state == MAIL_SENT)
        return notify_mail_sent_send(ctx, &sent, err);
    if (mail->state == MAIL_GIVEN_UP)
        return notify_mail_given_up_send(ctx, &given_up, err);
    return EVT_OK;
}

enum evt_err handle_mail_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                               struct evt_error *err)
{
    enum notify_mail_kind kind;
    const char *order_id = mail_ref_parse(result->ref, &kind);
    int64_t again_ms = 0;
    enum mail_end end;
    struct mail mail;
    enum evt_err rc = store_mail_get(ctx, order_id, kind, &mail, err);

    if (rc != EVT_OK)
        return rc;
    end = mail_end_read(result, mail.reason);
    mail_ended(&mail, end, evt_time_ms(ctx), &again_ms);
    if (mail.state == MAIL_DEFERRED)
        rc = evt_timer_set(ctx, MAIL_TIMER, again_ms, result->ref, &mail.timer_id, err);
    if (rc == EVT_OK)
        rc = store_mail_put(ctx, &mail, err);
    return rc == EVT_OK ? tell(ctx, order_id, kind, &mail, err) : rc;
}

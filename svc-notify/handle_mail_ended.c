/* An attempt has ended: the mail was taken by the next server, was refused for good, or is tried
 * again later. */
#include "handlers.h"
#include "store_mail.h"

#include <evt/mem.h>

#include <string.h>

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

/* What the server said of it, for anybody to read. */
static enum evt_err keep_reason(struct mail *mail, const char *words, struct evt_error *err)
{
    struct evt_arena arena = {0};
    struct notify_send_mail msg;
    const enum evt_err rc =
        notify_send_mail_parse(mail->content, strlen(mail->content), &arena, &msg, err);

    if (rc == EVT_OK)
        mail_reason_hide(mail->reason, words, msg.email);
    evt_arena_release(&arena);
    return rc;
}

enum evt_err handle_mail_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                               struct evt_error *err)
{
    enum notify_mail_kind kind;
    const char *order_id = mail_ref_parse(result->ref, &kind);
    char words[MAIL_REASON_MAX + 1];
    int64_t again_ms = 0;
    enum mail_end end;
    struct mail mail;
    enum evt_err rc = store_mail_get(ctx, order_id, kind, &mail, err);

    if (rc != EVT_OK)
        return rc;
    end = mail_end_read(result, words);
    rc = keep_reason(&mail, words, err);
    if (rc != EVT_OK)
        return rc;
    mail_ended(&mail, end, evt_time_ms(ctx), &again_ms);
    if (mail.state == MAIL_DEFERRED)
        rc = evt_timer_set(ctx, MAIL_TIMER, again_ms, result->ref, &mail.timer_id, err);
    if (rc == EVT_OK)
        rc = store_mail_put(ctx, &mail, err);
    return rc == EVT_OK ? tell(ctx, order_id, kind, &mail, err) : rc;
}

/* SendMail: accepted at once. Asked for again it is accepted again, and nothing else: there is one
 * mail for an order and a kind. */
#include "handlers.h"
#include "store_mail.h"

static enum evt_err accept(struct evt_ctx *ctx, const struct notify_send_mail *msg,
                           struct evt_error *err)
{
    struct mail mail = {.state = MAIL_SENDING, .accepted_ms = evt_time_ms(ctx)};
    struct evt_buf content = {0};
    char ref[MAIL_REF_SIZE];
    enum evt_err rc;

    mail_ref_print(ref, msg->kind, msg->order_id);
    notify_send_mail_print(msg, &content);
    mail.content = evt_buf_text(&content);
    rc = store_mail_add(ctx, msg, &mail, err);
    if (rc == EVT_OK)
        rc = mail_try(ctx, ref, &mail, err);
    evt_buf_release(&content);
    return rc;
}

enum evt_err handle_send_mail(struct evt_ctx *ctx, const struct notify_send_mail *msg,
                              struct evt_error *err)
{
    const struct notify_mail_accepted reply = {msg->order_id, msg->kind};
    struct mail mail;
    enum evt_err rc = mail_check(msg, err);

    if (rc == EVT_OK)
        rc = store_mail_get(ctx, msg->order_id, msg->kind, &mail, err);
    if (rc == EVT_OK && mail.state == MAIL_NONE)
        rc = accept(ctx, msg, err);
    return rc == EVT_OK ? notify_mail_accepted_send(ctx, &reply, err) : rc;
}

/* Mail, an attempt: the outside call, which is given all that the mail says. */
#include "handlers.h"

#include <evt/mem.h>

enum evt_err mail_try(struct evt_ctx *ctx, const char *ref, const struct mail *mail,
                      struct evt_error *err)
{
    struct evt_buf request = {0};
    enum evt_err rc;

    EVT_BUG_ON(mail->state != MAIL_SENDING);
    mail_request_print(&request, mail->accepted_ms, mail->content);
    rc = evt_call(ctx, MAIL_CALL, ref, (struct evt_bytes){request.data, request.len}, NULL, err);
    evt_buf_release(&request);
    return rc;
}

/* Mail caller: the ways, and what came of it. */
#include "mail_caller.h"

#include "mail_box.h"
#include "mail_call.h"
#include "mail_message.h"
#include "mail_options.h"

#include <stdio.h>
#include <string.h>

/* RFC 5321 wants minutes for the end of DATA; a server that is slower than this is tried again. */
#define TIMEOUT_MS (2 * 60 * 1000)
/* A server that restarts is back within half a minute. */
#define SOON_MAX   5

#define SAYS_SENT   250
#define SAYS_NO_BOX 553 /* mailbox name not allowed */

static void put_in_box(struct evt_attempt *attempt, const char *url,
                       const struct notify_send_mail *msg, const struct evt_buf *mail)
{
    struct evt_buf folder = {0}, name = {0};
    struct evt_error err;

    if (url)
        evt_buf_add_text(&folder, url + strlen(MAIL_BOX));
    else
        evt_buf_printf(&folder, "%s/mail", evt_attempt_option(attempt, "data-dir"));
    mail_message_name(&name, msg);
    if (mail_box_put(evt_buf_text(&folder), evt_buf_text(&name), mail->data, mail->len, &err) ==
        EVT_OK)
        evt_attempt_done(attempt, SAYS_SENT, "");
    else
        evt_attempt_done(attempt, 0, err.text);
    evt_buf_release(&folder);
    evt_buf_release(&name);
}

static void give_to_server(struct evt_attempt *attempt, const char *url, const char *from,
                           const struct notify_send_mail *msg, const struct evt_buf *mail)
{
    const char *user = evt_attempt_option(attempt, MAIL_USER);
    const char *password = evt_attempt_option(attempt, MAIL_PASSWORD);

    evt_attempt_mail(attempt, url, from, msg->email, mail->data, mail->len);
    if (user)
        evt_attempt_login(attempt, user, password ? password : "");
}

static void send(struct evt_attempt *attempt, const struct notify_send_mail *msg,
                 int64_t accepted_ms)
{
    const char *url = evt_attempt_option(attempt, MAIL_URL);
    const char *from = evt_attempt_option(attempt, MAIL_FROM);
    struct evt_buf mail = {0};

    if (!mail_message_may_come_from(from)) {
        evt_attempt_done(attempt, 0, "MAIL_FROM is no address: say name@domain");
        return;
    }
    if (!mail_message_may_go_to(msg->email)) { /* nor to a folder: a header has no such letters */
        evt_attempt_done(attempt, SAYS_NO_BOX, "553 the address holds letters beyond ASCII");
        return;
    }
    mail_message_print(&mail, msg, from, accepted_ms);
    switch (mail_way_of(url)) {
    case MAIL_WAY_BOX:
        put_in_box(attempt, url, msg, &mail);
        break;
    case MAIL_WAY_SMTP:
        give_to_server(attempt, url, from, msg, &mail);
        break;
    case MAIL_WAY_INSIDE:
        evt_attempt_done(attempt, SAYS_SENT, "");
        break;
    case MAIL_WAY_NONE:
        evt_attempt_done(attempt, 0, "MAIL_URL is none of smtp://, smtps://, maildir:, inside");
        break;
    }
    evt_buf_release(&mail);
}

static enum evt_err begin(struct evt_attempt *attempt, const struct evt_call_request *request,
                          struct evt_error *err)
{
    struct evt_arena arena = {0};
    struct notify_send_mail msg;
    int64_t accepted_ms;
    enum evt_err rc = mail_request_parse(request->request, &arena, &accepted_ms, &msg, err);

    if (rc == EVT_OK)
        send(attempt, &msg, accepted_ms);
    evt_arena_release(&arena);
    return rc;
}

/* "550 5.7.1 Relaying denied", "554 Relay access denied". A server that has RFC 3463's codes says
 * by them what it means: 5.7 is its policy towards us, all else the address. */
static bool is_policy(const struct evt_call_answer *answer)
{
    if (answer->body_len > 5 && strncmp(answer->body + 4, "5.", 2) == 0)
        return strncmp(answer->body + 4, "5.7.", 4) == 0;
    return answer->status == 554;
}

/* Whom the server takes us for says nothing of the mail: a person mends it meanwhile. */
static bool is_about_us(const struct evt_call_answer *answer)
{
    const int status = answer->status;

    return status == 530 || status == 534 || status == 535 || status == 538 ||
           answer->refused == EVT_CALL_REFUSED_SENDER ||
           (answer->refused == EVT_CALL_REFUSED_RECIPIENT && is_policy(answer));
}

enum evt_call_end mail_attempt_end(const struct evt_call_answer *answer, int attempt,
                                   struct evt_buf *told)
{
    const int status = answer->status;
    const bool refused = status >= 500 && status < 600 && !is_about_us(answer);

    if (status >= 200 && status < 300)
        return EVT_CALL_END_OK;
    if ((status < 400 || status >= 600) && attempt < SOON_MAX)
        return EVT_CALL_END_UNKNOWN;
    if (!refused)
        evt_buf_add_text(told, MAIL_DEFERRAL);
    evt_buf_add_text(told, status ? answer->body : answer->reason);
    return EVT_CALL_END_REFUSED;
}

static enum evt_call_end end(struct evt_attempt *attempt, const struct evt_call_answer *answer)
{
    struct evt_buf told = {0};
    const enum evt_call_end end =
        mail_attempt_end(answer, evt_attempt_request(attempt)->attempt, &told);

    evt_attempt_result(attempt, evt_buf_text(&told), told.len);
    evt_buf_release(&told);
    return end;
}

const struct evt_caller mail_callers[] = {
    {.name = MAIL_CALL,
     .destination = "mail",
     .timeout_ms = TIMEOUT_MS,
     .begin = begin,
     .end = end},
    {0},
};

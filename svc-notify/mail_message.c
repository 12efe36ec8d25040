/* Mail message: headers, and the parts between their boundaries. */
#include "mail_message.h"

#include "mail_line.h"
#include "mail_template.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LETTERS  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define SHOP     "Shop"
/* No encoded body holds "=_", so this is in none. */
#define BOUNDARY "=_shop_alternative"

void mail_message_name(struct evt_buf *buf, const struct notify_send_mail *msg)
{
    const struct mail_template *template = mail_template_of(msg->kind);

    EVT_BUG_ON(!template); /* it was checked */
    for (const char *at = msg->order_id; *at; at++) {
        if (strchr(LETTERS "-", *at))
            evt_buf_add_byte(buf, (uint8_t)*at);
        else
            evt_buf_printf(buf, "=%02X", (unsigned char)*at);
    }
    evt_buf_printf(buf, ".%s", template->slug);
}

/* As RFC 5322 has it, whatever the locale says. */
static void add_date(struct evt_buf *buf, int64_t time_ms)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t time_s = (time_t)(time_ms / 1000);
    struct tm tm;

    gmtime_r(&time_s, &tm);
    evt_buf_printf(buf, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
                   months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_headers(struct evt_buf *buf, const struct notify_send_mail *msg, const char *from,
                        int64_t accepted_ms)
{
    struct evt_buf subject = {0};

    mail_template_subject(msg, &subject);
    mail_line_address(buf, "From", SHOP, from);
    mail_line_address(buf, "To", msg->name, msg->email);
    mail_line_header(buf, "Subject", evt_buf_text(&subject));
    add_date(buf, accepted_ms);
    evt_buf_add_text(buf, "Message-ID: <");
    mail_message_name(buf, msg);
    evt_buf_printf(buf, "%s>\r\n", strchr(from, '@'));
    evt_buf_add_text(buf, "Auto-Submitted: auto-generated\r\n"
                          "MIME-Version: 1.0\r\n"
                          "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n");
    evt_buf_release(&subject);
}

static void add_part(struct evt_buf *buf, const char *type, const struct evt_buf *body)
{
    evt_buf_printf(buf,
                   "--" BOUNDARY "\r\nContent-Type: %s; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
                   type);
    mail_line_body(buf, evt_buf_text(body));
    evt_buf_add_text(buf, "\r\n");
}

void mail_message_print(struct evt_buf *buf, const struct notify_send_mail *msg, const char *from,
                        int64_t accepted_ms)
{
    struct evt_buf text = {0}, html = {0};

    EVT_BUG_ON(!mail_message_may_come_from(from));
    mail_template_text(msg, &text);
    mail_template_html(msg, &html);
    add_headers(buf, msg, from, accepted_ms);
    add_part(buf, "text/plain", &text);
    add_part(buf, "text/html", &html);
    evt_buf_add_text(buf, "--" BOUNDARY "--\r\n");
    evt_buf_release(&text);
    evt_buf_release(&html);
}

bool mail_message_may_go_to(const char *address)
{
    for (; *address; address++)
        if ((unsigned char)*address >= 0x7f)
            return false;
    return true;
}

bool mail_message_may_come_from(const char *address)
{
    const size_t len = strlen(address);
    const char *at = strchr(address, '@');

    return at && at > address && len <= MAIL_EMAIL_MAX && strspn(address, LETTERS "@._+-") == len &&
           at[1] && strspn(at + 1, LETTERS ".-") == strlen(at + 1);
}

/* Mail template: the words, and how they are set. */
#include "mail_template.h"

#include "mail_line.h"

#include <evt/mem.h>
#include <evt/money.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct mail_template templates[] = {
    [NOTIFY_MAIL_KIND_ORDER_CONFIRMED] =
        {
            .slug = "confirmed",
            .subject = "Your order is confirmed",
            .opening = "Thank you for your order. It is paid, and we have set the goods aside for "
                       "you.",
            .total = "Total, paid",
            .reason = "A remark",
            .closing = "You need not do anything more.",
        },
    [NOTIFY_MAIL_KIND_ORDER_REJECTED] =
        {
            .slug = "rejected",
            .subject = "We could not accept your order",
            .opening = "We are sorry: we could not accept your order. Nothing was charged, and "
                       "what was held on your card is given up.",
            .total = "Total, not charged",
            .reason = "The reason",
            .closing = "You are welcome to order again.",
        },
    [NOTIFY_MAIL_KIND_ORDER_CANCELLED] =
        {
            .slug = "cancelled",
            .subject = "Your order is cancelled",
            .opening = "Your order is cancelled. Nothing was charged, and what was held on your "
                       "card is given up.",
            .total = "Total, not charged",
            .reason = "The reason",
            .closing = "You need not do anything more.",
        },
    [NOTIFY_MAIL_KIND_ORDER_REFUNDED] =
        {
            .slug = "refunded",
            .subject = "Your money is on its way back",
            .opening = "Your order is cancelled, and we have given your money back. Your bank may "
                       "take a few days to show it.",
            .total = "Refunded",
            .reason = "The reason",
            .closing = "You need not do anything more.",
        },
};

const struct mail_template *mail_template_of(enum notify_mail_kind kind)
{
    const size_t n = sizeof(templates) / sizeof(*templates);

    return (size_t)kind < n && templates[kind].slug ? &templates[kind] : NULL;
}

static const struct mail_template *template_of(const struct notify_send_mail *msg)
{
    const struct mail_template *template = mail_template_of(msg->kind);

    EVT_BUG_ON(!template); /* it was checked */
    return template;
}

/* What a line costs; "" where a price is not known. */
static void print_price(char buf[EVT_MONEY_MAX], const struct notify_mail_line *line,
                        const char *currency)
{
    int64_t price_minor;

    buf[0] = '\0';
    if (line->price_minor >= 0 &&
        !__builtin_mul_overflow(line->price_minor, line->quantity, &price_minor))
        evt_money_print(buf, price_minor, currency);
}

void mail_template_subject(const struct notify_send_mail *msg, struct evt_buf *buf)
{
    evt_buf_printf(buf, "%s: %s", template_of(msg)->subject, msg->order_id);
}

/* ---- text ---- */

static void add_text_line(struct evt_buf *buf, const struct notify_mail_line *line,
                          const char *currency)
{
    char price[EVT_MONEY_MAX];

    print_price(price, line, currency);
    evt_buf_printf(buf, "  %" PRId64 " x %s%s%s\n", line->quantity, line->sku, *price ? "  " : "",
                   price);
}

void mail_template_text(const struct notify_send_mail *msg, struct evt_buf *buf)
{
    const struct mail_template *template = template_of(msg);
    char total[EVT_MONEY_MAX];

    evt_money_print(total, msg->total_minor, msg->currency);
    evt_buf_printf(buf, "Hello%s%s,\n\n%s\n\nOrder %s\n\n", *msg->name ? " " : "", msg->name,
                   template->opening, msg->order_id);
    for (size_t i = 0; i < msg->lines_n; i++)
        add_text_line(buf, &msg->lines[i], msg->currency);
    evt_buf_printf(buf, "\n  %s: %s\n\n", template->total, total);
    if (*msg->reason)
        evt_buf_printf(buf, "%s: %s\n\n", template->reason, msg->reason);
    evt_buf_printf(buf, "%s\n", template->closing);
}

/* ---- HTML ---- */

/* "<tag>text</tag>", of any text. */
static void add_element(struct evt_buf *buf, const char *begin, const char *text, const char *end)
{
    evt_buf_add_text(buf, begin);
    mail_line_html(buf, text);
    evt_buf_add_text(buf, end);
}

static void add_html_line(struct evt_buf *buf, const struct notify_mail_line *line,
                          const char *currency)
{
    char price[EVT_MONEY_MAX];

    print_price(price, line, currency);
    evt_buf_printf(buf, "<tr><td align=\"right\">%" PRId64 " &times;</td>", line->quantity);
    add_element(buf, "<td>", line->sku, "</td>");
    add_element(buf, "<td align=\"right\">", price, "</td></tr>\n");
}

static void add_hello(struct evt_buf *buf, const char *name)
{
    evt_buf_add_text(buf, *name ? "<p>Hello " : "<p>Hello");
    add_element(buf, "", name, ",</p>\n");
}

void mail_template_html(const struct notify_send_mail *msg, struct evt_buf *buf)
{
    const struct mail_template *template = template_of(msg);
    char total[EVT_MONEY_MAX];

    evt_money_print(total, msg->total_minor, msg->currency);
    evt_buf_add_text(buf, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">");
    add_element(buf, "<title>", template->subject, "</title></head>\n<body>\n");
    add_hello(buf, msg->name);
    add_element(buf, "<p>", template->opening, "</p>\n");
    add_element(buf, "<p>Order <strong>", msg->order_id, "</strong></p>\n<table>\n");
    for (size_t i = 0; i < msg->lines_n; i++)
        add_html_line(buf, &msg->lines[i], msg->currency);
    add_element(buf, "<tr><td></td><td><strong>", template->total, "</strong></td>");
    add_element(buf, "<td align=\"right\"><strong>", total, "</strong></td></tr>\n</table>\n");
    if (*msg->reason) {
        add_element(buf, "<p>", template->reason, ": ");
        add_element(buf, "", msg->reason, "</p>\n");
    }
    add_element(buf, "<p>", template->closing, "</p>\n</body>\n</html>\n");
}

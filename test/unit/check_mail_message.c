/* Mail message: the whole of it, as a mail program gets it. */
#include "svc-notify/mail_message.h"
#include "svc-notify/mail_template.h"

#include "test/lib/suite.h"

#include <string.h>

#define ACCEPTED 1700000000000LL

static struct notify_mail_line lines[] = {{"tea", 2, 499}, {"mug", 1, -1}};
static const struct notify_send_mail confirmed = {
    .recipient = "ada@example.org",
    .order_id = "o-1",
    .kind = NOTIFY_MAIL_KIND_ORDER_CONFIRMED,
    .email = "ada@example.org",
    .name = "Ada",
    .lines = lines,
    .lines_n = 2,
    .total_minor = 2198,
    .currency = "EUR",
    .reason = "",
};

static const char want[] =
    "From: \"Shop\"\r\n <shop@example.com>\r\n"
    "To: \"Ada\"\r\n <ada@example.org>\r\n"
    "Subject: Your order is confirmed: o-1\r\n"
    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
    "Message-ID: <o-1.confirmed@example.com>\r\n"
    "Auto-Submitted: auto-generated\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/alternative; boundary=\"=_shop_alternative\"\r\n\r\n"
    "--=_shop_alternative\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Hello Ada,\r\n\r\n"
    "Thank you for your order. It is paid, and we have set the goods aside for y=\r\nou.\r\n\r\n"
    "Order o-1\r\n\r\n"
    "  2 x tea  9.98 EUR\r\n"
    "  1 x mug\r\n\r\n"
    "  Total, paid: 21.98 EUR\r\n\r\n"
    "You need not do anything more.\r\n\r\n"
    "--=_shop_alternative\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<!DOCTYPE html>\r\n<html lang=3D\"en\">\r\n"
    "<head><meta charset=3D\"utf-8\"><title>Your order is confirmed</title></head>\r\n"
    "<body>\r\n<p>Hello Ada,</p>\r\n"
    "<p>Thank you for your order. It is paid, and we have set the goods aside fo=\r\n"
    "r you.</p>\r\n"
    "<p>Order <strong>o-1</strong></p>\r\n<table>\r\n"
    "<tr><td align=3D\"right\">2 &times;</td><td>tea</td><td align=3D\"right\">9.98 =\r\n"
    "EUR</td></tr>\r\n"
    "<tr><td align=3D\"right\">1 &times;</td><td>mug</td><td align=3D\"right\"></td>=\r\n</tr>\r\n"
    "<tr><td></td><td><strong>Total, paid</strong></td><td align=3D\"right\"><stro=\r\n"
    "ng>21.98 EUR</strong></td></tr>\r\n</table>\r\n"
    "<p>You need not do anything more.</p>\r\n</body>\r\n</html>\r\n\r\n"
    "--=_shop_alternative--\r\n";

START_TEST(it_has_headers_and_two_parts)
{
    struct evt_buf buf = {0};

    mail_message_print(&buf, &confirmed, "shop@example.com", ACCEPTED);
    ck_assert_str_eq(evt_buf_text(&buf), want);
    evt_buf_release(&buf);
}
END_TEST

static const char *text_of(const struct notify_send_mail *msg, struct evt_buf *buf)
{
    evt_buf_clear(buf);
    mail_template_text(msg, buf);
    return evt_buf_text(buf);
}

/* What each kind says of the money, and its reason where it has one. */
START_TEST(each_kind_has_its_words)
{
    static const struct {
        enum notify_mail_kind kind;
        const char *name, *subject, *total;
    } kinds[] = {
        {NOTIFY_MAIL_KIND_ORDER_CONFIRMED, "o-1.confirmed", "Your order is confirmed: o-1",
         "\n  Total, paid: 21.98 EUR\n"},
        {NOTIFY_MAIL_KIND_ORDER_REJECTED, "o-1.rejected", "We could not accept your order: o-1",
         "\n  Total, not charged: 21.98 EUR\n"},
        {NOTIFY_MAIL_KIND_ORDER_CANCELLED, "o-1.cancelled", "Your order is cancelled: o-1",
         "\n  Total, not charged: 21.98 EUR\n"},
        {NOTIFY_MAIL_KIND_ORDER_REFUNDED, "o-1.refunded", "Your money is on its way back: o-1",
         "\n  Refunded: 21.98 EUR\n"},
    };
    struct evt_buf buf = {0};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct notify_send_mail msg = confirmed;

        msg.kind = kinds[i].kind;
        evt_buf_clear(&buf);
        mail_template_subject(&msg, &buf);
        ck_assert_str_eq(evt_buf_text(&buf), kinds[i].subject);
        evt_buf_clear(&buf);
        mail_message_name(&buf, &msg);
        ck_assert_str_eq(evt_buf_text(&buf), kinds[i].name);
        ck_assert_ptr_nonnull(strstr(text_of(&msg, &buf), kinds[i].total));
        ck_assert_ptr_null(strstr(text_of(&msg, &buf), "reason:"));
        msg.reason = "tea is out of stock";
        ck_assert_ptr_nonnull(strstr(text_of(&msg, &buf), ": tea is out of stock\n"));
        evt_buf_clear(&buf);
        mail_template_html(&msg, &buf);
        ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), ": tea is out of stock</p>"));
    }
    ck_assert_ptr_null(mail_template_of(NOTIFY_MAIL_KIND_OTHER));
    ck_assert_ptr_null(mail_template_of((enum notify_mail_kind)99));
    evt_buf_release(&buf);
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
    struct notify_mail_line line = {"tea", 1000000000, INT64_MAX};
    struct notify_send_mail msg = confirmed;
    struct evt_buf buf = {0};

    msg.name = "";
    msg.lines = &line;
    msg.lines_n = 1;
    msg.currency = "JPY";
    ck_assert_ptr_nonnull(strstr(text_of(&msg, &buf), "Hello,\n"));
    ck_assert_ptr_nonnull(strstr(text_of(&msg, &buf), "  1000000000 x tea\n"));
    ck_assert_ptr_nonnull(strstr(text_of(&msg, &buf), "Total, paid: 2198 JPY\n"));
    evt_buf_clear(&buf);
    mail_template_html(&msg, &buf);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "<p>Hello,</p>"));
    evt_buf_release(&buf);
}
END_TEST

/* Two orders never have one name, whatever their ids are. */
START_TEST(an_order_makes_a_name)
{
    struct notify_send_mail msg = confirmed;
    struct evt_buf buf = {0};

    msg.order_id = "../a b=\xc3\xa4@x\r\n";
    mail_message_name(&buf, &msg);
    ck_assert_str_eq(evt_buf_text(&buf), "=2E=2E=2Fa=20b=3D=C3=A4=40x=0D=0A.confirmed");
    evt_buf_release(&buf);
}
END_TEST

/* Were it ever to come here, it would still be one header, and one page. */
START_TEST(nothing_gets_out_of_its_place)
{
    struct notify_send_mail msg = confirmed;
    struct evt_buf buf = {0};

    msg.name = "Ada\r\nBcc: eve@example.org\r\n\r\n<script>";
    msg.order_id = "o\r\nX: y";
    msg.reason = "--=_shop_alternative--\n<script>";
    mail_message_print(&buf, &msg, "shop@example.com", ACCEPTED);
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "\r\nSubject: =?UTF-8?B?"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "\r\nTo: =?UTF-8?B?"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "--=3D_shop_alternative--"));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&buf), "&lt;script&gt;"));
    for (const char *at = evt_buf_text(&buf); strncmp(at, "\r\n\r\n", 4) != 0; at++)
        ck_assert_msg(strncmp(at, "\nBcc", 4) != 0 && strncmp(at, "\nX:", 3) != 0, "%s", at);
    evt_buf_release(&buf);
}
END_TEST

START_TEST(addresses_are_looked_at)
{
    ck_assert(mail_message_may_go_to("ada@example.org"));
    ck_assert(!mail_message_may_go_to("\xc3\xa4"
                                      "da@example.org"));
    ck_assert(mail_message_may_come_from("shop+x@example.com"));
    ck_assert(!mail_message_may_come_from("shop"));
    ck_assert(!mail_message_may_come_from("@example.com"));
    ck_assert(!mail_message_may_come_from("shop@"));
    ck_assert(!mail_message_may_come_from("shop@a@b"));
    ck_assert(!mail_message_may_come_from("Shop <shop@example.com>"));
    ck_assert(!mail_message_may_come_from("shop@example.com\r\n"));
}
END_TEST

SUITE("mail message", it_has_headers_and_two_parts, each_kind_has_its_words,
      what_is_not_known_is_left_out, an_order_makes_a_name, nothing_gets_out_of_its_place,
      addresses_are_looked_at)

/* A mail's way: accepted at once, sent once, tried again for four days. */
#include "test/lib/notify_shop.h"
#include "test/lib/suite.h"

#include <string.h>

#define BROKEN    "the message breaks an invariant: "
#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define REJECTED  NOTIFY_MAIL_KIND_ORDER_REJECTED

START_TEST(it_is_accepted_and_sent)
{
    struct harness *h = notify_shop();

    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    EXPECT_CALL(h, "mail",
                "1700000000000 {\"recipient\":\"ada@example.org\",\"order_id\":\"o-1\",\"kind\":"
                "\"ORDER_CONFIRMED\",\"email\":\"ada@example.org\",\"name\":\"Ada\",\"lines\":["
                "{\"sku\":\"tea\",\"quantity\":2,\"price_minor\":499},"
                "{\"sku\":\"mug\",\"quantity\":1,\"price_minor\":-1}],"
                "\"total_minor\":2198,\"currency\":\"EUR\",\"reason\":\"\"}");
    EXPECT_NOTHING(h);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, MAILED_ORDER, CONFIRMED);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(notify_shop_is(h, MAIL_SENT), 1);
    ck_assert_int_eq(harness_query(h, "SELECT length(content) FROM mail"), 0);
    harness_end(h);
}
END_TEST

/* Accepted again, whatever became of it, and never a second mail. */
START_TEST(a_repetition_is_accepted_again)
{
    struct harness *h = notify_shop_sending();

    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    ck_assert_int_eq(notify_shop_pending(h), 1);
    CALL_REFUSED(h, "mail", "deferred 451 Later.");
    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    EXPECT_NO_CALL(h);
    harness_wait(h, 5 * MINUTE_MS);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, MAILED_ORDER, CONFIRMED);
    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

START_TEST(each_kind_and_order_has_its_own)
{
    struct harness *h = notify_shop_sending();

    notify_shop_send(h, MAILED_ORDER, REJECTED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, REJECTED);
    notify_shop_send(h, "an order\xc3\xa4", CONFIRMED);
    EXPECT_ACCEPTED(h, "an order\xc3\xa4", CONFIRMED);
    ck_assert_int_eq(notify_shop_pending(h), 3);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, MAILED_ORDER, CONFIRMED);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, MAILED_ORDER, REJECTED);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, "an order\xc3\xa4", CONFIRMED);
    harness_end(h);
}
END_TEST

START_TEST(what_is_refused_is_given_up)
{
    struct harness *h = notify_shop_sending();

    CALL_REFUSED(h, "mail", "550-5.1.1 No such user.\n550 5.1.1 Really.\xff\r\n");
    EXPECT_GIVEN_UP(h, "550-5.1.1 No such user. 550 5.1.1 Really.");
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(notify_shop_is(h, MAIL_GIVEN_UP), 1);
    notify_shop_send(h, MAILED_ORDER, CONFIRMED);
    EXPECT_ACCEPTED(h, MAILED_ORDER, CONFIRMED);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

/* Who knows an order's id reads these words, and shall not learn whose it is. */
START_TEST(what_the_server_says_does_not_show_the_address)
{
    static const struct {
        const char *said, *told;
    } words[] = {
        {"550 5.1.1 <ada@example.org>: Recipient address rejected: no such user",
         "550 5.1.1 <(address)>: Recipient address rejected: no such user"},
        {"550 5.1.1 Ada@Example.ORG... User unknown", "550 5.1.1 (address) User unknown"},
        {"550 no mailbox here by the name ada", "550 no mailbox here by the name (address)"},
        {"550 forwarded to <ada.lovelace@example.net>: full", "550 forwarded to <(address)>: full"},
        {"550 bounce-ada=example.org: adaptive", "550 bounce-(address)=example.org: adaptive"},
        {"ada@example.org", "(address)"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        struct harness *h = notify_shop_sending();

        CALL_REFUSED(h, "mail", words[i].said);
        EXPECT_GIVEN_UP(h, words[i].told);
        harness_end(h);
    }
}
END_TEST

START_TEST(nor_does_what_was_deferred_too_often)
{
    struct harness *h = notify_shop_sending();

    CALL_REFUSED(h, "mail", "deferred 451 <ada@example.org>: greylisted");
    ck_assert_int_eq(harness_query(h, "SELECT reason = '451 <(address)>: greylisted' FROM mail"),
                     1);
    harness_skip(h, 4 * DAY_MS);
    harness_wait(h, 0);
    CALL_REFUSED(h, "mail", "deferred 451 <ada@example.org>: greylisted");
    EXPECT_GIVEN_UP(h, "451 <(address)>: greylisted");
    harness_end(h);
}
END_TEST

/* Of so short a name each comes out longer. */
START_TEST(what_is_hidden_is_cut_as_well)
{
    char words[2 * MAIL_REASON_MAX + 1], told[MAIL_REASON_MAX + 1];

    for (size_t i = 0; i < sizeof(words); i++)
        words[i] = i % 2 ? ' ' : 'a';
    words[sizeof(words) - 1] = '\0';
    mail_reason_hide(told, words, "a@example.org");
    ck_assert_uint_eq(strlen(told), MAIL_REASON_MAX);
    ck_assert_int_eq(strncmp(told, "(address) (address) ", 20), 0);
}
END_TEST

START_TEST(a_refusal_may_say_nothing)
{
    struct harness *h = notify_shop_sending();

    CALL_REFUSED(h, "mail", "\r\n");
    EXPECT_GIVEN_UP(h, "nothing was said of the reason");
    harness_end(h);
}
END_TEST

/* A server may say a lot, and in the middle of a character it is cut. */
START_TEST(a_long_refusal_is_cut)
{
    char words[MAIL_REASON_MAX + 100], want[MAIL_REASON_MAX + 1];
    struct harness *h = notify_shop_sending();

    memset(words, 'w', sizeof(words));
    words[sizeof(words) - 1] = '\0';
    memcpy(words + MAIL_REASON_MAX - 1, "\xc3\xa4", 2);
    memcpy(want, words, MAIL_REASON_MAX - 1);
    want[MAIL_REASON_MAX - 1] = '\0';
    CALL_REFUSED(h, "mail", words);
    EXPECT_GIVEN_UP(h, want);
    harness_end(h);
}
END_TEST

static void ck_deferred_for(struct harness *h, int64_t pause_ms)
{
    CALL_REFUSED(h, "mail", "deferred 451 Later.");
    EXPECT_NOTHING(h);
    EXPECT_NO_CALL(h);
    ck_assert_int_eq(notify_shop_is(h, MAIL_DEFERRED), 1);
    harness_wait(h, pause_ms - 1);
    EXPECT_NO_CALL(h);
    harness_wait(h, 1);
    ck_assert_int_eq(notify_shop_pending(h), 1);
    ck_assert_int_eq(notify_shop_is(h, MAIL_SENDING), 1);
}

/* The same mail, under the same name and date. */
START_TEST(what_is_deferred_is_tried_again)
{
    struct harness *h = notify_shop_sending();
    const int64_t hash = harness_query(h, "SELECT length(request) FROM evt_calls");

    ck_deferred_for(h, 5 * MINUTE_MS);
    ck_deferred_for(h, 15 * MINUTE_MS);
    ck_deferred_for(h, HOUR_MS);
    ck_deferred_for(h, 4 * HOUR_MS);
    ck_deferred_for(h, 4 * HOUR_MS);
    ck_deferred_for(h, 4 * HOUR_MS);
    ck_assert_int_eq(harness_query(h, "SELECT length(request) FROM evt_calls"), hash);
    ck_assert_int_eq(
        harness_query(h, "SELECT CAST(request AS TEXT) LIKE '1700000000000 {%' FROM evt_calls"), 1);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, MAILED_ORDER, CONFIRMED);
    ck_assert_int_eq(harness_query(h, "SELECT length(reason) FROM mail"), 0);
    harness_end(h);
}
END_TEST

/* One more time when the four days are over, and that was the last. */
START_TEST(after_four_days_it_is_given_up)
{
    struct harness *h = notify_shop_sending();
    int tries = 1;

    for (int64_t passed_ms = 0; passed_ms < 4 * DAY_MS; passed_ms += MINUTE_MS) {
        if (notify_shop_pending(h)) {
            CALL_REFUSED(h, "mail", "deferred 451 Later.");
            EXPECT_NOTHING(h);
            tries++;
        }
        harness_wait(h, MINUTE_MS);
    }
    ck_assert_int_eq(tries, 28); /* after 0, 5, 20, 80 minutes, then every 4 hours */
    ck_assert_int_eq(notify_shop_pending(h), 1);
    CALL_REFUSED(h, "mail", "deferred 451 Never.");
    EXPECT_GIVEN_UP(h, "451 Never.");
    harness_wait(h, DAY_MS);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
END_TEST

static void send_one(struct harness *h, const char *order_id)
{
    notify_shop_send(h, order_id, CONFIRMED);
    EXPECT_ACCEPTED(h, order_id, CONFIRMED);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, order_id, CONFIRMED);
}

static int64_t mails(struct harness *h)
{
    return harness_query(h, "SELECT count(*) FROM mail");
}

START_TEST(what_ended_is_forgotten)
{
    struct harness *h = notify_shop();

    send_one(h, "o-1");
    send_one(h, "o-2");
    send_one(h, "o-3");
    harness_wait(h, 30 * DAY_MS);
    send_one(h, "o-4");
    ck_assert_int_eq(mails(h), 4);
    harness_wait(h, 1);
    send_one(h, "o-5");
    ck_assert_int_eq(mails(h), 3); /* two went with it */
    send_one(h, "o-6");
    ck_assert_int_eq(mails(h), 3);
    harness_end(h);
}
END_TEST

START_TEST(what_has_not_ended_is_not_forgotten)
{
    struct harness *h = notify_shop_sending();

    CALL_REFUSED(h, "mail", "deferred 451 Later.");
    harness_skip(h, 365 * DAY_MS);
    notify_shop_send(h, "o-2", CONFIRMED);
    EXPECT_ACCEPTED(h, "o-2", CONFIRMED);
    CALL_OK(h, "mail", "");
    EXPECT_SENT(h, "o-2", CONFIRMED);
    ck_assert_int_eq(notify_shop_is(h, MAIL_DEFERRED), 1);
    harness_end(h);
}
END_TEST

static void ck_rejected(const struct notify_send_mail *msg, const char *words)
{
    struct harness *h = notify_shop();

    harness_give(h, __LINE__, "order", &notify_send_mail_type, msg);
    EXPECT_REJECTED(h, words);
    EXPECT_NO_CALL(h);
    harness_end(h);
}
#define REJECTS(field, value, words)                                                               \
    do {                                                                                           \
        struct notify_send_mail msg = notify_shop_mail;                                            \
        msg.field = value;                                                                         \
        ck_rejected(&msg, BROKEN words);                                                           \
    } while (0)

START_TEST(the_form_is_checked)
{
    char text[MAIL_REASON_MAX + 2];

    memset(text, 't', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    REJECTS(order_id, "", "the order id is not 1 to 64 bytes");
    REJECTS(order_id, text, "the order id is not 1 to 64 bytes");
    REJECTS(kind, NOTIFY_MAIL_KIND_OTHER, "the kind is none that this version knows");
    REJECTS(email, "a@", "the email is not 3 to 254 bytes");
    REJECTS(email, text, "the email is not 3 to 254 bytes");
    REJECTS(email, "ada.example.org", "the email is not an address");
    REJECTS(email, "@example.org", "the email is not an address");
    REJECTS(email, "ada.example.org@", "the email is not an address");
    REJECTS(email, "a@b@c", "the email is not an address");
    REJECTS(email, "a@b,c@d", "the email is not an address");
    REJECTS(email, "ada <a@b>", "the email holds a character that no address has");
    REJECTS(name, text, "the name is not 0 to 100 bytes");
    REJECTS(reason, text, "the reason is not 0 to 500 bytes");
    REJECTS(total_minor, -1, "the total is not 0 or more");
    REJECTS(currency, "eur", "the currency is not three upper-case letters");
    REJECTS(currency, "EURO", "the currency is not three upper-case letters");
}
END_TEST

/* Nothing that is asked for can begin another header. */
START_TEST(line_ends_are_refused)
{
    REJECTS(order_id, "o-1\r\nBcc: eve@example.org", "the order id holds a control character");
    REJECTS(email, "ada@example.org\r\nBcc:eve@example.org", "the email holds a control character");
    REJECTS(name, "Ada\nBcc: eve@example.org", "the name holds a control character");
    REJECTS(name, "Ada\r", "the name holds a control character");
    REJECTS(name, "Ada\x7f", "the name holds a control character");
    REJECTS(reason, "no\n.\nQUIT", "the reason holds a control character");
}
END_TEST

static void rejects_line(struct notify_mail_line line, const char *words)
{
    struct notify_send_mail msg = notify_shop_mail;

    msg.lines = &line;
    msg.lines_n = 1;
    ck_rejected(&msg, words);
}

START_TEST(the_lines_are_checked)
{
    struct notify_mail_line many[MAIL_LINES_MAX + 1];
    struct notify_send_mail msg = notify_shop_mail;

    for (size_t i = 0; i <= MAIL_LINES_MAX; i++)
        many[i] = notify_shop_mail.lines[0];
    msg.lines = many;
    msg.lines_n = MAIL_LINES_MAX + 1;
    ck_rejected(&msg, BROKEN "there are more than 200 lines");
    rejects_line((struct notify_mail_line){"", 1, 1}, BROKEN "the sku is not 1 to 40 bytes");
    rejects_line((struct notify_mail_line){"a\nb", 1, 1},
                 BROKEN "the sku holds a control character");
    rejects_line((struct notify_mail_line){"a", 0, 1}, BROKEN "the quantity is not 1 or more");
    rejects_line((struct notify_mail_line){"a", 1, -2}, BROKEN "the price is not -1 or more");
}
END_TEST

SUITE("notify mail", it_is_accepted_and_sent, a_repetition_is_accepted_again,
      each_kind_and_order_has_its_own, what_is_refused_is_given_up,
      what_the_server_says_does_not_show_the_address, nor_does_what_was_deferred_too_often,
      what_is_hidden_is_cut_as_well, a_refusal_may_say_nothing, a_long_refusal_is_cut,
      what_is_deferred_is_tried_again, after_four_days_it_is_given_up, what_ended_is_forgotten,
      what_has_not_ended_is_not_forgotten, the_form_is_checked, line_ends_are_refused,
      the_lines_are_checked)

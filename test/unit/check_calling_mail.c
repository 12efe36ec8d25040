/* Calling over SMTP: a mail as it arrives, what a server's words mean, what is not sent. */
#include "test/lib/calls.h"
#include "test/lib/smtp_sink.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

#define FROM "shop@example.org"
#define TO   "ann@example.org"

static struct smtp_sink sink;

/* `ref` is the recipient. */
static enum evt_err begin_mail(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *err)
{
    (void)err;
    evt_attempt_mail(attempt, sink.url, FROM, request->ref, request->request.data,
                     request->request.len);
    if (strcmp(request->name, "login") == 0)
        evt_attempt_login(attempt, "shop", "secret");
    return EVT_OK;
}

static const struct evt_caller callers[] = {
    {.name = "mail",
     .destination = "smtp",
     .timeout_ms = 10000,
     .begin = begin_mail,
     .end = calls_end},
    {.name = "login",
     .destination = "smtp",
     .timeout_ms = 10000,
     .begin = begin_mail,
     .end = calls_end},
    {0},
};

static void start(struct calls *calls)
{
    smtp_sink_start(&sink);
    calls_start(calls, callers, NULL);
}

static void stop(struct calls *calls)
{
    calls_stop(calls);
    smtp_sink_stop(&sink);
}

START_TEST(a_mail_arrives_as_it_was_said)
{
    /* A dot that begins a line ends a mail in SMTP, unless it is doubled on the way. */
    static const char text[] = "Subject: tea\r\n\r\nHello\r\n.\r\n..dots\r\n";
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "mail", TO, text);
    calls_expect(&calls, 1, "ok 250 250 2.0.0 taken");
    calls_begin(&calls, 2, "mail", "bob@example.org", "Subject: again\r\n\r\n");
    calls_expect(&calls, 2, "ok 250 250 2.0.0 taken");
    ck_assert_uint_eq(sink.mails_n, 2);
    ck_assert_str_eq(sink.mails[0].from, FROM);
    ck_assert_str_eq(sink.mails[0].to, TO);
    ck_assert_str_eq(sink.mails[0].text, text);
    ck_assert_str_eq(sink.mails[1].to, "bob@example.org");
    ck_assert_int_eq(sink.connections, 1); /* kept */
    stop(&calls);
}
END_TEST

/* What the server said of one mail, with the sink set to say it. */
static void expect(const char *want)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "mail", TO, "Subject: tea\r\n\r\nHello\r\n");
    calls_expect_begin(&calls, 1, want);
    ck_assert_uint_eq(sink.mails_n, 0);
    stop(&calls);
}

START_TEST(a_refused_sender_is_told)
{
    sink.mail = "501 5.1.7 who is that";
    expect("refused 501 501 5.1.7 who is that sender");
}
END_TEST

START_TEST(a_refused_recipient_is_told_in_all_its_lines)
{
    sink.rcpt = "550-5.1.1 no such user\r\n550 5.1.1 here";
    expect("refused 550 550-5.1.1 no such user\n550 5.1.1 here recipient");
}
END_TEST

START_TEST(a_refused_text_is_told)
{
    sink.data = "554 5.5.1 no";
    expect("refused 554 554 5.5.1 no");
}
END_TEST

START_TEST(a_refused_mail_is_told)
{
    sink.end = "554 5.7.1 spam";
    expect("refused 554 554 5.7.1 spam");
}
END_TEST

START_TEST(what_is_put_off_is_unknown_only_by_the_callers_word)
{
    sink.end = "451 4.3.0 later"; /* calls_end knows no SMTP: to it all from 300 to 499 is a no */
    expect("refused 451 451 4.3.0 later");
}
END_TEST

/* None of these is a word about the mail. */
START_TEST(a_server_that_greets_nobody_says_nothing)
{
    sink.greeting = "554 5.3.2 not now";
    expect("unknown 0 ");
}
END_TEST

START_TEST(a_connection_that_ends_early_says_nothing)
{
    sink.end = ""; /* it may have been taken */
    expect("unknown 0 ");
}
END_TEST

START_TEST(a_connection_that_ends_at_once_says_nothing)
{
    sink.greeting = "";
    expect("unknown 0 ");
}
END_TEST

START_TEST(a_password_is_not_sent_in_the_clear)
{
    struct calls calls;
    char *said;

    start(&calls);
    calls_begin(&calls, 1, "login", TO, "Subject: tea\r\n\r\nHello\r\n");
    calls_expect_begin(&calls, 1, "unknown 0 ");
    said = smtp_sink_said(&sink);
    ck_assert_ptr_nonnull(strstr(said, "EHLO"));
    ck_assert_ptr_null(strstr(said, "AUTH"));
    ck_assert_ptr_null(strstr(said, "MAIL"));
    evt_free(said);
    stop(&calls);
}
END_TEST

/* "RCPT TO:<ann@example.org>\r\nRCPT TO:<all@example.org>" */
START_TEST(an_address_that_says_more_is_parked)
{
    struct calls calls;

    start(&calls);
    calls_begin(&calls, 1, "mail", "ann@example.org\r\nRCPT TO:", "");
    calls_expect_told(&calls, 1, EVT_CALL_END_PARKED,
                      "the recipient's address holds a control character");
    calls_begin(&calls, 2, "mail", "ann@example.org> SIZE=1", "");
    calls_expect_told(&calls, 2, EVT_CALL_END_PARKED,
                      "a mail's address holds a blank or a bracket");
    ck_assert_int_eq(sink.connections, 0);
    stop(&calls);
}
END_TEST

SUITE("calling mail", a_mail_arrives_as_it_was_said, a_refused_sender_is_told,
      a_refused_recipient_is_told_in_all_its_lines, a_refused_text_is_told, a_refused_mail_is_told,
      what_is_put_off_is_unknown_only_by_the_callers_word, a_server_that_greets_nobody_says_nothing,
      a_connection_that_ends_early_says_nothing, a_connection_that_ends_at_once_says_nothing,
      a_password_is_not_sent_in_the_clear, an_address_that_says_more_is_parked)

/* The notify service's caller: into a folder, to a server, nowhere. */
#include "svc-notify/mail_call.h"
#include "svc-notify/mail_caller.h"
#include "svc-notify/mail_message.h"
#include "svc-notify/mail_options.h"

#include "test/lib/calls.h"
#include "test/lib/notify_shop.h"
#include "test/lib/smtp_sink.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 8
#define ACCEPTED    1700000000000LL

static struct calls calls;
static struct evt_conf *conf;
static struct folder data;
static struct smtp_sink sink;

/* As `run` has them: the service's own, and where its data lies. */
static void start(const char *url, const char *from)
{
    static struct evt_option options[OPTIONS_MAX];
    static char words[][16] = {"svc-notify", "--data-dir", "--mail-from", "--mail-url"};
    static char *argv[8]; /* it is kept */
    struct evt_error err;
    size_t n = 0;

    argv[0] = words[0];
    argv[1] = words[1];
    argv[2] = data.path;
    argv[3] = words[2];
    argv[4] = (char *)(uintptr_t)from;
    argv[5] = url ? words[3] : NULL;
    argv[6] = (char *)(uintptr_t)url;
    for (; mail_options[n].name; n++)
        options[n] = mail_options[n];
    options[n] = (struct evt_option){.name = "data-dir",
                                     .value = "FOLDER",
                                     .help = "",
                                     .kind = EVT_OPTION_TEXT};
    ck_ok(evt_conf_parse(options, url ? 7 : 5, argv, &conf, &err), err);
    calls_start(&calls, mail_callers, conf);
}

static void stop(void)
{
    calls_stop(&calls);
    evt_conf_free(conf);
}

static void send(int id, const char *email)
{
    struct notify_send_mail msg = notify_shop_mail;
    struct evt_buf content = {0}, request = {0};

    msg.email = email;
    notify_send_mail_print(&msg, &content);
    mail_request_print(&request, ACCEPTED, evt_buf_text(&content));
    calls_begin(&calls, id, MAIL_CALL, "ORDER_CONFIRMED o-1", evt_buf_text(&request));
    evt_buf_release(&content);
    evt_buf_release(&request);
}

/* So often that it is told. */
static void ck_unknown(const char *words)
{
    for (int id = 0; id < EVT_CALL_UNKNOWNS; id++) {
        send(id, MAILED_TO);
        calls_expect_told(&calls, id, EVT_CALL_END_UNKNOWN, "");
    }
    calls_expect_log(&calls, words);
}

static void ck_is_the_mail(const char *text)
{
    struct evt_buf want = {0};

    mail_message_print(&want, &notify_shop_mail, "shop@example.com", ACCEPTED);
    ck_assert_str_eq(text, evt_buf_text(&want));
    evt_buf_release(&want);
}

static void ck_in_folder(const char *name)
{
    size_t len;
    char *text = folder_read(&data, name, &len);

    ck_assert_msg(text, "%s is not there", name);
    ck_is_the_mail(text);
    free(text);
}

START_TEST(it_goes_into_the_data_folder)
{
    folder_init(&data);
    start(NULL, "shop@example.com");
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_OK, "");
    ck_in_folder("mail/new/o-1.confirmed");
    send(1, MAILED_TO);
    calls_expect_told(&calls, 1, EVT_CALL_END_OK, "");
    stop();
    folder_release(&data);
}
END_TEST

START_TEST(it_goes_into_a_folder)
{
    static char url[128];

    folder_init(&data);
    snprintf(url, sizeof(url), "maildir:%s/other", data.path);
    start(url, "shop@example.com");
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_OK, "");
    ck_in_folder("other/new/o-1.confirmed");
    stop();
    folder_release(&data);
}
END_TEST

START_TEST(a_folder_that_cannot_be_is_tried_again)
{
    folder_init(&data);
    folder_write(&data, "mail", "x", 1);
    start(NULL, "shop@example.com");
    ck_unknown("Not a directory");
    stop();
    folder_release(&data);
}
END_TEST

/* To a server that says `rcpt` to RCPT, and `end` to the end of the mail; NULL: yes. */
static void start_server(const char *rcpt, const char *end)
{
    sink = (struct smtp_sink){.rcpt = rcpt, .end = end};
    smtp_sink_start(&sink);
    folder_init(&data);
    start(sink.url, "shop@example.com");
}

static void stop_server(void)
{
    stop();
    smtp_sink_stop(&sink);
    folder_release(&data);
}

START_TEST(it_goes_to_a_server)
{
    start_server(NULL, NULL);
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_OK, "");
    ck_assert_uint_eq(sink.mails_n, 1);
    ck_assert_ptr_nonnull(strstr(sink.mails[0].from, "shop@example.com"));
    ck_assert_ptr_nonnull(strstr(sink.mails[0].to, MAILED_TO));
    ck_is_the_mail(sink.mails[0].text);
    stop_server();
}
END_TEST

START_TEST(a_server_refuses_for_good)
{
    start_server("550 5.1.1 No such user", NULL);
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED, "550 5.1.1 No such user");
    stop_server();
}
END_TEST

START_TEST(a_server_defers)
{
    start_server("451 4.7.1 Later", NULL);
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED, "deferred 451 4.7.1 Later");
    stop_server();
}
END_TEST

/* It may have the mail or not. */
START_TEST(a_server_that_goes_silently_is_asked_again)
{
    start_server(NULL, "");
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_UNKNOWN, "");
    stop_server();
}
END_TEST

START_TEST(letters_beyond_ascii_are_not_sent_to)
{
    start_server(NULL, NULL);
    send(0, "\xc3\xa4"
            "da@example.org");
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED,
                      "553 the address holds letters beyond ASCII");
    ck_assert_int_eq(sink.connections, 0);
    stop_server();
}
END_TEST

START_TEST(nor_are_they_put_into_a_folder)
{
    folder_init(&data);
    start(NULL, "shop@example.com");
    send(0, "\xc3\xa4"
            "da@example.org");
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED,
                      "553 the address holds letters beyond ASCII");
    ck_assert_ptr_null(folder_read(&data, "mail/new/o-1.confirmed", &(size_t){0}));
    stop();
    folder_release(&data);
}
END_TEST

/* It would be said of every mail. */
START_TEST(a_server_that_does_not_relay_for_us_defers)
{
    start_server("554 Relay access denied", NULL);
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED, "deferred 554 Relay access denied");
    stop_server();
}
END_TEST

START_TEST(a_server_that_takes_no_such_sender_defers)
{
    sink = (struct smtp_sink){.mail = "550 5.1.8 Domain not found"};
    smtp_sink_start(&sink);
    folder_init(&data);
    start(sink.url, "shop@example.com");
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_REFUSED, "deferred 550 5.1.8 Domain not found");
    stop_server();
}
END_TEST

START_TEST(wrong_settings_are_told)
{
    folder_init(&data);
    start("http://127.0.0.1", "shop@example.com");
    ck_unknown("MAIL_URL is none of smtp://, smtps://, maildir:, inside");
    stop();
    start("inside", "Shop <shop@example.com>");
    ck_unknown("MAIL_FROM is no address: say name@domain");
    stop();
    folder_release(&data);
}
END_TEST

START_TEST(inside_it_goes_nowhere)
{
    folder_init(&data);
    start("inside", "shop@example.com");
    send(0, MAILED_TO);
    calls_expect_told(&calls, 0, EVT_CALL_END_OK, "");
    calls_begin(&calls, 1, MAIL_CALL, "x", "what no handler writes");
    calls_expect_told(&calls, 1, EVT_CALL_END_PARKED,
                      "the message breaks an invariant: the request is none that a handler writes");
    stop();
    folder_release(&data);
}
END_TEST

SUITE("notify way", it_goes_into_the_data_folder, it_goes_into_a_folder,
      a_folder_that_cannot_be_is_tried_again, it_goes_to_a_server, a_server_refuses_for_good,
      a_server_defers, a_server_that_goes_silently_is_asked_again,
      letters_beyond_ascii_are_not_sent_to, nor_are_they_put_into_a_folder,
      a_server_that_does_not_relay_for_us_defers, a_server_that_takes_no_such_sender_defers,
      wrong_settings_are_told, inside_it_goes_nowhere)

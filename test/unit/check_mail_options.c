/* Mail options: what a start refuses of them, in words that say what to do. */
#include "svc-notify/mail_options.h"
#include "svc-notify/notify_service.h"

#include "test/lib/faults.h"
#include "test/lib/suite.h"

#include <stdio.h>
#include <stdlib.h>

static const char *of(const char *url)
{
    return FAULTS_OF(&notify_service, "--mail-url", url);
}

START_TEST(an_address_says_the_way)
{
    ck_assert_int_eq(mail_way_of(NULL), MAIL_WAY_BOX);
    ck_assert_int_eq(mail_way_of("maildir:x"), MAIL_WAY_BOX);
    ck_assert_int_eq(mail_way_of("smtp://127.0.0.1:25"), MAIL_WAY_SMTP);
    ck_assert_int_eq(mail_way_of("smtps://mail.example.org"), MAIL_WAY_SMTP);
    ck_assert_int_eq(mail_way_of("inside"), MAIL_WAY_INSIDE);
    ck_assert_int_eq(mail_way_of("maildir:"), MAIL_WAY_NONE);
    ck_assert_int_eq(mail_way_of("http://example.org"), MAIL_WAY_NONE);
    ck_assert_int_eq(mail_way_of("127.0.0.1:25"), MAIL_WAY_NONE);
    ck_assert_int_eq(mail_way_of(""), MAIL_WAY_NONE);
}
END_TEST

START_TEST(what_is_usable_is_taken)
{
    ck_assert_str_eq(faults_of(&notify_service, (const char *const[]){NULL}), "");
    ck_assert_str_eq(of("maildir:/var/mail/shop"), "");
    ck_assert_str_eq(of("maildir:a folder"), "");
    ck_assert_str_eq(of("inside"), "");
    ck_assert_str_eq(of("smtp://127.0.0.1:2525"), "");
    ck_assert_str_eq(of("smtps://mail.example.org"), "");
    setenv("MAIL_PASSWORD", "secret", 1);
    ck_assert_str_eq(FAULTS_OF(&notify_service, "--mail-user", "shop"), "");
    unsetenv("MAIL_PASSWORD");
}
END_TEST

START_TEST(a_way_that_is_none_is_refused)
{
    static const char *const wrong[] = {
        "",
        "mail.example.org",
        "http://mail.example.org",
        "maildir:",
        "smtp://",
        "smtp://a b",
        "smtp://me:pw@example.org",
        "smtp://host:port",
        "smtp://\xc3\xa4.example.org",
    };
    char want[300];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(want, sizeof(want),
                 "mail-url '%s': say smtp://host:port, smtps://host:port, maildir:FOLDER or "
                 "inside\n",
                 wrong[i]);
        ck_assert_str_eq(of(wrong[i]), want);
    }
}
END_TEST

START_TEST(a_sender_is_an_address_alone)
{
    static const char *const wrong[] = {"", "shop", "Shop <shop@example.org>", "shop@", "@x.org"};
    char want[200];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(want, sizeof(want), "mail-from '%s': say an address alone, as shop@example.org\n",
                 wrong[i]);
        ck_assert_str_eq(FAULTS_OF(&notify_service, "--mail-from", wrong[i]), want);
    }
}
END_TEST

START_TEST(a_name_and_its_password_belong_together)
{
    ck_assert_str_eq(FAULTS_OF(&notify_service, "--mail-user", "shop"),
                     "mail-user is set without a password: set MAIL_PASSWORD, or "
                     "MAIL_PASSWORD_FILE to a file that holds it\n");
    setenv("MAIL_PASSWORD", "secret", 1);
    ck_assert_str_eq(FAULTS_OF(&notify_service, "--mail-from", "x", "--mail-url", "x"),
                     "mail-url 'x': say smtp://host:port, smtps://host:port, maildir:FOLDER or "
                     "inside\n"
                     "mail-from 'x': say an address alone, as shop@example.org\n"
                     "mail-password is set without a name: say by mail-user who we are to the "
                     "server\n");
    unsetenv("MAIL_PASSWORD");
}
END_TEST

SUITE("mail options", an_address_says_the_way, what_is_usable_is_taken,
      a_way_that_is_none_is_refused, a_sender_is_an_address_alone,
      a_name_and_its_password_belong_together)

/* Payment options: what a start refuses of them, in words that say what to do. */
#include "svc-payment/payment_options.h"
#include "svc-payment/payment_service.h"

#include "test/lib/faults.h"
#include "test/lib/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_IS_MISSING                                                                             \
    "psp-key is not set, which only a provider on this machine does without: set PSP_KEY, or "     \
    "PSP_KEY_FILE to a file that holds it\n"

static const char *of(const char *url)
{
    return FAULTS_OF(&payment_service, "--psp-url", url);
}

START_TEST(what_is_usable_is_taken)
{
    unsetenv("PSP_KEY");
    ck_assert_str_eq(faults_of(&payment_service, (const char *const[]){NULL}), "");
    ck_assert_str_eq(of("inside"), "");
    ck_assert_str_eq(of("http://localhost:12111"), "");
    setenv("PSP_KEY", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", 1);
    ck_assert_str_eq(of("https://api.stripe.com"), "");
    ck_assert_str_eq(of("https://gateway.example.org:8443/stripe"), "");
    unsetenv("PSP_KEY");
}
END_TEST

START_TEST(another_machine_wants_a_key)
{
    unsetenv("PSP_KEY");
    ck_assert_str_eq(of("https://api.stripe.com"), KEY_IS_MISSING);
}
END_TEST

/* With a key or without. */
START_TEST(another_machine_is_asked_by_https)
{
    static const char *const open[] = {"http://psp:12111", "http://127.0.0.1.example.org",
                                       "http://api.stripe.com", "http://localhost.example.org:80"};
    char want[300];

    for (size_t i = 0; i < 2 * sizeof(open) / sizeof(*open); i++) {
        const char *url = open[i / 2];

        i % 2 ? setenv("PSP_KEY", "sk_live", 1) : unsetenv("PSP_KEY");
        snprintf(want, sizeof(want),
                 "psp-url '%s': say https://, as the secret key would go there for everybody to "
                 "read; only on this machine http:// will do\n",
                 url);
        ck_assert_str_eq(of(url), want);
    }
    unsetenv("PSP_KEY");
}
END_TEST

START_TEST(an_address_is_whole)
{
    static const char *const wrong[] = {
        "",
        "api.stripe.com",
        "ftp://api.stripe.com",
        "https://",
        "https:// api.stripe.com",
        "https://api.stripe.com\r\nX: y",
        "https://me:secret@api.stripe.com",
        "https://api.stripe.com?x=1",
        "https://api.stripe.com#x",
        "https://api.stripe.com:99999",
        "Inside",
    };
    char want[400];

    setenv("PSP_KEY", "sk_x", 1);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(want, sizeof(want),
                 "psp-url '%s': say https://host or https://host:port, as https://api.stripe.com, "
                 "or inside\n",
                 wrong[i]);
        ck_assert_str_eq(of(wrong[i]), want);
    }
    ck_assert_str_eq(of("https://api.stripe.com/"),
                     "psp-url 'https://api.stripe.com/': say it without the / at its end\n");
    unsetenv("PSP_KEY");
}
END_TEST

/* Both at once, so that nobody has to start twice to learn it. */
START_TEST(all_that_is_wrong_is_said)
{
    static const char *const wrong[] = {"sk live", "sk_live\nX: y", "sk_\xc3\xa4", " "};
    char want[400];

    snprintf(want, sizeof(want),
             "psp-url 'x': say https://host or https://host:port, as https://api.stripe.com, or "
             "inside\n"
             "psp-key holds a blank, a line's end or a letter beyond ASCII: set PSP_KEY to the key "
             "alone\n");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        setenv("PSP_KEY", wrong[i], 1);
        ck_assert_str_eq(of("x"), want);
    }
    unsetenv("PSP_KEY");
}
END_TEST

SUITE("payment options", what_is_usable_is_taken, another_machine_wants_a_key,
      another_machine_is_asked_by_https, an_address_is_whole, all_that_is_wrong_is_said)

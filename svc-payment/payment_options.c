/* Payment options: who the provider is, and what is wrong with that. */
#include "payment_options.h"

#include <string.h>

#define TEST_KEY "sk_test_shop" /* what the stand-in takes from whoever is on this machine */

const struct evt_option payment_options[] = {
    {.name = PAYMENT_PSP_URL,
     .value = "URL",
     .fallback = PAYMENT_PSP_DEFAULT,
     .help = "the payment provider; inside: none, payments succeed within the process",
     .kind = EVT_OPTION_TEXT},
    {.name = PAYMENT_PSP_KEY,
     .value = "KEY",
     .help = "its secret key; on this machine " TEST_KEY " unless it is set",
     .kind = EVT_OPTION_TEXT,
     .secret = true},
    {0},
};

static bool is_loopback(const char *url)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        const size_t len = strlen(hosts[i]);

        if (strncmp(url, hosts[i], len) == 0 && strchr(":/", url[len])) /* or its end */
            return true;
    }
    return false;
}

bool payment_psp_is_private(const char *url)
{
    return strncmp(url, "https:", 6) == 0 || is_loopback(url);
}

const char *payment_psp_key(const char *url, const char *psp_key)
{
    return psp_key ? psp_key : is_loopback(url) ? TEST_KEY : NULL;
}

/* It becomes a part of a header. */
static bool is_word(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
            return false;
    return *text != '\0';
}

void payment_options_check(const struct evt_conf *conf, struct evt_faults *faults)
{
    static const char *const schemes[] = {"https", "http", NULL};
    const char *url = evt_conf_text(conf, PAYMENT_PSP_URL);
    const char *key = evt_conf_text(conf, PAYMENT_PSP_KEY);

    if (strcmp(url, PAYMENT_PSP_INSIDE) == 0)
        return;
    if (!evt_url_fits(url, schemes))
        evt_fault(faults,
                  PAYMENT_PSP_URL " '%.80s': say https://host or https://host:port, as"
                                  " https://api.stripe.com, or inside",
                  url);
    else if (url[strlen(url) - 1] == '/')
        evt_fault(faults, PAYMENT_PSP_URL " '%.80s': say it without the / at its end", url);
    else if (!payment_psp_is_private(url))
        evt_fault(faults,
                  PAYMENT_PSP_URL " '%.80s': say https://, as the secret key would go there for"
                                  " everybody to read; only on this machine http:// will do",
                  url);
    else if (!payment_psp_key(url, key))
        evt_fault(faults,
                  PAYMENT_PSP_KEY " is not set, which only a provider on this machine does without:"
                                  " set PSP_KEY, or PSP_KEY_FILE to a file that holds it");
    if (key && !is_word(key))
        evt_fault(faults,
                  PAYMENT_PSP_KEY " holds a blank, a line's end or a letter beyond ASCII: set"
                                  " PSP_KEY to the key alone");
}

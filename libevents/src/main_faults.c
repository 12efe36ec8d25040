/* Main's faults: a service looks at its own options, and says all that is wrong with them. */
#include "main_internal.h"

#include <evt/mem.h>

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 256

struct evt_faults {
    void (*each)(void *arg, const char *text);
    void *arg;
    size_t n;
};

void evt_fault(struct evt_faults *faults, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    faults->n++;
    faults->each(faults->arg, text);
}

size_t evt__main_faults(const struct evt_main *main, const struct evt_conf *conf,
                        void (*each)(void *arg, const char *text), void *arg)
{
    struct evt_faults faults = {.each = each, .arg = arg};

    if (main->service->check_options)
        main->service->check_options(conf, &faults);
    return faults.n;
}

static bool has(CURLU *parsed, CURLUPart which)
{
    char *text = NULL;
    const bool is_there = curl_url_get(parsed, which, &text, 0) == CURLUE_OK && *text;

    curl_free(text);
    return is_there;
}

static bool is_one_of(CURLU *parsed, const char *const *schemes)
{
    char *scheme = NULL;

    if (curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return false;
    while (*schemes && strcmp(*schemes, scheme) != 0)
        schemes++;
    curl_free(scheme);
    return *schemes != NULL;
}

bool evt_url_fits(const char *url, const char *const *schemes)
{
    CURLU *parsed;
    bool fits;

    for (const char *at = url; *at; at++) /* libcurl would let some of these pass */
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
            return false;
    parsed = curl_url();
    EVT_BUG_ON(!parsed);
    fits = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK && is_one_of(parsed, schemes) &&
           has(parsed, CURLUPART_HOST) && !has(parsed, CURLUPART_USER) &&
           !has(parsed, CURLUPART_PASSWORD) && !has(parsed, CURLUPART_QUERY) &&
           !has(parsed, CURLUPART_FRAGMENT);
    curl_url_cleanup(parsed);
    return fits;
}

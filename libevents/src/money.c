/* Money: how many places a currency has. */
#include <evt/money.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ISO 4217's currencies that do not have two places. */
static const char none[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
static const char three[] = "BHD IQD JOD KWD LYD OMR TND";

static bool has(const char *list, const char *currency)
{
    return strlen(currency) == 3 && !strchr(currency, ' ') && strstr(list, currency);
}

static int places(const char *currency)
{
    return has(none, currency) ? 0 : has(three, currency) ? 3 : 2;
}

void evt_money_print(char buf[EVT_MONEY_MAX], int64_t minor, const char *currency)
{
    const char *sign = minor < 0 ? "-" : "";
    const uint64_t amount = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    const int n = places(currency);

    if (n == 0)
        snprintf(buf, EVT_MONEY_MAX, "%s%" PRIu64 " %.8s", sign, amount, currency);
    else if (n == 3)
        snprintf(buf, EVT_MONEY_MAX, "%s%" PRIu64 ".%03u %.8s", sign, amount / 1000,
                 (unsigned)(amount % 1000), currency);
    else
        snprintf(buf, EVT_MONEY_MAX, "%s%" PRIu64 ".%02u %.8s", sign, amount / 100,
                 (unsigned)(amount % 100), currency);
}

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
    static const uint64_t units[] = {1, 10, 100, 1000};
    const int n = places(currency);
    const uint64_t amount = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;

    if (n == 0)
        snprintf(buf, EVT_MONEY_MAX, "%s%" PRIu64 " %.8s", minor < 0 ? "-" : "", amount, currency);
    else
        snprintf(buf, EVT_MONEY_MAX, "%s%" PRIu64 ".%0*" PRIu64 " %.8s", minor < 0 ? "-" : "",
                 amount / units[n], n, amount % units[n], currency);
}

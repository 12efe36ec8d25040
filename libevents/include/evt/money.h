/* Money: minor units and an ISO 4217 code, as people write it. */
#ifndef EVT_MONEY_H
#define EVT_MONEY_H

#include <stdint.h>

#define EVT_MONEY_MAX 48 /* a sign, 20 digits, a point, the code, and a NUL */

/* "19.99 EUR", "500 JPY", "1.250 KWD"; a currency that we do not know has two places. */
void evt_money_print(char buf[EVT_MONEY_MAX], int64_t minor, const char *currency);

#endif

/* Payment minor units: the provider counts a few currencies in other units than ISO 4217, which is
 * what we and our customers count in. As Stripe has them:
 *
 *     ISK, UGX                  two places, though there are none: 5 kronur are 500
 *     MGA                       none, though ISO 4217 has two: 500 of ours are 5
 *     BHD, JOD, KWD, OMR, TND   three, of which the last is always 0 */
#ifndef PAYMENT_MINOR_H
#define PAYMENT_MINOR_H

#include <stdbool.h>
#include <stdint.h>

/* False: the provider has no such amount. */
bool payment_minor_to_psp(int64_t amount_minor, const char *currency, int64_t *ret_amount);
/* False: we have none that is the same; the one before it is returned. */
bool payment_minor_from_psp(int64_t amount, const char *currency, int64_t *ret_amount_minor);

#endif

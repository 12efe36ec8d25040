/* Payment call: the bytes that a handler gives to an outside call, and those that come back. Both
 * lie in the log, so they are words that a person can read and write: who settles a parked call by
 * hand writes its end in the same form.
 *
 *     authorise:              "2198 EUR tok_visa"
 *     capture, void, refund:  "pi_3Nx", under another key "pi_3Nx 2": the second one
 *     an end that is ok:      "pi_3Nx" for authorise; anything for the others
 *     one that is refused:    "card_declined Your card was declined."
 *     whose key is spent:     "key_spent 2": to be made again under a second key */
#ifndef PAYMENT_CALL_H
#define PAYMENT_CALL_H

#include "payment.h"

#include <evt/buf.h>
#include <evt/service.h>

struct payment_order { /* of authorise */
    int64_t amount_minor;
    char currency[PAYMENT_CURRENCY_LEN + 1];
    char token[PAYMENT_TOKEN_MAX + 1];
};
void payment_order_print(struct evt_buf *buf, int64_t amount_minor, const char *currency,
                         const char *token);
bool payment_order_parse(struct evt_bytes request, struct payment_order *ret_order);
void payment_intent_print(struct evt_buf *buf, const char *intent, int keys);
bool payment_intent_parse(struct evt_bytes request, char ret_intent[PAYMENT_INTENT_MAX + 1],
                          int *ret_keys);

void payment_end_print(struct evt_buf *buf, const char *code, const char *reason);
void payment_spent_print(struct evt_buf *buf, int keys);
/* Which key it is to be made again under; 0: it has ended. */
int payment_spent_keys(const struct payment_end *end);
/* Whatever it says: what is too long is cut, what is no text is left out, and a refusal without a
 * code is "unknown". */
void payment_end_read(const struct evt_call_result *result, struct payment_end *ret_end);

#endif

/* Payment PSP: the payment service's outside calls in Stripe's shape. What is asked and what an
 * answer means are functions of bytes alone; the rest of it is libevents'.
 *
 * With PSP_URL=inside nobody is asked: a provider that is always there and quick answers within the
 * process, for benches. It declines what ends with Declined, and of tokens that end with a number
 * the three of a hundred whose last two digits are 00, 01, 02. */
#ifndef PAYMENT_PSP_H
#define PAYMENT_PSP_H

#include "payment.h"

#include <evt/buf.h>
#include <evt/caller.h>

extern const struct evt_caller payment_callers[];

/* Path and form of a call; false: the request is none that a handler writes. */
bool payment_psp_request(enum payment_call call, const char *order_id, struct evt_bytes request,
                         struct evt_buf *path, struct evt_buf *form);
/* What the provider need not be asked, because there is no such amount with it: how it would
 * answer, with status 400; NULL: it is to be asked. */
const char *payment_psp_unasked(enum payment_call call, struct evt_bytes request);
/* What the answer means: OK, REFUSED, UNKNOWN, or PARKED where a repetition cannot help. `words` is
 * what the handler is told (payment_call.h), for OK and REFUSED. */
enum evt_call_end payment_psp_end(enum payment_call call, int status, const char *body, size_t len,
                                  struct evt_buf *words);
/* What an answer means that says nothing (UNKNOWN), but is the one that the key has had and will
 * have for good. The intent itself keeps it from being captured, voided or refunded twice, so these
 * are asked for again under a new key: REFUSED, for the handler (payment_call.h). Of an
 * authorisation nothing is known, and after a few keys it is no accident: PARKED. */
enum evt_call_end payment_psp_spent(enum payment_call call, struct evt_bytes request,
                                    struct evt_buf *words);
/* The answer of the provider inside; returns its status. `key` is the call's. */
int payment_psp_inside(enum payment_call call, const char *key, struct evt_bytes request,
                       struct evt_buf *body);

#endif

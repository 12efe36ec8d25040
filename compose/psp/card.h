/* Card: Stripe's test cards, and a few of our own for what Stripe has none for.
 *
 * A card is known by two names with the same end: the payment method pm_card_visa and the token
 * tok_visa. What a declined one is declined for is a reason, which faults can name, too. */
#ifndef PSP_CARD_H
#define PSP_CARD_H

#include <stdbool.h>
#include <stddef.h>

struct psp_reason {
    const char *code;         /* "card_declined" */
    const char *decline_code; /* "insufficient_funds"; NULL: none */
    const char *message;      /* for the customer */
};
/* By its decline_code, or by its code where it has none; NULL: there is no such reason. */
const struct psp_reason *psp_reason_find(const char *name);
/* The first one at 0; NULL: no more. */
const struct psp_reason *psp_reason_at(size_t i);
const char *psp_reason_name(const struct psp_reason *reason);

enum psp_refunding { PSP_REFUND_AT_ONCE, PSP_REFUND_PENDS, PSP_REFUND_FAILS, PSP_REFUND_REFUSED };

struct psp_card {
    const char *name;     /* "visa" */
    const char *number;   /* what Stripe's documentation calls it by */
    const char *declined; /* a reason's name; NULL: it pays */
    bool capture_refused;
    enum psp_refunding refunding;
    const char *what; /* for people */
};

const struct psp_card *psp_card_at(size_t i); /* NULL: no more */
/* NULL: there is no such one. Stripe calls some by two names: visa_chargeDeclined, too. */
const struct psp_card *psp_card_of_method(const char *method); /* "pm_card_visa" */
const struct psp_card *psp_card_of_token(const char *token);   /* "tok_visa" */
const struct psp_card *psp_card_find(const char *name);        /* "visa" */

#endif

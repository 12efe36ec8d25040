/* Ledger: every movement of money is an entry, which nobody changes; the sums are made of them.
 *
 *     held = authorised - captured - released          what cards are still bound by
 *     kept = captured - refunded + refund_failed       what the shop has */
#ifndef PSP_LEDGER_H
#define PSP_LEDGER_H

#include "book.h"
#include "intent.h"

enum psp_entry {
    PSP_AUTHORISED,
    PSP_DECLINED, /* no money moved; what would have */
    PSP_CAPTURED,
    PSP_RELEASED, /* cancelled, or the rest of a smaller capture */
    PSP_REFUNDED,
    PSP_REFUND_FAILED, /* and the money is back */
    PSP_ENTRIES_N
};

/* `refund`: its number; 0: none. An amount of 0 is no movement. */
void psp_ledger_add(struct psp_book *book, enum psp_entry kind, const struct psp_intent *intent,
                    int64_t refund, int64_t amount, int64_t now_ms);

struct psp_ledger_query {
    int64_t after; /* the number of the last entry seen */
    int64_t limit;
    int64_t intent; /* its number; 0: of all */
};
/* {totals: {eur: {authorised, …, held, kept}}, counts: {…}, entries: […], has_more} */
json_t *psp_ledger_json(struct psp_book *book, const struct psp_ledger_query *query);

#endif

/* Charge: what moves money on a card. The decision is made by the card and by the faults that are
 * set; each changes the intent and adds to the ledger. */
#ifndef PSP_CHARGE_H
#define PSP_CHARGE_H

#include "call.h"
#include "intent.h"

/* Asks the card for the amount; where the intent captures by itself, takes it at once. False: it is
 * declined, and last_error says why. The intent is in the store already. */
bool psp_charge_authorise(struct psp_call *call, struct psp_intent *intent);
/* Takes so much of what is held, and gives the rest back. */
void psp_charge_capture(struct psp_call *call, struct psp_intent *intent, int64_t amount);
/* Answers with the intent, or with the decline that it has as its last error: 402. */
void psp_charge_answer(struct psp_call *call, const struct psp_intent *intent);

#endif

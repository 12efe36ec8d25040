/* Key: the answer that a request had is what the same request has again, under its Idempotency-Key,
 * for a day. */
#ifndef PSP_KEY_H
#define PSP_KEY_H

#include "call.h"

#define PSP_KEY_MAX 255

/* True: the call is to be executed. Else it was answered: with the stored answer, or because the
 * key belongs to another request. In a transaction. */
bool psp_key_look(struct psp_call *call, int64_t keys_ms);
/* Keeps the call's answer, printed, and drops one or two that are too old. */
void psp_key_keep(struct psp_call *call, int64_t keys_ms);

#endif

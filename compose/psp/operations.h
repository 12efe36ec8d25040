/* Operations: what Stripe's API can be asked for here, one file for each noun and verb. */
#ifndef PSP_OPERATIONS_H
#define PSP_OPERATIONS_H

#include "call.h"
#include "intent.h"

void psp_intent_create(struct psp_call *call);
void psp_intent_confirm(struct psp_call *call);
void psp_intent_capture(struct psp_call *call);
void psp_intent_cancel(struct psp_call *call);
void psp_intent_show(struct psp_call *call);
void psp_intent_list(struct psp_call *call);
void psp_refund_create(struct psp_call *call);
void psp_refund_show(struct psp_call *call);
void psp_refund_list(struct psp_call *call);

extern const char *const psp_intent_create_params[],
    *const psp_intent_confirm_params[], *const psp_intent_capture_params[],
                                            *const psp_intent_cancel_params[],
                                                *const psp_refund_create_params[],
                                                    *const psp_intent_list_params[],
                                                        *const psp_refund_list_params[];

/* Every operation, ends with {0}; their paths are /v1/…. */
extern const struct psp_operation psp_operations[];

/* Of the path; false: it is not there, which was answered. */
bool psp_take_intent(struct psp_call *call, struct psp_intent *ret_intent);
/* payment_method or payment_method_data[…]; none: NULL. */
bool psp_take_card(struct psp_call *call, const struct psp_card **ret_card);

#endif

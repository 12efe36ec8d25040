/* Operations: the table. */
#include "operations.h"

#include <stddef.h>

static const char *const no_params[] = {NULL};

const struct psp_operation psp_operations[] = {
    {"POST", "/v1/payment_intents", "authorise an amount", PSP_CREATE, psp_intent_create_params,
     psp_intent_create},
    {"GET", "/v1/payment_intents", "list payment intents", PSP_READ, psp_intent_list_params,
     psp_intent_list},
    {"GET", "/v1/payment_intents/{id}", "show a payment intent", PSP_READ, no_params,
     psp_intent_show},
    {"POST", "/v1/payment_intents/{id}/confirm", "ask another card", PSP_CREATE,
     psp_intent_confirm_params, psp_intent_confirm},
    {"POST", "/v1/payment_intents/{id}/capture", "take what is held", PSP_CAPTURE,
     psp_intent_capture_params, psp_intent_capture},
    {"POST", "/v1/payment_intents/{id}/cancel", "give back what is held", PSP_CANCEL,
     psp_intent_cancel_params, psp_intent_cancel},
    {"POST", "/v1/refunds", "give back what was taken", PSP_REFUND, psp_refund_create_params,
     psp_refund_create},
    {"GET", "/v1/refunds", "list refunds", PSP_READ, psp_refund_list_params, psp_refund_list},
    {"GET", "/v1/refunds/{id}", "show a refund", PSP_READ, no_params, psp_refund_show},
    {0},
};

/* Intent cancel: what is held on the card is given back. */
#include "ledger.h"
#include "operations.h"

const char *const psp_intent_cancel_params[] = {"cancellation_reason", NULL};

static bool may_cancel(struct psp_call *call, const struct psp_intent *intent)
{
    struct psp_error error = {.type = PSP_INVALID,
                              .code = "payment_intent_unexpected_state",
                              .intent = intent};

    if (intent->status > PSP_REQUIRES_CAPTURE)
        return psp_refuse(
            call, 400, error,
            "You cannot cancel this PaymentIntent because it has a status of %s. Only "
            "a PaymentIntent with one of the following statuses may be canceled: "
            "requires_payment_method, requires_confirmation, requires_capture.",
            psp_status_str(intent->status));
    error.code = "intent_invalid_state";
    return !psp_faults_refuse(call->faults, PSP_CANCEL) ||
           psp_refuse(call, 400, error, "The PaymentIntent could not be canceled.");
}

void psp_intent_cancel(struct psp_call *call)
{
    const char *reason = NULL;
    struct psp_intent intent;

    if (!psp_take_choice(call, "cancellation_reason", psp_cancel_reasons, &reason) ||
        !psp_take_intent(call, &intent))
        return;
    call->executing = true;
    if (may_cancel(call, &intent)) {
        psp_ledger_add(call->book, PSP_RELEASED, &intent, 0, intent.capturable, call->now_ms);
        intent.capturable = 0;
        intent.status = PSP_CANCELED;
        intent.canceled_s = call->now_ms / 1000;
        json_decref(intent.reason);
        intent.reason = reason ? json_string(reason) : json_null();
        psp_intent_put(call->book, &intent);
        psp_answer(call, 200, psp_intent_json(call->book, &intent));
    }
    psp_intent_release(&intent);
}

/* Intent capture: takes what is held, or a part of it. */
#include "charge.h"
#include "operations.h"

const char *const psp_intent_capture_params[] = {"amount_to_capture", "statement_descriptor",
                                                 "statement_descriptor_suffix", NULL};

/* As the card's bank may, after it has held the money. */
static bool refused(struct psp_call *call, const struct psp_intent *intent)
{
    const struct psp_error error = {.type = PSP_CARD,
                                    .code = "card_declined",
                                    .decline_code = "do_not_honor",
                                    .intent = intent};

    if (!intent->card->capture_refused && !psp_faults_refuse(call->faults, PSP_CAPTURE))
        return false;
    psp_refuse(call, 402, error, "Your card's issuer refused the capture.");
    return true;
}

static void execute(struct psp_call *call, struct psp_intent *intent, int64_t amount)
{
    struct psp_error error = {.type = PSP_INVALID,
                              .code = "payment_intent_unexpected_state",
                              .intent = intent};

    call->executing = true;
    if (intent->status != PSP_REQUIRES_CAPTURE) {
        psp_refuse(call, 400, error,
                   "This PaymentIntent could not be captured because it has a status of %s. Only a "
                   "PaymentIntent with one of the following statuses may be captured: "
                   "requires_capture.",
                   psp_status_str(intent->status));
        return;
    }
    if (amount > intent->capturable) {
        error.code = "amount_too_large";
        error.param = "amount_to_capture";
        psp_refuse(call, 400, error,
                   "The amount to capture (%lld) is greater than the amount that can be captured "
                   "(%lld).",
                   (long long)amount, (long long)intent->capturable);
        return;
    }
    if (refused(call, intent))
        return;
    psp_charge_capture(call, intent, amount ? amount : intent->capturable);
    psp_intent_put(call->book, intent);
    psp_answer(call, 200, psp_intent_json(call->book, intent));
}

void psp_intent_capture(struct psp_call *call)
{
    struct psp_intent intent;
    int64_t amount = 0;

    if (psp_form_get(&call->form, "amount_to_capture")) {
        if (!psp_take_integer(call, "amount_to_capture", &amount))
            return;
        if (amount < 1) {
            psp_refuse(call, 400, PSP_WRONG("parameter_invalid_integer", "amount_to_capture"),
                       "This value must be greater than or equal to 1 (it currently is %lld).",
                       (long long)amount);
            return;
        }
    }
    if (!psp_take_intent(call, &intent))
        return;
    if (psp_check_step(call, "amount_to_capture", amount, intent.currency))
        execute(call, &intent, amount);
    psp_intent_release(&intent);
}

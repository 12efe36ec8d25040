/* Charge: authorised, declined, captured. */
#include "charge.h"

#include "ledger.h"

#include <evt/mem.h>

static const struct psp_reason *decline(struct psp_call *call, const struct psp_card *card)
{
    return card->declined ? psp_reason_find(card->declined) : psp_faults_decline(call->faults);
}

static json_t *error_json(const struct psp_reason *reason)
{
    return json_pack("{s:s, s:s, s:s*, s:s}", "type", PSP_CARD, "code", reason->code,
                     "decline_code", reason->decline_code, "message", reason->message);
}

bool psp_charge_authorise(struct psp_call *call, struct psp_intent *intent)
{
    const struct psp_reason *reason = decline(call, intent->card);

    intent->charged = true;
    json_decref(intent->last_error);
    intent->last_error = reason ? error_json(reason) : json_null();
    psp_ledger_add(call->book, reason ? PSP_DECLINED : PSP_AUTHORISED, intent, 0, intent->amount,
                   call->now_ms);
    if (reason) {
        intent->status = PSP_REQUIRES_PAYMENT_METHOD;
        return false;
    }
    intent->status = PSP_REQUIRES_CAPTURE;
    intent->capturable = intent->amount;
    if (intent->capture_method[0] == 'a') /* automatic */
        psp_charge_capture(call, intent, intent->amount);
    return true;
}

void psp_charge_capture(struct psp_call *call, struct psp_intent *intent, int64_t amount)
{
    EVT_BUG_ON(amount <= 0 || amount > intent->capturable);
    psp_ledger_add(call->book, PSP_CAPTURED, intent, 0, amount, call->now_ms);
    psp_ledger_add(call->book, PSP_RELEASED, intent, 0, intent->capturable - amount, call->now_ms);
    intent->received = amount;
    intent->capturable = 0;
    intent->status = PSP_SUCCEEDED;
}

void psp_charge_answer(struct psp_call *call, const struct psp_intent *intent)
{
    const json_t *error = intent->last_error;
    struct psp_error card_error = {PSP_CARD, json_string_value(json_object_get(error, "code")),
                                   json_string_value(json_object_get(error, "decline_code")), NULL,
                                   intent};

    if (json_is_object(error))
        psp_refuse(call, 402, card_error, "%s",
                   json_string_value(json_object_get(error, "message")));
    else
        psp_answer(call, 200, psp_intent_json(call->book, intent));
}

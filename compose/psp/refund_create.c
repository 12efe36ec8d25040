/* Refund create: gives back what was captured, or a part of it. */
#include "ledger.h"
#include "operations.h"
#include "psp_internal.h"
#include "refund.h"

#include <stdlib.h>
#include <string.h>

const char *const psp_refund_create_params[] = {"payment_intent", "charge",    "amount",
                                                "reason",         "metadata[", NULL};

static const char *const reasons[] = {"duplicate", "fraudulent", "requested_by_customer", NULL};

struct wish {
    int64_t intent, amount; /* 0: all that is left */
    const char *reason;
};

static bool take_intent(struct psp_call *call, int64_t *ret_number)
{
    const uint64_t salt = psp_book_salt(call->book);
    const char *id = psp_form_get(&call->form, "payment_intent");
    const char *charge = psp_form_get(&call->form, "charge");

    if (!id && !charge)
        return psp_refuse(call, 400, PSP_WRONG("parameter_missing", "payment_intent"),
                          "One of the following params should be provided for this request: "
                          "payment_intent or charge.");
    *ret_number = id ? psp_id_number("pi", id, salt) : psp_id_number("ch", charge, salt);
    if (*ret_number)
        return true;
    return psp_refuse_missing(call, 400, id ? "payment_intent" : "charge",
                              id ? "payment_intent" : "charge", id ? id : charge);
}

static bool take_wish(struct psp_call *call, struct wish *wish)
{
    if (!take_intent(call, &wish->intent) ||
        !psp_take_choice(call, "reason", reasons, &wish->reason))
        return false;
    if (!psp_form_get(&call->form, "amount"))
        return true;
    if (!psp_take_integer(call, "amount", &wish->amount))
        return false;
    return wish->amount > 0 ||
           psp_refuse(call, 400, PSP_WRONG("parameter_invalid_integer", "amount"),
                      "This value must be greater than or equal to 1 (it currently is %lld).",
                      (long long)wish->amount);
}

/* Refused now; a later request, under another key, may succeed. */
static bool refused(struct psp_call *call, const struct psp_intent *intent)
{
    return intent->card->refunding == PSP_REFUND_REFUSED ||
           psp_faults_refuse(call->faults, PSP_REFUND);
}

static bool may_refund(struct psp_call *call, const struct psp_intent *intent, int64_t amount)
{
    const int64_t left = intent->received - intent->refunded;
    struct psp_error error = {.type = PSP_INVALID,
                              .code = "charge_already_refunded",
                              .intent = intent};

    if (intent->status != PSP_SUCCEEDED) {
        error.code = "payment_intent_unexpected_state";
        return psp_refuse(call, 400, error,
                          "This PaymentIntent (%s) does not have a successful charge to refund.",
                          psp_intent_id(call->book, intent->number).text);
    }
    if (left == 0)
        return psp_refuse(call, 400, error, "Charge %s has already been refunded.",
                          psp_charge_id(call->book, intent->number).text);
    error.code = "amount_too_large";
    error.param = "amount";
    if (amount > left)
        return psp_refuse(call, 400, error,
                          "Refund amount (%lld) is greater than unrefunded amount on charge "
                          "(%lld).",
                          (long long)amount, (long long)left);
    error.code = "balance_insufficient";
    error.param = NULL;
    return !refused(call, intent) ||
           psp_refuse(call, 400, error,
                      "Insufficient funds in your Stripe balance to refund this amount.");
}

static void execute(struct psp_call *call, struct psp_intent *intent, const struct wish *wish,
                    json_t *metadata)
{
    const enum psp_refunding how = intent->card->refunding;
    struct psp_refund refund = {
        .created_s = call->now_ms / 1000,
        .intent = intent->number,
        .amount = wish->amount ? wish->amount : intent->received - intent->refunded,
        .status = how == PSP_REFUND_PENDS ? "pending" : "succeeded",
        .reason = wish->reason ? json_string(wish->reason) : json_null(),
        .metadata = metadata,
    };

    memcpy(refund.currency, intent->currency, sizeof(refund.currency));
    if (how == PSP_REFUND_PENDS || how == PSP_REFUND_FAILS)
        refund.settles_ms = call->now_ms + call->psp->opt.settle_ms;
    refund.number = psp_book_next_refund(call->book);
    psp_refund_add(call->book, &refund);
    intent->refunded += refund.amount;
    psp_intent_put(call->book, intent);
    if (how != PSP_REFUND_PENDS)
        psp_ledger_add(call->book, PSP_REFUNDED, intent, refund.number, refund.amount,
                       call->now_ms);
    psp_answer(call, 200, psp_refund_json(call->book, &refund));
    json_decref(refund.reason);
}

void psp_refund_create(struct psp_call *call)
{
    struct psp_intent intent;
    struct wish wish = {0};
    json_t *metadata;

    if (!take_wish(call, &wish) || !psp_take_metadata(call, &metadata))
        return;
    if (psp_intent_get(call->book, wish.intent, &intent)) {
        call->executing = psp_check_step(call, "amount", wish.amount, intent.currency);
        if (call->executing && may_refund(call, &intent, wish.amount))
            execute(call, &intent, &wish, metadata);
        psp_intent_release(&intent);
    } else {
        psp_refuse_missing(call, 400, "payment_intent", "payment_intent",
                           psp_intent_id(call->book, wish.intent).text);
    }
    json_decref(metadata);
}

/* Intent create, and confirm: here the card is asked. */
#include "charge.h"
#include "ledger.h"
#include "operations.h"

#include <evt/mem.h>

#include <ctype.h>
#include <string.h>

#define AMOUNT_MAX      99999999 /* Stripe's: eight digits */
#define DESCRIPTION_MAX 1000

/* Those without a further word here are taken and change nothing: there are cards only, and none of
 * them asks its owner. */
const char *const psp_intent_create_params[] = {"amount",
                                                "currency",
                                                "confirm",
                                                "capture_method",
                                                "description",
                                                "metadata[",
                                                "payment_method",
                                                "payment_method_data[type]",
                                                "payment_method_data[card][token]",
                                                "payment_method_types[",
                                                "automatic_payment_methods[",
                                                "off_session",
                                                "receipt_email",
                                                "return_url",
                                                "statement_descriptor",
                                                "statement_descriptor_suffix",
                                                NULL};
const char *const psp_intent_confirm_params[] = {"payment_method",
                                                 "payment_method_data[type]",
                                                 "payment_method_data[card][token]",
                                                 "off_session",
                                                 "return_url",
                                                 NULL};

static bool take_amount(struct psp_call *call, int64_t *ret_amount)
{
    struct psp_error error = PSP_WRONG("parameter_invalid_integer", "amount");

    if (!psp_take_integer(call, "amount", ret_amount))
        return false;
    if (*ret_amount < 1)
        return psp_refuse(call, 400, error,
                          "This value must be greater than or equal to 1 (it currently is %lld).",
                          (long long)*ret_amount);
    error.code = "amount_too_large";
    return *ret_amount <= AMOUNT_MAX ||
           psp_refuse(call, 400, error, "Amount must be no more than %d.", AMOUNT_MAX);
}

static bool take_currency(struct psp_call *call, char ret_currency[4])
{
    const char *text;

    if (!psp_take_text(call, "currency", &text))
        return false;
    if (strlen(text) != 3 || !isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]) ||
        !isalpha((unsigned char)text[2]))
        return psp_refuse(call, 400, PSP_WRONG(NULL, "currency"), "Invalid currency: %s", text);
    for (size_t i = 0; i < 4; i++)
        ret_currency[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

bool psp_take_card(struct psp_call *call, const struct psp_card **ret_card)
{
    static const char token_name[] = "payment_method_data[card][token]";
    const char *method = psp_form_get(&call->form, "payment_method");
    const char *token = psp_form_get(&call->form, token_name);
    const char *type = psp_form_get(&call->form, "payment_method_data[type]");

    *ret_card = NULL;
    if (type && strcmp(type, "card") != 0)
        return psp_refuse(call, 400, PSP_WRONG(NULL, "payment_method_data[type]"),
                          "Invalid payment_method_data[type]: must be card");
    if (type && !token)
        return psp_take_text(call, token_name, &token);
    if (method && !(*ret_card = psp_card_of_method(method)))
        return psp_refuse_missing(call, 400, "PaymentMethod", "payment_method", method);
    if (token && !(*ret_card = psp_card_of_token(token)))
        return psp_refuse_missing(call, 400, "token", token_name, token);
    return true;
}

static bool take_description(struct psp_call *call, const char **ret_text)
{
    *ret_text = psp_form_get(&call->form, "description");
    return !*ret_text || strlen(*ret_text) <= DESCRIPTION_MAX ||
           psp_refuse(call, 400, PSP_WRONG(NULL, "description"),
                      "The description has more than %d bytes.", DESCRIPTION_MAX);
}

/* False: the call was refused, and there is nothing to release. */
static bool take_all(struct psp_call *call, struct psp_intent *intent, bool *ret_confirm)
{
    const char *description;

    intent->capture_method = psp_capture_methods[0];
    if (!take_amount(call, &intent->amount) || !take_currency(call, intent->currency) ||
        !psp_check_step(call, "amount", intent->amount, intent->currency) ||
        !psp_take_choice(call, "capture_method", psp_capture_methods, &intent->capture_method) ||
        !psp_take_flag(call, "confirm", ret_confirm) || !psp_take_card(call, &intent->card) ||
        !take_description(call, &description))
        return false;
    if (*ret_confirm && !intent->card)
        return psp_refuse(call, 400, PSP_WRONG("parameter_missing", "payment_method"),
                          "You cannot confirm this PaymentIntent because it's missing a payment "
                          "method.");
    if (!psp_take_metadata(call, &intent->metadata))
        return false;
    intent->description = description ? json_string(description) : json_null();
    intent->reason = json_null();
    intent->last_error = json_null();
    return true;
}

void psp_intent_create(struct psp_call *call)
{
    struct psp_intent intent = {.created_s = call->now_ms / 1000};
    bool confirm = false;

    if (!take_all(call, &intent, &confirm))
        return;
    call->executing = true;
    intent.number = psp_book_next_intent(call->book);
    intent.status = intent.card ? PSP_REQUIRES_CONFIRMATION : PSP_REQUIRES_PAYMENT_METHOD;
    psp_intent_add(call->book, &intent);
    if (confirm) {
        (void)psp_charge_authorise(call, &intent);
        psp_intent_put(call->book, &intent);
    }
    psp_charge_answer(call, &intent);
    psp_intent_release(&intent);
}

static bool may_confirm(struct psp_call *call, const struct psp_intent *intent,
                        const struct psp_card *card)
{
    struct psp_error error = {.type = PSP_INVALID,
                              .code = "payment_intent_unexpected_state",
                              .intent = intent};

    if (intent->status > PSP_REQUIRES_CONFIRMATION)
        return psp_refuse(call, 400, error,
                          "You cannot confirm this PaymentIntent because it has a status of %s.",
                          psp_status_str(intent->status));
    return card || intent->status == PSP_REQUIRES_CONFIRMATION ||
           psp_refuse(call, 400, error,
                      "You cannot confirm this PaymentIntent because it's missing a payment "
                      "method.");
}

void psp_intent_confirm(struct psp_call *call)
{
    const struct psp_card *card;
    struct psp_intent intent;

    if (!psp_take_card(call, &card) || !psp_take_intent(call, &intent))
        return;
    call->executing = true;
    if (may_confirm(call, &intent, card)) {
        intent.card = card ? card : intent.card;
        (void)psp_charge_authorise(call, &intent);
        psp_intent_put(call->book, &intent);
        psp_charge_answer(call, &intent);
    }
    psp_intent_release(&intent);
}

/* Payment PSP, what an answer means. Definite is only what the provider itself says in its own form
 * of this very request; all else (a proxy's page, a torn body, a status that is none of these) says
 * nothing of the money, and the request is made again under the same key.
 *
 *     2xx  the object, in the state that was asked for       OK
 *     2xx  the object, in a state from which it fails         REFUSED
 *     402  card_error                                         REFUSED
 *     400, 404  invalid_request_error                         REFUSED; OK when it is done already
 *     400  idempotency_error: the key is another request's    PARKED
 *     all else                                                UNKNOWN
 *
 * What is unknown and said again under its key will never be anything else: payment_psp_spent. */
#include "payment_call.h"
#include "payment_psp.h"

#include <jansson.h>
#include <string.h>

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}

static bool is(const json_t *object, const char *name, const char *value)
{
    return strcmp(text(object, name), value) == 0;
}

static enum evt_call_end ok(const json_t *object, struct evt_buf *words)
{
    if (!payment_intent_is(text(object, "id")))
        return EVT_CALL_END_UNKNOWN;
    payment_end_print(words, text(object, "id"), "");
    return EVT_CALL_END_OK;
}

/* A card's error is written for its owner. All else the provider writes for developers, and quotes
 * what it was sent, the token too: of that the customer gets our words, and a person the code. */
static const char *words_of(enum payment_call call, const char *code)
{
    static const struct {
        const char *code, *words;
    } ours[] = {
        {"amount_not_payable", "This amount cannot be paid in this currency."},
        {"amount_too_large", "The amount is larger than can be paid."},
        {"amount_too_small", "The amount is smaller than can be paid."},
        {"charge_expired_for_capture", "The authorisation has expired."},
    };

    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
        if (strcmp(ours[i].code, code) == 0)
            return ours[i].words;
    if (call == PAYMENT_CALL_AUTHORISE && strcmp(code, "resource_missing") == 0)
        return "The payment token is not known.";
    return "The payment provider refused the request.";
}

static enum evt_call_end refused(const char *code, const char *reason, struct evt_buf *words)
{
    payment_end_print(words, code, reason);
    return EVT_CALL_END_REFUSED;
}

/* ---- it was done, or so it seems ---- */

static enum evt_call_end end_intent(enum payment_call call, const json_t *intent,
                                    struct evt_buf *words)
{
    static const char *const wanted[] = {
        [PAYMENT_CALL_AUTHORISE] = "requires_capture",
        [PAYMENT_CALL_CAPTURE] = "succeeded",
        [PAYMENT_CALL_VOID] = "canceled",
    };

    if (!is(intent, "object", "payment_intent"))
        return EVT_CALL_END_UNKNOWN;
    if (is(intent, "status", wanted[call]))
        return ok(intent, words);
    if (call == PAYMENT_CALL_AUTHORISE && is(intent, "status", "requires_action"))
        return refused(
            "authentication_required",
            "The bank wants the customer's confirmation, which this shop cannot ask for.", words);
    if (call == PAYMENT_CALL_AUTHORISE && is(intent, "status", "canceled"))
        return refused("canceled", "The payment was canceled at the provider's.", words);
    return EVT_CALL_END_UNKNOWN;
}

/* One that pends has left us, as far as anybody knows. */
static enum evt_call_end end_refund(const json_t *refund, struct evt_buf *words)
{
    const char *failure = text(refund, "failure_reason");

    if (!is(refund, "object", "refund"))
        return EVT_CALL_END_UNKNOWN;
    if (is(refund, "status", "succeeded") || is(refund, "status", "pending"))
        return ok(refund, words);
    if (is(refund, "status", "failed") || is(refund, "status", "canceled"))
        return refused(*failure ? failure : "refund_failed", "The refund failed.", words);
    return EVT_CALL_END_UNKNOWN;
}

/* ---- it was not ---- */

/* What a person did by hand, or what was done under a key that the provider has forgotten. */
static bool is_done_already(enum payment_call call, const json_t *error)
{
    const json_t *intent = json_object_get(error, "payment_intent");
    const bool unexpected = is(error, "code", "payment_intent_unexpected_state");

    switch (call) {
    case PAYMENT_CALL_CAPTURE:
        return unexpected && is(intent, "status", "succeeded");
    case PAYMENT_CALL_VOID:
        return unexpected && is(intent, "status", "canceled");
    case PAYMENT_CALL_REFUND:
        return is(error, "code", "charge_already_refunded");
    case PAYMENT_CALL_AUTHORISE:
    case PAYMENT_CALL_NONE:
        break;
    }
    return false;
}

static enum evt_call_end end_error(enum payment_call call, int status, const json_t *error,
                                   struct evt_buf *words)
{
    const char *type = text(error, "type");
    const char *code = text(error, "code");

    if (status == 400 && strcmp(type, "idempotency_error") == 0)
        return EVT_CALL_END_PARKED;
    if (strcmp(type, status == 402 ? "card_error" : "invalid_request_error") != 0)
        return EVT_CALL_END_UNKNOWN;
    if (is_done_already(call, error)) {
        payment_end_print(words, "done", "It was done already.");
        return EVT_CALL_END_OK;
    }
    if (call == PAYMENT_CALL_VOID && is(error, "code", "payment_intent_unexpected_state") &&
        is(json_object_get(error, "payment_intent"), "status", "succeeded"))
        return refused(PAYMENT_CODE_TAKEN, "It was captured before.", words);
    code = *code ? code : type;
    return refused(code, status == 402 ? text(error, "message") : words_of(call, code), words);
}

enum evt_call_end payment_psp_end(enum payment_call call, int status, const char *body, size_t len,
                                  struct evt_buf *words)
{
    const bool done = status >= 200 && status < 300;
    enum evt_call_end end = EVT_CALL_END_UNKNOWN;
    json_t *json;

    if (!done && status != 400 && status != 402 && status != 404)
        return EVT_CALL_END_UNKNOWN;
    json = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    if (done && call == PAYMENT_CALL_REFUND)
        end = end_refund(json, words);
    else if (done)
        end = end_intent(call, json, words);
    else
        end = end_error(call, status, json_object_get(json, "error"), words);
    json_decref(json);
    return end;
}

/* ---- it is not said, and will not be ---- */

#define KEYS_MAX 3 /* a provider that fails three times for good has more than an accident */

enum evt_call_end payment_psp_spent(enum payment_call call, struct evt_bytes request,
                                    struct evt_buf *words)
{
    char intent[PAYMENT_INTENT_MAX + 1];
    int keys = KEYS_MAX;

    if (call != PAYMENT_CALL_AUTHORISE && payment_intent_parse(request, intent, &keys) &&
        keys < KEYS_MAX) {
        payment_spent_print(words, keys + 1);
        return EVT_CALL_END_REFUSED;
    }
    evt_buf_add_text(words, "the provider repeats an answer that says nothing: look there what "
                            "became of it, and settle the call");
    return EVT_CALL_END_PARKED;
}

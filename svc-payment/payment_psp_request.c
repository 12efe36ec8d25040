/* Payment PSP, what is asked: a path and a form. */
#include "payment_call.h"
#include "payment_minor.h"
#include "payment_psp.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

static void add_escaped(struct evt_buf *form, const char *text)
{
    for (; *text; text++) {
        if (strchr(PLAIN, *text))
            evt_buf_add_byte(form, (uint8_t)*text);
        else
            evt_buf_printf(form, "%%%02X", (unsigned char)*text);
    }
}

static void add(struct evt_buf *form, const char *name, const char *value)
{
    if (form->len)
        evt_buf_add_byte(form, '&');
    add_escaped(form, name);
    evt_buf_add_byte(form, '=');
    add_escaped(form, value);
}

/* A token stands for a card that was typed in once; anything else is a payment method. */
static void add_card(struct evt_buf *form, const char *token)
{
    if (strncmp(token, "tok_", 4) != 0) {
        add(form, "payment_method", token);
        return;
    }
    add(form, "payment_method_data[type]", "card");
    add(form, "payment_method_data[card][token]", token);
}

/* Cards only: other ways to pay want the customer to go elsewhere and come back. */
static bool authorise(const char *order_id, struct evt_bytes request, struct evt_buf *path,
                      struct evt_buf *form)
{
    struct payment_order order;
    char currency[PAYMENT_CURRENCY_LEN + 1] = "";
    struct evt_buf amount = {0};
    int64_t theirs;

    if (!payment_order_parse(request, &order) ||
        !payment_minor_to_psp(order.amount_minor, order.currency, &theirs))
        return false;
    for (size_t i = 0; i < PAYMENT_CURRENCY_LEN; i++)
        currency[i] = (char)tolower((unsigned char)order.currency[i]);
    evt_buf_printf(&amount, "%" PRId64, theirs);
    evt_buf_add_text(path, "/v1/payment_intents");
    add(form, "amount", evt_buf_text(&amount));
    add(form, "currency", currency);
    add(form, "capture_method", "manual");
    add(form, "confirm", "true");
    add(form, "payment_method_types[]", "card");
    add_card(form, order.token);
    add(form, "metadata[order_id]", order_id);
    evt_buf_release(&amount);
    return true;
}

const char *payment_psp_unasked(enum payment_call call, struct evt_bytes request)
{
    struct payment_order order;
    int64_t theirs;

    if (call != PAYMENT_CALL_AUTHORISE || !payment_order_parse(request, &order) ||
        payment_minor_to_psp(order.amount_minor, order.currency, &theirs))
        return NULL;
    return "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"amount_not_payable\"}}";
}

bool payment_psp_request(enum payment_call call, const char *order_id, struct evt_bytes request,
                         struct evt_buf *path, struct evt_buf *form)
{
    char intent[PAYMENT_INTENT_MAX + 1];
    int keys;

    if (call == PAYMENT_CALL_AUTHORISE)
        return authorise(order_id, request, path, form);
    if (!payment_intent_parse(request, intent, &keys))
        return false;
    if (call == PAYMENT_CALL_REFUND) {
        evt_buf_add_text(path, "/v1/refunds");
        add(form, "payment_intent", intent);
        add(form, "metadata[order_id]", order_id);
    } else {
        evt_buf_printf(path, "/v1/payment_intents/%s/%s", intent,
                       call == PAYMENT_CALL_CAPTURE ? "capture" : "cancel");
    }
    return true;
}

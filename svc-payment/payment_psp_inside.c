/* Payment PSP, inside: a provider for benches, which answers within the process. It keeps nothing:
 * the id of an authorisation is made from its key, so it is the same whenever it is asked again. */
#include "payment_call.h"
#include "payment_psp.h"

#include <stdlib.h>
#include <string.h>

#define DECLINED_OF_100 3

static bool is_declined(const char *token)
{
    static const char word[] = "Declined";
    const size_t len = strlen(token);
    size_t digits = 0;

    while (digits < len && strchr("0123456789", token[len - digits - 1]))
        digits++;
    if (digits)
        return strtoul(token + len - (digits > 2 ? 2 : digits), NULL, 10) < DECLINED_OF_100;
    return len >= strlen(word) && strcmp(token + len - strlen(word), word) == 0;
}

int payment_psp_inside(enum payment_call call, const char *key, struct evt_bytes request,
                       struct evt_buf *body)
{
    struct payment_order order;

    if (call == PAYMENT_CALL_AUTHORISE && payment_order_parse(request, &order) &&
        is_declined(order.token)) {
        evt_buf_add_text(body, "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\","
                               "\"message\":\"Your card was declined.\"}}");
        return 402;
    }
    evt_buf_printf(body, "{\"id\":\"%s_%s\",\"object\":\"%s\",\"status\":\"%s\"}",
                   call == PAYMENT_CALL_REFUND ? "re" : "pi", key,
                   call == PAYMENT_CALL_REFUND ? "refund" : "payment_intent",
                   call == PAYMENT_CALL_AUTHORISE ? "requires_capture"
                   : call == PAYMENT_CALL_VOID    ? "canceled"
                                                  : "succeeded");
    return 200;
}

/* Payment call: words to bytes and back. */
#include "payment_call.h"

#include <evt/utf8.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void payment_order_print(struct evt_buf *buf, int64_t amount_minor, const char *currency,
                         const char *token)
{
    evt_buf_printf(buf, "%" PRId64 " %s %s", amount_minor, currency, token);
}

bool payment_order_parse(struct evt_bytes request, struct payment_order *ret_order)
{
    struct payment_order order;
    char text[sizeof(order.token) + 32];
    char *end;

    if (request.len >= sizeof(text))
        return false;
    memcpy(text, request.data, request.len);
    text[request.len] = '\0';
    errno = 0;
    order.amount_minor = strtoll(text, &end, 10);
    if (errno || order.amount_minor < 1 || strlen(end) < sizeof(" EUR t") - 1 || end[0] != ' ' ||
        end[1 + PAYMENT_CURRENCY_LEN] != ' ')
        return false;
    snprintf(order.currency, sizeof(order.currency), "%s", end + 1);
    snprintf(order.token, sizeof(order.token), "%s", end + 2 + PAYMENT_CURRENCY_LEN);
    *ret_order = order;
    return true;
}

void payment_intent_print(struct evt_buf *buf, const char *intent, int keys)
{
    evt_buf_add_text(buf, intent);
    if (keys > 1)
        evt_buf_printf(buf, " %d", keys);
}

/* "2" to "9"; 0: it is none. */
static int read_keys(const char *text, size_t len)
{
    return len == 1 && *text >= '2' && *text <= '9' ? *text - '0' : 0;
}

bool payment_intent_parse(struct evt_bytes request, char ret_intent[PAYMENT_INTENT_MAX + 1],
                          int *ret_keys)
{
    const char *blank = request.len ? memchr(request.data, ' ', request.len) : NULL;
    const size_t len = blank ? (size_t)(blank - (const char *)request.data) : request.len;

    *ret_keys = blank ? read_keys(blank + 1, request.len - len - 1) : 1;
    if (len > PAYMENT_INTENT_MAX || *ret_keys == 0)
        return false;
    memcpy(ret_intent, request.data, len);
    ret_intent[len] = '\0';
    return payment_intent_is(ret_intent);
}

void payment_end_print(struct evt_buf *buf, const char *code, const char *reason)
{
    evt_buf_printf(buf, "%s%s%s", code, *reason ? " " : "", reason);
}

#define SPENT "key_spent"

void payment_spent_print(struct evt_buf *buf, int keys)
{
    evt_buf_printf(buf, SPENT " %d", keys);
}

int payment_spent_keys(const struct payment_end *end)
{
    return !end->ok && strcmp(end->code, SPENT) == 0 ? read_keys(end->reason, strlen(end->reason))
                                                     : 0;
}

/* Characters of `from`, without what no text should hold; returns how many bytes were written. */
static size_t copy_text(char *to, size_t size, const uint8_t *from, size_t len)
{
    size_t written = 0;

    for (size_t i = 0, step; i < len; i += step) {
        const size_t whole = evt_utf8_step(from + i, len - i);

        step = whole ? whole : 1;
        if (!whole || from[i] < ' ' || from[i] == 0x7f)
            continue;
        if (written + whole >= size)
            break;
        memcpy(to + written, from + i, whole);
        written += whole;
    }
    to[written] = '\0';
    return written;
}

void payment_end_read(const struct evt_call_result *result, struct payment_end *ret_end)
{
    const uint8_t *data = result->response.data;
    const size_t len = result->response.len;
    const uint8_t *blank = len ? memchr(data, ' ', len) : NULL;
    const size_t code_len = blank ? (size_t)(blank - data) : len;
    struct payment_end end = {.ok = result->end == EVT_CALL_END_OK};

    if (copy_text(end.code, sizeof(end.code), data, code_len) == 0 && !end.ok)
        snprintf(end.code, sizeof(end.code), "unknown");
    if (blank)
        (void)copy_text(end.reason, sizeof(end.reason), blank + 1, len - code_len - 1);
    *ret_end = end;
}

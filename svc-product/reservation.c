/* Reservation: the decisions about one line of an order, and what they do to the product's stock.
 */
#include "reservation.h"

#include <evt/ctx.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS            (24LL * 60 * 60 * 1000)
/* As long as a command id: no request can be repeated that libevents would still know and we would
 * not. */
#define ENDED_KEPT_MS     (30 * DAY_MS)
/* What was sold may come back: as long as payment knows what was captured, which has to be given
 * back first. */
#define COMMITTED_KEPT_MS (400 * DAY_MS)

static const char *const state_texts[] = {
#define RESERVATION_STATE_TEXT(state, text) [RESERVATION_##state] = text,
    RESERVATION_STATE_MAP(RESERVATION_STATE_TEXT)
#undef RESERVATION_STATE_TEXT
};

const char *reservation_state_str(enum reservation_state state)
{
    return state_texts[state];
}

bool reservation_state_parse(const char *text, enum reservation_state *ret_state)
{
    for (size_t i = 0; i < sizeof(state_texts) / sizeof(*state_texts); i++)
        if (strcmp(text, state_texts[i]) == 0) {
            *ret_state = (enum reservation_state)i;
            return true;
        }
    return false;
}

enum evt_err reservation_line_check(const char *order_id, int32_t line, struct evt_error *err)
{
    size_t len = strlen(order_id);

    if (len == 0 || len > RESERVATION_ORDER_ID_MAX)
        return evt_reject(err, "the order id is not 1 to %d bytes", RESERVATION_ORDER_ID_MAX);
    if (line < 1)
        return evt_reject(err, "the line is not 1 or more");
    return EVT_OK;
}

enum evt_err reservation_same_check(const struct reservation *res, const char *sku,
                                    int64_t quantity, struct evt_error *err)
{
    if (res->state == RESERVATION_NONE)
        return EVT_OK;
    if (strcmp(res->sku, sku) != 0)
        return evt_reject(err, "the line is known for %s, not %s", res->sku, sku);
    if (quantity && res->quantity && res->quantity != quantity)
        return evt_reject(err, "the line is known for %" PRId64 " pieces, not %" PRId64,
                          res->quantity, quantity);
    return EVT_OK;
}

bool reservation_stands(const struct reservation *res)
{
    return res->state == RESERVATION_RESERVED || res->state == RESERVATION_COMMITTED;
}

static void refuse(struct reservation *res, enum product_refusal_reason reason)
{
    res->state = RESERVATION_REFUSED;
    res->refusal = reason;
}

void reservation_reserve(struct reservation *res, struct product *product, const char *sku,
                         int64_t quantity, int64_t deadline_ms, int64_t now_ms)
{
    EVT_BUG_ON(res->state != RESERVATION_NONE);
    snprintf(res->sku, sizeof(res->sku), "%s", sku);
    res->quantity = quantity;
    res->deadline_ms = deadline_ms;
    if (deadline_ms <= now_ms) {
        refuse(res, PRODUCT_REFUSAL_REASON_EXPIRED);
    } else if (!product->id) {
        refuse(res, PRODUCT_REFUSAL_REASON_UNKNOWN);
    } else if (product->withdrawn) {
        refuse(res, PRODUCT_REFUSAL_REASON_WITHDRAWN);
    } else if (quantity > product_available(product)) {
        refuse(res, PRODUCT_REFUSAL_REASON_NOT_ENOUGH);
    } else {
        res->state = RESERVATION_RESERVED;
        res->price_minor = product->price_minor;
        memcpy(res->currency, product->currency, sizeof(res->currency));
        product->reserved += quantity;
    }
}

/* Undone, or sold without being asked for: whatever comes later finds it so. */
static void remember_released(struct reservation *res, const char *sku)
{
    snprintf(res->sku, sizeof(res->sku), "%s", sku);
    res->state = RESERVATION_RELEASED;
}

int64_t reservation_commit(struct reservation *res, struct product *product, const char *sku)
{
    if (res->state == RESERVATION_NONE)
        remember_released(res, sku);
    if (res->state != RESERVATION_RESERVED)
        return 0;
    product->reserved -= res->quantity;
    product->committed += res->quantity;
    res->state = RESERVATION_COMMITTED;
    return -res->quantity;
}

int64_t reservation_release(struct reservation *res, struct product *product, const char *sku)
{
    switch (res->state) {
    case RESERVATION_NONE:
        remember_released(res, sku);
        return 0;
    case RESERVATION_RESERVED:
        product->reserved -= res->quantity;
        res->state = RESERVATION_RELEASED;
        return 0;
    case RESERVATION_COMMITTED:
        product->committed -= res->quantity;
        res->state = RESERVATION_RELEASED;
        return res->quantity;
    case RESERVATION_REFUSED:
    case RESERVATION_RELEASED:
    case RESERVATION_EXPIRED:
        return 0;
    }
    return 0;
}

void reservation_expire(struct reservation *res, struct product *product)
{
    EVT_BUG_ON(res->state != RESERVATION_RESERVED);
    product->reserved -= res->quantity;
    res->state = RESERVATION_EXPIRED;
}

int64_t reservation_kept_ms(enum reservation_state state)
{
    EVT_BUG_ON(state == RESERVATION_NONE || state == RESERVATION_RESERVED);
    return state == RESERVATION_COMMITTED ? COMMITTED_KEPT_MS : ENDED_KEPT_MS;
}

enum product_refusal_reason reservation_refusal(const struct reservation *res)
{
    if (res->state == RESERVATION_REFUSED)
        return res->refusal;
    EVT_BUG_ON(res->state != RESERVATION_RELEASED && res->state != RESERVATION_EXPIRED);
    return res->state == RESERVATION_EXPIRED ? PRODUCT_REFUSAL_REASON_EXPIRED
                                             : PRODUCT_REFUSAL_REASON_RELEASED;
}

enum product_gone_reason reservation_gone(const struct reservation *res)
{
    if (res->state == RESERVATION_EXPIRED)
        return PRODUCT_GONE_REASON_EXPIRED;
    /* Without a quantity it was released before it was asked for. */
    if (res->state == RESERVATION_RELEASED && res->quantity)
        return PRODUCT_GONE_REASON_RELEASED;
    return PRODUCT_GONE_REASON_NOT_RESERVED;
}

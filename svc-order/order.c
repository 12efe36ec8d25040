/* Order: the decisions about what a customer asks for. */
#include "order.h"

#include <evt/ctx.h>

#include <string.h>

/* ASCII, spelled out: the C library's classes ask the locale. */
#define UPPER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SKU_CHARS  UPPER_CASE "abcdefghijklmnopqrstuvwxyz0123456789._-"

static const char *const status_texts[] = {
#define STATUS_TEXT(status, text) [ORDER_##status] = text,
    ORDER_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
};

const char *order_status_str(enum order_status status)
{
    return status_texts[status];
}

bool order_status_parse(const char *text, enum order_status *ret_status)
{
    for (size_t i = 0; i < sizeof(status_texts) / sizeof(*status_texts); i++)
        if (strcmp(text, status_texts[i]) == 0) {
            *ret_status = (enum order_status)i;
            return true;
        }
    return false;
}

bool order_status_is_end(enum order_status status)
{
    return status != ORDER_PLACED && status != ORDER_CANCELLING;
}

static enum evt_err check_length(const char *what, const char *text, size_t min, size_t max,
                                 struct evt_error *err)
{
    const size_t len = strlen(text);

    if (len < min || len > max)
        return evt_reject(err, "the %s is not %zu to %zu bytes", what, min, max);
    for (size_t i = 0; i < len; i++) /* it will stand in mails and on labels */
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return evt_reject(err, "the %s holds a control character", what);
    return EVT_OK;
}

static enum evt_err check_text(const char *what, const char *text, size_t max,
                               struct evt_error *err)
{
    return check_length(what, text, 1, max, err);
}

static bool is_upper(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, UPPER_CASE) == len;
}

enum evt_err order_id_check(const char *order_id, struct evt_error *err)
{
    return check_text("order id", order_id, ORDER_ID_MAX, err);
}

enum evt_err order_reason_check(const char *reason, struct evt_error *err)
{
    return check_length("reason", reason, 0, ORDER_REASON_MAX, err);
}

static enum evt_err check_line(const struct order_order_line *line, size_t number,
                               struct evt_error *err)
{
    const size_t len = strlen(line->sku);

    if (len == 0 || len > ORDER_SKU_MAX || strspn(line->sku, SKU_CHARS) != len ||
        strchr("._-", line->sku[0]))
        return evt_reject(err, "line %zu: the sku is not 1 to %d of A-Z a-z 0-9 . _ -", number,
                          ORDER_SKU_MAX);
    if (line->quantity < 1 || line->quantity > ORDER_PIECES_MAX)
        return evt_reject(err, "line %zu: the quantity is not 1 to %lld", number, ORDER_PIECES_MAX);
    return EVT_OK;
}

/* It will stand in a mail's header. */
static enum evt_err check_email(const char *email, struct evt_error *err)
{
    const size_t len = strlen(email);
    const char *at = strchr(email, '@');

    if (len > ORDER_EMAIL_MAX || !at || at == email || !at[1] || strchr(at + 1, '@'))
        return evt_reject(err, "the email is not an address of up to %d bytes", ORDER_EMAIL_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)email[i] <= ' ' || email[i] == 0x7f || strchr("<>,;:\"()[]\\", email[i]))
            return evt_reject(err, "the email holds a character that no address has");
    return EVT_OK;
}

static enum evt_err check_address(const struct order_address *address, struct evt_error *err)
{
    enum evt_err rc = check_text("name", address->name, ORDER_NAME_MAX, err);

    if (rc == EVT_OK)
        rc = check_text("street", address->street, ORDER_STREET_MAX, err);
    if (rc == EVT_OK)
        rc = check_text("postcode", address->postcode, ORDER_POSTAL_MAX, err);
    if (rc == EVT_OK)
        rc = check_text("city", address->city, ORDER_CITY_MAX, err);
    if (rc == EVT_OK && !is_upper(address->country, ORDER_COUNTRY_LEN))
        rc = evt_reject(err, "the country is not two upper-case letters");
    return rc;
}

enum evt_err order_check(const struct order_place_order *msg, struct evt_error *err)
{
    enum evt_err rc = order_id_check(msg->order_id, err);

    if (rc == EVT_OK && (msg->lines_n < 1 || msg->lines_n > ORDER_LINES_MAX))
        rc = evt_reject(err, "an order has 1 to %d lines", ORDER_LINES_MAX);
    for (size_t i = 0; rc == EVT_OK && i < msg->lines_n; i++)
        rc = check_line(&msg->lines[i], i + 1, err);
    if (rc == EVT_OK && (msg->total_minor < 1 || msg->total_minor > ORDER_TOTAL_MAX))
        rc = evt_reject(err, "the total is not 1 to %lld", ORDER_TOTAL_MAX);
    if (rc == EVT_OK && !is_upper(msg->currency, ORDER_CURRENCY_LEN))
        rc = evt_reject(err, "the currency is not three upper-case letters");
    if (rc == EVT_OK)
        rc = check_text("payment token", msg->payment_token, ORDER_TOKEN_MAX, err);
    if (rc == EVT_OK)
        rc = check_email(msg->email, err);
    return rc == EVT_OK ? check_address(&msg->address, err) : rc;
}

bool order_sum(const struct order *order, int64_t *ret_minor)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < order->lines_n; i++) {
        int64_t price;

        if (__builtin_mul_overflow(order->lines[i].price_minor, order->lines[i].quantity, &price) ||
            __builtin_add_overflow(sum, price, &sum))
            return false;
    }
    *ret_minor = sum;
    return true;
}

enum order_status order_undone(const struct order *order, bool cancelled)
{
    if (order->refunded_minor > 0)
        return ORDER_REFUNDED;
    return cancelled ? ORDER_CANCELLED : ORDER_REJECTED;
}

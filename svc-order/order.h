/* Order: what a customer asks for, and what it may become. Pure: no store, no messages.
 *
 *     placed --> confirmed --cancel--> cancelling --> refunded
 *        |--cancel--> cancelling --> cancelled, or refunded when it was paid by then
 *        |----------> rejected
 *        '--stock is gone after it was paid--> refunded */
#ifndef ORDER_H
#define ORDER_H

#include "events/order.h"

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

#define ORDER_ID_MAX       64 /* a UUID has 36 */
#define ORDER_LINES_MAX    50
#define ORDER_SKU_MAX      40
#define ORDER_PIECES_MAX   1000000000LL
#define ORDER_TOTAL_MAX    900000000000LL
#define ORDER_TOKEN_MAX    200
#define ORDER_EMAIL_MAX    254
#define ORDER_NAME_MAX     100
#define ORDER_STREET_MAX   200
#define ORDER_POSTAL_MAX   20
#define ORDER_CITY_MAX     100
#define ORDER_REASON_MAX   200
#define ORDER_CURRENCY_LEN 3
#define ORDER_COUNTRY_LEN  2

#define ORDER_STATUS_MAP(X)                                                                        \
    X(PLACED, "placed")                                                                            \
    X(CONFIRMED, "confirmed")                                                                      \
    X(CANCELLING, "cancelling")                                                                    \
    X(REJECTED, "rejected")                                                                        \
    X(CANCELLED, "cancelled")                                                                      \
    X(REFUNDED, "refunded")

enum order_status {
#define ORDER_STATUS_ENUM(status, text) ORDER_##status,
    ORDER_STATUS_MAP(ORDER_STATUS_ENUM)
#undef ORDER_STATUS_ENUM
};
const char *order_status_str(enum order_status status);
bool order_status_parse(const char *text, enum order_status *ret_status);
bool order_status_is_end(enum order_status status);

#define ORDER_PRICE_UNKNOWN (-1)

struct order_line {
    const char *sku;
    int64_t quantity;
    int64_t price_minor; /* of one piece; ORDER_PRICE_UNKNOWN before it is reserved */
};

/* Texts are borrowed from the message, or from the memory of the message that is handled. */
struct order {
    int64_t key; /* the store's; 0: not stored */
    const char *id;
    enum order_status status;
    int32_t lines_n;
    const struct order_line *lines; /* NULL: not read yet */
    int64_t total_minor;
    const char *currency;
    const char *payment_token;
    const char *email;
    struct order_address address;
    const char *reason;
    int64_t refunded_minor;
    const char *mail;
};

/* The form of what a customer sends. Rejects. */
EVT_MUST_USE enum evt_err order_check(const struct order_place_order *msg, struct evt_error *err);
EVT_MUST_USE enum evt_err order_id_check(const char *order_id, struct evt_error *err);
EVT_MUST_USE enum evt_err order_reason_check(const char *reason, struct evt_error *err);

/* What the lines cost at their reserved prices; false: more than can be. */
bool order_sum(const struct order *order, int64_t *ret_minor);
/* How an order ends that was undone. */
enum order_status order_undone(const struct order *order, bool cancelled);

#endif

/* Reservation: what became of one line of an order, from the first word about it to its end.
 *
 *     none --reserve--> reserved --commit--> committed --release--> released
 *      |                    |----release--> released
 *      |                    '----deadline-> expired
 *      |--reserve--> refused
 *      '--release or commit, before anything was asked for--> released
 *
 * Nothing leads back to reserved: what was refused, undone or expired once stays so, and a repeated
 * request finds the row and gets the answer that holds for it. Pure, like product.h. */
#ifndef RESERVATION_H
#define RESERVATION_H

#include "product.h"

#include "events/product.h"

#define RESERVATION_ORDER_ID_MAX 64 /* a UUID has 36 */

#define RESERVATION_STATE_MAP(X)                                                                   \
    X(NONE, "")                                                                                    \
    X(RESERVED, "reserved")                                                                        \
    X(COMMITTED, "committed")                                                                      \
    X(REFUSED, "refused")                                                                          \
    X(RELEASED, "released")                                                                        \
    X(EXPIRED, "expired")

enum reservation_state {
#define RESERVATION_STATE_ENUM(state, text) RESERVATION_##state,
    RESERVATION_STATE_MAP(RESERVATION_STATE_ENUM)
#undef RESERVATION_STATE_ENUM
};

/* A zeroed one is a line that was never heard of. */
struct reservation {
    int64_t id; /* the store's key; 0: not stored yet */
    enum reservation_state state;
    char sku[PRODUCT_SKU_MAX + 1];
    int64_t quantity;    /* 0: released before it was asked for */
    int64_t price_minor; /* of one piece, as it was when it was reserved */
    char currency[PRODUCT_CURRENCY_LEN + 1];
    int64_t deadline_ms;
    enum product_refusal_reason refusal; /* of a refused one */
    int64_t timer_id;                    /* of a reserved one; else 0 */
};

const char *reservation_state_str(enum reservation_state state);
bool reservation_state_parse(const char *text, enum reservation_state *ret_state);

/* The form of a line's name. Rejects. */
EVT_MUST_USE enum evt_err reservation_line_check(const char *order_id, int32_t line,
                                                 struct evt_error *err);
/* Whether a stored reservation is the one that a message means; `quantity` 0: whatever it is. One
 * order line never changes what it asks for, so anything else is the sender's mistake. Rejects. */
EVT_MUST_USE enum evt_err reservation_same_check(const struct reservation *res, const char *sku,
                                                 int64_t quantity, struct evt_error *err);

/* Reserved or committed: it counts in the product, which must change with it. */
bool reservation_stands(const struct reservation *res);

/* Decides about a line that was never heard of: it becomes reserved or refused. */
void reservation_reserve(struct reservation *res, struct product *product, const char *sku,
                         int64_t quantity, int64_t deadline_ms, int64_t now_ms);
/* These are for any state; `product` changes with it where it stands, and is not looked at
 * elsewhere. They return by how much the stock on hand has changed. */
int64_t reservation_commit(struct reservation *res, struct product *product, const char *sku);
int64_t reservation_release(struct reservation *res, struct product *product, const char *sku);
void reservation_expire(struct reservation *res, struct product *product);

/* For how long a line that has ended is remembered. */
int64_t reservation_kept_ms(enum reservation_state state);

/* Why a line that does not stand is not reserved, and why it cannot be committed. */
enum product_refusal_reason reservation_refusal(const struct reservation *res);
enum product_gone_reason reservation_gone(const struct reservation *res);

#endif

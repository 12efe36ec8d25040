/* Product: what is sold, at what price, and how much of it there is.
 *
 * Pure: plain structs in, decisions out; no store, no messages. A function that answers false has
 * changed nothing and says why, in words for the person who gave the command. Invariants, of every
 * product that is read or written: on hand = received - committed, 0 <= reserved <= on hand. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include <evt/err.h>

#include <stdbool.h>
#include <stdint.h>

#define PRODUCT_SKU_MAX         40  /* fits a label and a URL; a key may have 255 bytes */
#define PRODUCT_NAME_MAX        200 /* bytes */
#define PRODUCT_CURRENCY_LEN    3   /* ISO 4217 */
/* A thousand million pieces at 90 million euros: their product, a line's total, still fits a long.
 */
#define PRODUCT_STOCK_MAX       1000000000LL
#define PRODUCT_PRICE_MINOR_MAX 9000000000LL

/* A zeroed one is a product that does not exist. */
struct product {
    int64_t id; /* the store's key; 0: there is none */
    int64_t price_minor;
    char currency[PRODUCT_CURRENCY_LEN + 1];
    int64_t version; /* what people change: price and withdrawal. 1 when created */
    bool withdrawn;
    int64_t received, committed, reserved;
};

struct product_refusal {
    char text[80];
};

int64_t product_on_hand(const struct product *product);
int64_t product_available(const struct product *product); /* on hand and not reserved */
bool product_holds(const struct product *product);        /* the invariants */

/* The form of what a message says, which no store can make right: these reject. */
EVT_MUST_USE enum evt_err product_sku_check(const char *sku, struct evt_error *err);
EVT_MUST_USE enum evt_err product_name_check(const char *name, struct evt_error *err);
EVT_MUST_USE enum evt_err product_price_check(int64_t price_minor, const char *currency,
                                              struct evt_error *err);
EVT_MUST_USE enum evt_err product_quantity_check(int64_t quantity, struct evt_error *err);

/* `product` is what the store has of that sku; the caller adds it under an id of the store's. */
bool product_create(struct product *product, int64_t price_minor, const char *currency,
                    struct product_refusal *refusal);
/* `expected_version` NULL: whatever the version is. */
bool product_reprice(struct product *product, int64_t price_minor, const char *currency,
                     const int64_t *expected_version, struct product_refusal *refusal);
bool product_receive(struct product *product, int64_t quantity, struct product_refusal *refusal);
/* True also when it was withdrawn before; then nothing has changed. */
bool product_withdraw(struct product *product, struct product_refusal *refusal);

#endif

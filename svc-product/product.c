/* Product: the decisions about catalogue and stock. What a reservation does to the stock is decided
 * in reservation.c. */
#include "product.h"

#include <evt/ctx.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ASCII, spelled out: the C library's classes ask the locale. */
#define UPPER_CASE  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PUNCTUATION "._-"
#define SKU_CHARS   UPPER_CASE "abcdefghijklmnopqrstuvwxyz0123456789" PUNCTUATION

int64_t product_on_hand(const struct product *product)
{
    return product->received - product->committed;
}

int64_t product_available(const struct product *product)
{
    return product_on_hand(product) - product->reserved;
}

bool product_holds(const struct product *product)
{
    return product->committed >= 0 && product->reserved >= 0 &&
           product->reserved <= product_on_hand(product);
}

enum evt_err product_sku_check(const char *sku, struct evt_error *err)
{
    size_t len = strlen(sku);

    if (len == 0 || len > PRODUCT_SKU_MAX || strspn(sku, SKU_CHARS) != len ||
        strchr(PUNCTUATION, sku[0]))
        return evt_reject(err,
                          "the sku is not 1 to %d of A-Z a-z 0-9 . _ -, beginning with a "
                          "letter or digit",
                          PRODUCT_SKU_MAX);
    return EVT_OK;
}

enum evt_err product_name_check(const char *name, struct evt_error *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > PRODUCT_NAME_MAX)
        return evt_reject(err, "the name is not 1 to %d bytes", PRODUCT_NAME_MAX);
    return EVT_OK;
}

enum evt_err product_price_check(int64_t price_minor, const char *currency, struct evt_error *err)
{
    if (price_minor < 0 || price_minor > PRODUCT_PRICE_MINOR_MAX)
        return evt_reject(err, "the price is not 0 to %lld", PRODUCT_PRICE_MINOR_MAX);
    if (strlen(currency) != PRODUCT_CURRENCY_LEN ||
        strspn(currency, UPPER_CASE) != PRODUCT_CURRENCY_LEN)
        return evt_reject(err, "the currency is not three upper-case letters");
    return EVT_OK;
}

enum evt_err product_quantity_check(int64_t quantity, struct evt_error *err)
{
    if (quantity < 1 || quantity > PRODUCT_STOCK_MAX)
        return evt_reject(err, "the quantity is not 1 to %lld", PRODUCT_STOCK_MAX);
    return EVT_OK;
}

static bool refuse(struct product_refusal *refusal, const char *fmt, ...) EVT_PRINTF(2, 3);
static bool refuse(struct product_refusal *refusal, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(refusal->text, sizeof(refusal->text), fmt, args);
    va_end(args);
    return false;
}

static bool on_sale(const struct product *product, struct product_refusal *refusal)
{
    if (!product->id)
        return refuse(refusal, "there is no such product");
    if (product->withdrawn)
        return refuse(refusal, "the product is withdrawn");
    return true;
}

static void set_price(struct product *product, int64_t price_minor, const char *currency)
{
    product->price_minor = price_minor;
    snprintf(product->currency, sizeof(product->currency), "%s", currency);
    product->version++;
}

bool product_create(struct product *product, int64_t price_minor, const char *currency,
                    struct product_refusal *refusal)
{
    if (product->id)
        return refuse(refusal, "the product exists already");
    set_price(product, price_minor, currency);
    return true;
}

bool product_reprice(struct product *product, int64_t price_minor, const char *currency,
                     const int64_t *expected_version, struct product_refusal *refusal)
{
    if (!on_sale(product, refusal))
        return false;
    if (expected_version && *expected_version != product->version)
        return refuse(refusal, "the version is %" PRId64 ", not %" PRId64, product->version,
                      *expected_version);
    set_price(product, price_minor, currency);
    return true;
}

bool product_receive(struct product *product, int64_t quantity, struct product_refusal *refusal)
{
    if (!on_sale(product, refusal))
        return false;
    /* The second bound is years of full shelves away, and keeps the sum a number all the same. */
    if (quantity > PRODUCT_STOCK_MAX - product_on_hand(product) ||
        quantity > INT64_MAX - product->received)
        return refuse(refusal, "the stock would exceed %lld", PRODUCT_STOCK_MAX);
    product->received += quantity;
    return true;
}

bool product_withdraw(struct product *product, struct product_refusal *refusal)
{
    if (!product->id)
        return refuse(refusal, "there is no such product");
    if (!product->withdrawn) {
        product->withdrawn = true;
        product->version++;
    }
    return true;
}

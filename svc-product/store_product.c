/* Products in the store: rows to structs and back, with the invariants checked on both ways. */
#include "store_product.h"

#include "statements.h"

#include <evt/mem.h>

#include <stdio.h>

enum evt_err store_product_get(struct evt_store *st, const char *sku, struct product *ret_product,
                               struct evt_error *err)
{
    struct product product = {0};
    sqlite3_stmt *row;
    enum evt_err rc = evt_store_query(st, STATEMENT_PRODUCT_GET, &row, err, "t", sku);

    if (rc != EVT_OK)
        return rc;
    if (row) {
        product.id = sqlite3_column_int64(row, 0);
        product.price_minor = sqlite3_column_int64(row, 1);
        snprintf(product.currency, sizeof(product.currency), "%s", evt_row_text(row, 2));
        product.version = sqlite3_column_int64(row, 3);
        product.withdrawn = sqlite3_column_int(row, 4);
        product.received = sqlite3_column_int64(row, 5);
        product.committed = sqlite3_column_int64(row, 6);
        product.reserved = sqlite3_column_int64(row, 7);
        EVT_BUG_ON(!product_holds(&product));
    }
    evt_store_done(row);
    *ret_product = product;
    return EVT_OK;
}

enum evt_err store_product_add(struct evt_store *st, const char *sku, const char *name,
                               const struct product *product, struct evt_error *err)
{
    EVT_BUG_ON(product->id);
    return evt_store_run(st, STATEMENT_PRODUCT_ADD, err, "ttltl", sku, name, product->price_minor,
                         product->currency, product->version);
}

enum evt_err store_product_put(struct evt_store *st, const struct product *product,
                               struct evt_error *err)
{
    EVT_BUG_ON(!product->id || !product_holds(product));
    return evt_store_run(st, STATEMENT_PRODUCT_PUT, err, "lltlilll", product->id,
                         product->price_minor, product->currency, product->version,
                         (int32_t)product->withdrawn, product->received, product->committed,
                         product->reserved);
}

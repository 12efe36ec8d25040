/* Products in the store. */
#ifndef STORE_PRODUCT_H
#define STORE_PRODUCT_H

#include "product.h"

#include <evt/store.h>

/* A zeroed `ret_product` when there is none. */
EVT_MUST_USE enum evt_err store_product_get(struct evt_store *st, const char *sku,
                                            struct product *ret_product, struct evt_error *err);
EVT_MUST_USE enum evt_err store_product_add(struct evt_store *st, const char *sku, const char *name,
                                            const struct product *product, struct evt_error *err);
EVT_MUST_USE enum evt_err store_product_put(struct evt_store *st, const struct product *product,
                                            struct evt_error *err);

#endif

/* Read: one product, and the catalogue over all shards. */
#include "api_read.h"

#include "product.h"
#include "statements.h"

#include <evt/edge.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum column {
    PRODUCT_ID,
    SKU,
    NAME,
    PRICE_MINOR,
    CURRENCY,
    VERSION,
    WITHDRAWN,
    RECEIVED,
    COMMITTED,
    RESERVED
};

static struct product read_stock(sqlite3_stmt *row)
{
    struct product product = {
        .id = sqlite3_column_int64(row, PRODUCT_ID),
        .received = sqlite3_column_int64(row, RECEIVED),
        .committed = sqlite3_column_int64(row, COMMITTED),
        .reserved = sqlite3_column_int64(row, RESERVED),
    };

    EVT_BUG_ON(!product_holds(&product));
    return product;
}

/* A row of the catalogue's columns. */
static json_t *product_json(sqlite3_stmt *row)
{
    struct product stock = read_stock(row);

    return json_pack("{s:s, s:s, s:{s:I, s:s}, s:I, s:b, s:I, s:I}", "sku",
                     (const char *)sqlite3_column_text(row, SKU), "name",
                     (const char *)sqlite3_column_text(row, NAME), "price", "amount",
                     (json_int_t)sqlite3_column_int64(row, PRICE_MINOR), "currency",
                     (const char *)sqlite3_column_text(row, CURRENCY), "version",
                     (json_int_t)sqlite3_column_int64(row, VERSION), "withdrawn",
                     sqlite3_column_int(row, WITHDRAWN), "on_hand",
                     (json_int_t)product_on_hand(&stock), "available",
                     (json_int_t)product_available(&stock));
}

/* Whatever is shown changes one of these. */
static void etag_print(char *etag, size_t size, sqlite3_stmt *row)
{
    snprintf(etag, size, "\"%" PRId64 "-%" PRId64 "-%" PRId64 "-%" PRId64 "\"",
             (int64_t)sqlite3_column_int64(row, VERSION),
             (int64_t)sqlite3_column_int64(row, RECEIVED),
             (int64_t)sqlite3_column_int64(row, COMMITTED),
             (int64_t)sqlite3_column_int64(row, RESERVED));
}

static void show(struct evt_request *req, sqlite3_stmt *row)
{
    const char *seen = evt_request_header(req, "If-None-Match");
    char etag[96];

    etag_print(etag, sizeof(etag), row);
    evt_reply_header(req, "ETag", etag);
    if (seen && strcmp(seen, etag) == 0)
        evt_reply(req, 304, NULL);
    else
        evt_reply(req, 200, product_json(row));
}

void product_api_get(struct evt_request *req)
{
    struct evt_edge *edge = evt_request_arg(req);
    const char *sku = evt_request_value(req, "sku");
    int32_t partition = evt_partition_of(sku, strlen(sku), evt_edge_partitions(edge));
    sqlite3_stmt *row = NULL;
    sqlite3 *db;
    int rc;

    if (evt_edge_passed_on(edge, req, sku))
        return;
    db = evt_edge_store(edge, partition);
    if (!db || sqlite3_prepare_v2(db, CATALOGUE_GET, -1, &row, NULL) != SQLITE_OK) {
        evt_edge_unreadable(req, partition);
        return;
    }
    sqlite3_bind_text(row, 1, sku, -1, SQLITE_STATIC);
    rc = sqlite3_step(row);
    if (rc == SQLITE_ROW)
        show(req, row);
    else if (rc == SQLITE_DONE)
        evt_reply_problem(req, 404, "there is no such product");
    else
        evt_edge_unreadable(req, partition);
    sqlite3_finalize(row);
}

void product_api_list(struct evt_request *req)
{
    static const struct evt_list catalogue = {.path = "/v1/products",
                                              .name = "products",
                                              .sql = CATALOGUE_PAGE,
                                              .show = product_json};

    evt_edge_list(evt_request_arg(req), req, &catalogue);
}

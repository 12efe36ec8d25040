/* Read: one order, all orders, and what an order went through. */
#include "api_read.h"

#include "order_saga.h"
#include "statements.h"

#include <evt/clock.h>
#include <evt/edge.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/saga_show.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN "there is no such order"

enum column {
    ORDER_KEY,
    ID,
    STATUS,
    TOTAL_MINOR,
    CURRENCY,
    REASON,
    REFUNDED_MINOR,
    MAIL,
    PLACED_MS,
    CHANGED_MS
};

static const char *text(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static json_t *money(int64_t minor, const char *currency)
{
    return json_pack("{s:I, s:s}", "amount", (json_int_t)minor, "currency", currency);
}

/* "" in the store is none. */
static json_t *text_or_null(sqlite3_stmt *row, int column)
{
    return *text(row, column) ? json_string(text(row, column)) : json_null();
}

static json_t *time_json(sqlite3_stmt *row, int column)
{
    char time[EVT_CLOCK_TEXT];

    evt_clock_print(sqlite3_column_int64(row, column), time);
    return json_string(time);
}

/* What the list shows. */
static json_t *order_json(sqlite3_stmt *row)
{
    const int64_t refunded = sqlite3_column_int64(row, REFUNDED_MINOR);

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "order_id", text(row, ID),
                     "status", text(row, STATUS), "total",
                     money(sqlite3_column_int64(row, TOTAL_MINOR), text(row, CURRENCY)), "refunded",
                     refunded ? money(refunded, text(row, CURRENCY)) : json_null(), "reason",
                     text_or_null(row, REASON), "mail", text_or_null(row, MAIL), "placed_at",
                     time_json(row, PLACED_MS), "changed_at", time_json(row, CHANGED_MS));
}

static json_t *line_json(sqlite3_stmt *row, const char *currency)
{
    return json_pack("{s:s, s:I, s:o}", "sku", text(row, 0), "quantity",
                     (json_int_t)sqlite3_column_int64(row, 1), "price",
                     sqlite3_column_type(row, 2) == SQLITE_NULL
                         ? json_null()
                         : money(sqlite3_column_int64(row, 2), currency));
}

/* NULL: the store cannot be read. */
static json_t *lines_json(sqlite3 *db, int64_t order_key, const char *currency)
{
    json_t *lines = json_array();
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db, ORDER_SHOW_LINES, -1, &row, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(row, 1, order_key);
        while ((rc = sqlite3_step(row)) == SQLITE_ROW)
            json_array_append_new(lines, line_json(row, currency));
    }
    sqlite3_finalize(row);
    if (rc == SQLITE_DONE)
        return lines;
    json_decref(lines);
    return NULL;
}

/* While `row` is open, all is read as of one commit. */
static json_t *whole_json(sqlite3_stmt *row)
{
    sqlite3 *db = sqlite3_db_handle(row);
    json_t *order = order_json(row), *saga = NULL;
    json_t *lines = lines_json(db, sqlite3_column_int64(row, ORDER_KEY), text(row, CURRENCY));

    if (!lines || !evt_saga_show(db, ORDER_SAGA, text(row, ID), &saga)) {
        json_decref(lines);
        json_decref(order);
        return NULL;
    }
    json_object_set_new(order, "lines", lines);
    json_object_set_new(order, "saga", saga ? saga : json_null());
    return order;
}

/* ---- one ---- */

static const char order_show[] = ORDER_SHOW; /* prepared once: waiting reads it again and again */

struct reading {
    struct evt_edge *edge;
    int32_t partition;
    int status; /* of the answer, if the order has no end yet */
    char order_id[ORDER_ID_MAX + 1];
};

/* Whatever is shown changes it. */
static void etag_print(char *etag, size_t size, const char *shown)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add(&sip, shown, strlen(shown));
    snprintf(etag, size, "\"%016" PRIx64 "\"", evt_sip_end(&sip));
}

static void show(struct evt_request *req, int status, bool is_get, json_t *order)
{
    const char *seen = is_get ? evt_request_header(req, "If-None-Match") : NULL;
    char *shown = json_dumps(order, JSON_COMPACT);
    char etag[32];

    EVT_BUG_ON(!shown);
    json_decref(order);
    etag_print(etag, sizeof(etag), shown);
    if (status == 200)
        evt_reply_header(req, "ETag", etag);
    if (seen && strcmp(seen, etag) == 0)
        evt_reply(req, 304, NULL);
    else
        evt_reply_text(req, status, "application/json", shown, strlen(shown));
    free(shown);
}

/* False: it goes on, and is waited for. */
static bool answer(struct evt_request *req, const struct reading *reading, sqlite3_stmt *row,
                   bool last)
{
    enum order_status status;
    json_t *order;

    EVT_BUG_ON(!order_status_parse(text(row, STATUS), &status));
    if (!order_status_is_end(status) && !last)
        return false;
    order = whole_json(row);
    if (!order) {
        evt_edge_unreadable(req, reading->partition);
        return true;
    }
    if (reading->status == 202 && !order_status_is_end(status))
        evt_reply_header(req, "Retry-After", "1");
    show(req, order_status_is_end(status) ? 200 : reading->status, reading->status == 200, order);
    return true;
}

static bool look(struct evt_request *req, void *arg, bool last)
{
    struct reading *reading = arg;
    sqlite3_stmt *row = evt_edge_statement(reading->edge, reading->partition, order_show);
    bool answered = true;
    int rc = SQLITE_CANTOPEN;

    if (row) {
        sqlite3_bind_text(row, 1, reading->order_id, -1, SQLITE_STATIC);
        rc = sqlite3_step(row);
    }
    if (rc == SQLITE_ROW)
        answered = answer(req, reading, row, last);
    else if (rc == SQLITE_DONE)
        evt_reply_problem(req, 404, UNKNOWN);
    else
        evt_edge_unreadable(req, reading->partition);
    sqlite3_reset(row); /* ends the read */
    if (answered)
        evt_free(reading);
    return answered;
}

static void read_order(struct evt_request *req, const char *order_id, int64_t wait_ms, int status)
{
    struct reading *reading = evt_zalloc(sizeof(*reading));

    reading->edge = evt_request_arg(req);
    reading->status = status;
    reading->partition =
        evt_partition_of(order_id, strlen(order_id), evt_edge_partitions(reading->edge));
    snprintf(reading->order_id, sizeof(reading->order_id), "%s", order_id);
    evt_edge_await(reading->edge, req, order_id, wait_ms, look, reading);
}

/* One that cannot be an id is nobody's. */
const char *api_path_id(struct evt_request *req)
{
    const char *order_id = evt_request_value(req, "id");

    if (order_id_check(order_id, NULL) == EVT_OK)
        return order_id;
    evt_reply_problem(req, 404, UNKNOWN);
    return NULL;
}

void api_get(struct evt_request *req)
{
    const char *order_id = api_path_id(req);
    int64_t wait_ms;

    if (order_id && evt_edge_wait_ms(req, &wait_ms) &&
        !evt_edge_passed_on(evt_request_arg(req), req, order_id))
        read_order(req, order_id, wait_ms, 200);
}

void api_show_end(struct evt_request *req, const char *order_id, int64_t wait_ms)
{
    read_order(req, order_id, wait_ms, 202);
}

/* Ids from other ways than ours may have any characters. */
void api_location(char location[API_LOCATION_MAX], const char *order_id)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t at = (size_t)snprintf(location, API_LOCATION_MAX, "/v1/orders/");

    for (; *order_id; order_id++)
        at +=
            (size_t)snprintf(location + at, API_LOCATION_MAX - at,
                             strchr(plain, *order_id) ? "%c" : "%%%02X", (unsigned char)*order_id);
}

/* ---- all ---- */

void api_list(struct evt_request *req)
{
    static const struct evt_list orders = {.path = "/v1/orders",
                                           .name = "orders",
                                           .sql = ORDER_PAGE,
                                           .show = order_json};

    evt_edge_list(evt_request_arg(req), req, &orders);
}

/* ---- what it went through ---- */

/* 1: there is one, 0: there is none, -1: the store cannot be read. */
static int has_order(sqlite3 *db, const char *order_id)
{
    sqlite3_stmt *row = NULL;
    int rc = sqlite3_prepare_v2(db, ORDER_SHOW, -1, &row, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_bind_text(row, 1, order_id, -1, SQLITE_STATIC);
        rc = sqlite3_step(row);
    }
    sqlite3_finalize(row);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* How it ended, with the end. */
static void tell_end(sqlite3 *db, const char *order_id, json_t *end)
{
    sqlite3_stmt *row = NULL;

    if (sqlite3_prepare_v2(db, ORDER_SHOW, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_bind_text(row, 1, order_id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        json_object_set_new(end, "status", json_string(text(row, STATUS)));
        json_object_set_new(end, "reason", text_or_null(row, REASON));
    }
    sqlite3_finalize(row);
}

/* The history is forgotten before the order is. */
static enum evt_follow read_events(sqlite3 *db, const char *order_id, int64_t *after,
                                   struct evt_buf *out)
{
    const enum evt_follow state = evt_saga_follow(db, ORDER_SAGA, order_id, after, out, tell_end);
    int has;

    if (state != EVT_FOLLOW_NONE)
        return state;
    has = has_order(db, order_id);
    return has < 0 ? EVT_FOLLOW_UNREADABLE : has ? EVT_FOLLOW_END : EVT_FOLLOW_NONE;
}

void api_events(struct evt_request *req)
{
    const char *order_id = api_path_id(req);

    if (order_id)
        evt_edge_follow(evt_request_arg(req), req, order_id, read_events, UNKNOWN);
}

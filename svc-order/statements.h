/* Statements: all the SQL of this service, on one page. Each is prepared once, and is run only by
 * the store_<noun>_<verb> that goes with its name. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define ORDER_COLUMNS                                                                              \
    "order_key, order_id, status, lines, total_minor, currency, payment_token, email, name,"       \
    " street, postcode, city, country, reason, refunded_minor, mail, placed_ms, changed_ms"

#define STATEMENT_MAP(X)                                                                           \
    X(ORDER_GET, "SELECT " ORDER_COLUMNS " FROM orders WHERE order_id = ?1")                       \
    X(ORDER_ADD, "INSERT INTO orders (order_id, status, lines, total_minor, currency,"             \
                 " payment_token, email, name, street, postcode, city, country, reason,"           \
                 " refunded_minor, mail, placed_ms, changed_ms)"                                   \
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, '', 0, '', ?13,"     \
                 " ?13)")                                                                          \
    X(ORDER_PUT, "UPDATE orders SET status = ?2, reason = ?3, refunded_minor = ?4, mail = ?5,"     \
                 " changed_ms = ?6 WHERE order_key = ?1")                                          \
    X(LINE_ADD, "INSERT INTO order_line (order_key, line, sku, quantity)"                          \
                " SELECT order_key, ?2, ?3, ?4 FROM orders WHERE order_id = ?1")                   \
    X(LINE_PUT, "UPDATE order_line SET price_minor = ?3 WHERE order_key = ?1 AND line = ?2")       \
    X(LINE_LIST, "SELECT sku, quantity, coalesce(price_minor, -1) FROM order_line"                 \
                 " WHERE order_key = ?1 ORDER BY line")

/* What the HTTP side reads, on connections of its own. */
#define ORDER_SHOW_COLUMNS                                                                         \
    "order_key, order_id, status, total_minor, currency, reason, refunded_minor, mail, placed_ms," \
    " changed_ms"
#define ORDER_SHOW "SELECT " ORDER_SHOW_COLUMNS " FROM orders WHERE order_id = ?1"
#define ORDER_SHOW_LINES                                                                           \
    "SELECT sku, quantity, price_minor FROM order_line WHERE order_key = ?1 ORDER BY line"
#define ORDER_PAGE                                                                                 \
    "SELECT " ORDER_SHOW_COLUMNS " FROM orders WHERE order_key > ?1 ORDER BY order_key LIMIT ?2"

enum statement {
#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
    STATEMENT_MAP(STATEMENT_ENUM)
#undef STATEMENT_ENUM
};

extern const char *const order_statements[]; /* by the enum, ends with NULL */

#endif

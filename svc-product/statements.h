/* Statements: all the SQL of this service, on one page. Each is prepared once, and is run only by
 * the store_<noun>_<verb> that goes with its name. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define STATEMENT_MAP(X)                                                                           \
    X(PRODUCT_GET, "SELECT product_id, price_minor, currency, version, withdrawn,"                 \
                   " received, committed, reserved FROM product WHERE sku = ?1")                   \
    X(PRODUCT_ADD, "INSERT INTO product (sku, name, price_minor, currency, version, withdrawn,"    \
                   " received, committed, reserved) VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0)")      \
    X(PRODUCT_PUT, "UPDATE product SET price_minor = ?2, currency = ?3, version = ?4,"             \
                   " withdrawn = ?5, received = ?6, committed = ?7, reserved = ?8"                 \
                   " WHERE product_id = ?1")                                                       \
    X(RESERVATION_GET, "SELECT reservation_id, state, sku, quantity, price_minor, currency,"       \
                       " deadline_ms, refusal, timer_id"                                           \
                       " FROM reservation WHERE order_id = ?1 AND line = ?2")                      \
    X(RESERVATION_ADD, "INSERT INTO reservation (order_id, line, state, sku, quantity,"            \
                       " price_minor, currency, deadline_ms, refusal, timer_id, forget_ms)"        \
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, nullif(?11, 0))")        \
    X(RESERVATION_END, "UPDATE reservation SET state = ?2, timer_id = 0, forget_ms = ?3"           \
                       " WHERE reservation_id = ?1")                                               \
    X(RESERVATION_OLD, "SELECT 1 FROM reservation WHERE forget_ms < ?1"                            \
                       " ORDER BY forget_ms, reservation_id LIMIT 1")                              \
    X(RESERVATION_FORGET, "DELETE FROM reservation WHERE reservation_id IN"                        \
                          " (SELECT reservation_id FROM reservation WHERE forget_ms < ?1"          \
                          "  ORDER BY forget_ms, reservation_id LIMIT ?2)")

/* What the HTTP side reads, on connections of its own. */
#define CATALOGUE_COLUMNS                                                                          \
    "product_id, sku, name, price_minor, currency, version, withdrawn, received, committed, "      \
    "reserved"
#define CATALOGUE_GET "SELECT " CATALOGUE_COLUMNS " FROM product WHERE sku = ?1"
#define CATALOGUE_PAGE                                                                             \
    "SELECT " CATALOGUE_COLUMNS " FROM product WHERE product_id > ?1 ORDER BY product_id LIMIT ?2"

enum statement {
#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
    STATEMENT_MAP(STATEMENT_ENUM)
#undef STATEMENT_ENUM
};

extern const char *const product_statements[]; /* by the enum, ends with NULL */

#endif

/* Statements: all the SQL of this service, on one page. Each is prepared once, and is run only by
 * the store_<noun>_<verb> that goes with its name. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define STATEMENT_MAP(X)                                                                           \
    X(PAYMENT_GET, "SELECT payment_id, state, amount_minor, currency, intent, code, reason,"       \
                   " closed, void_wanted, refund_wanted FROM payment WHERE order_id = ?1")         \
    X(PAYMENT_ADD, "INSERT INTO payment (order_id, state, amount_minor, currency, intent, code,"   \
                   " reason, closed, void_wanted, refund_wanted, asked_ms, changed_ms, forget_ms)" \
                   " VALUES (?1, ?2, ?3, ?4, '', '', '', ?5, 0, 0, ?6, ?6, nullif(?7, 0))")        \
    X(PAYMENT_PUT, "UPDATE payment SET state = ?2, intent = ?3, code = ?4, reason = ?5,"           \
                   " closed = ?6, void_wanted = ?7, refund_wanted = ?8, changed_ms = ?9,"          \
                   " forget_ms = nullif(?10, 0) WHERE payment_id = ?1")                            \
    X(PAYMENT_OLD, "SELECT 1 FROM payment WHERE forget_ms < ?1"                                    \
                   " ORDER BY forget_ms, payment_id LIMIT 1")                                      \
    X(PAYMENT_FORGET, "DELETE FROM payment WHERE payment_id IN"                                    \
                      " (SELECT payment_id FROM payment WHERE forget_ms < ?1"                      \
                      "  ORDER BY forget_ms, payment_id LIMIT ?2)")

/* What reconcile reads, on connections of its own. */
#define PAYMENT_ALL                                                                                \
    "SELECT order_id, state, amount_minor, currency, intent, asked_ms, changed_ms FROM payment"

enum statement {
#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
    STATEMENT_MAP(STATEMENT_ENUM)
#undef STATEMENT_ENUM
};

extern const char *const payment_statements[]; /* by the enum, ends with NULL */

#endif

/* Statements: all the SQL of this service, on one page. Each is prepared once, and is run only by
 * the store_<noun>_<verb> that goes with its name. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#define STATEMENT_MAP(X)                                                                           \
    X(MAIL_GET, "SELECT mail_id, state, deferrals, accepted_ms, timer_id, content, reason"         \
                " FROM mail WHERE order_id = ?1 AND kind = ?2")                                    \
    X(MAIL_ADD, "INSERT INTO mail (order_id, kind, recipient, state, deferrals, content, reason,"  \
                " accepted_ms, changed_ms, timer_id)"                                              \
                " VALUES (?1, ?2, ?3, ?4, 0, ?5, '', ?6, ?6, 0)")                                  \
    X(MAIL_PUT, "UPDATE mail SET state = ?2, deferrals = ?3, timer_id = ?4, content = ?5,"         \
                " reason = ?6, changed_ms = ?7, forget_ms = nullif(?8, 0) WHERE mail_id = ?1")     \
    X(MAIL_OLD, "SELECT 1 FROM mail WHERE forget_ms < ?1"                                          \
                " ORDER BY forget_ms, mail_id LIMIT 1")                                            \
    X(MAIL_FORGET, "DELETE FROM mail WHERE mail_id IN"                                             \
                   " (SELECT mail_id FROM mail WHERE forget_ms < ?1"                               \
                   "  ORDER BY forget_ms, mail_id LIMIT ?2)")

enum statement {
#define STATEMENT_ENUM(name, sql) STATEMENT_##name,
    STATEMENT_MAP(STATEMENT_ENUM)
#undef STATEMENT_ENUM
};

extern const char *const notify_statements[]; /* by the enum, ends with NULL */

#endif

/* Statements: all the SQL of the provider, on one page; each is prepared once, at its first use. */
#ifndef PSP_STATEMENTS_H
#define PSP_STATEMENTS_H

#define PSP_SCHEMA                                                                                 \
    "CREATE TABLE book (salt INTEGER NOT NULL) STRICT;"                                            \
    "CREATE TABLE intent (number INTEGER PRIMARY KEY, created_s INTEGER NOT NULL,"                 \
    " canceled_s INTEGER NOT NULL, amount INTEGER NOT NULL, capturable INTEGER NOT NULL,"          \
    " received INTEGER NOT NULL, refunded INTEGER NOT NULL, charged INTEGER NOT NULL,"             \
    " currency TEXT NOT NULL, capture_method TEXT NOT NULL, status TEXT NOT NULL, card TEXT,"      \
    " description TEXT, metadata TEXT NOT NULL, reason TEXT, last_error TEXT) STRICT;"             \
    "CREATE TABLE refund (number INTEGER PRIMARY KEY, created_s INTEGER NOT NULL,"                 \
    " intent INTEGER NOT NULL REFERENCES intent, amount INTEGER NOT NULL, status TEXT NOT NULL,"   \
    " reason TEXT, metadata TEXT NOT NULL, settles_ms INTEGER) STRICT;"                            \
    "CREATE INDEX refund_of_intent ON refund (intent, number);"                                    \
    "CREATE INDEX refund_settles ON refund (settles_ms) WHERE settles_ms IS NOT NULL;"             \
    "CREATE TABLE entry (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,"  \
    " intent INTEGER NOT NULL REFERENCES intent, refund INTEGER REFERENCES refund,"                \
    " amount INTEGER NOT NULL, currency TEXT NOT NULL) STRICT;"                                    \
    "CREATE INDEX entry_of_intent ON entry (intent, number);"                                      \
    "CREATE TABLE key (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"                     \
    " at_ms INTEGER NOT NULL, endpoint TEXT NOT NULL, params INTEGER NOT NULL,"                    \
    " status INTEGER NOT NULL, body TEXT NOT NULL) STRICT;"

#define PSP_INTENT_COLUMNS                                                                         \
    "number, created_s, canceled_s, amount, capturable, received, refunded, charged, currency,"    \
    " capture_method, status, card, description, metadata, reason, last_error"
#define PSP_REFUND_COLUMNS                                                                         \
    "r.number, r.created_s, r.intent, r.amount, r.status, r.reason, r.metadata, r.settles_ms,"     \
    " i.currency"

#define PSP_STATEMENT_MAP(X)                                                                       \
    X(BEGIN, "BEGIN")                                                                              \
    X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                                              \
    X(COMMIT, "COMMIT")                                                                            \
    X(ROLLBACK, "ROLLBACK")                                                                        \
    X(BOOK_SALT, "SELECT salt FROM book")                                                          \
    X(BOOK_ADD, "INSERT INTO book (salt) VALUES (?1)")                                             \
    X(BOOK_LAST, "SELECT ifnull((SELECT max(number) FROM intent), 0),"                             \
                 " ifnull((SELECT max(number) FROM refund), 0)")                                   \
    X(INTENT_GET, "SELECT " PSP_INTENT_COLUMNS " FROM intent WHERE number = ?1")                   \
    X(INTENT_LIST, "SELECT " PSP_INTENT_COLUMNS " FROM intent WHERE number < ?1"                   \
                   " ORDER BY number DESC LIMIT ?2")                                               \
    X(INTENT_ADD, "INSERT INTO intent (" PSP_INTENT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6,"    \
                  " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")                               \
    X(INTENT_PUT, "UPDATE intent SET canceled_s = ?2, capturable = ?3, received = ?4,"             \
                  " refunded = ?5, charged = ?6, status = ?7, card = ?8, reason = ?9,"             \
                  " last_error = ?10 WHERE number = ?1")                                           \
    X(REFUND_GET, "SELECT " PSP_REFUND_COLUMNS " FROM refund r JOIN intent i"                      \
                  " ON i.number = r.intent WHERE r.number = ?1")                                   \
    X(REFUND_LIST, "SELECT " PSP_REFUND_COLUMNS " FROM refund r JOIN intent i"                     \
                   " ON i.number = r.intent WHERE r.number < ?1 ORDER BY r.number DESC LIMIT ?2")  \
    X(REFUND_LIST_OF, "SELECT " PSP_REFUND_COLUMNS " FROM refund r JOIN intent i"                  \
                      " ON i.number = r.intent WHERE r.intent = ?3 AND r.number < ?1"              \
                      " ORDER BY r.number DESC LIMIT ?2")                                          \
    X(REFUND_ADD, "INSERT INTO refund (number, created_s, intent, amount, status, reason,"         \
                  " metadata, settles_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0))")     \
    X(REFUND_SETTLE, "UPDATE refund SET status = ?2, settles_ms = NULL WHERE number = ?1")         \
    X(REFUND_NEXT, "SELECT number, settles_ms FROM refund WHERE settles_ms IS NOT NULL"            \
                   " ORDER BY settles_ms, number LIMIT 1")                                         \
    X(ENTRY_ADD, "INSERT INTO entry (at_ms, kind, intent, refund, amount, currency)"               \
                 " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6)")                                    \
    X(ENTRY_LIST, "SELECT e.number, e.at_ms, e.kind, e.intent, e.refund, e.amount, e.currency,"    \
                  " i.metadata FROM entry e JOIN intent i ON i.number = e.intent"                  \
                  " WHERE e.number > ?1 ORDER BY e.number LIMIT ?2")                               \
    X(ENTRY_LIST_OF, "SELECT e.number, e.at_ms, e.kind, e.intent, e.refund, e.amount, e.currency," \
                     " i.metadata FROM entry e JOIN intent i ON i.number = e.intent"               \
                     " WHERE e.intent = ?3 AND e.number > ?1 ORDER BY e.number LIMIT ?2")          \
    X(ENTRY_TOTALS, "SELECT currency, kind, count(*), sum(amount) FROM entry"                      \
                    " GROUP BY currency, kind ORDER BY currency, kind")                            \
    X(KEY_GET, "SELECT number, at_ms, endpoint, params, status, body FROM key WHERE name = ?1")    \
    X(KEY_ADD, "INSERT INTO key (name, at_ms, endpoint, params, status, body)"                     \
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                                 \
    X(KEY_DROP, "DELETE FROM key WHERE number = ?1")                                               \
    X(KEY_PRUNE, "DELETE FROM key WHERE number IN (SELECT number FROM key ORDER BY number"         \
                 " LIMIT 2) AND at_ms <= ?1")

enum psp_statement {
#define PSP_STATEMENT_ENUM(name, sql) PSP_##name,
    PSP_STATEMENT_MAP(PSP_STATEMENT_ENUM)
#undef PSP_STATEMENT_ENUM
        PSP_STATEMENTS_N
};

#endif

/* Statements: the table that the service declares. */
#include "statements.h"

#include <stddef.h>

const char *const payment_statements[] = {
#define STATEMENT_SQL(name, sql) [STATEMENT_##name] = sql,
    STATEMENT_MAP(STATEMENT_SQL)
#undef STATEMENT_SQL
        NULL,
};

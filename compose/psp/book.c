/* Book: transactions and statements, on one connection, which one thread uses. */
#include "book_internal.h"

#include <evt/mem.h>

#include <stdarg.h>

static const char *const sql_of[] = {
#define SQL_OF(name, sql) sql,
    PSP_STATEMENT_MAP(SQL_OF)
#undef SQL_OF
};

void psp_book_failed(struct psp_book *book)
{
    if (book->err.code == EVT_OK)
        (void)evt_fail(&book->err, EVT_E_IO, "the provider's book: %s", sqlite3_errmsg(book->db));
}

static sqlite3_stmt *prepared(struct psp_book *book, enum psp_statement statement)
{
    sqlite3_stmt **at = &book->statements[statement];

    if (!*at && sqlite3_prepare_v3(book->db, sql_of[statement], -1, SQLITE_PREPARE_PERSISTENT, at,
                                   NULL) != SQLITE_OK)
        psp_book_failed(book);
    return *at;
}

/* Values are the caller's until the statement was stepped through. */
static void bind(sqlite3_stmt *stmt, const char *types, va_list args)
{
    for (int i = 0; types[i]; i++) {
        if (types[i] == 'l')
            sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
        else
            sqlite3_bind_text(stmt, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
    }
}

sqlite3_stmt *psp_book_next(struct psp_book *book, sqlite3_stmt *row)
{
    const int rc = sqlite3_step(row);

    if (rc == SQLITE_ROW)
        return row;
    if (rc != SQLITE_DONE)
        psp_book_failed(book);
    psp_book_done(row);
    return NULL;
}

void psp_book_done(sqlite3_stmt *row)
{
    if (!row)
        return;
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
}

static sqlite3_stmt *start(struct psp_book *book, enum psp_statement statement, const char *types,
                           va_list args)
{
    sqlite3_stmt *stmt = book->err.code == EVT_OK ? prepared(book, statement) : NULL;

    if (!stmt)
        return NULL;
    bind(stmt, types, args);
    return psp_book_next(book, stmt);
}

sqlite3_stmt *psp_book_query(struct psp_book *book, enum psp_statement statement, const char *types,
                             ...)
{
    sqlite3_stmt *row;
    va_list args;

    va_start(args, types);
    row = start(book, statement, types, args);
    va_end(args);
    return row;
}

void psp_book_run(struct psp_book *book, enum psp_statement statement, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    psp_book_done(start(book, statement, types, args));
    va_end(args);
}

const char *psp_row_text(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

void psp_book_begin(struct psp_book *book, bool write)
{
    book->err.code = EVT_OK;
    psp_book_run(book, write ? PSP_BEGIN_WRITE : PSP_BEGIN, "");
}

bool psp_book_end(struct psp_book *book, bool keep, struct evt_error *err)
{
    if (keep)
        psp_book_run(book, PSP_COMMIT, "");
    if (!sqlite3_get_autocommit(book->db)) {
        sqlite3_stmt *rollback = prepared(book, PSP_ROLLBACK);

        EVT_BUG_ON(!rollback);
        sqlite3_step(rollback);
        sqlite3_reset(rollback);
    }
    if (book->err.code == EVT_OK)
        return true;
    *err = book->err;
    return false;
}

uint64_t psp_book_salt(const struct psp_book *book)
{
    return book->salt;
}

/* Of a transaction that is rolled back, a number stays unused. */
int64_t psp_book_next_intent(struct psp_book *book)
{
    return ++book->intents;
}

int64_t psp_book_next_refund(struct psp_book *book)
{
    return ++book->refunds;
}

/* Statements of a store: prepared once, bound by a type string, and SQLite's result codes as ours.
 */
#include "store_internal.h"

#include <evt/mem.h>

#include <stdarg.h>
#include <string.h>

static const char *const own_sql[] = {
#define EVT_OWN_TEXT(name, text) [EVT_OWN_##name] = text,
    EVT_OWN_SQL(EVT_OWN_TEXT)
#undef EVT_OWN_TEXT
};

static enum evt_err code_of(int rc, enum evt_speaker speaker)
{
    switch (rc) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
        return EVT_E_STORE_FSYNC; /* the page cache is unknown: only a restart knows what is there
                                   */
    case SQLITE_IOERR_NOMEM:
        return EVT_E_NOMEM;
    case SQLITE_IOERR_CORRUPTFS:
        return EVT_E_STORE_CORRUPT;
    }
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
        return EVT_E_BUSY;
    case SQLITE_FULL:
        return EVT_E_DISK_FULL;
    case SQLITE_IOERR:
        return EVT_E_IO;
    case SQLITE_NOMEM:
        return EVT_E_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EVT_E_STORE_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return EVT_E_STORE_READONLY;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        /* The same message would break it again: it is the message's fault, not the machine's. */
        return speaker == EVT_SPEAKER_HANDLER ? EVT_E_INVARIANT : EVT_E_STORE_SQL;
    default:
        return EVT_E_STORE_SQL;
    }
}

static enum evt_err fail(struct evt_store *st, int rc, enum evt_speaker speaker,
                         struct evt_error *err)
{
    enum evt_err code = code_of(rc, speaker);

    if (st->refused[0]) {
        code = evt_fail(err, EVT_E_STORE_SQL, "%s", st->refused);
        st->refused[0] = '\0';
        return code;
    }
    return evt_fail(err, code, "%s", st->db ? sqlite3_errmsg(st->db) : sqlite3_errstr(rc));
}

static const char *constraint_str(int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return "UNIQUE";
    case SQLITE_CONSTRAINT_CHECK:
        return "CHECK";
    case SQLITE_CONSTRAINT_NOTNULL:
        return "NOT NULL";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return "FOREIGN KEY";
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_MISMATCH:
        return "the type of a column";
    default:
        return "a constraint";
    }
}

/* A handler's refused statement becomes rows and messages, so the words are ours: SQLite's own
 * differ between its versions. */
static enum evt_err fail_in(struct evt_store *st, sqlite3_stmt *stmt, int rc,
                            enum evt_speaker speaker, struct evt_error *err)
{
    if (code_of(rc, speaker) != EVT_E_INVARIANT)
        return fail(st, rc, speaker, err);
    return evt_fail(err, EVT_E_INVARIANT, "%s in %.100s", constraint_str(rc), sqlite3_sql(stmt));
}

enum evt_err evt_store_fail(struct evt_store *st, int rc, struct evt_error *err)
{
    return fail(st, rc, EVT_SPEAKER_LIBRARY, err);
}

enum evt_err evt__store_prepare(struct evt_store *st, enum evt_speaker speaker, const char *sql,
                                sqlite3_stmt **ret_stmt, struct evt_error *err)
{
    int rc;

    st->speaker = speaker;
    rc = sqlite3_prepare_v3(st->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_stmt, NULL);
    st->speaker = EVT_SPEAKER_LIBRARY;
    return rc == SQLITE_OK ? EVT_OK : fail(st, rc, speaker, err);
}

enum evt_err evt__store_step(struct evt_store *st, sqlite3_stmt *stmt, bool *ret_row,
                             struct evt_error *err)
{
    int rc = sqlite3_step(stmt);

    *ret_row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return EVT_OK;
    return fail(st, rc, EVT_SPEAKER_LIBRARY, err);
}

enum evt_err evt__store_exec(struct evt_store *st, enum evt_speaker speaker, const char *sql,
                             struct evt_error *err)
{
    int rc;

    st->speaker = speaker;
    rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);
    st->speaker = EVT_SPEAKER_LIBRARY;
    return rc == SQLITE_OK ? EVT_OK : fail(st, rc, EVT_SPEAKER_LIBRARY, err);
}

static int bind_one(sqlite3_stmt *stmt, int i, char type, va_list *args)
{
    const void *bytes;
    size_t len;

    switch (type) {
    case 'i':
        return sqlite3_bind_int(stmt, i, va_arg(*args, int32_t));
    case 'l':
        return sqlite3_bind_int64(stmt, i, va_arg(*args, int64_t));
    case 't':
        return sqlite3_bind_text(stmt, i, va_arg(*args, const char *), -1, SQLITE_STATIC);
    case 'b':
        bytes = va_arg(*args, const void *);
        len = va_arg(*args, size_t);
        return sqlite3_bind_blob64(stmt, i, bytes, len, SQLITE_STATIC);
    default:
        return SQLITE_MISUSE;
    }
}

/* Values are borrowed until the statement is reset, which every path below does before it returns,
 * or the caller does by taking rows to their end. */
static int bind_all(sqlite3_stmt *stmt, const char *types, va_list *args)
{
    int rc = SQLITE_OK;

    for (int i = 1; *types && rc == SQLITE_OK; i++, types++)
        rc = bind_one(stmt, i, *types, args);
    EVT_BUG_ON(rc == SQLITE_MISUSE || rc == SQLITE_RANGE);
    return rc;
}

static enum evt_err run(struct evt_store *st, sqlite3_stmt *stmt, enum evt_speaker speaker,
                        struct evt_error *err, const char *types, va_list *args)
{
    enum evt_err code = EVT_OK;
    int rc = bind_all(stmt, types, args);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        code = fail_in(st, stmt, rc, speaker, err);
    sqlite3_reset(stmt);
    return code;
}

static enum evt_err next(struct evt_store *st, sqlite3_stmt **row, enum evt_speaker speaker,
                         struct evt_error *err)
{
    enum evt_err code = EVT_OK;
    int rc = sqlite3_step(*row);

    if (rc == SQLITE_ROW)
        return EVT_OK;
    if (rc != SQLITE_DONE)
        code = fail_in(st, *row, rc, speaker, err);
    sqlite3_reset(*row);
    *row = NULL;
    return code;
}

static enum evt_err query(struct evt_store *st, sqlite3_stmt *stmt, enum evt_speaker speaker,
                          sqlite3_stmt **ret_row, struct evt_error *err, const char *types,
                          va_list *args)
{
    sqlite3_stmt *row = stmt;
    enum evt_err code;
    int rc = bind_all(stmt, types, args);

    if (rc != SQLITE_OK)
        return fail(st, rc, speaker, err);
    code = next(st, &row, speaker, err);
    if (code == EVT_OK)
        *ret_row = row;
    return code;
}

static enum evt_err service_statement(struct evt_store *st, int statement, sqlite3_stmt **ret_stmt,
                                      struct evt_error *err)
{
    enum evt_err code = EVT_OK;

    EVT_BUG_ON(statement < 0 || (size_t)statement >= st->statements_n);
    if (!st->statements[statement])
        code = evt__store_prepare(st, EVT_SPEAKER_HANDLER, st->opt.statements[statement],
                                  &st->statements[statement], err);
    if (code != EVT_OK)
        return evt_wrap(err, code, "%s", st->opt.statements[statement]);
    *ret_stmt = st->statements[statement];
    return EVT_OK;
}

static enum evt_err own_statement(struct evt_store *st, enum evt_own_sql which,
                                  sqlite3_stmt **ret_stmt, struct evt_error *err)
{
    enum evt_err code = EVT_OK;

    if (!st->own[which])
        code = evt__store_prepare(st, EVT_SPEAKER_LIBRARY, own_sql[which], &st->own[which], err);
    *ret_stmt = st->own[which];
    return code;
}

enum evt_err evt__own_ready(struct evt_store *st, enum evt_own_sql which, struct evt_error *err)
{
    sqlite3_stmt *stmt;

    return own_statement(st, which, &stmt, err);
}

enum evt_err evt_store_run(struct evt_store *st, int statement, struct evt_error *err,
                           const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    enum evt_err code = service_statement(st, statement, &stmt, err);

    if (code != EVT_OK)
        return code;
    va_start(args, types);
    code = run(st, stmt, EVT_SPEAKER_HANDLER, err, types, &args);
    va_end(args);
    return code;
}

enum evt_err evt_store_query(struct evt_store *st, int statement, sqlite3_stmt **ret_row,
                             struct evt_error *err, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    enum evt_err code = service_statement(st, statement, &stmt, err);

    if (code != EVT_OK)
        return code;
    va_start(args, types);
    code = query(st, stmt, EVT_SPEAKER_HANDLER, ret_row, err, types, &args);
    va_end(args);
    return code;
}

enum evt_err evt__own_run(struct evt_store *st, enum evt_own_sql which, struct evt_error *err,
                          const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    enum evt_err code = own_statement(st, which, &stmt, err);

    if (code != EVT_OK)
        return code;
    va_start(args, types);
    code = run(st, stmt, EVT_SPEAKER_LIBRARY, err, types, &args);
    va_end(args);
    return code;
}

enum evt_err evt__own_query(struct evt_store *st, enum evt_own_sql which, sqlite3_stmt **ret_row,
                            struct evt_error *err, const char *types, ...)
{
    sqlite3_stmt *stmt;
    va_list args;
    enum evt_err code = own_statement(st, which, &stmt, err);

    if (code != EVT_OK)
        return code;
    va_start(args, types);
    code = query(st, stmt, EVT_SPEAKER_LIBRARY, ret_row, err, types, &args);
    va_end(args);
    return code;
}

enum evt_err evt_store_next(struct evt_store *st, sqlite3_stmt **row, struct evt_error *err)
{
    return next(st, row, EVT_SPEAKER_HANDLER, err);
}

void evt_store_done(sqlite3_stmt *row)
{
    sqlite3_reset(row);
}

const char *evt_row_text(sqlite3_stmt *row, int column)
{
    bool is_null = sqlite3_column_type(row, column) == SQLITE_NULL;
    const char *text = (const char *)sqlite3_column_text(row, column);

    /* Text without memory for its NUL: to go on with "" would decide something else. */
    EVT_BUG_ON(!text && !is_null);
    return text ? text : "";
}

enum evt_err evt_store_prepare_all(struct evt_store *st, struct evt_error *err)
{
    sqlite3_stmt *stmt;
    enum evt_err code = EVT_OK;

    for (size_t i = 0; i < st->statements_n && code == EVT_OK; i++)
        code = service_statement(st, (int)i, &stmt, err);
    return code;
}

void evt__store_reset_statements(struct evt_store *st)
{
    for (size_t i = 0; i < st->statements_n; i++)
        sqlite3_reset(st->statements[i]);
    for (size_t i = 0; i < EVT_OWN_COUNT; i++)
        sqlite3_reset(st->own[i]);
}

void evt__store_forget_statements(struct evt_store *st)
{
    for (size_t i = 0; i < st->statements_n; i++) {
        sqlite3_finalize(st->statements[i]);
        st->statements[i] = NULL;
    }
    for (size_t i = 0; i < EVT_OWN_COUNT; i++) {
        sqlite3_finalize(st->own[i]);
        st->own[i] = NULL;
    }
}

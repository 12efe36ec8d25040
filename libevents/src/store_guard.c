/* The purity guard of a store: what handlers and migrations may say to SQLite.
 *
 * A store must be a function of its log. So functions that read a clock, chance or the connection's
 * history raise when they are called (preparing a statement shows too little: a DEFAULT passes the
 * authorizer), handlers see neither libevents' tables nor the local ones, and a table whose rows
 * could come in an accidental order or hold an inexact number is refused by name. */
#include "store_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const impure[] = {
    "random",
    "randomblob",
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
    "current_time",
    "current_date",
    "changes",
    "total_changes",
    "last_insert_rowid",
    "current_timestamp",
    "sqlite_version",
    "sqlite_source_id",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_offset",
};

static void raise_impure(sqlite3_context *context, int n, sqlite3_value **values)
{
    char text[96];

    (void)n;
    (void)values;
    snprintf(text, sizeof(text), "%s() is not a function of the log",
             (const char *)sqlite3_user_data(context));
    sqlite3_result_error(context, text, -1);
}

static bool begins_with(const char *text, const char *prefix)
{
    return text && strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static int refuse(struct evt_store *st, const char *what, const char *name)
{
    snprintf(st->refused, sizeof(st->refused), "%s %s", what, name ? name : "");
    return SQLITE_DENY;
}

static int authorize_handler(struct evt_store *st, int action, const char *first,
                             const char *second)
{
    /* So SQLite calls the number of a row that the table did not declare: VACUUM INTO, which takes
     * the snapshots, may change it. */
    if (action == SQLITE_READ && second && strcmp(second, "ROWID") == 0)
        return refuse(st, "a handler may not read the undeclared rowid of", first);
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        if (begins_with(first, "evt_"))
            return refuse(st, "a handler may not touch libevents' table", first);
        if (begins_with(first, "local_"))
            return refuse(st, "a handler may not touch the local table", first);
        if (begins_with(first, "sqlite_"))
            return refuse(st, "a handler may not touch SQLite's table", first);
        return SQLITE_OK;
    default:
        return refuse(st, "a handler's statement may only select, insert, update and delete", NULL);
    }
}

static int authorize_migration(struct evt_store *st, int action, const char *first)
{
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return refuse(
            st, "a migration runs inside the store's transaction and may not begin or end one",
            NULL);
    case SQLITE_PRAGMA:
        if (strcmp(first, "quick_check") == 0)
            return SQLITE_OK; /* ALTER TABLE asks for it by itself */
        __attribute__((fallthrough));
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return refuse(st, "a migration may not attach a file or set a pragma:", first);
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_TEMP_TRIGGER:
        return refuse(st, "a migration may not create the trigger", first);
    case SQLITE_CREATE_VTABLE:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_CREATE_TEMP_INDEX:
        return refuse(st, "a migration may not create the virtual or temporary table", first);
    case SQLITE_CREATE_TABLE:
    case SQLITE_DROP_TABLE:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_READ:
        if (begins_with(first, "evt_"))
            return refuse(st, "a migration may not touch libevents' table", first);
        return SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

static int authorize(void *arg, int action, const char *first, const char *second, const char *base,
                     const char *inner)
{
    struct evt_store *st = arg;

    (void)base;
    (void)inner;
    switch (st->speaker) {
    case EVT_SPEAKER_LIBRARY:
        return SQLITE_OK;
    case EVT_SPEAKER_MIGRATION:
        return authorize_migration(st, action, first);
    case EVT_SPEAKER_HANDLER:
        return authorize_handler(st, action, first, second);
    }
    return SQLITE_DENY;
}

enum evt_err evt__guard_install(struct evt_store *st, struct evt_error *err)
{
    /* Of any number of arguments: a function of the connection's hides the built-in of its name. */
    for (size_t i = 0; i < sizeof(impure) / sizeof(impure[0]); i++) {
        int rc = sqlite3_create_function_v2(st->db, impure[i], -1, SQLITE_UTF8,
                                            (void *)(uintptr_t)impure[i], raise_impure, NULL, NULL,
                                            NULL);
        if (rc != SQLITE_OK)
            return evt_store_fail(st, rc, err);
    }
    sqlite3_set_authorizer(st->db, authorize, st);
    return EVT_OK;
}

/* A DEFAULT that is more than a literal is an expression that nobody checks. */
static bool is_literal(const char *text)
{
    static const char *const words[] = {"null", "true", "false"};
    size_t len = strlen(text);

    if ((text[0] == '\'' && text[len - 1] == '\'') || begins_with(text, "x'"))
        return true;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return len > 0 && strspn(text, "+-0123456789xabcdefABCDEF") == len &&
           strpbrk(text, "0123456789");
}

static enum evt_err check_column(sqlite3_stmt *column, const char *table, struct evt_error *err)
{
    const char *name = evt_row_text(column, 1), *type = evt_row_text(column, 2);
    const char *fallback = (const char *)sqlite3_column_text(column, 4);

    if (strcasecmp(type, "REAL") == 0 || strcasecmp(type, "ANY") == 0)
        return evt_fail(err, EVT_E_PURITY, "%s.%s is %s: store whole numbers, text or bytes", table,
                        name, type);
    if (fallback && !is_literal(fallback))
        return evt_fail(err, EVT_E_PURITY, "%s.%s: DEFAULT %s is not a literal", table, name,
                        fallback);
    return EVT_OK;
}

static enum evt_err check_columns(struct evt_store *st, const char *table, struct evt_error *err)
{
    sqlite3_stmt *column = NULL;
    char sql[256];
    bool has_key = false, more = false;
    enum evt_err rc;

    snprintf(sql, sizeof(sql), "SELECT * FROM pragma_table_xinfo('%s')", table);
    rc = evt__store_prepare(st, EVT_SPEAKER_LIBRARY, sql, &column, err);
    while (rc == EVT_OK && (rc = evt__store_step(st, column, &more, err)) == EVT_OK && more) {
        has_key = has_key || sqlite3_column_int(column, 5) != 0;
        rc = check_column(column, table, err);
    }
    if (rc == EVT_OK && !has_key)
        rc = evt_fail(err, EVT_E_PURITY,
                      "%s has no declared PRIMARY KEY: its rows would have no order", table);
    sqlite3_finalize(column);
    return rc;
}

/* INITIALLY DEFERRED, with any space between the two. */
static bool is_deferred(const char *sql)
{
    while ((sql = strcasestr(sql, "initially"))) {
        sql += strlen("initially");
        sql += strspn(sql, " \t\r\n\f");
        if (begins_with(sql, "deferred"))
            return true;
    }
    return false;
}

static enum evt_err check_words(const char *table, const char *sql, struct evt_error *err)
{
    if (strcasestr(sql, "autoincrement"))
        return evt_fail(err, EVT_E_PURITY, "%s uses AUTOINCREMENT: take numbers from the content",
                        table);
    if (is_deferred(sql))
        return evt_fail(err, EVT_E_PURITY,
                        "%s has a deferred constraint: it would fail at COMMIT, after the sends",
                        table);
    return EVT_OK;
}

static bool is_ours(const char *table)
{
    return begins_with(table, "evt_") || begins_with(table, "local_") ||
           begins_with(table, "sqlite_");
}

static enum evt_err check_tables(struct evt_store *st, struct evt_error *err)
{
    sqlite3_stmt *table = NULL;
    bool more = false;
    enum evt_err rc =
        evt__store_prepare(st, EVT_SPEAKER_LIBRARY,
                           "SELECT t.name, t.strict, s.sql FROM pragma_table_list t"
                           " JOIN sqlite_schema s ON s.type='table' AND s.name=t.name"
                           " WHERE t.schema='main' AND t.type='table' ORDER BY t.name",
                           &table, err);

    while (rc == EVT_OK && (rc = evt__store_step(st, table, &more, err)) == EVT_OK && more) {
        const char *name = evt_row_text(table, 0);

        if (is_ours(name))
            continue;
        if (strpbrk(name, "'\"") || strlen(name) > 64)
            rc = evt_fail(err, EVT_E_PURITY, "%.64s: a table's name is at most 64 plain characters",
                          name);
        else if (!sqlite3_column_int(table, 1))
            rc = evt_fail(err, EVT_E_PURITY, "%s is not STRICT", name);
        else
            rc = check_columns(st, name, err);
        if (rc == EVT_OK)
            rc = check_words(name, evt_row_text(table, 2), err);
    }
    sqlite3_finalize(table);
    return rc;
}

/* What was checked: SQLite counts the changes of a schema, and the statements are in the binary. */
static enum evt_err checked_hash(struct evt_store *st, int64_t *ret_hash, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    struct evt_sip sip;
    bool more = false;
    enum evt_err rc =
        evt__store_prepare(st, EVT_SPEAKER_LIBRARY, "PRAGMA schema_version", &row, err);

    if (rc == EVT_OK)
        rc = evt__store_step(st, row, &more, err);
    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, 1); /* of this check: a stricter one checks every store again */
    if (rc == EVT_OK && more)
        evt_sip_add_u64(&sip, (uint64_t)sqlite3_column_int64(row, 0));
    for (size_t i = 0; i < st->statements_n; i++)
        evt_sip_add_field(&sip, st->opt.statements[i], strlen(st->opt.statements[i]));
    sqlite3_finalize(row);
    *ret_hash = (int64_t)evt_sip_end(&sip);
    return rc;
}

/* A wrong table or statement shows at start, not at its first message; what was found right once is
 * not looked at again. */
enum evt_err evt__guard_check_schema(struct evt_store *st, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int64_t now = 0, before = 0;
    enum evt_err rc = checked_hash(st, &now, err);

    if (rc == EVT_OK)
        rc = evt__own_query(st, EVT_OWN_CHECKED_GET, &row, err, "");
    if (rc == EVT_OK && row)
        before = sqlite3_column_int64(row, 0);
    evt_store_done(row);
    if (rc != EVT_OK || now == before)
        return rc;
    rc = check_tables(st, err);
    if (rc == EVT_OK)
        rc = evt_store_prepare_all(st, err);
    return rc == EVT_OK ? evt__own_run(st, EVT_OWN_CHECKED_PUT, err, "l", now) : rc;
}

/* Content hash of a store: two stores with equal rows have equal hashes.
 *
 * Rows are read in the order of their declared primary key, which every table that the log
 * determines must have, so neither page layout nor the order of insertion shows. */
#include "store_internal.h"

#include <evt/buf.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <string.h>

/* Of libevents' row only what the log determines. */
#define META_COLUMNS                                                                               \
    "service, partition, generation, declared, lineage, pos, pos_hash, roll, now_ms, counter"

static void add_value(struct evt_sip *sip, sqlite3_stmt *row, int column)
{
    int type = sqlite3_column_type(row, column);
    const void *bytes;

    evt_sip_add_u64(sip, (uint64_t)type);
    switch (type) {
    case SQLITE_INTEGER:
        evt_sip_add_u64(sip, (uint64_t)sqlite3_column_int64(row, column));
        break;
    case SQLITE_TEXT:
        bytes = sqlite3_column_text(row, column);
        evt_sip_add_field(sip, bytes, (size_t)sqlite3_column_bytes(row, column));
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(row, column);
        evt_sip_add_field(sip, bytes, (size_t)sqlite3_column_bytes(row, column));
        break;
    default: /* NULL; the guard lets no REAL in */
        break;
    }
}

static enum evt_err hash_rows(struct evt_store *st, const char *sql, int64_t *ret_rows,
                              uint64_t *ret_hash, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    struct evt_sip sip;
    bool more = false;
    enum evt_err rc = evt__store_prepare(st, EVT_SPEAKER_LIBRARY, sql, &row, err);

    if (rc != EVT_OK)
        return rc;
    *ret_rows = 0;
    evt_sip_init(&sip);
    while ((rc = evt__store_step(st, row, &more, err)) == EVT_OK && more) {
        for (int i = 0; i < sqlite3_column_count(row); i++)
            add_value(&sip, row, i);
        ++*ret_rows;
    }
    sqlite3_finalize(row);
    *ret_hash = evt_sip_end(&sip);
    return rc;
}

/* SELECT * FROM "t" ORDER BY its primary key; `keys` lists a table's. */
static enum evt_err table_sql(struct evt_store *st, const char *table, sqlite3_stmt *keys,
                              struct evt_buf *sql, struct evt_error *err)
{
    const char *separator = "";
    bool more = false;
    enum evt_err rc;

    evt_buf_clear(sql);
    if (strcmp(table, "evt_meta") == 0) {
        evt_buf_add_text(sql, "SELECT " META_COLUMNS " FROM evt_meta");
        return EVT_OK;
    }
    sqlite3_reset(keys);
    sqlite3_bind_text(keys, 1, table, -1, SQLITE_STATIC);
    evt_buf_printf(sql, "SELECT * FROM \"%s\" ORDER BY ", table);
    while ((rc = evt__store_step(st, keys, &more, err)) == EVT_OK && more) {
        evt_buf_printf(sql, "%s\"%s\"", separator, evt_row_text(keys, 0));
        separator = ", ";
    }
    return rc;
}

static enum evt_err prepare(struct evt_store *st, sqlite3_stmt **tables, sqlite3_stmt **keys,
                            struct evt_error *err)
{
    enum evt_err rc = evt__store_prepare(st, EVT_SPEAKER_LIBRARY,
                                         "SELECT name FROM sqlite_schema WHERE type='table' AND"
                                         " name NOT LIKE 'local\\_%' ESCAPE '\\' AND"
                                         " name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                                         tables, err);

    if (rc != EVT_OK)
        return rc;
    return evt__store_prepare(st, EVT_SPEAKER_LIBRARY,
                              "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk",
                              keys, err);
}

enum evt_err evt_store_content_hash(struct evt_store *st, uint64_t *ret_hash,
                                    void (*each)(void *arg, const char *table, int64_t rows,
                                                 uint64_t hash),
                                    void *arg, struct evt_error *err)
{
    sqlite3_stmt *tables = NULL, *keys = NULL;
    struct evt_buf sql = {0};
    struct evt_sip sip;
    bool more = false;
    enum evt_err rc = prepare(st, &tables, &keys, err);

    evt_sip_init(&sip);
    while (rc == EVT_OK && (rc = evt__store_step(st, tables, &more, err)) == EVT_OK && more) {
        const char *name = evt_row_text(tables, 0);
        int64_t rows = 0;
        uint64_t hash = 0;

        rc = table_sql(st, name, keys, &sql, err);
        if (rc == EVT_OK)
            rc = hash_rows(st, evt_buf_text(&sql), &rows, &hash, err);
        if (rc == EVT_OK && each)
            each(arg, name, rows, hash);
        evt_sip_add_field(&sip, name, strlen(name));
        evt_sip_add_u64(&sip, hash);
    }
    sqlite3_finalize(keys);
    sqlite3_finalize(tables);
    evt_buf_release(&sql);
    if (rc == EVT_OK)
        *ret_hash = evt_sip_end(&sip);
    return rc;
}

/* Schema of a store: libevents' own tables, and the service's numbered migrations. */
#include "store_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

/* Changes with these tables. A store of another format is refused: rebuild it from its log. */
#define FORMAT 2

static const char own_tables[] =
    /* One row: where the store stands in its log. `held_back` and `checked` are not of the log. */
    "CREATE TABLE evt_meta (one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL,"
    " service TEXT NOT NULL, partition INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " declared INTEGER NOT NULL, lineage TEXT NOT NULL, pos INTEGER NOT NULL,"
    " pos_hash INTEGER NOT NULL, roll INTEGER NOT NULL, now_ms INTEGER NOT NULL,"
    " counter INTEGER NOT NULL, held_back INTEGER NOT NULL, checked INTEGER NOT NULL) STRICT;"
    "CREATE TABLE evt_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
    " hash INTEGER NOT NULL) STRICT;"
    /* Per numbered source: the last number taken of its stream to here, and the chains before. */
    "CREATE TABLE evt_marks (source TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL,"
    " chain INTEGER NOT NULL, chains BLOB NOT NULL, parked INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* Per destination: the last number given, and that message whole, for the tail probe. */
    "CREATE TABLE evt_streams (topic TEXT NOT NULL, partition INTEGER NOT NULL,"
    " number INTEGER NOT NULL, chain INTEGER NOT NULL, type TEXT NOT NULL, key BLOB NOT NULL,"
    " value BLOB NOT NULL, trace TEXT NOT NULL, PRIMARY KEY (topic, partition)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE evt_parked (offset INTEGER PRIMARY KEY, source TEXT NOT NULL,"
    " number INTEGER NOT NULL, chain INTEGER NOT NULL, time_ms INTEGER NOT NULL, key BLOB,"
    " value BLOB, headers BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX evt_parked_by_number ON evt_parked (source, number, chain);"
    "CREATE TABLE evt_timers (id INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, name TEXT NOT NULL,"
    " key TEXT NOT NULL, ref TEXT NOT NULL, trace TEXT NOT NULL) STRICT;"
    "CREATE INDEX evt_timers_by_due ON evt_timers (due_ms);"
    "CREATE TABLE evt_calls (id INTEGER PRIMARY KEY, name TEXT NOT NULL, call_key TEXT NOT NULL,"
    " key TEXT NOT NULL, ref TEXT NOT NULL, request BLOB NOT NULL, state INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, trace TEXT NOT NULL) STRICT;"
    "CREATE TABLE evt_answers (source TEXT NOT NULL, id TEXT NOT NULL, request INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, reason TEXT, detail TEXT, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (source, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX evt_answers_by_time ON evt_answers (at_ms);"
    /* Instances of sagas: `parts` says what was asked of whom and how it stands, a line each. */
    "CREATE TABLE evt_sagas (saga_id INTEGER PRIMARY KEY, name TEXT NOT NULL, ref TEXT NOT NULL,"
    " definition INTEGER NOT NULL, phase TEXT NOT NULL, stage INTEGER NOT NULL,"
    " pivoted INTEGER NOT NULL, cancelled INTEGER NOT NULL, why TEXT NOT NULL,"
    " parts TEXT NOT NULL, parked INTEGER NOT NULL, history INTEGER NOT NULL, trace TEXT NOT NULL,"
    " started_ms INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, timer_id INTEGER NOT NULL,"
    " timer_ms INTEGER NOT NULL, forget_ms INTEGER, UNIQUE (name, ref)) STRICT;"
    /* NULL while anything of it is open. */
    "CREATE INDEX evt_sagas_to_forget ON evt_sagas (forget_ms);"
    "CREATE INDEX evt_sagas_parked ON evt_sagas (saga_id) WHERE parked > 0;"
    "CREATE TABLE evt_saga_history (saga_id INTEGER NOT NULL, n INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL, what TEXT NOT NULL,"
    " why TEXT NOT NULL, PRIMARY KEY (saga_id, n)) STRICT, WITHOUT ROWID;";

/* Came after format 2, which it does not change: rows are the same with it and without. */
static const char own_indexes[] =
    "CREATE INDEX IF NOT EXISTS evt_calls_pending ON evt_calls (name, id) WHERE state = 0;"
    /* The trace id: all that a saga sends bears it, and so does what is said of that. */
    "CREATE INDEX IF NOT EXISTS evt_sagas_by_trace ON evt_sagas (substr(trace, 4, 32))"
    " WHERE forget_ms IS NULL;";

static enum evt_err create(struct evt_store *st, struct evt_error *err)
{
    char sql[256];
    enum evt_err rc = evt_store_begin(st, err);

    if (rc == EVT_OK)
        rc = evt__store_exec(st, EVT_SPEAKER_LIBRARY, own_tables, err);
    if (rc == EVT_OK) {
        sqlite3_snprintf(
            sizeof(sql), sql,
            "INSERT INTO evt_meta VALUES (1, %d, '%q', %d, 0, 0, '', -1, 0, 0, 0, 0, -1, 0)",
            FORMAT, st->opt.service, (int)st->opt.partition);
        rc = evt__store_exec(st, EVT_SPEAKER_LIBRARY, sql, err);
    }
    if (rc == EVT_OK)
        rc = evt_store_commit(st, err);
    if (rc != EVT_OK)
        evt_store_rollback(st);
    return rc;
}

static enum evt_err check_owner(struct evt_store *st, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    enum evt_err rc =
        evt__store_prepare(st, EVT_SPEAKER_LIBRARY,
                           "SELECT format, service, partition FROM evt_meta", &row, err);

    if (rc != EVT_OK)
        return rc;
    rc = evt__store_step(st, row, &found, err);
    if (rc != EVT_OK)
        goto out;
    if (!found)
        rc = evt_fail(err, EVT_E_STORE_CORRUPT, "evt_meta has no row");
    else if (sqlite3_column_int(row, 0) != FORMAT)
        rc = evt_fail(
            err, EVT_E_STORE_OTHER,
            "its format is %d, this version reads %d: remove it to rebuild it from its log",
            sqlite3_column_int(row, 0), FORMAT);
    else if (strcmp(evt_row_text(row, 1), st->opt.service) != 0 ||
             sqlite3_column_int(row, 2) != st->opt.partition)
        rc = evt_fail(err, EVT_E_STORE_OTHER, "it is %s's partition %d, not %s's %d",
                      evt_row_text(row, 1), sqlite3_column_int(row, 2), st->opt.service,
                      (int)st->opt.partition);
out:
    sqlite3_finalize(row);
    return rc;
}

enum evt_err evt__schema_open(struct evt_store *st, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    bool found = false;
    enum evt_err rc =
        evt__store_prepare(st, EVT_SPEAKER_LIBRARY,
                           "SELECT 1 FROM sqlite_schema WHERE name='evt_meta'", &row, err);

    if (rc == EVT_OK)
        rc = evt__store_step(st, row, &found, err);
    sqlite3_finalize(row);
    if (rc != EVT_OK)
        return rc;
    rc = found || st->opt.read_only ? check_owner(st, err) : create(st, err);
    return rc == EVT_OK && !st->opt.read_only
               ? evt__store_exec(st, EVT_SPEAKER_LIBRARY, own_indexes, err)
               : rc;
}

static int64_t migration_hash(const struct evt_migration *migration)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add(&sip, migration->sql, strlen(migration->sql));
    return (int64_t)evt_sip_end(&sip);
}

/* What ran before must be what is declared now, or a rebuild would make another store. */
static enum evt_err check_applied(struct evt_store *st, const struct evt_migration **ret_next,
                                  struct evt_error *err)
{
    const struct evt_migration *next = st->opt.migrations;
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(st, EVT_OWN_MIGRATION_ALL, &row, err, "");

    while (rc == EVT_OK && row) {
        if (!next || !next->sql) {
            rc = evt_fail(err, EVT_E_MIGRATION,
                          "the store has migration %d (%s), which this version does not know",
                          sqlite3_column_int(row, 0), evt_row_text(row, 1));
            break;
        }
        if (sqlite3_column_int64(row, 2) != migration_hash(next)) {
            rc = evt_fail(err, EVT_E_MIGRATION,
                          "migration %u (%s) was changed after it had run: add a new one instead",
                          (unsigned)next->number, next->name);
            break;
        }
        next++;
        rc = evt_store_next(st, &row, err);
    }
    evt_store_done(row);
    *ret_next = next;
    return rc;
}

static enum evt_err apply(struct evt_store *st, const struct evt_migration *next,
                          struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    evt__store_forget_statements(st);
    for (; rc == EVT_OK && next && next->sql; next++) {
        rc = evt__store_exec(st, EVT_SPEAKER_MIGRATION, next->sql, err);
        /* A statement that SQLite refuses is the migration's fault; a full disk is not. */
        if (rc == EVT_E_STORE_SQL && err)
            err->code = rc = EVT_E_MIGRATION;
        if (rc == EVT_OK)
            rc = evt__own_run(st, EVT_OWN_MIGRATION_PUT, err, "itl", (int32_t)next->number,
                              next->name, migration_hash(next));
        if (rc != EVT_OK)
            return evt_wrap(err, rc, "migration %u (%s)", (unsigned)next->number, next->name);
    }
    return evt__guard_check_schema(st, err);
}

enum evt_err evt_store_migrate(struct evt_store *st, struct evt_error *err)
{
    const struct evt_migration *next = NULL;
    bool own_transaction = !evt_store_in_transaction(st);
    enum evt_err rc = own_transaction ? evt_store_begin(st, err) : EVT_OK;

    if (rc == EVT_OK)
        rc = check_applied(st, &next, err);
    if (rc == EVT_OK)
        rc = apply(st, next, err);
    if (!own_transaction)
        return rc;
    if (rc == EVT_OK)
        rc = evt_store_commit(st, err);
    if (rc != EVT_OK)
        evt_store_rollback(st);
    return rc;
}

enum evt_err evt_store_verify(struct evt_store *st, struct evt_error *err)
{
    const struct evt_migration *next = NULL;
    enum evt_err rc = check_applied(st, &next, err);

    if (rc == EVT_OK && next && next->sql)
        return evt_fail(err, EVT_E_GENERATION_CHANGED,
                        "migration %u (%s) came without a new generation: bump the generation",
                        (unsigned)next->number, next->name);
    return rc == EVT_OK ? evt__guard_check_schema(st, err) : rc;
}

/* Floor: replaying what was recorded. */
#include "floor_internal.h"

#include "bench.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>

size_t floor_changes(const struct floor *floor)
{
    return floor->changes;
}

static void need(struct floor *floor, bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench: floor: %s\n", sqlite3_errmsg(floor->db));
    exit(EXIT_FAILURE);
}

void floor_open(struct floor *floor, const char *name)
{
    static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                                  "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                                  "PRAGMA journal_size_limit=67108864;"
                                  "PRAGMA wal_autocheckpoint=1000";
    char path[BENCH_PATH_MAX];

    bench_path(path, name);
    need(floor, sqlite3_open_v2(path, &floor->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK);
    need(floor, sqlite3_exec(floor->db, pragmas, NULL, NULL, NULL) == SQLITE_OK);
    for (size_t i = 0; i < floor->sql_n; i++)
        need(floor, sqlite3_prepare_v3(floor->db, floor->sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &floor->stmts[i], NULL) == SQLITE_OK);
    floor->next = 0;
}

void floor_close(struct floor *floor)
{
    for (size_t i = 0; i < floor->sql_n; i++)
        sqlite3_finalize(floor->stmts[i]);
    sqlite3_close(floor->db);
    floor->db = NULL;
}

static int bind(sqlite3_stmt *stmt, int at, const struct floor_value *value)
{
    switch (value->type) {
    case 'l':
        return sqlite3_bind_int64(stmt, at, value->number);
    case 't':
        return sqlite3_bind_text(stmt, at, value->bytes, (int)value->len, SQLITE_STATIC);
    case 'b':
        return sqlite3_bind_blob(stmt, at, value->bytes, (int)value->len, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(stmt, at);
    }
}

static void execute(struct floor *floor, const struct floor_step *step)
{
    sqlite3_stmt *stmt = floor->stmts[step->statement];
    int rc = SQLITE_OK;

    for (int i = 0; i < step->values_n && rc == SQLITE_OK; i++)
        rc = bind(stmt, i + 1, &step->values[i]);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    need(floor, rc == SQLITE_DONE || rc == SQLITE_ROW);
    sqlite3_reset(stmt);
}

void floor_run(struct floor *floor, size_t n)
{
    while (n > 0) {
        const struct floor_step *step = &floor->steps[floor->next++];

        EVT_BUG_ON(floor->next > floor->steps_n);
        execute(floor, step);
        n -= step->kind == FLOOR_COMMIT;
    }
}

void floor_free(struct floor *floor)
{
    for (size_t i = 0; i < floor->sql_n; i++)
        evt_free(floor->sql[i]);
    evt_free(floor->steps);
    evt_arena_release(&floor->arena);
    evt_free(floor);
}

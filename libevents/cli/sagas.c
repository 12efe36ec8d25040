/* Sagas: read from each store while its service runs. */
#include "sagas.h"

#include "cli.h"

#include <evt/buf.h>

struct reading {
    const char *where, *parameter;
    void (*each)(void *arg, const struct cli_saga *saga);
    void *arg;
    int status;
};

static int read_rows(struct reading *to, struct cli_saga *saga, sqlite3_stmt *row)
{
    int step = sqlite3_bind_text(row, 1, to->parameter, -1, SQLITE_STATIC);

    if (step == SQLITE_OK)
        step = SQLITE_ROW;
    while (step == SQLITE_ROW && (step = sqlite3_step(row)) == SQLITE_ROW) {
        saga->id = sqlite3_column_int64(row, 0);
        saga->name = evt_row_text(row, 1);
        saga->ref = evt_row_text(row, 2);
        saga->definition = (uint32_t)sqlite3_column_int64(row, 3);
        saga->phase = evt_row_text(row, 4);
        saga->stage = sqlite3_column_int(row, 5);
        saga->parked = sqlite3_column_int(row, 6);
        saga->why = evt_row_text(row, 7);
        saga->parts = evt_row_text(row, 8);
        saga->started_ms = sqlite3_column_int64(row, 9);
        to->each(to->arg, saga);
    }
    return step;
}

static bool read_one(void *arg, const struct cli_shard *shard)
{
    struct reading *to = arg;
    struct cli_saga saga = {.shard = shard};
    struct evt_buf sql = {0};
    struct evt_error err;
    sqlite3_stmt *row = NULL;
    enum evt_err rc = cli_store_open(shard, &saga.st, &err);
    int step = SQLITE_DONE;

    evt_buf_printf(&sql,
                   "SELECT saga_id, name, ref, definition, phase, stage, parked, why, parts,"
                   " started_ms FROM evt_sagas WHERE %s ORDER BY saga_id",
                   to->where);
    if (rc == EVT_OK)
        step = sqlite3_prepare_v2(evt_store_db(saga.st), evt_buf_text(&sql), -1, &row, NULL);
    if (rc == EVT_OK && step == SQLITE_OK)
        step = read_rows(to, &saga, row);
    if (rc == EVT_OK && step != SQLITE_DONE)
        rc = evt_store_fail(saga.st, step, &err);
    sqlite3_finalize(row);
    evt_store_close(saga.st);
    evt_buf_release(&sql);
    if (rc != EVT_OK)
        to->status = cli_refuse(EVT_EXIT_FAILURE, "%s: %s", shard->path, cli_words(&err));
    return true;
}

int cli_sagas_each(const char *data_dir, const char *where, const char *parameter,
                   void (*each)(void *arg, const struct cli_saga *saga), void *arg,
                   size_t *ret_stores)
{
    struct reading to = {.where = where, .parameter = parameter, .each = each, .arg = arg};

    *ret_stores = cli_stores_each(data_dir, read_one, &to);
    if (*ret_stores == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "no stores in %s: say where they lie (--data-dir)",
                          data_dir);
    return to.status;
}

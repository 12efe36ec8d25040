/* Sagas: read from each store while its service runs. */
#include "sagas.h"

#include <evt/buf.h>

struct reading {
    void (*each)(void *arg, const struct cli_saga *saga);
    void *arg;
};

static void read_one(void *arg, const struct cli_shard *shard, struct evt_store *st,
                     sqlite3_stmt *row)
{
    const struct reading *to = arg;

    to->each(to->arg, &(const struct cli_saga){
                          .shard = shard,
                          .st = st,
                          .id = sqlite3_column_int64(row, 0),
                          .name = evt_row_text(row, 1),
                          .ref = evt_row_text(row, 2),
                          .definition = (uint32_t)sqlite3_column_int64(row, 3),
                          .phase = evt_row_text(row, 4),
                          .stage = sqlite3_column_int(row, 5),
                          .parked = sqlite3_column_int(row, 6),
                          .why = evt_row_text(row, 7),
                          .parts = evt_row_text(row, 8),
                          .started_ms = sqlite3_column_int64(row, 9),
                      });
}

int cli_sagas_each(const char *data_dir, const char *where, const char *parameter,
                   void (*each)(void *arg, const struct cli_saga *saga), void *arg,
                   size_t *ret_stores)
{
    struct reading to = {.each = each, .arg = arg};
    struct evt_buf sql = {0};
    int status;

    evt_buf_printf(&sql,
                   "SELECT saga_id, name, ref, definition, phase, stage, parked, why, parts,"
                   " started_ms FROM evt_sagas WHERE %s ORDER BY saga_id",
                   where);
    status = cli_rows_each(data_dir, evt_buf_text(&sql), parameter, read_one, &to, ret_stores);
    evt_buf_release(&sql);
    return status;
}

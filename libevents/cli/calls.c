/* Calls: read from each store while its service runs. */
#include "calls.h"

#define COLUMNS                                                                                    \
    "SELECT id, name, call_key, key, ref, request, state, created_ms FROM evt_calls WHERE "

struct reading {
    void (*each)(void *arg, const struct cli_call *call);
    void *arg;
};

static void read_one(void *arg, const struct cli_shard *shard, struct evt_store *st,
                     sqlite3_stmt *row)
{
    const struct reading *to = arg;

    (void)st;
    to->each(to->arg,
             &(const struct cli_call){
                 .shard = shard,
                 .id = sqlite3_column_int64(row, 0),
                 .name = evt_row_text(row, 1),
                 .call_key = evt_row_text(row, 2),
                 .key = evt_row_text(row, 3),
                 .ref = evt_row_text(row, 4),
                 .request = {sqlite3_column_blob(row, 5), (size_t)sqlite3_column_bytes(row, 5)},
                 .parked = sqlite3_column_int(row, 6) != 0,
                 .created_ms = sqlite3_column_int64(row, 7),
             });
}

int cli_calls_each(const char *data_dir, enum cli_calls which, const char *call_key,
                   void (*each)(void *arg, const struct cli_call *call), void *arg,
                   size_t *ret_stores)
{
    static const char *const sql[] = {
        [CLI_CALLS_ALL] = COLUMNS "?1 IN ('', call_key) ORDER BY id",
        [CLI_CALLS_PARKED] = COLUMNS "state = 1 AND ?1 IN ('', call_key) ORDER BY id",
    };
    struct reading to = {.each = each, .arg = arg};

    return cli_rows_each(data_dir, sql[which], call_key ? call_key : "", read_one, &to, ret_stores);
}

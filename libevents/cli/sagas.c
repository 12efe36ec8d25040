/* Sagas: read from each store while its service runs. */
#include "sagas.h"

#include "cli.h"

#include <evt/buf.h>
#include <evt/mem.h>

#include <string.h>

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

struct naming {
    struct cli_sagas_named *named;
    const char *name; /* NULL: any */
};

static void name_one(void *arg, const struct cli_saga *saga)
{
    const struct naming *to = arg;
    struct cli_sagas_named *named = to->named;

    if (to->name && strcmp(to->name, saga->name) != 0)
        return;
    if (named->n == named->cap) {
        named->cap = named->cap ? 2 * named->cap : 16;
        named->sagas = evt_realloc(named->sagas, named->cap * sizeof(*named->sagas));
    }
    named->sagas[named->n++] = (struct cli_saga_named){
        .name = evt_strdup(saga->name),
        .ref = evt_strdup(saga->ref),
        .parts = evt_strdup(saga->parts),
        .topic = saga->shard->topic,
        .partition = saga->shard->partition,
        .parked = saga->parked,
    };
}

int cli_sagas_name(const struct evt_conf *conf, const char *ref, struct cli_sagas_named *named)
{
    struct naming to = {.named = named, .name = evt_conf_text(conf, "saga")};
    const size_t before = named->n;
    size_t stores, found;
    int status =
        cli_sagas_each(evt_conf_text(conf, "data-dir"), ref ? "ref = ?1" : "parked > 0 AND ?1 = ''",
                       ref ? ref : "", name_one, &to, &stores);

    found = named->n - before;
    if (status != EVT_EXIT_OK || !ref || found == 1)
        return status;
    if (found == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "none of %zu stores has a saga%s%s of %s", stores,
                          to.name ? " " : "", to.name ? to.name : "", ref);
    return cli_refuse(EVT_EXIT_USAGE,
                      "%zu sagas have the reference %s: say which (--saga), or whose stores"
                      " (--data-dir)",
                      found, ref);
}

void cli_sagas_named_release(struct cli_sagas_named *named)
{
    for (size_t i = 0; i < named->n; i++) {
        evt_free(named->sagas[i].name);
        evt_free(named->sagas[i].ref);
        evt_free(named->sagas[i].parts);
    }
    evt_free(named->sagas);
}

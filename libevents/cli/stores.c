/* Stores: which there are, by what topics.json declares. */
#include "stores.h"

#include "cli.h"

#include <evt/buf.h>

#include <unistd.h>

/* A topic's shards, under a service's or a subscription's name. */
static bool each_of(const char *data_dir, struct cli_shard shard, size_t *n,
                    bool (*each)(void *arg, const struct cli_shard *shard), void *arg)
{
    bool go_on = true;

    for (shard.partition = 0; go_on && shard.partition < shard.topic->partitions;
         shard.partition++) {
        struct evt_buf path = {0};

        evt_buf_printf(&path, "%s/%s/%d.db", data_dir, shard.name, (int)shard.partition);
        shard.path = evt_buf_text(&path);
        if (access(shard.path, F_OK) == 0) {
            (*n)++;
            go_on = each(arg, &shard);
        }
        evt_buf_release(&path);
    }
    return go_on;
}

size_t cli_stores_each(const char *data_dir, bool (*each)(void *arg, const struct cli_shard *shard),
                       void *arg)
{
    const struct evt_registry *reg = &evt_registry;
    bool go_on = true;
    size_t n = 0;

    for (size_t i = 0; go_on && i < reg->declarations_n; i++) {
        const char *service = reg->declarations[i].service;
        const struct cli_shard shard = {.name = service,
                                        .service = service,
                                        .topic = evt_registry_service_topic(reg, service,
                                                                            EVT_TOPIC_INBOX)};

        go_on = each_of(data_dir, shard, &n, each, arg);
    }
    for (size_t i = 0; go_on && i < reg->subscriptions_n; i++) {
        const struct evt_subscription *sub = &reg->subscriptions[i];
        const struct cli_shard shard = {.name = sub->name,
                                        .service = sub->service,
                                        .topic = sub->source};

        go_on = each_of(data_dir, shard, &n, each, arg);
    }
    return n;
}

enum evt_err cli_store_open(const struct cli_shard *shard, struct evt_store **ret_st,
                            struct evt_error *err)
{
    const struct evt_store_options opt = {.path = shard->path,
                                          .service = shard->name,
                                          .partition = shard->partition,
                                          .read_only = true};

    return evt_store_open(&opt, ret_st, err);
}

struct rows {
    const char *sql, *parameter;
    void (*each)(void *arg, const struct cli_shard *shard, struct evt_store *st, sqlite3_stmt *row);
    void *arg;
    int status;
};

static bool rows_of_one(void *arg, const struct cli_shard *shard)
{
    struct rows *rows = arg;
    struct evt_store *st = NULL;
    struct evt_error err;
    sqlite3_stmt *row = NULL;
    enum evt_err rc = cli_store_open(shard, &st, &err);
    int step = SQLITE_DONE;

    if (rc == EVT_OK)
        step = sqlite3_prepare_v2(evt_store_db(st), rows->sql, -1, &row, NULL);
    if (rc == EVT_OK && step == SQLITE_OK)
        step = sqlite3_bind_text(row, 1, rows->parameter, -1, SQLITE_STATIC);
    while (rc == EVT_OK && (step == SQLITE_OK || step == SQLITE_ROW)) {
        step = sqlite3_step(row);
        if (step == SQLITE_ROW)
            rows->each(rows->arg, shard, st, row);
    }
    if (rc == EVT_OK && step != SQLITE_DONE)
        rc = evt_store_fail(st, step, &err);
    sqlite3_finalize(row);
    evt_store_close(st);
    if (rc != EVT_OK)
        rows->status = cli_refuse(EVT_EXIT_FAILURE, "%s: %s", shard->path, cli_words(&err));
    return true;
}

int cli_rows_each(const char *data_dir, const char *sql, const char *parameter,
                  void (*each)(void *arg, const struct cli_shard *shard, struct evt_store *st,
                               sqlite3_stmt *row),
                  void *arg, size_t *ret_stores)
{
    struct rows rows = {.sql = sql, .parameter = parameter, .each = each, .arg = arg};

    *ret_stores = cli_stores_each(data_dir, rows_of_one, &rows);
    if (*ret_stores == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "no stores in %s: say where they lie (--data-dir)",
                          data_dir);
    return rows.status;
}

#define HELD                                                                                       \
    "SELECT m.source, m.number, m.chain, m.parked, ifnull(p.number, 0), ifnull(p.chain, 0)"        \
    " FROM evt_marks m LEFT JOIN evt_parked p ON p.source = m.source AND p.number ="               \
    " (SELECT min(number) FROM evt_parked q WHERE q.source = m.source AND q.number > m.number)"    \
    " WHERE m.parked > 0 OR ?1 GROUP BY m.source ORDER BY m.source"

enum evt_err cli_store_held(struct evt_store *st, bool all,
                            void (*each)(void *arg, const struct cli_held *held), void *arg,
                            struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = EVT_OK;
    int step = sqlite3_prepare_v2(evt_store_db(st), HELD, -1, &row, NULL);

    if (step == SQLITE_OK)
        step = sqlite3_bind_int(row, 1, all);
    while (step == SQLITE_OK || step == SQLITE_ROW) {
        step = sqlite3_step(row);
        if (step == SQLITE_ROW)
            each(arg, &(const struct cli_held){
                          .source = evt_row_text(row, 0),
                          .mark = (uint64_t)sqlite3_column_int64(row, 1),
                          .chain = (uint64_t)sqlite3_column_int64(row, 2),
                          .parked = sqlite3_column_int64(row, 3),
                          .next = (uint64_t)sqlite3_column_int64(row, 4),
                          .next_chain = (uint64_t)sqlite3_column_int64(row, 5),
                      });
    }
    if (step != SQLITE_DONE)
        rc = evt_store_fail(st, step, err);
    sqlite3_finalize(row);
    return rc;
}

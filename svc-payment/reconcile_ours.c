/* Reconcile, our books: every shard's store, read while its service runs. */
#include "reconcile.h"

#include "statements.h"

#include <evt/buf.h>
#include <evt/mem.h>
#include <evt/store.h>

#include <string.h>
#include <unistd.h>

static void add_row(struct reconcile_books *books, sqlite3_stmt *row)
{
    struct reconcile_ours ours = {
        .order_id = evt_row_text(row, 0),
        .amount_minor = sqlite3_column_int64(row, 2),
        .currency = evt_row_text(row, 3),
        .intent = evt_row_text(row, 4),
        .asked_ms = sqlite3_column_int64(row, 5),
        .changed_ms = sqlite3_column_int64(row, 6),
    };

    EVT_BUG_ON(!payment_state_parse(evt_row_text(row, 1), &ours.state));
    reconcile_add_ours(books, &ours);
}

static enum evt_err read_rows(struct evt_store *st, struct reconcile_books *books,
                              struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int step = sqlite3_prepare_v2(evt_store_db(st), PAYMENT_ALL, -1, &row, NULL);

    while (step == SQLITE_OK || step == SQLITE_ROW) {
        step = sqlite3_step(row);
        if (step == SQLITE_ROW)
            add_row(books, row);
    }
    sqlite3_finalize(row);
    return step == SQLITE_DONE ? EVT_OK : evt_store_fail(st, step, err);
}

static enum evt_err read_store(const char *path, int32_t partition, struct reconcile_books *books,
                               struct evt_error *err)
{
    const struct evt_store_options opt = {.path = path,
                                          .service = "payment",
                                          .partition = partition,
                                          .read_only = true};
    struct evt_store *st = NULL;
    enum evt_err rc = evt_store_open(&opt, &st, err);

    if (rc == EVT_OK)
        rc = read_rows(st, books, err);
    evt_store_close(st);
    return rc == EVT_OK ? rc : evt_wrap(err, rc, "%s", path);
}

enum evt_err reconcile_read_ours(const char *data_dir, struct reconcile_books *books, bool *shards,
                                 size_t *ret_shards_n, struct evt_error *err)
{
    const struct evt_topic *inbox =
        evt_registry_service_topic(&evt_registry, "payment", EVT_TOPIC_INBOX);
    size_t n = 0;
    enum evt_err rc = EVT_OK;

    for (int32_t p = 0; rc == EVT_OK && p < inbox->partitions; p++) {
        struct evt_buf path = {0};

        evt_buf_printf(&path, "%s/payment/%d.db", data_dir, (int)p);
        shards[p] = access(evt_buf_text(&path), F_OK) == 0;
        n += shards[p];
        if (shards[p])
            rc = read_store(evt_buf_text(&path), p, books, err);
        evt_buf_release(&path);
    }
    if (rc == EVT_OK)
        *ret_shards_n = n;
    return rc;
}

/* What a store holds, so that two of them can be compared although one of them lives: it is read in
 * one transaction, which is over before anything slow begins. */
#include "replay_internal.h"

#include <evt/mem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 2000 /* as a store waits */

/* Whose store it is, which opening it asks for. */
struct owner {
    char service[64 + 1];
    int32_t partition;
};

static enum evt_err read_owner(const char *path, struct owner *ret_owner, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    sqlite3 *db = NULL;
    enum evt_err rc = EVT_OK;
    int sqlite_rc;

    if (access(path, R_OK) != 0)
        return evt_fail(err, EVT_E_IO, "%s: %s", path, strerrordesc_np(errno));
    sqlite_rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite_rc == SQLITE_OK)
        sqlite_rc =
            sqlite3_prepare_v2(db, "SELECT service, partition FROM evt_meta", -1, &row, NULL);
    if (sqlite_rc == SQLITE_OK)
        sqlite_rc = sqlite3_step(row);
    if (sqlite_rc == SQLITE_ROW) {
        snprintf(ret_owner->service, sizeof(ret_owner->service), "%s", evt_row_text(row, 0));
        ret_owner->partition = sqlite3_column_int(row, 1);
    } else {
        rc = evt_fail(err, EVT_E_STORE_OTHER, "%s is no store of libevents: %s", path,
                      sqlite3_errmsg(db));
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    return rc;
}

static void note_table(void *arg, const char *table, int64_t rows, uint64_t hash)
{
    struct evt_content *content = arg;

    content->tables =
        evt_realloc(content->tables, (content->tables_n + 1) * sizeof(*content->tables));
    content->tables[content->tables_n++] =
        (struct evt_content_table){.name = evt_strdup(table), .rows = rows, .hash = hash};
}

enum evt_err evt__content_of(struct evt_store *st, struct evt_content *ret_content,
                             struct evt_error *err)
{
    struct evt_content content = {0};
    struct evt_meta meta;
    enum evt_err rc = evt_store_meta_get(st, &meta, err);

    if (rc != EVT_OK)
        return rc;
    content.position = meta.pos;
    content.generation = meta.generation;
    rc = evt_store_content_hash(st, &content.hash, note_table, &content, err);
    if (rc == EVT_OK)
        *ret_content = content;
    else
        evt_content_release(&content);
    return rc;
}

/* All of one commit, though the shard goes on. */
static enum evt_err read_at_once(struct evt_store *st, struct evt_content *ret_content,
                                 struct evt_error *err)
{
    const int sqlite_rc = sqlite3_exec(evt_store_db(st), "BEGIN", NULL, NULL, NULL);

    return sqlite_rc == SQLITE_OK ? evt__content_of(st, ret_content, err)
                                  : evt_store_fail(st, sqlite_rc, err);
}

enum evt_err evt_content_read(const char *path, struct evt_content *ret_content,
                              struct evt_error *err)
{
    struct owner owner;
    struct evt_store_options opt = {.path = path, .read_only = true};
    struct evt_store *st = NULL;
    enum evt_err rc = read_owner(path, &owner, err);

    if (rc != EVT_OK)
        return rc;
    opt.service = owner.service;
    opt.partition = owner.partition;
    rc = evt_store_open(&opt, &st, err);
    if (rc == EVT_OK)
        rc = read_at_once(st, ret_content, err);
    evt_store_close(st);
    return rc;
}

void evt_content_release(struct evt_content *content)
{
    for (size_t i = 0; i < content->tables_n; i++)
        evt_free(content->tables[i].name);
    evt_free(content->tables);
    *content = (struct evt_content){.position = -1};
}

bool evt_content_equal(const struct evt_content *content, const struct evt_content *other,
                       void (*each)(void *arg, const char *table, int64_t rows, int64_t rows_other),
                       void *arg)
{
    bool equal = true;
    size_t a = 0, b = 0;

    while (a < content->tables_n || b < other->tables_n) {
        const struct evt_content_table *left = a < content->tables_n ? &content->tables[a] : NULL;
        const struct evt_content_table *right = b < other->tables_n ? &other->tables[b] : NULL;
        const int order = !left ? 1 : !right ? -1 : strcmp(left->name, right->name);

        a += order <= 0;
        b += order >= 0;
        if (order == 0 && left->hash == right->hash)
            continue;
        equal = false;
        if (each)
            each(arg, order <= 0 ? left->name : right->name, order <= 0 ? left->rows : -1,
                 order >= 0 ? right->rows : -1);
    }
    return equal;
}

enum evt_err evt_replay_compare(const char *path, const char *other, bool *ret_equal,
                                void (*each)(void *arg, const char *table, int64_t rows,
                                             int64_t rows_other),
                                void *arg, struct evt_error *err)
{
    struct evt_content left = {0}, right = {0};
    enum evt_err rc = evt_content_read(path, &left, err);

    if (rc == EVT_OK)
        rc = evt_content_read(other, &right, err);
    if (rc == EVT_OK)
        *ret_equal = evt_content_equal(&left, &right, each, arg);
    evt_content_release(&left);
    evt_content_release(&right);
    return rc;
}

/* Meta: the one row that says where a store stands in its log. */
#include "store_internal.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

enum evt_err evt_store_meta_get(struct evt_store *st, struct evt_meta *ret_meta,
                                struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(st, EVT_OWN_META_GET, &row, err, "");

    if (rc != EVT_OK)
        return rc;
    if (!row)
        return evt_fail(err, EVT_E_STORE_CORRUPT, "evt_meta has no row");
    memset(ret_meta, 0, sizeof(*ret_meta));
    ret_meta->generation = (uint32_t)sqlite3_column_int64(row, 0);
    ret_meta->declared = (uint64_t)sqlite3_column_int64(row, 1);
    snprintf(ret_meta->lineage, sizeof(ret_meta->lineage), "%s", evt_row_text(row, 2));
    ret_meta->pos = sqlite3_column_int64(row, 3);
    ret_meta->pos_hash = (uint64_t)sqlite3_column_int64(row, 4);
    ret_meta->roll = (uint64_t)sqlite3_column_int64(row, 5);
    ret_meta->now_ms = sqlite3_column_int64(row, 6);
    ret_meta->counter = sqlite3_column_int64(row, 7);
    ret_meta->held_back = sqlite3_column_int64(row, 8);
    evt_store_done(row);
    return EVT_OK;
}

enum evt_err evt_store_meta_put(struct evt_store *st, const struct evt_meta *meta,
                                int64_t pos_before, struct evt_error *err)
{
    enum evt_err rc;

    EVT_BUG_ON(meta->pos < pos_before);
    rc =
        evt__own_run(st, EVT_OWN_META_PUT, err, "lltlllllll", (int64_t)meta->generation,
                     (int64_t)meta->declared, meta->lineage, meta->pos, (int64_t)meta->pos_hash,
                     (int64_t)meta->roll, meta->now_ms, meta->counter, meta->held_back, pos_before);
    if (rc == EVT_OK && sqlite3_changes(st->db) != 1)
        return evt_fail(err, EVT_E_STORE_MOVED, "it is no longer at offset %lld",
                        (long long)pos_before);
    return rc;
}

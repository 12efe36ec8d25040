/* Parked records: a record of a held stream as a row, whole, so that it can be handled later as if
 * it came from the log. */
#include "shard_internal.h"

#include <evt/mem.h>

#include <string.h>

/* Headers as bytes: for each, name and NUL, length in eight bytes (-1: no value), value. */
static void pack_headers(struct evt_buf *buf, const struct evt_record *rec)
{
    evt_buf_clear(buf);
    for (size_t i = 0; i < rec->headers_n; i++) {
        const struct evt_header *header = &rec->headers[i];
        int64_t len = header->value ? (int64_t)header->len : -1;

        evt_buf_add(buf, header->name, strlen(header->name) + 1);
        evt_buf_add(buf, &len, sizeof(len));
        if (header->value)
            evt_buf_add(buf, header->value, header->len);
    }
}

static const uint8_t *unpack_one(struct evt_header *header, const uint8_t *at)
{
    int64_t len;

    header->name = (const char *)at;
    at += strlen(header->name) + 1;
    memcpy(&len, at, sizeof(len));
    at += sizeof(len);
    header->value = len < 0 ? NULL : at;
    header->len = len < 0 ? 0 : (size_t)len;
    return at + header->len;
}

static void unpack_headers(struct evt_arena *arena, struct evt_record *rec, const uint8_t *bytes,
                           size_t len)
{
    struct evt_header ignored, *headers;
    size_t n = 0;

    for (const uint8_t *at = bytes; at < bytes + len; n++)
        at = unpack_one(&ignored, at);
    headers = evt_arena_alloc(arena, (n + 1) * sizeof(*headers));
    for (size_t i = 0; i < n; i++)
        bytes = unpack_one(&headers[i], bytes);
    rec->headers = headers;
    rec->headers_n = n;
}

enum evt_err evt__park_put(struct evt_shard *sh, const struct evt_record *rec,
                           const struct evt_envelope *env, bool *ret_had, struct evt_error *err)
{
    const struct evt_message_id *id = &env->number;
    char source[EVT_HEADER_MAX + 1];
    sqlite3_stmt *row = NULL;
    enum evt_err rc;

    EVT_BUG_ON(env->source.len >= sizeof(source));
    memcpy(source, env->source.text, env->source.len);
    source[env->source.len] = '\0';
    rc = evt__own_query(sh->st, EVT_OWN_PARK_HAS, &row, err, "tll", source, (int64_t)id->number,
                        (int64_t)id->chain);
    if (rc != EVT_OK)
        return rc;
    *ret_had = row != NULL;
    evt_store_done(row);
    if (*ret_had)
        return EVT_OK;
    pack_headers(&sh->scratch, rec);
    return evt__own_run(sh->st, EVT_OWN_PARK_PUT, err, "ltlllbbb", rec->offset, source,
                        (int64_t)id->number, (int64_t)id->chain, rec->time_ms, rec->key,
                        rec->key_len, rec->value, rec->value_len,
                        sh->scratch.data ? (const void *)sh->scratch.data : "", sh->scratch.len);
}

static const void *copy_blob(struct evt_arena *arena, sqlite3_stmt *row, int column,
                             size_t *ret_len)
{
    const void *blob = sqlite3_column_blob(row, column);

    *ret_len = (size_t)sqlite3_column_bytes(row, column);
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return NULL;
    return evt_arena_memdup(arena, blob ? blob : "", *ret_len);
}

static void read_row(struct evt_shard *sh, sqlite3_stmt *row, struct evt_parked *parked)
{
    struct evt_arena *arena = &sh->park_arena;
    struct evt_record *rec = &parked->rec;
    const uint8_t *headers;
    size_t headers_len;

    memset(parked, 0, sizeof(*parked));
    rec->topic = sh->topic->name;
    rec->partition = sh->partition;
    rec->offset = sqlite3_column_int64(row, 0);
    parked->number = (uint64_t)sqlite3_column_int64(row, 1);
    parked->chain = (uint64_t)sqlite3_column_int64(row, 2);
    rec->time_ms = sqlite3_column_int64(row, 3);
    rec->key = copy_blob(arena, row, 4, &rec->key_len);
    rec->value = copy_blob(arena, row, 5, &rec->value_len);
    headers = copy_blob(arena, row, 6, &headers_len);
    unpack_headers(arena, rec, headers, headers_len);
}

enum evt_err evt__park_find(struct evt_shard *sh, const char *source, uint64_t from, uint64_t to,
                            bool (*wanted)(void *arg, const struct evt_parked *parked), void *arg,
                            struct evt_parked *ret_parked, bool *ret_found, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    enum evt_err rc = evt__own_query(sh->st, EVT_OWN_PARK_SOME, &row, err, "tll", source,
                                     (int64_t)from, (int64_t)to);

    *ret_found = false;
    while (rc == EVT_OK && row && !*ret_found) {
        read_row(sh, row, ret_parked);
        *ret_found = wanted(arg, ret_parked);
        if (!*ret_found)
            rc = evt_store_next(sh->st, &row, err);
    }
    evt_store_done(row);
    return rc;
}

enum evt_err evt__park_delete(struct evt_shard *sh, int64_t offset, struct evt_error *err)
{
    return evt__own_run(sh->st, EVT_OWN_PARK_DELETE, err, "l", offset);
}

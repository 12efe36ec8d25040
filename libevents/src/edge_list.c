/* Lists over all shards, page by page.
 *
 * A cursor holds a position per shard, "17.4": whatever is added later comes later, in whichever
 * shard, and nothing is shown twice or left out. A page takes from our own shards first and then
 * from each peer's in turn; a peer that was asked by another process answers for its own. */
#include "edge_internal.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define LIMIT     20
#define LIMIT_MAX 100

struct listing {
    struct evt_edge *edge;
    const struct evt_list *what;
    int64_t limit;
    size_t peer; /* to be asked next */
    json_t *items;
    int32_t shards_n;
    int64_t after[]; /* by shard: the position shown last */
};

static void listing_free(void *arg)
{
    struct listing *list = arg;

    json_decref(list->items);
    evt_free(list);
}

bool evt__number_read(const char **at, const char *ends, int64_t max, int64_t *ret_number)
{
    int64_t value = 0;
    const char *from = *at;

    for (; **at >= '0' && **at <= '9'; ++*at) {
        int64_t digit = **at - '0';

        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_number = value;
    return *at > from && (!**at || strchr(ends, **at));
}

static bool read_cursor(struct listing *list, const char *at)
{
    int32_t p;

    for (p = 0; p < list->shards_n; p++) {
        int64_t after;

        if (!evt__number_read(&at, ".", INT64_MAX, &after) ||
            (*at == '.') != (p + 1 < list->shards_n))
            return false;
        /* A peer's cursor is ahead in its own shards only. */
        if (after > list->after[p])
            list->after[p] = after;
        at += *at == '.';
    }
    return true;
}

static void print_cursor(const struct listing *list, struct evt_buf *buf)
{
    int32_t p;

    for (p = 0; p < list->shards_n; p++)
        evt_buf_printf(buf, "%s%" PRId64, p ? "." : "", list->after[p]);
}

static int64_t room(const struct listing *list)
{
    return list->limit - (int64_t)json_array_size(list->items);
}

static bool take_shard(struct listing *list, int32_t p)
{
    sqlite3 *db = evt_edge_store(list->edge, p);
    sqlite3_stmt *row = NULL;
    int rc;

    if (!db || sqlite3_prepare_v2(db, list->what->sql, -1, &row, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(row, 1, list->after[p]);
    sqlite3_bind_int64(row, 2, room(list));
    while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        list->after[p] = sqlite3_column_int64(row, 0);
        json_array_append_new(list->items, list->what->show(row));
    }
    sqlite3_finalize(row);
    return rc == SQLITE_DONE;
}

/* A full page may have a next one. */
static void reply(struct evt_request *req, struct listing *list)
{
    struct evt_buf cursor = {0}, link = {0};

    print_cursor(list, &cursor);
    if (room(list) == 0) {
        evt_buf_printf(&link, "<%s?limit=%" PRId64 "&cursor=%s>; rel=\"next\"", list->what->path,
                       list->limit, evt_buf_text(&cursor));
        evt_reply_header(req, "Link", evt_buf_text(&link));
    }
    evt_reply(req, 200,
              json_pack("{s:O, s:s}", list->what->name, list->items, "cursor",
                        evt_buf_text(&cursor)));
    evt_buf_release(&cursor);
    evt_buf_release(&link);
    listing_free(list);
}

static void ask_next(struct evt_request *req, struct listing *list);

static void take_peer(struct evt_request *req, void *arg, int status, const char *body, size_t len)
{
    struct listing *list = arg;
    json_t *page = status == 200 ? json_loadb(body, len, 0, NULL) : NULL;
    const char *cursor = json_string_value(json_object_get(page, "cursor"));
    bool fits = cursor && read_cursor(list, cursor) &&
                json_array_extend(list->items, json_object_get(page, list->what->name)) == 0;

    json_decref(page);
    if (fits) {
        ask_next(req, list);
        return;
    }
    evt__reply_later(req, status ? 502 : 503,
                     "another process did not tell its part of the list%s%.*s", status ? "" : ": ",
                     status ? 0 : (int)len, body);
    listing_free(list);
}

static void ask_next(struct evt_request *req, struct listing *list)
{
    struct evt_buf target = {0};

    if (room(list) <= 0 || list->peer == evt_edge_peers(list->edge)) {
        reply(req, list);
        return;
    }
    evt_buf_printf(&target, "%s?limit=%" PRId64 "&cursor=", list->what->path, room(list));
    print_cursor(list, &target);
    evt_edge_ask(list->edge, req, list->peer++, evt_buf_text(&target), take_peer, listing_free,
                 list);
    evt_buf_release(&target);
}

static bool read_query(struct evt_request *req, struct listing *list)
{
    const char *limit = evt_request_query(req, "limit"), *cursor = evt_request_query(req, "cursor");

    list->limit = LIMIT;
    if (limit && (!evt__number_read(&limit, "", LIMIT_MAX, &list->limit) || list->limit < 1)) {
        evt_reply_problem(req, 400, "limit: is not a number from 1 to %d", LIMIT_MAX);
        return false;
    }
    if (cursor && !read_cursor(list, cursor)) {
        evt_reply_problem(req, 400, "cursor: is not one that this list gave");
        return false;
    }
    return true;
}

void evt_edge_list(struct evt_edge *edge, struct evt_request *req, const struct evt_list *what)
{
    int32_t shards_n = evt_edge_partitions(edge), unknown = evt_edge_unknown(edge), p;
    struct listing *list = evt_zalloc(sizeof(*list) + (size_t)shards_n * sizeof(list->after[0]));
    bool hop = evt_edge_is_hop(req), readable = true;

    list->edge = edge;
    list->what = what;
    list->shards_n = shards_n;
    list->items = json_array();
    if (!read_query(req, list)) {
        listing_free(list);
        return;
    }
    if (unknown >= 0 && !hop) {
        evt__reply_later(req, 503, "no process is known for shard %d: name its owner in PEERS",
                         (int)unknown);
        listing_free(list);
        return;
    }
    for (p = 0; p < shards_n && readable && room(list) > 0; p++)
        readable = !evt_edge_owns(edge, p) || take_shard(list, p);
    if (!readable) {
        evt_edge_unreadable(req, p - 1);
        listing_free(list);
    } else if (hop) {
        reply(req, list);
    } else {
        ask_next(req, list);
    }
}

/* Server-sent events: the entries of a history, as they are committed.
 *
 * Only the owner of the shard can see them come. What another process has been asked for it does
 * not redirect, because the addresses of PEERS are for processes and not for clients, and it does
 * not pipe a body without end through two event loops; it follows the owner as a client that comes
 * again would: asked by a process, the owner answers with what is there, or with the first that
 * comes, or after a while with nothing, and that is an answer like any other. So each client is
 * written to at its own pace by the process that it knows, and nothing is lost when the owner goes.
 */
#include "edge_internal.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "text/event-stream"
#define BEAT ":\n\n" /* a comment, which clients leave out */

struct follower {
    struct evt_edge *edge;
    char *key;
    int32_t partition;
    char *peer; /* whose it is; NULL: ours */
    enum evt_follow (*read)(sqlite3 *db, const char *key, int64_t *after, struct evt_buf *out);
    const char *none;
    int64_t after;      /* the entry that was read last */
    struct evt_buf out; /* what came behind it, to be written */
    enum evt_follow state;
};

static void follower_free(void *arg)
{
    struct follower *follower = arg;

    evt_buf_release(&follower->out);
    evt_free(follower->key);
    evt_free(follower);
}

void evt_event_print(struct evt_buf *out, int64_t id, const char *event, struct json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    EVT_BUG_ON(!text);
    evt_buf_printf(out, "id: %" PRId64 "\nevent: %s\ndata: %s\n\n", id, event, text);
    free(text);
    json_decref(json);
}

static void read_on(struct follower *follower)
{
    sqlite3 *db = evt_edge_store(follower->edge, follower->partition);

    follower->state = db ? follower->read(db, follower->key, &follower->after, &follower->out)
                         : EVT_FOLLOW_UNREADABLE;
}

static void write_out(struct evt_request *req, struct follower *follower)
{
    evt_stream_write(req, evt_buf_text(&follower->out), follower->out.len);
    evt_buf_clear(&follower->out);
}

static void beat(struct evt_request *req)
{
    evt_stream_write(req, BEAT, strlen(BEAT));
}

static void begin(struct evt_request *req, struct follower *follower,
                  void (*next)(struct evt_request *req, void *arg))
{
    evt_reply_header(req, "Cache-Control", "no-store");
    evt_reply_header(req, "X-Accel-Buffering", "no"); /* for nginx, which would keep it back */
    if (!evt_reply_stream(req, 200, TYPE, next, follower_free, follower))
        follower_free(follower);
}

/* ---- ours ---- */

static bool look(struct evt_request *req, void *arg, bool last)
{
    struct follower *follower = arg;

    read_on(follower);
    if (follower->out.len)
        write_out(req, follower);
    else if (follower->state != EVT_FOLLOW_ON)
        evt_stream_end(req);
    else if (last)
        beat(req);
    else
        return false;
    return true;
}

static void next(struct evt_request *req, void *arg)
{
    struct follower *follower = arg;

    if (follower->out.len)
        write_out(req, follower);
    else if (follower->state != EVT_FOLLOW_ON)
        evt_stream_end(req);
    else
        evt_edge_await(follower->edge, req, follower->key, follower->edge->beat_ms, look, follower);
}

/* For another process: all of it at once, perhaps nothing. */
static bool look_once(struct evt_request *req, void *arg, bool last)
{
    struct follower *follower = arg;

    if (!follower->out.len)
        read_on(follower);
    if (!follower->out.len && follower->state == EVT_FOLLOW_ON && !last)
        return false;
    evt_reply_text(req, 200, TYPE, evt_buf_text(&follower->out), follower->out.len);
    follower_free(follower);
    return true;
}

static void follow_ours(struct evt_request *req, struct follower *follower)
{
    read_on(follower);
    if (follower->state == EVT_FOLLOW_NONE) {
        evt_reply_problem(req, 404, "%s", follower->none);
    } else if (follower->state == EVT_FOLLOW_UNREADABLE) {
        evt_edge_unreadable(req, follower->partition);
    } else if (follower->state == EVT_FOLLOW_END && !follower->out.len) {
        evt_reply(req, 204, NULL); /* which tells a client not to come again */
    } else if (evt_edge_is_hop(req)) {
        evt_edge_await(follower->edge, req, follower->key, follower->edge->beat_ms, look_once,
                       follower);
        return;
    } else {
        begin(req, follower, next);
        return;
    }
    follower_free(follower);
}

/* ---- another process's ---- */

static void ask_owner(struct evt_request *req, struct follower *follower);

/* Lines that begin with "id: ". */
static void note_last(struct follower *follower)
{
    const char *line = evt_buf_text(&follower->out);

    while (line) {
        if (strncmp(line, "id: ", 4) == 0)
            follower->after = strtoll(line + 4, NULL, 10);
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
}

static void next_passed(struct evt_request *req, void *arg)
{
    struct follower *follower = arg;

    if (follower->out.len)
        write_out(req, follower);
    else
        ask_owner(req, follower);
}

static void take_answer(struct evt_request *req, void *arg, const struct evt__outcome *outcome)
{
    struct follower *follower = arg;
    const bool begun = evt_request_is_stream(req);

    if (outcome->status != 200 && begun) {
        evt_stream_end(req);
    } else if (outcome->status != 200) {
        evt__pass_back(req, follower->peer, outcome);
        follower_free(follower);
    } else {
        evt_buf_add(&follower->out, outcome->body.data, outcome->body.len);
        note_last(follower);
        if (!follower->out.len)
            evt_buf_add_text(&follower->out, BEAT);
        if (begun)
            write_out(req, follower);
        else
            begin(req, follower, next_passed);
    }
}

static void ask_owner(struct evt_request *req, struct follower *follower)
{
    char last[64];
    const char *const headers[] = {last, NULL};
    const struct evt__errand errand = {
        .method = "GET",
        .base = follower->peer,
        .target = evt_request_target(req),
        .headers = headers,
        .wait_ms = follower->edge->answer_ms + follower->edge->beat_ms + EVT__MARGIN_MS,
        .lingers = true,
    };

    snprintf(last, sizeof(last), "Last-Event-ID: %" PRId64, follower->after);
    evt__relay_run(follower->edge->relay, req, &errand, take_answer,
                   evt_request_is_stream(req) ? NULL : follower_free, follower);
}

static bool read_last(struct evt_request *req, int64_t *ret_after)
{
    const char *text = evt_request_header(req, "Last-Event-ID");

    if (!text || evt__number_read(&text, "", INT64_MAX, ret_after))
        return true;
    evt_reply_problem(req, 400, "Last-Event-ID: is not one that these events had");
    return false;
}

void evt_edge_follow(struct evt_edge *edge, struct evt_request *req, const char *key,
                     enum evt_follow (*read)(sqlite3 *db, const char *key, int64_t *after,
                                             struct evt_buf *out),
                     const char *none)
{
    struct follower *follower;
    int64_t after = 0;
    char *peer = NULL;
    bool passed;

    if (!read_last(req, &after))
        return;
    passed = evt__is_passed_on(edge, req, key, &peer);
    if (passed && !peer)
        return;
    follower = evt_zalloc(sizeof(*follower));
    *follower = (struct follower){
        .edge = edge,
        .key = evt_strdup(key),
        .partition = evt_partition_of(key, strlen(key), edge->inbox->partitions),
        .peer = peer,
        .read = read,
        .none = none,
        .after = after,
    };
    if (peer)
        ask_owner(req, follower);
    else
        follow_ours(req, follower);
}

/* Replay's log: from where it can be read, and by which consumer. */
#include "replay_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <evt/envelope.h>
#include <evt/fs.h>
#include <evt/snapshot.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WAKE_ASK_MS 200 /* the answer does not matter */

uint32_t evt__replay_birth(const struct evt_record *rec)
{
    struct evt_arena arena = {0};
    struct evt_log_begins birth;
    struct evt_error ignored;
    uint32_t generation = 0;

    if (rec && evt_text_is(evt_envelope_type(rec), evt_log_begins_type.name) &&
        evt_log_begins_decode(rec->value, rec->value_len, &arena, &birth, &ignored) == EVT_OK &&
        birth.generation > 0)
        generation = (uint32_t)birth.generation;
    evt_arena_release(&arena);
    return generation;
}

enum evt_err evt__replay_snapshot(const char *path, uint32_t generation, int64_t *ret_offset,
                                  struct evt_error *err)
{
    const char *slash = strrchr(path, '/');
    struct evt_buf folder = {0};
    bool exists;

    evt_buf_add(&folder, path, slash ? (size_t)(slash - path) : 0);
    exists = !slash || evt_fs_posix.exists(evt_fs_posix.self, evt_buf_text(&folder));
    evt_buf_release(&folder);
    *ret_offset = -1;
    return exists ? evt_snapshot_find(NULL, path, generation, ret_offset, err) : EVT_OK;
}

enum evt_err evt__replay_begin(struct replay *rp, struct evt_error *err)
{
    const uint32_t generation = rp->opt->service->generation;
    const struct evt_record *rec = NULL;
    int64_t low = 0, offset = -1;
    char snapshot[1100];
    uint32_t birth;
    enum evt_err rc;

    if (!rp->opt->from || rp->opt->subscription)
        return EVT_OK;
    rc = evt__replay_read(rp, 0, &rec, &low, err);
    if (rc != EVT_OK)
        return rc;
    birth = evt__replay_birth(rec);
    if (low == 0 && (birth == 0 || birth >= generation))
        return EVT_OK;
    rc = evt__replay_snapshot(rp->opt->from, generation, &offset, err);
    if (rc != EVT_OK || offset < 0)
        return rc;
    if (snprintf(snapshot, sizeof(snapshot), "%s.g%" PRIu32 "@%" PRId64, rp->opt->from, generation,
                 offset) >= (int)sizeof(snapshot))
        return evt_fail(err, EVT_E_USAGE, "the path of the store is too long: %.80s…",
                        rp->opt->from);
    return evt_fs_posix.copy(evt_fs_posix.self, snapshot, rp->opt->out, err);
}

enum evt_err evt__replay_connect(struct replay *rp, int timeout_ms, struct evt_error *err)
{
    rd_kafka_conf_t *conf;
    int64_t low;
    enum evt_err rc = evt_kafka_conf(&rp->opt->kafka, EVT_KAFKA_CONSUMER, &conf, err);

    if (rc != EVT_OK)
        return rc;
    /* Whatever is fetched over a connection comes after it was made: the join check rests on that.
     */
    rp->link = evt_kafka_link(conf, rp);
    rc = evt_kafka_client(conf, EVT_KAFKA_CONSUMER, &rp->consumer, err);
    if (rc == EVT_OK)
        rc = evt_kafka_ends(rp->consumer, rp->topic->name, rp->opt->partition, timeout_ms, &low,
                            &rp->end, err);
    return rc;
}

enum evt_err evt__replay_consume(struct replay *rp, int64_t offset, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code;

    rp->queue = rd_kafka_queue_get_partition(rp->consumer, rp->topic->name, rp->opt->partition);
    /* Before the assignment: later, records land in the main queue. */
    rd_kafka_queue_forward(rp->queue, NULL);
    list = evt_kafka_place(rp->topic->name, rp->opt->partition, offset);
    code = rd_kafka_assign(rp->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? EVT_OK
               : evt_kafka_fail(err, code, "read %s/%d", rp->topic->name, (int)rp->opt->partition);
}

void evt__replay_wake(struct replay *rp)
{
    (void)evt_kafka_wake(rp->consumer, rp->topic->name, rp->opt->partition, WAKE_ASK_MS, NULL);
}

bool evt__replay_silent(struct replay *rp, int most_ms)
{
    const int64_t now_ms = evt_clock_ms();

    rp->silent_ms = rp->silent_ms ? rp->silent_ms : now_ms;
    return now_ms - rp->silent_ms > most_ms;
}

void evt__replay_stop(struct replay *rp)
{
    if (rp->queue)
        rd_kafka_queue_destroy(rp->queue);
    if (!rp->consumer)
        evt_free(rp->link);
    evt_kafka_leave(rp->consumer);
    rp->link = NULL;
    rp->queue = NULL;
    rp->consumer = NULL;
}

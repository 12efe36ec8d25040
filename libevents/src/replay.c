/* Replay: the driver over a real log that sends nothing. The log is read at full prefetch and the
 * store written without waiting for the disk: what is lost is built again. */
#include "replay_internal.h"

#include <evt/clock.h>
#include <evt/fs.h>
#include <evt/mem.h>
#include <evt/snapshot.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* Nothing came for so long: the broker is away. */
#define SILENCE_MS       30000
#define POLL_MS          100
#define WAKE_MS          4 /* before the first record, see evt__replay_wake */
/* Fewer, larger checkpoints than a service can afford, whose readers would wait. */
#define CHECKPOINT_PAGES 20000
#define SCRATCH_SETTINGS "PRAGMA synchronous=OFF; PRAGMA cache_size=-65536"

static int silence_ms(const struct replay *rp)
{
    return rp->opt->silence_ms ? rp->opt->silence_ms : SILENCE_MS;
}

enum evt_err evt__replay_read(struct replay *rp, int64_t offset, const struct evt_record **ret_rec,
                              int64_t *ret_low, struct evt_error *err)
{
    return evt_kafka_read(rp->reader, rp->topic->name, rp->opt->partition, offset < 0 ? 0 : offset,
                          silence_ms(rp), ret_rec, ret_low, &rp->end, err);
}

/* Before anything that is fetched from now on is applied, the record at the position is read again:
 * over another connection another log could come. What was prefetched goes with the consumer. */
static enum evt_err join(struct replay *rp, struct evt_error *err)
{
    enum evt_err rc;
    int64_t offset;

    evt__replay_stop(rp);
    rc = evt__replay_connect(rp, silence_ms(rp), err);
    rp->joined = atomic_load(&rp->link->made);
    rp->broker = -1;
    evt_shard_reconnected(rp->sh);
    while (rc == EVT_OK && evt_shard_join_next(rp->sh, &offset)) {
        const struct evt_record *rec = NULL;
        int64_t low = 0;

        rc = evt__replay_read(rp, offset, &rec, &low, err);
        if (rc == EVT_OK)
            rc = evt_shard_join(rp->sh, rec, low, err);
    }
    if (rc == EVT_OK)
        rc = evt__replay_consume(rp, evt_shard_next_offset(rp->sh), err);
    return rc;
}

static bool connected_anew(struct replay *rp, const rd_kafka_message_t *message)
{
    const int32_t before = rp->broker, broker = rd_kafka_message_broker_id(message);

    if (broker >= 0)
        rp->broker = broker;
    return atomic_load(&rp->link->made) != rp->joined ||
           (before >= 0 && broker >= 0 && broker != before);
}

static enum evt_err open_shard(struct replay *rp, struct evt_error *err)
{
    const struct evt_shard_options opt = {
        .service = rp->opt->service,
        .subscription = rp->opt->subscription,
        .topic = rp->topic,
        .partition = rp->opt->partition,
        .store = {.path = rp->opt->out, .checkpoint_pages = CHECKPOINT_PAGES},
    };
    enum evt_err rc = evt_shard_open(&opt, &rp->sh, err);
    struct evt_store *st;
    int sqlite_rc;

    if (rc != EVT_OK)
        return rc;
    st = evt_shard_store(rp->sh);
    sqlite_rc = sqlite3_exec(evt_store_db(st), SCRATCH_SETTINGS, NULL, NULL, NULL);
    if (sqlite_rc != SQLITE_OK)
        return evt_store_fail(st, sqlite_rc, err);
    rc = join(rp, err);
    if (rc != EVT_OK)
        return rc;
    rp->last =
        rp->opt->to_offset >= 0 && rp->opt->to_offset < rp->end ? rp->opt->to_offset : rp->end - 1;
    if (rp->last < evt_shard_position(rp->sh))
        return evt_fail(err, EVT_E_USAGE,
                        "offset %" PRId64 " belongs to an older generation, or to a snapshot's "
                        "past: this version begins at %" PRId64,
                        rp->last, evt_shard_position(rp->sh) + 1);
    return EVT_OK;
}

static enum evt_err commit(struct replay *rp, struct evt_error *err)
{
    const struct evt_send *sends;
    const size_t n = evt_shard_sends(rp->sh, &sends);
    enum evt_err rc;

    for (size_t i = 0; i < n && rp->opt->sends; i++)
        rp->opt->sends(rp->opt->arg, &sends[i]);
    evt_shard_acknowledged(rp->sh, n);
    rp->result.records += (int64_t)evt_shard_batch(rp->sh);
    rc = evt_shard_commit(rp->sh, err);
    if (rc == EVT_OK && rp->opt->progress)
        rp->opt->progress(rp->opt->arg, evt_shard_position(rp->sh), rp->last);
    return rc;
}

static enum evt_err apply(struct replay *rp, const rd_kafka_message_t *message,
                          struct evt_error *err)
{
    const struct evt_record *rec = &rp->rec.rec;
    enum evt_err rc;

    evt_kafka_record_set(&rp->rec, message);
    if (rec->offset > rp->last || (rp->opt->to_ms >= 0 && rec->time_ms > rp->opt->to_ms)) {
        rp->done = true;
        return EVT_OK;
    }
    if (rec->offset < evt_shard_next_offset(rp->sh))
        return EVT_OK;
    rc = evt_shard_apply(rp->sh, rec, err);
    if (rc != EVT_OK)
        return evt_wrap(err, rc, "offset %" PRId64, rec->offset);
    rp->result.superseded = evt_shard_superseded(rp->sh, &(uint32_t){0}, &(int64_t){0});
    rp->done = rp->result.superseded || rec->offset == rp->last;
    return evt_shard_batch(rp->sh) == EVT_BATCH_MAX ? commit(rp, err) : EVT_OK;
}

/* What librdkafka says in place of a record. It goes on by itself after most failures; when it does
 * not, that is said at the end of the silence. */
static enum evt_err take_event(struct replay *rp, const rd_kafka_message_t *message,
                               struct evt_error *err)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        rp->done = message->offset > rp->last; /* what is in the way is markers of transactions */
        return EVT_OK;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return evt_fail(err, EVT_E_LOG_BEGIN,
                        "offset %" PRId64 " is gone from %s/%d while it was read: try again",
                        evt_shard_next_offset(rp->sh), rp->topic->name, (int)rp->opt->partition);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return evt_kafka_fail(err, message->err, "read %s/%d", rp->topic->name,
                              (int)rp->opt->partition);
    default:
        rp->heard = message->err;
        return EVT_OK;
    }
}

static enum evt_err too_silent(const struct replay *rp, struct evt_error *err)
{
    return evt_fail(err, EVT_E_AWAY, "%s/%d: no record came for %d s; it stands at %" PRId64 "%s%s",
                    rp->topic->name, (int)rp->opt->partition, silence_ms(rp) / 1000,
                    evt_shard_position(rp->sh), rp->heard ? ": " : "",
                    rp->heard ? rd_kafka_err2str(rp->heard) : "");
}

static enum evt_err apply_all(struct replay *rp, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && !rp->done) {
        rd_kafka_message_t *message =
            rd_kafka_consume_queue(rp->queue, rp->result.records > 0 ? POLL_MS : WAKE_MS);
        const bool anew = message && connected_anew(rp, message);

        if (message && !message->err && !anew) {
            rp->silent_ms = 0;
            rp->heard = RD_KAFKA_RESP_ERR_NO_ERROR;
            rc = apply(rp, message, err);
        } else if (message && !anew) {
            rc = take_event(rp, message, err);
        }
        if (rc == EVT_OK && !rp->done && (!message || message->err || anew) &&
            evt__replay_silent(rp, silence_ms(rp)))
            rc = too_silent(rp, err);
        if (message)
            rd_kafka_message_destroy(message);
        else
            evt__replay_wake(rp);
        if (anew && rc == EVT_OK)
            rc = join(rp, err);
    }
    return rc == EVT_OK ? commit(rp, err) : rc;
}

static enum evt_err run(struct replay *rp, struct evt_error *err)
{
    enum evt_err rc = evt__replay_begin(rp, err);

    if (rc == EVT_OK)
        rc = open_shard(rp, err);
    if (rc == EVT_OK && evt_shard_position(rp->sh) < rp->last)
        rc = apply_all(rp, err);
    if (rc == EVT_OK && !rp->result.superseded)
        rc = evt_shard_caught_up(rp->sh, err);
    if (rc == EVT_OK)
        rc = evt__content_of(evt_shard_store(rp->sh), &rp->result.content, err);
    return rc;
}

/* A scratch file's lock is of no use to anybody; a store of which a part failed neither. */
static void clean_up(const char *out, bool all)
{
    struct evt_error ignored;
    char lock[1100];

    if (all)
        (void)!evt_store_remove(NULL, out, &ignored);
    if (snprintf(lock, sizeof(lock), "%s.lock", out) < (int)sizeof(lock))
        unlink(lock);
}

enum evt_err evt_replay(const struct evt_replay_options *opt, struct evt_replay_result *ret_result,
                        struct evt_error *err)
{
    struct replay rp = {.opt = opt};
    enum evt_err rc;

    if (access(opt->out, F_OK) == 0)
        return evt_fail(err, EVT_E_USAGE, "%s exists: name a new file", opt->out);
    rp.topic = opt->subscription ? opt->subscription->source
                                 : evt_registry_service_topic(opt->service->registry,
                                                              opt->service->name, EVT_TOPIC_INBOX);
    EVT_BUG_ON(!rp.topic || opt->partition < 0 || opt->partition >= rp.topic->partitions);
    rc = evt_kafka_reader_new(&opt->kafka, &rp.reader, err);
    if (rc == EVT_OK)
        rc = run(&rp, err);
    evt__replay_stop(&rp);
    evt_shard_close(rp.sh);
    evt_kafka_reader_free(rp.reader);
    evt_kafka_record_release(&rp.rec);
    clean_up(opt->out, rc != EVT_OK);
    if (rc == EVT_OK)
        *ret_result = rp.result;
    else
        evt_content_release(&rp.result.content);
    return rc;
}

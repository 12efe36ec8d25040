/* Bus, a seat: a shard's thread. It joins the log, applies what comes, ends its batches, and at the
 * end of the log carries out timers and calls. After any failure that may pass it rolls back, waits
 * and joins again, so there is one way back, whatever happened. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>

#define BATCH_US     20000
#define IDLE_MS      500  /* at most, without anything to do */
#define TEND_MS      20   /* at least so often it looks after itself, however much comes */
#define LOW_MS       1000 /* the log's beginning is asked for no more often */
#define PAUSE_MS     1000 /* what may pass within a moment is tried again at least so often … */
#define PAUSES       10   /* … and this is how many pauses grow from 1 ms to it */
#define PAUSE_MS_MAX 30000

/* So may what another broker has, which leads the partition now. */
static bool led_anew(struct evt_seat *seat, int32_t broker)
{
    if (broker < 0 || seat->broker < 0 || broker == seat->broker)
        return false;
    seat->joined = false;
    seat->probes = true;
    return true;
}

/* A skipped offset is a hole while the log still begins before it; else records were lost. */
static enum evt_err check_hole(struct evt_seat *seat, int64_t offset, struct evt_error *err)
{
    const int64_t next = evt_shard_next_offset(seat->sh);
    enum evt_err rc = EVT_OK;
    int64_t high;

    if (offset == next || (seat->low <= next && evt_clock_ms() - seat->low_ms < LOW_MS))
        return EVT_OK;
    rc = evt_kafka_ends(seat->bus->consumer, seat->topic->name, seat->partition, EVT_SEAT_READ_MS,
                        &seat->low, &high, err);
    seat->low_ms = evt_clock_ms();
    if (rc == EVT_OK && seat->low > next)
        rc = evt_fail(err, EVT_E_LOG_BEGIN,
                      "it begins at %" PRId64 " and %" PRId64
                      " was not applied yet: restore a newer snapshot",
                      seat->low, next);
    return rc;
}

static enum evt_err take(struct evt_seat *seat, const rd_kafka_message_t *message,
                         struct evt_error *err)
{
    const int32_t broker = rd_kafka_message_broker_id(message);
    int64_t begin_us;
    enum evt_err rc;

    seat->at_end = false;
    if (evt__seat_connected_anew(seat) || led_anew(seat, broker) ||
        message->offset < evt_shard_next_offset(seat->sh))
        return EVT_OK;
    seat->broker = broker;
    rc = check_hole(seat, message->offset, err);
    if (rc != EVT_OK)
        return rc;
    begin_us = evt_clock_us();
    if (evt_shard_batch(seat->sh) == 0) {
        seat->batch_us = begin_us;
        /* What comes before a record that must wait is not held up with it. */
        seat->batch_max = message->offset <= seat->careful_to ? 1 : EVT_BATCH_MAX;
    }
    evt_kafka_record_set(&seat->rec, message);
    rc = evt_shard_apply(seat->sh, &seat->rec.rec, err);
    if (rc != EVT_OK)
        return rc;
    evt_metric_observe(seat->metrics.handle, evt_clock_us() - begin_us);
    seat->applied++;
    evt__seat_wake_fetcher(seat);
    if (evt_shard_batch(seat->sh) >= seat->batch_max || begin_us - seat->batch_us > BATCH_US)
        return evt__seat_flush(seat, err);
    return EVT_OK;
}

/* What was not taken is due until it has come back. */
static void publish(void *self, const struct evt_send *send)
{
    (void)evt__seat_publish(self, send);
}

static void call(void *self, const struct evt_call_request *request)
{
    evt__seat_call(self, request);
}

/* The end that was there at the join is reached, or a later one was told. */
static enum evt_err catch_up(struct evt_seat *seat, struct evt_error *err)
{
    enum evt_err rc;

    if (!seat->at_end && evt_shard_next_offset(seat->sh) < seat->end)
        return EVT_OK;
    rc = evt_shard_caught_up(seat->sh, err);
    if (rc != EVT_OK)
        return rc;
    evt_store_catching_up(evt_shard_store(seat->sh), false);
    seat->retries = 0;
    evt__seat_say(seat, EVT_SEAT_RUNNING, NULL);
    EVT_LOG(INFO, "caught up", EVT_FT("of", seat->name), EVT_FN("shard", seat->partition),
            EVT_FN("offset", evt_shard_position(seat->sh)));
    return EVT_OK;
}

/* What the shard itself has to do, between batches. */
static enum evt_err tend(struct evt_seat *seat, struct evt_error *err)
{
    const struct evt_due_driver driver = {.self = seat, .publish = publish, .call = call};
    enum evt_err rc = EVT_OK;

    if (evt__seat_connected_anew(seat))
        return EVT_OK;
    seat->tended_ms = evt_clock_ms();
    if (!evt_shard_is_caught_up(seat->sh))
        rc = catch_up(seat, err);
    if (rc != EVT_OK)
        return rc;
    if (evt_clock_ms() >= seat->probe_ms)
        seat->joined = false; /* probes go with the join */
    evt__seat_tell_offset(seat, false);
    evt__seat_take_mail(seat);
    return evt_due_run(seat->due, evt_clock_wall_ms(), &driver, err);
}

/* Not a record, but something about the partition. */
static enum evt_err told(struct evt_seat *seat, const rd_kafka_message_t *message,
                         struct evt_error *err)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        /* Not before the end that the leader told at the join: see evt_kafka_ends. */
        seat->at_end = message->offset >= seat->end;
        /* Each fetch tells it, while the next ones may lie in the queue already: the batch ends
         * when that is empty. */
        return evt_shard_batch(seat->sh) ? EVT_OK : tend(seat, err);
    }
    return evt_kafka_fail(err, message->err, "%s/%d", seat->topic->name, (int)seat->partition);
}

/* Nothing comes, though the end was not reached. */
static void nudge(struct evt_seat *seat)
{
    evt__seat_wake(seat, EVT_SEAT_READ_MS);
    if (seat->nudge_ms < IDLE_MS)
        seat->nudge_ms *= 2;
}

static int wait_ms(const struct evt_seat *seat)
{
    int64_t now_ms, next_ms;

    if (evt_shard_batch(seat->sh))
        return 0;
    if (!evt_shard_is_caught_up(seat->sh))
        return seat->nudge_ms;
    now_ms = evt_clock_wall_ms();
    next_ms = evt_due_next_ms(seat->due, now_ms);
    if (next_ms <= now_ms)
        return 0;
    return next_ms - now_ms < IDLE_MS ? (int)(next_ms - now_ms) : IDLE_MS;
}

static enum evt_err supersede(struct evt_seat *seat, struct evt_error *err)
{
    const enum evt_err rc = evt_shard_supersede(seat->sh, err);
    uint32_t generation;
    int64_t boundary;

    if (rc != EVT_OK)
        return rc;
    evt_shard_superseded(seat->sh, &generation, &boundary);
    EVT_LOG(INFO, "superseded: a newer generation begins here", EVT_FT("of", seat->name),
            EVT_FN("shard", seat->partition), EVT_FN("offset", boundary),
            EVT_FN("generation", generation));
    evt__seat_tell_offset(seat, true);
    evt__seat_close(seat);
    evt__seat_say(seat, EVT_SEAT_SUPERSEDED, NULL);
    return EVT_OK;
}

static enum evt_err step(struct evt_seat *seat, struct evt_error *err)
{
    rd_kafka_message_t *message;
    uint32_t generation;
    int64_t boundary;
    enum evt_err rc;

    if (!seat->joined)
        return evt__seat_join(seat, err);
    if (evt_shard_superseded(seat->sh, &generation, &boundary))
        return evt_shard_batch(seat->sh) ? evt__seat_flush(seat, err) : supersede(seat, err);
    /* Where something always comes, timers would wait for ever. How a call ended is news. */
    if (!evt_shard_batch(seat->sh) &&
        (atomic_load(&seat->mailbox.full) || evt_clock_ms() - seat->tended_ms >= TEND_MS))
        return tend(seat, err);
    message = rd_kafka_consume_queue(seat->queue, wait_ms(seat));
    if (!message && evt_shard_batch(seat->sh))
        return evt__seat_flush(seat, err);
    if (!message && !evt_shard_is_caught_up(seat->sh))
        nudge(seat);
    if (!message)
        return tend(seat, err);
    rc = message->err ? told(seat, message, err) : take(seat, message, err);
    rd_kafka_message_destroy(message);
    return rc;
}

/* Twice as long each time; half of it and up to half more, so that shards do not knock all at once.
 * Each attempt at a destination that refuses for good costs the other shards a producer. */
static int64_t next_pause_ms(struct evt_seat *seat)
{
    int64_t most = (int64_t)1 << seat->pauses;

    if (most < PAUSE_MS_MAX)
        seat->pauses++;
    else
        most = PAUSE_MS_MAX;
    return most / 2 + evt_clock_us() % (most / 2 + 1);
}

/* Until it is over, or the broker may be another one than it was: no longer than PAUSE_MS then. */
static void pause_for(struct evt_seat *seat, int64_t pause_ms)
{
    const uint64_t connections = atomic_load(&seat->bus->link->made);
    const int64_t begin_ms = evt_clock_ms();

    while (!atomic_load(&seat->bus->stopping)) {
        const int64_t left = begin_ms + pause_ms - evt_clock_ms();
        const struct timespec slice = {0, (left < 20 ? left : 20) * 1000000L};

        evt__seat_moved(seat);
        if (left <= 0)
            return;
        nanosleep(&slice, NULL);
        if (pause_ms > PAUSE_MS && atomic_load(&seat->bus->link->made) != connections) {
            seat->pauses = PAUSES;
            pause_ms = PAUSE_MS;
        }
    }
}

static void say_retry(struct evt_seat *seat, int64_t pause_ms, const char *reason)
{
    char text[sizeof(seat->reason)];

    if (pause_ms > PAUSE_MS)
        snprintf(text, sizeof(text), "%s; again in %d s", reason, (int)((pause_ms + 999) / 1000));
    else
        snprintf(text, sizeof(text), "%s", reason);
    evt__seat_say(seat, EVT_SEAT_RETRYING, text);
    if ((seat->retries & (seat->retries - 1)) == 0) /* 1, 2, 4, 8 … times */
        EVT_LOG(WARN, "rolled back, trying again", EVT_FT("of", seat->name),
                EVT_FN("shard", seat->partition), EVT_FN("times", seat->retries),
                EVT_FT("reason", reason));
}

static void failed(struct evt_seat *seat, enum evt_err code, struct evt_error *err)
{
    int64_t pause_ms;

    if (code == EVT_E_PROOF_DIFFERS && !seat->no_hold_back)
        code = evt__seat_rebuild(seat, err);
    if (code == EVT_OK)
        return;
    if (evt_err_class(code) != EVT_CLASS_RETRY || !seat->sh) {
        evt__seat_close(seat);
        atomic_store(&seat->code, (int)code);
        evt__seat_say(seat, EVT_SEAT_FAILED, err->text);
        return;
    }
    /* Over a new connection the join looks at what is open first, however often it takes. */
    if (seat->joined && !evt__seat_connected_anew(seat)) {
        if (evt_shard_next_offset(seat->sh) > seat->careful_to)
            seat->careful_to = evt_shard_next_offset(seat->sh);
        evt_shard_rollback(seat->sh);
    }
    seat->joined = false;
    if (seat->retries == 0) /* something was committed since the last failure */
        seat->pauses = 0;
    if (seat->retries < 1 << 20)
        seat->retries++;
    pause_ms = next_pause_ms(seat);
    say_retry(seat, pause_ms, err->text);
    pause_for(seat, pause_ms);
}

static bool ended(const struct evt_seat *seat)
{
    const int state = atomic_load(&seat->state);

    return state == EVT_SEAT_SUPERSEDED || state == EVT_SEAT_FAILED;
}

/* What is open is finished, if the broker lets us; else it is applied again at the next start. */
static void finish(struct evt_seat *seat)
{
    struct evt_error err;

    if (!seat->sh)
        return;
    if (seat->joined && evt_shard_batch(seat->sh) && evt__seat_flush(seat, &err) != EVT_OK)
        evt_shard_rollback(seat->sh);
    if (seat->joined)
        evt__seat_tell_offset(seat, true);
    /* Closing would do it, but for readers that still have the file open. */
    sqlite3_wal_checkpoint_v2(evt_store_db(evt_shard_store(seat->sh)), NULL,
                              SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    evt__seat_close(seat);
    evt__seat_say(seat, EVT_SEAT_STOPPED, NULL);
}

void *evt__seat_run(void *arg)
{
    struct evt_seat *seat = arg;
    struct evt_error err = {.text = ""};

    seat->probes = true; /* with the first join */
    while (!atomic_load(&seat->bus->stopping) && !ended(seat)) {
        enum evt_err rc = step(seat, &err);

        evt__seat_moved(seat);
        if (rc != EVT_OK)
            failed(seat, rc, &err);
    }
    finish(seat);
    evt_kafka_record_release(&seat->rec);
    return NULL;
}

/* Bus, the end of a batch: what it sends leaves in one burst; when all of it is acknowledged, the
 * batch commits. If anything fails, it is rolled back and will be applied again. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>

#define ANEW_MS 2000
#define LOOK_MS 50 /* while waiting: how often to see whether waiting still makes sense */

static void burst_free(struct evt_burst *burst)
{
    pthread_cond_destroy(&burst->changed);
    pthread_mutex_destroy(&burst->mutex);
    evt_free(burst);
}

static void reported(struct evt_report *self, const rd_kafka_message_t *message)
{
    struct evt_burst *burst = (struct evt_burst *)self;
    bool free_it;

    pthread_mutex_lock(&burst->mutex);
    burst->left--;
    if (message->err && !burst->code) {
        burst->code = message->err;
        snprintf(burst->where, sizeof(burst->where), "%s/%d",
                 message->rkt ? rd_kafka_topic_name(message->rkt) : "?", (int)message->partition);
    }
    free_it = burst->abandoned && burst->left == 0;
    if (burst->left == 0 || burst->code)
        pthread_cond_signal(&burst->changed);
    pthread_mutex_unlock(&burst->mutex);
    if (free_it)
        burst_free(burst);
}

static struct evt_burst *burst_new(void)
{
    struct evt_burst *burst = evt_zalloc(sizeof(*burst));
    pthread_condattr_t attr;

    burst->report.fn = reported;
    pthread_mutex_init(&burst->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&burst->changed, &attr);
    pthread_condattr_destroy(&attr);
    return burst;
}

/* Frees it now or with its last report. */
static void burst_leave(struct evt_burst *burst)
{
    bool free_it;

    pthread_mutex_lock(&burst->mutex);
    burst->abandoned = true;
    free_it = burst->left == 0;
    pthread_mutex_unlock(&burst->mutex);
    if (free_it)
        burst_free(burst);
}

static void wait_a_little(struct evt_burst *burst)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&burst->changed, &burst->mutex, &until);
}

/* After a fatal error every message fails with the same general words: the first one's are asked
 * for. */
static enum evt_err producer_failed(const struct evt_producer *producer, rd_kafka_resp_err_t code,
                                    const char *where, struct evt_error *err)
{
    if (evt_kafka_fatal(producer->rk, err))
        return err->code;
    return evt_kafka_fail(err, code, "send to %s", where);
}

/* Is there still a reason to wait for what was sent? */
static enum evt_err still_waiting(struct evt_seat *seat, const struct evt_producer *producer,
                                  struct evt_error *err)
{
    evt__seat_moved(seat);
    if (atomic_load(&producer->fatal))
        return producer_failed(producer, RD_KAFKA_RESP_ERR__FATAL, "the broker", err);
    /* The log may have lost what this transaction applied: the join check comes first. */
    if (evt__seat_connected_anew(seat))
        return evt_fail(err, EVT_E_AWAY, "the broker was connected anew");
    if (atomic_load(&seat->bus->stopping) && evt_clock_ms() >= atomic_load(&seat->bus->stop_by_ms))
        return evt_fail(err, EVT_E_AWAY, "stopping before all was acknowledged");
    return EVT_OK;
}

static enum evt_err wait_for_all(struct evt_seat *seat, struct evt_burst *burst,
                                 const struct evt_producer *producer, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    pthread_mutex_lock(&burst->mutex);
    while (rc == EVT_OK && burst->left > 0 && !burst->code) {
        wait_a_little(burst);
        if (burst->left == 0 || burst->code)
            break;
        rc = still_waiting(seat, producer, err);
    }
    if (rc == EVT_OK && burst->code)
        rc = producer_failed(producer, burst->code, burst->where, err);
    pthread_mutex_unlock(&burst->mutex);
    return rc;
}

/* The queue is full: reports make room. */
static enum evt_err produce(struct evt_seat *seat, struct evt_producer *producer,
                            const struct evt_send *send, struct evt_burst *burst,
                            struct evt_error *err)
{
    for (;;) {
        enum evt_err rc;

        pthread_mutex_lock(&burst->mutex);
        burst->left++;
        pthread_mutex_unlock(&burst->mutex);
        rc = evt_kafka_produce(producer->rk, send, burst, err);
        if (rc == EVT_OK)
            return EVT_OK;
        pthread_mutex_lock(&burst->mutex);
        burst->left--;
        if (rc == EVT_E_BUSY && !burst->code) {
            wait_a_little(burst);
            rc = still_waiting(seat, producer, err);
        }
        pthread_mutex_unlock(&burst->mutex);
        if (rc != EVT_OK)
            return rc;
    }
}

/* A new one takes the place of one that failed within a moment. */
static struct evt_producer *use_producer(struct evt_seat *seat, size_t messages)
{
    const int64_t end_ms = evt_clock_ms() + ANEW_MS;
    struct evt_producer *producer;

    while (!(producer = evt__bus_producer_use(seat->bus, messages)) && evt_clock_ms() < end_ms) {
        const struct timespec moment = {0, 2000000};

        nanosleep(&moment, NULL);
    }
    evt__seat_moved(seat);
    return producer;
}

static enum evt_err send_all(struct evt_seat *seat, const struct evt_send *sends, size_t n,
                             struct evt_error *err)
{
    struct evt_producer *producer = use_producer(seat, n);
    const int64_t begin_us = evt_clock_us();
    struct evt_burst *burst;
    enum evt_err rc = EVT_OK;

    if (!producer)
        return evt_fail(err, EVT_E_AWAY, "the producer is being made anew");
    burst = burst_new();
    for (size_t i = 0; rc == EVT_OK && i < n; i++)
        rc = produce(seat, producer, &sends[i], burst, err);
    if (rc == EVT_OK)
        rc = wait_for_all(seat, burst, producer, err);
    burst_leave(burst);
    evt__bus_producer_done(producer);
    if (rc == EVT_OK)
        evt_metric_observe(seat->metrics.ack_wait, evt_clock_us() - begin_us);
    return rc;
}

enum evt_err evt__seat_flush(struct evt_seat *seat, struct evt_error *err)
{
    const struct evt_send *sends;
    const size_t n = evt_shard_sends(seat->sh, &sends), batch = evt_shard_batch(seat->sh);
    enum evt_err rc = n ? send_all(seat, sends, n, err) : EVT_OK;
    int64_t begin_us;

    if (rc != EVT_OK)
        return rc;
    if (n)
        evt_shard_acknowledged(seat->sh, n);
    begin_us = evt_clock_us();
    rc = evt_shard_commit(seat->sh, err);
    if (rc != EVT_OK)
        return rc;
    evt_metric_observe(seat->metrics.commit, evt_clock_us() - begin_us);
    evt_metric_observe(seat->metrics.batch, (int64_t)batch);
    seat->retries = 0;
    atomic_store(&seat->position, evt_shard_position(seat->sh));
    if (!seat->subscription && seat->bus->opt.committed)
        seat->bus->opt.committed(seat->bus->opt.committed_arg, seat->partition,
                                 evt_shard_position(seat->sh));
    evt__seat_tell_offset(seat, false);
    return EVT_OK;
}

/* A timer, an outcome or a probe: whatever becomes of it, it is published again later. */
bool evt__seat_publish(struct evt_seat *seat, const struct evt_send *send)
{
    struct evt_producer *producer = evt__bus_producer_use(seat->bus, 1);
    struct evt_error why;
    enum evt_err rc;

    if (!producer)
        return false;
    rc = evt_kafka_produce(producer->rk, send, NULL, &why);
    if (rc != EVT_OK)
        EVT_LOG(DEBUG, "not published, later again", EVT_FN("shard", seat->partition),
                EVT_FT("reason", why.text));
    evt__bus_producer_done(producer);
    return rc == EVT_OK;
}

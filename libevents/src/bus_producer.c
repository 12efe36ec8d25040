/* Bus, the producers: two for all shards of the process, one that sends at once and one that
 * gathers a burst. Reports of each are served by a thread of its own, so that a shard that waits is
 * woken by its last one. After a fatal error a new producer takes its place: every batch that waits
 * for it is rolled back, and reports of the old one find nobody. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/cluster.h>
#include <evt/mem.h>

#define SERVE_MS  100
#define FLUSH_MS  2000
#define LEARN_MS  1000
#define BURY_MS   5000 /* what a dead producer still holds is thrown away; it may take its time */
/* librdkafka's idempotent producer spins while five messages of a partition are under way and more
 * wait, which is half of the process's CPU under load: from here on they are gathered first. */
#define BURST_MIN 32

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct evt_report *to = message->_private;

    (void)rk;
    (void)opaque;
    if (to)
        to->fn(to, message);
}

static void failed(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    struct evt_producer *producer = opaque;
    struct evt_error why;

    (void)text;
    if (code != RD_KAFKA_RESP_ERR__FATAL || !evt_kafka_fatal(rk, &why))
        return;
    EVT_LOG(INFO, "the producer failed, a new one takes its place", EVT_FT("reason", why.text));
    atomic_store(&producer->fatal, true);
}

/* The first message to a topic that the library does not know yet may leave a second late. */
static void hold_topics(struct evt_producer *producer, enum evt_kafka_role role)
{
    const struct evt_registry *reg = producer->bus->opt.service->registry;
    const struct evt_topic **topics = evt_alloc(reg->topics_n * sizeof(*topics));

    producer->topics_n = evt_cluster_topics_of(reg, producer->bus->opt.service->name, topics);
    producer->topics = evt_zalloc(reg->topics_n * sizeof(rd_kafka_topic_t *));
    for (size_t i = 0; i < producer->topics_n; i++)
        producer->topics[i] =
            evt_kafka_topic(producer->rk, role, topics[i]->name, topics[i]->compression);
    evt_free(topics);
}

static void learn_topics(struct evt_producer *producer)
{
    const struct rd_kafka_metadata *metadata = NULL;

    if (rd_kafka_metadata(producer->rk, 0, NULL, &metadata, LEARN_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

static enum evt_err producer_new(const struct evt_lane *lane, struct evt_producer **ret_producer,
                                 struct evt_error *err)
{
    struct evt_producer *producer = evt_zalloc(sizeof(*producer));
    rd_kafka_conf_t *conf;
    enum evt_err rc = evt_kafka_conf(&lane->bus->kafka, lane->role, &conf, err);

    if (rc == EVT_OK) {
        rd_kafka_conf_set_dr_msg_cb(conf, report);
        rd_kafka_conf_set_error_cb(conf, failed);
        rd_kafka_conf_set_opaque(conf, producer);
        rc = evt_kafka_client(conf, lane->role, &producer->rk, err);
    }
    if (rc != EVT_OK) {
        evt_free(producer);
        return rc;
    }
    producer->bus = lane->bus;
    atomic_init(&producer->users, 1); /* the lane's own */
    hold_topics(producer, lane->role);
    *ret_producer = producer;
    return EVT_OK;
}

/* The last who lets go throws away what it holds: by then nobody waits for it. */
static void *bury(void *arg)
{
    struct evt_producer *producer = arg;
    const int64_t end_ms = evt_clock_ms() + BURY_MS;

    rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(producer->rk) > 0 && evt_clock_ms() < end_ms)
        rd_kafka_poll(producer->rk, SERVE_MS);
    for (size_t i = 0; i < producer->topics_n; i++)
        if (producer->topics[i])
            rd_kafka_topic_destroy(producer->topics[i]);
    evt_free(producer->topics);
    atomic_fetch_sub(&producer->bus->burying, 1); /* whom it could tell anything may go */
    rd_kafka_destroy(producer->rk);
    evt_free(producer);
    return NULL;
}

static struct evt_producer *lane_use(struct evt_lane *lane)
{
    struct evt_producer *producer;

    pthread_mutex_lock(&lane->bus->producer_mutex);
    producer = lane->producer;
    if (producer && atomic_load(&producer->fatal))
        producer = NULL;
    if (producer)
        atomic_fetch_add(&producer->users, 1);
    pthread_mutex_unlock(&lane->bus->producer_mutex);
    return producer;
}

struct evt_producer *evt__bus_producer_use(struct evt_bus *bus, size_t messages)
{
    return lane_use(&bus->lanes[messages < BURST_MIN ? EVT_LANE_PROMPT : EVT_LANE_BURST]);
}

void evt__bus_producer_done(struct evt_producer *producer)
{
    pthread_t thread;

    if (atomic_fetch_sub(&producer->users, 1) != 1)
        return;
    atomic_fetch_add(&producer->bus->burying, 1);
    if (pthread_create(&thread, NULL, bury, producer) == 0)
        pthread_detach(thread);
}

/* Lets go of the one that was there. */
static void lane_set(struct evt_lane *lane, struct evt_producer *producer)
{
    struct evt_producer *old;

    pthread_mutex_lock(&lane->bus->producer_mutex);
    old = lane->producer;
    lane->producer = producer;
    pthread_mutex_unlock(&lane->bus->producer_mutex);
    if (old)
        evt__bus_producer_done(old);
}

static void replace(struct evt_lane *lane)
{
    struct evt_producer *new = NULL;
    struct evt_error err;

    if (producer_new(lane, &new, &err) != EVT_OK) {
        EVT_LOG(ERROR, "no new producer", EVT_FT("reason", err.text));
        rd_kafka_poll(lane->producer->rk, SERVE_MS); /* and again */
        return;
    }
    learn_topics(new);
    lane_set(lane, new);
}

static void *serve(void *arg)
{
    struct evt_lane *lane = arg;

    while (lane->bus->reporting) {
        rd_kafka_poll(lane->producer->rk, SERVE_MS);
        if (atomic_load(&lane->producer->fatal))
            replace(lane);
    }
    return NULL;
}

/* Both connect before either is asked what it knows. */
enum evt_err evt__bus_producer_open(struct evt_bus *bus, struct evt_error *err)
{
    static const enum evt_kafka_role roles[EVT_LANES_N] = {
        [EVT_LANE_PROMPT] = EVT_KAFKA_PRODUCER,
        [EVT_LANE_BURST] = EVT_KAFKA_BURST_PRODUCER,
    };
    enum evt_err rc = EVT_OK;

    for (size_t i = 0; rc == EVT_OK && i < EVT_LANES_N; i++) {
        bus->lanes[i] = (struct evt_lane){.bus = bus, .role = roles[i]};
        rc = producer_new(&bus->lanes[i], &bus->lanes[i].producer, err);
    }
    bus->reporting = true;
    for (size_t i = 0; rc == EVT_OK && i < EVT_LANES_N; i++) {
        learn_topics(bus->lanes[i].producer);
        bus->lanes[i].served =
            pthread_create(&bus->lanes[i].reporter, NULL, serve, &bus->lanes[i]) == 0;
        if (!bus->lanes[i].served)
            rc = evt_fail(err, EVT_E_NOMEM, "a thread for the producer");
    }
    return rc;
}

/* What the edge and timers sent; a batch's own was waited for. */
static void lane_flush(struct evt_lane *lane, int64_t end_ms)
{
    struct evt_producer *producer = lane->served ? lane_use(lane) : NULL;
    const int64_t left_ms = end_ms - evt_clock_ms();

    if (!producer)
        return;
    rd_kafka_flush(producer->rk, left_ms > 0 ? (int)left_ms : 0);
    evt__bus_producer_done(producer);
}

/* False: something still has reports to make, whose receivers must not go yet. */
bool evt__bus_producer_close(struct evt_bus *bus, int timeout_ms)
{
    const int64_t now_ms = evt_clock_ms();
    const struct timespec moment = {0, 2000000};

    for (size_t i = 0; i < EVT_LANES_N; i++)
        lane_flush(&bus->lanes[i], now_ms + (timeout_ms < FLUSH_MS ? timeout_ms : FLUSH_MS));
    bus->reporting = false;
    for (size_t i = 0; i < EVT_LANES_N; i++) {
        if (bus->lanes[i].served)
            pthread_join(bus->lanes[i].reporter, NULL);
        bus->lanes[i].served = false;
        if (bus->lanes[i].producer)
            lane_set(&bus->lanes[i], NULL);
    }
    while (atomic_load(&bus->burying) > 0 && evt_clock_ms() < now_ms + timeout_ms + BURY_MS)
        nanosleep(&moment, NULL);
    return atomic_load(&bus->burying) == 0;
}

/* One command of the edge's under way. */
struct publication {
    struct evt_report report;
    void (*done)(void *arg, enum evt_err rc, int64_t offset);
    void *arg;
};

static void published(struct evt_report *self, const rd_kafka_message_t *message)
{
    struct publication *publication = (struct publication *)self;

    publication->done(publication->arg, message->err ? EVT_E_AWAY : EVT_OK, message->offset);
    evt_free(publication);
}

enum evt_err evt_bus_publish(struct evt_bus *bus, const struct evt_send *send,
                             void (*done)(void *arg, enum evt_err rc, int64_t offset), void *arg,
                             struct evt_error *err)
{
    struct evt_producer *producer = atomic_load(&bus->started) && !atomic_load(&bus->stopping)
                                        ? evt__bus_producer_use(bus, 1)
                                        : NULL;
    struct publication *publication;
    enum evt_err rc;

    if (!producer)
        return evt_fail(err, EVT_E_AWAY, "the broker is not connected");
    publication = evt_alloc(sizeof(*publication));
    *publication = (struct publication){{published}, done, arg};
    rc = evt_kafka_produce(producer->rk, send, publication, err);
    evt__bus_producer_done(producer);
    if (rc == EVT_OK)
        return EVT_OK;
    evt_free(publication);
    return rc == EVT_E_BUSY ? evt_fail(err, EVT_E_AWAY, "too many messages wait to be sent") : rc;
}

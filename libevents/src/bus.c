/* Bus: its life. Stores are opened first, so that what is wrong with them shows at once; then the
 * broker is waited for and its topics are checked; then every shard gets its thread. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/cluster.h>
#include <evt/mem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CLUSTER_MS 2000 /* one attempt to reach it */
#define AGAIN_MS   100
#define SAY_MS     10000 /* that it is still waited for */

static enum evt_err make_folder(const char *path, struct evt_error *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return EVT_OK;
    if (errno == EROFS || errno == EACCES)
        return evt_fail(err, EVT_E_STORE_READONLY,
                        "%s: %s: let this user write there, or name another data-dir", path,
                        strerror(errno));
    return evt_fail(err, EVT_E_IO, "%s: %s: name another data-dir", path, strerror(errno));
}

static enum evt_err seat_add(struct evt_bus *bus, const struct evt_subscription *subscription,
                             const struct evt_topic *topic, int32_t partition,
                             struct evt_error *err)
{
    struct evt_seat *seat = &bus->seats[bus->seats_n];
    const char *name = subscription ? subscription->name : bus->opt.service->name;
    struct evt_buf path = {0};
    enum evt_err rc;

    if (bus->seats_n == EVT_SEATS_MAX)
        return evt_fail(err, EVT_E_USAGE, "more than %d shards in one process", EVT_SEATS_MAX);
    *seat = (struct evt_seat){.bus = bus,
                              .subscription = subscription,
                              .name = name,
                              .topic = topic,
                              .partition = partition,
                              .broker = -1,
                              .careful_to = -1,
                              .offset_told = -1};
    pthread_mutex_init(&seat->mutex, NULL);
    evt__seat_mailbox_init(seat);
    atomic_init(&seat->position, -1);
    atomic_init(&seat->offset_held, -1);
    bus->seats_n++;
    evt_buf_printf(&path, "%s/%s", bus->opt.data_dir, name);
    rc = make_folder(evt_buf_text(&path), err);
    evt_buf_printf(&path, "/%d.db", (int)partition);
    seat->path = evt_strdup(evt_buf_text(&path));
    evt_buf_release(&path);
    if (bus->opt.metrics)
        evt__seat_metrics_init(seat);
    return rc == EVT_OK ? evt__seat_open(seat, err) : rc;
}

static bool asked_for(const struct evt_bus_options *opt, int32_t partition)
{
    for (size_t i = 0; i < opt->shards_n; i++)
        if (opt->shards[i] == partition)
            return true;
    return !opt->shards;
}

/* A subscription's shards are spread over the processes as the inbox's are: by their number. */
static enum evt_err seats_add(struct evt_bus *bus, struct evt_error *err)
{
    const struct evt_registry *reg = bus->opt.service->registry;
    const struct evt_topic *inbox =
        evt_registry_service_topic(reg, bus->opt.service->name, EVT_TOPIC_INBOX);
    enum evt_err rc = EVT_OK;

    if (!inbox)
        return evt_fail(err, EVT_E_SERVICE, "topics.json does not declare the service %s",
                        bus->opt.service->name);
    for (size_t i = 0; i < bus->opt.shards_n; i++)
        if (bus->opt.shards[i] < 0 || bus->opt.shards[i] >= inbox->partitions)
            return evt_fail(err, EVT_E_USAGE, "there is no shard %d: %s has %d, from 0 on",
                            (int)bus->opt.shards[i], inbox->name, (int)inbox->partitions);
    for (int32_t p = 0; rc == EVT_OK && p < inbox->partitions; p++)
        if (asked_for(&bus->opt, p))
            rc = seat_add(bus, NULL, inbox, p, err);
    for (size_t i = 0; rc == EVT_OK && i < reg->subscriptions_n; i++) {
        const struct evt_subscription *sub = &reg->subscriptions[i];

        for (int32_t p = 0; strcmp(sub->service, bus->opt.service->name) == 0 && rc == EVT_OK &&
                            p < sub->source->partitions;
             p++)
            if (asked_for(&bus->opt, p % inbox->partitions))
                rc = seat_add(bus, sub, sub->source, p, err);
    }
    return rc;
}

enum evt_err evt_bus_new(const struct evt_bus_options *opt, struct evt_bus **ret_bus,
                         struct evt_error *err)
{
    struct evt_bus *bus = evt_zalloc(sizeof(*bus));
    enum evt_err rc;

    bus->opt = *opt;
    bus->kafka = opt->kafka;
    pthread_mutex_init(&bus->producer_mutex, NULL);
    pthread_mutex_init(&bus->reader_mutex, NULL);
    pthread_cond_init(&bus->reader_free, NULL);
    bus->seats = evt_zalloc(EVT_SEATS_MAX * sizeof(*bus->seats));
    EVT_BUG_ON(!opt->metrics);
    rc = opt->service->calls && opt->service->calls->name && !opt->service->callers
             ? evt_fail(err, EVT_E_SERVICE,
                        "%s makes outside calls and does not say how: give it callers",
                        opt->service->name)
             : make_folder(opt->data_dir, err);
    if (rc == EVT_OK)
        rc = seats_add(bus, err);
    if (rc == EVT_OK)
        rc = evt__bus_consumer_open(bus, err);
    if (rc == EVT_OK)
        rc = evt_kafka_reader_new(&bus->kafka, &bus->reader, err);
    if (rc != EVT_OK) {
        evt_bus_free(bus);
        return rc;
    }
    *ret_bus = bus;
    return EVT_OK;
}

void evt_bus_free(struct evt_bus *bus)
{
    if (!bus)
        return;
    evt__bus_calls_stop(bus);
    (void)evt__bus_producer_close(bus, 0);
    evt__bus_consumer_close(bus);
    evt_kafka_reader_free(bus->reader);
    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];

        evt__seat_close(seat);
        evt__seat_metrics_free(seat);
        evt__seat_mailbox_release(seat);
        pthread_mutex_destroy(&seat->mutex);
        evt_free(seat->path);
    }
    evt_free(bus->seats);
    pthread_mutex_destroy(&bus->producer_mutex);
    pthread_mutex_destroy(&bus->reader_mutex);
    pthread_cond_destroy(&bus->reader_free);
    evt_free(bus);
}

/* Waits for the cluster for as long as it takes, and says so. */
static enum evt_err reach(struct evt_bus *bus, const volatile bool *stop,
                          struct evt_cluster **ret_cluster, struct evt_error *err)
{
    int64_t said_ms = 0;

    for (;;) {
        const enum evt_err rc =
            evt_cluster_meet(&bus->kafka, bus->reader, CLUSTER_MS, ret_cluster, err);

        if (rc == EVT_OK || evt_err_class(rc) != EVT_CLASS_RETRY)
            return rc;
        if (*stop)
            return evt_fail(err, EVT_E_AWAY, "stopped while waiting for the broker");
        if (said_ms == 0 || evt_clock_ms() - said_ms >= SAY_MS) {
            said_ms = evt_clock_ms();
            EVT_LOG(WARN, "waiting for the broker", EVT_FT("brokers", bus->kafka.brokers),
                    EVT_FT("reason", err->text));
        }
        for (size_t i = 0; i < bus->seats_n; i++)
            evt__seat_say(&bus->seats[i], EVT_SEAT_STARTING, err->text);
    }
}

struct differences {
    size_t n;
    struct evt_error *err;
};

static void differs(void *arg, const struct evt_topic_difference *difference)
{
    struct differences *differences = arg;

    EVT_LOG(ERROR, difference->text, EVT_FT("topic", difference->topic->name));
    if (differences->n++ == 0)
        evt_fail(differences->err, EVT_E_SERVICE, "%s", difference->text);
}

static enum evt_err check_topics(struct evt_bus *bus, const volatile bool *stop,
                                 struct evt_error *err)
{
    const struct evt_registry *reg = bus->opt.service->registry;
    const struct evt_topic **topics = evt_alloc(reg->topics_n * sizeof(*topics));
    const size_t n = evt_cluster_topics_of(reg, bus->opt.service->name, topics);
    const struct timespec moment = {0, AGAIN_MS * 1000000L};
    struct differences differences = {.err = err};
    int64_t said_ms = 0;
    struct evt_cluster *cluster = NULL;
    enum evt_err rc;

    /* A broker that has just begun may still not answer everything. */
    for (bool again = false;; again = true) {
        if (again)
            nanosleep(&moment, NULL);
        differences.n = 0;
        rc = reach(bus, stop, &cluster, err);
        if (rc == EVT_OK)
            rc = evt_cluster_diff(cluster, topics, n, differs, &differences, err);
        evt_cluster_close(cluster);
        cluster = NULL;
        if (rc == EVT_OK || evt_err_class(rc) != EVT_CLASS_RETRY || *stop)
            break;
        if (!again || evt_clock_ms() - said_ms >= SAY_MS) {
            said_ms = evt_clock_ms();
            EVT_LOG(WARN, "the topics cannot be checked yet", EVT_FT("reason", err->text));
        }
        for (size_t i = 0; i < bus->seats_n; i++)
            evt__seat_say(&bus->seats[i], EVT_SEAT_STARTING, err->text);
    }
    evt_free(topics);
    return rc == EVT_OK && differences.n ? err->code : rc;
}

enum evt_err evt_bus_start(struct evt_bus *bus, const volatile bool *stop, struct evt_error *err)
{
    enum evt_err rc = check_topics(bus, stop, err);

    if (rc == EVT_OK)
        rc = evt__bus_producer_open(bus, err);
    if (rc == EVT_OK)
        rc = evt__bus_assign(bus, err);
    if (rc == EVT_OK)
        rc = evt__bus_calls_start(bus, err);
    for (size_t i = 0; rc == EVT_OK && i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];

        evt__seat_moved(seat);
        if (pthread_create(&seat->thread, NULL, evt__seat_run, seat) != 0)
            rc = evt_fail(err, EVT_E_NOMEM, "a thread for shard %d", (int)seat->partition);
        seat->started = rc == EVT_OK;
    }
    atomic_store(&bus->started, rc == EVT_OK);
    return rc;
}

enum evt_bus_state evt_bus_tend(struct evt_bus *bus)
{
    size_t superseded = 0, own = 0;
    rd_kafka_message_t *message;

    while ((message = rd_kafka_consumer_poll(bus->consumer, 0)))
        rd_kafka_message_destroy(message);
    evt__bus_look(bus);
    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];
        const int state = atomic_load(&seat->state);

        own += !seat->subscription;
        superseded += state == EVT_SEAT_SUPERSEDED;
        if (state == EVT_SEAT_FAILED && !bus->failed) {
            bus->failed = true;
            bus->why.code = (enum evt_err)atomic_load(&seat->code);
            pthread_mutex_lock(&seat->mutex);
            snprintf(bus->why.text, sizeof(bus->why.text), "%s shard %d: %.200s", seat->name,
                     (int)seat->partition, seat->reason);
            pthread_mutex_unlock(&seat->mutex);
        }
    }
    return bus->failed                           ? EVT_BUS_FAILED
           : superseded > 0 && superseded == own ? EVT_BUS_SUPERSEDED
                                                 : EVT_BUS_RUNNING;
}

const char *evt_bus_why(const struct evt_bus *bus)
{
    return bus->why.text;
}

enum evt_err evt_bus_why_code(const struct evt_bus *bus)
{
    return bus->why.code;
}

static bool join_until(pthread_t thread, int64_t end_ms)
{
    const struct timespec until = {end_ms / 1000, end_ms % 1000 * 1000000};

    return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

bool evt_bus_stop(struct evt_bus *bus, int timeout_ms)
{
    const int64_t end_ms = evt_clock_ms() + timeout_ms;
    bool all = true;

    atomic_store(&bus->stop_by_ms, evt_clock_ms() + timeout_ms / 2);
    atomic_store(&bus->stopping, true);
    for (size_t i = 0; i < bus->seats_n; i++)
        if (bus->seats[i].queue)
            rd_kafka_queue_yield(bus->seats[i].queue);
    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];

        if (!seat->started)
            continue;
        seat->started = !join_until(seat->thread, end_ms);
        all = all && !seat->started;
    }
    if (!all)
        return false;
    evt__bus_calls_stop(bus);
    return evt__bus_producer_close(bus,
                                   (int)(end_ms > evt_clock_ms() ? end_ms - evt_clock_ms() : 0));
}

static const struct evt_seat *seat_of(const struct evt_bus *bus, int32_t partition)
{
    for (size_t i = 0; i < bus->seats_n; i++)
        if (!bus->seats[i].subscription && bus->seats[i].partition == partition)
            return &bus->seats[i];
    return NULL;
}

bool evt_bus_owns(const struct evt_bus *bus, int32_t partition)
{
    return seat_of(bus, partition) != NULL;
}

const char *evt_bus_store_path(const struct evt_bus *bus, int32_t partition)
{
    const struct evt_seat *seat = seat_of(bus, partition);

    return seat ? seat->path : NULL;
}

int64_t evt_bus_position(const struct evt_bus *bus, int32_t partition)
{
    const struct evt_seat *seat = seat_of(bus, partition);

    return seat ? atomic_load(&seat->position) : -1;
}

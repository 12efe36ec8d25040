/* Bus, the consumer: one client whose partitions we assign from the stores' positions, each with a
 * queue of its own that its shard's thread polls. It is a member of no group; it only tells the
 * group's offsets, so that lag tools see them and a lost store knows what was acknowledged. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

#define ASK_MS       3000 /* a stop waits for one of these at most */
#define STOP_MS      500
#define WAKE_MS      1000
#define GROUP_MS     10000
#define OFFSET_MS    1000                    /* a group's offset is told no more often … */
#define OFFSET_AGAIN 2000                    /* … the same until it is held … */
#define OFFSET_DAY   (12LL * 60 * 60 * 1000) /* … and then at least so often: they expire */
#define WAKE_EVERY   2500                    /* records, see evt__seat_wake_fetcher */
#define QUEUED_KIB   (24 * 1024)             /* prefetched, all partitions together */

static void failed(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        EVT_LOG(WARN, "no broker answers, trying again", EVT_FT("reason", text));
}

/* What became of evt__seat_tell_offset; the main thread is told, by evt_bus_tend. */
static void told(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *offsets,
                 void *opaque)
{
    const struct evt_kafka_link *link = opaque;
    struct evt_bus *bus = link->owner;

    (void)rk;
    for (int i = 0; !code && offsets && i < offsets->cnt; i++)
        for (size_t s = 0; s < bus->seats_n; s++) {
            const rd_kafka_topic_partition_t *at = &offsets->elems[i];
            struct evt_seat *seat = &bus->seats[s];

            if (!at->err && at->partition == seat->partition &&
                strcmp(at->topic, seat->topic->name) == 0)
                atomic_store(&seat->offset_held, at->offset - 1);
        }
}

/* Prefetching by the megabyte is what makes a rebuild fast, and memory large. Where the library can
 * be told to look again soon, little is enough; else it is woken by hand. */
static enum evt_err bound_prefetch(struct evt_bus *bus, rd_kafka_conf_t *conf,
                                   struct evt_error *err)
{
    const size_t n = bus->seats_n ? bus->seats_n : 1;
    char kib[24], why[128];

    snprintf(kib, sizeof(kib), "%zu", QUEUED_KIB / n < 1024 ? (size_t)1024 : QUEUED_KIB / n);
    for (const char *const *p = bus->kafka.properties; p && *p; p++)
        if (strncmp(*p, "queued.max.messages.kbytes=", 27) == 0)
            return EVT_OK;
    if (rd_kafka_conf_set(conf, "queued.max.messages.kbytes", kib, why, sizeof(why)) !=
        RD_KAFKA_CONF_OK)
        return evt_fail(err, EVT_E_USAGE, "%s", why);
    bus->wakes = rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "5", why, sizeof(why)) !=
                 RD_KAFKA_CONF_OK;
    return EVT_OK;
}

enum evt_err evt__bus_consumer_open(struct evt_bus *bus, struct evt_error *err)
{
    rd_kafka_conf_t *conf;
    char why[128];
    enum evt_err rc = evt_kafka_conf(&bus->kafka, EVT_KAFKA_CONSUMER, &conf, err);

    if (rc != EVT_OK)
        return rc;
    rd_kafka_conf_set_error_cb(conf, failed);
    rd_kafka_conf_set_offset_commit_cb(conf, told);
    /* Whatever is fetched over a connection comes after it was made: the join check rests on that. */
    bus->link = evt_kafka_link(conf, bus);
    rc = bound_prefetch(bus, conf, err);
    if (rc == EVT_OK && rd_kafka_conf_set(conf, "group.id", bus->opt.service->name, why,
                                          sizeof(why)) != RD_KAFKA_CONF_OK)
        rc = evt_fail(err, EVT_E_USAGE, "%s", why);
    if (rc != EVT_OK) {
        rd_kafka_conf_destroy(conf);
        return rc;
    }
    rc = evt_kafka_client(conf, EVT_KAFKA_CONSUMER, &bus->consumer, err);
    if (rc == EVT_OK)
        rd_kafka_poll_set_consumer(bus->consumer);
    return rc;
}

enum evt_err evt__bus_assign(struct evt_bus *bus, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)bus->seats_n);
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];

        /* Before the assignment: afterwards records land in the main queue. */
        seat->queue =
            rd_kafka_queue_get_partition(bus->consumer, seat->topic->name, seat->partition);
        rd_kafka_queue_forward(seat->queue, NULL);
        rd_kafka_topic_partition_list_add(list, seat->topic->name, seat->partition)->offset =
            evt_shard_next_offset(seat->sh);
    }
    code = rd_kafka_assign(bus->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code ? evt_kafka_fail(err, code, "assign %zu partitions", bus->seats_n) : EVT_OK;
}

void evt__bus_consumer_close(struct evt_bus *bus)
{
    if (!bus->consumer) {
        evt_free(bus->link);
        return;
    }
    for (size_t i = 0; i < bus->seats_n; i++)
        if (bus->seats[i].queue)
            rd_kafka_queue_destroy(bus->seats[i].queue);
    evt_kafka_leave(bus->consumer);
    bus->consumer = NULL;
}

static rd_kafka_resp_err_t code_of(rd_kafka_error_t *failed_with)
{
    const rd_kafka_resp_err_t code =
        failed_with ? rd_kafka_error_code(failed_with) : RD_KAFKA_RESP_ERR_NO_ERROR;

    if (failed_with)
        rd_kafka_error_destroy(failed_with);
    return code;
}

/* After an offset that was out of range the library fetches no more and takes no seek. */
static rd_kafka_resp_err_t assign_anew(struct evt_bus *bus, rd_kafka_topic_partition_list_t *list)
{
    const rd_kafka_resp_err_t code = code_of(rd_kafka_incremental_unassign(bus->consumer, list));

    return code ? code : code_of(rd_kafka_incremental_assign(bus->consumer, list));
}

/* Everything that was prefetched is forgotten. */
enum evt_err evt__seat_seek(struct evt_seat *seat, struct evt_error *err)
{
    const int64_t offset = evt_shard_next_offset(seat->sh);
    rd_kafka_topic_partition_list_t *list =
        evt_kafka_place(seat->topic->name, seat->partition, offset);
    rd_kafka_resp_err_t code;

    code = code_of(rd_kafka_seek_partitions(seat->bus->consumer, list, ASK_MS));
    if (!code)
        code = list->elems[0].err;
    if (code == RD_KAFKA_RESP_ERR__STATE) {
        list->elems[0].offset = offset;
        list->elems[0].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        code = assign_anew(seat->bus, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code ? evt_kafka_fail(err, code, "seek %s/%d", seat->topic->name, (int)seat->partition)
                : EVT_OK;
}

/* Not an answer of the group's yet; one that never comes (the group is closed to us) is none. */
static bool may_pass(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        return true;
    default:
        return false;
    }
}

/* A store that is built from nothing need not send again what the group's offset says was
 * acknowledged. Where it says nothing, everything is sent: receivers drop what they have had. */
enum evt_err evt__seat_hold_back(struct evt_seat *seat, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_topic_partition_t *at;
    rd_kafka_resp_err_t code;
    enum evt_err rc = EVT_OK;
    char proof[EVT_PROOF_LEN] = "";

    if (evt_shard_position(seat->sh) >= 0 || seat->no_hold_back)
        return EVT_OK;
    list = evt_kafka_place(seat->topic->name, seat->partition, RD_KAFKA_OFFSET_INVALID);
    at = &list->elems[0];
    code = rd_kafka_committed(seat->bus->consumer, list, ASK_MS);
    if (!code)
        code = at->err;
    if (!seat->asking_ms)
        seat->asking_ms = evt_clock_ms();
    /* A coordinator that never comes only costs messages that are sent twice. */
    if (may_pass(code) && evt_clock_ms() - seat->asking_ms < GROUP_MS) {
        rc = evt_kafka_fail(err, code, "the offset of the group %s", seat->bus->opt.service->name);
    } else if (!code && at->offset > 0 && at->metadata_size > 0 &&
               at->metadata_size < sizeof(proof)) {
        memcpy(proof, at->metadata, at->metadata_size);
        rc = evt_shard_hold_back(seat->sh, at->offset - 1, proof, err);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

/* At a clean stop; an answer that does not come is not worth more. */
static void commit_and_wait(struct evt_bus *bus, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(bus->consumer);
    rd_kafka_event_t *event;

    if (rd_kafka_commit_queue(bus->consumer, list, answers, NULL, NULL) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        event = rd_kafka_queue_poll(answers, STOP_MS);
        if (event)
            rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(answers);
}

void evt__seat_tell_offset(struct evt_seat *seat, bool now)
{
    const int64_t position = evt_shard_position(seat->sh), now_ms = evt_clock_ms();
    const int64_t since_ms = now_ms - seat->offset_ms;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_topic_partition_t *at;
    char proof[EVT_PROOF_LEN];

    if (position < 0 || (position == atomic_load(&seat->offset_held) && since_ms < OFFSET_DAY) ||
        (!now && since_ms < (position == seat->offset_told ? OFFSET_AGAIN : OFFSET_MS)) ||
        !evt_shard_proof(seat->sh, proof))
        return;
    list = evt_kafka_place(seat->topic->name, seat->partition, position + 1);
    at = &list->elems[0];
    at->metadata = strdup(proof); /* librdkafka frees it with free(3) */
    at->metadata_size = strlen(proof);
    seat->offset_told = position;
    seat->offset_ms = now_ms;
    if (now)
        commit_and_wait(seat->bus, list);
    else
        (void)rd_kafka_commit(seat->bus->consumer, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

void evt__seat_wake(struct evt_seat *seat, int timeout_ms)
{
    if (evt_kafka_wake(seat->bus->consumer, seat->topic->name, seat->partition, timeout_ms,
                       &seat->low))
        seat->low_ms = evt_clock_ms();
}

/* librdkafka 2.0.2 stops fetching for up to a second once its queue is full. */
void evt__seat_wake_fetcher(struct evt_seat *seat)
{
    if (!seat->bus->wakes || seat->applied - seat->woken < WAKE_EVERY)
        return;
    seat->woken = seat->applied;
    evt__seat_wake(seat, WAKE_MS);
}

/* Bus, what people see of it: readiness with its reasons, metrics, and a watchdog over each shard's
 * thread (librdkafka's own is of no use: polling any of its queues resets it). */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOOK_EVERY_MS 5000 /* what is counted by asking a store */

static const char *const state_words[] = {
    [EVT_SEAT_STARTING] = "waiting for the broker",
    [EVT_SEAT_JOINING] = "comparing the store with the log",
    [EVT_SEAT_CATCHING_UP] = "catching up",
    [EVT_SEAT_RUNNING] = "running",
    [EVT_SEAT_RETRYING] = "trying again",
    [EVT_SEAT_SUPERSEDED] = "superseded by a newer generation",
    [EVT_SEAT_STOPPED] = "stopped",
    [EVT_SEAT_FAILED] = "stopped: a person must decide",
};

void evt__seat_say(struct evt_seat *seat, enum evt_seat_state state, const char *reason)
{
    pthread_mutex_lock(&seat->mutex);
    /* While it tries again, the reason is worth more than each of its attempts. */
    if (state != EVT_SEAT_RETRYING && seat->retries > 0 &&
        (state == EVT_SEAT_JOINING || state == EVT_SEAT_CATCHING_UP)) {
        pthread_mutex_unlock(&seat->mutex);
        return;
    }
    snprintf(seat->reason, sizeof(seat->reason), "%s", reason ? reason : "");
    atomic_store(&seat->state, (int)state);
    pthread_mutex_unlock(&seat->mutex);
}

void evt__seat_moved(struct evt_seat *seat)
{
    atomic_store(&seat->moved_ms, evt_clock_ms());
}

static struct evt_metric *metric(struct evt_seat *seat, enum evt_metric_kind kind, const char *name,
                                 const char *help)
{
    char partition[16];

    snprintf(partition, sizeof(partition), "%d", (int)seat->partition);
    return evt_metric_get(seat->bus->opt.metrics, kind, name, help,
                          (const char *const[]){"service", seat->name, "shard", partition, NULL});
}

void evt__seat_metrics_init(struct evt_seat *seat)
{
    struct evt_seat_metrics *m = &seat->metrics;
    const size_t types = seat->bus->opt.service->registry->types_n;
    char partition[16];

    snprintf(partition, sizeof(partition), "%d", (int)seat->partition);
    m->messages = evt_zalloc((types + 1) * EVT_OUTCOMES * sizeof(struct evt_metric *));
    m->handle = metric(seat, EVT_METRIC_SECONDS, "evt_handle_seconds", "Applying one message.");
    m->commit = metric(seat, EVT_METRIC_SECONDS, "evt_commit_seconds", "The COMMIT of a batch.");
    m->batch = metric(seat, EVT_METRIC_SIZES, "evt_batch_messages", "Messages in a batch.");
    m->ack_wait = metric(seat, EVT_METRIC_SECONDS, "evt_ack_wait_seconds",
                         "From sending a batch's messages to the last acknowledgement.");
    m->duplicates = metric(seat, EVT_METRIC_COUNTER, "evt_duplicates_total",
                           "Messages dropped because they were had before.");
    m->dead =
        metric(seat, EVT_METRIC_COUNTER, "evt_dlt_total", "Messages sent to the dead letters.");
    m->held = metric(seat, EVT_METRIC_GAUGE, "evt_streams_held", "Streams that are held.");
    m->parked = metric(seat, EVT_METRIC_GAUGE, "evt_parked_records", "Records of held streams.");
    m->timers = metric(seat, EVT_METRIC_GAUGE, "evt_timers_pending", "Timers that are set.");
    m->calls = metric(seat, EVT_METRIC_GAUGE, "evt_calls_pending", "Outside calls not ended yet.");
    m->calls_parked = metric(seat, EVT_METRIC_GAUGE, "evt_calls_parked",
                             "Outside calls that wait for a person's word.");
    if (seat->bus->opt.service->sagas && !seat->subscription)
        m->sagas_parked =
            metric(seat, EVT_METRIC_GAUGE, "evt_sagas_parked", "Sagas that wait for a person.");
    m->lag =
        evt_metric_get(seat->bus->opt.metrics, EVT_METRIC_GAUGE, "kafka_consumergroup_lag",
                       "Records not applied yet.",
                       (const char *const[]){"consumergroup", seat->bus->opt.service->name, "topic",
                                             seat->topic->name, "partition", partition, NULL});
}

void evt__seat_metrics_free(struct evt_seat *seat)
{
    evt_free(seat->metrics.messages);
    sqlite3_close(seat->look);
}

static size_t type_index(const struct evt_registry *reg, const struct evt_type *type)
{
    size_t low = 0, high = reg->types_n;

    while (low < high) {
        const size_t mid = (low + high) / 2;

        if (reg->types[mid] == type)
            return mid;
        if (strcmp(reg->types[mid]->name, type->name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return reg->types_n;
}

/* What a type is called comes from outside: one that is not ours is counted as "unknown". */
void evt__seat_observe(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                       const char *reason)
{
    struct evt_seat *seat = arg;
    const struct evt_registry *reg = seat->bus->opt.service->registry;
    const struct evt_text name = evt_envelope_type(rec);
    const struct evt_type *type = evt_registry_type(reg, name.text, name.len);
    const size_t at = (type ? type_index(reg, type) : reg->types_n) * EVT_OUTCOMES + outcome;
    struct evt_metric **of = &seat->metrics.messages[at];

    if (!*of)
        *of = evt_metric_get(seat->bus->opt.metrics, EVT_METRIC_COUNTER, "evt_messages_total",
                             "Messages by what became of them.",
                             (const char *const[]){"service", seat->name, "type",
                                                   type ? type->name : "unknown", "outcome",
                                                   evt_outcome_str(outcome), NULL});
    evt_metric_add(*of, 1);
    if (!seat->subscription && seat->bus->opt.applied)
        seat->bus->opt.applied(seat->bus->opt.committed_arg, seat->partition, rec);
    if (outcome == EVT_DUPLICATE)
        evt_metric_add(seat->metrics.duplicates, 1);
    if (outcome == EVT_REJECTED)
        evt_metric_add(seat->metrics.dead, 1);
    if (outcome == EVT_REJECTED || outcome == EVT_PARKED || outcome == EVT_DROPPED)
        EVT_LOG(WARN, evt_outcome_str(outcome), EVT_FT("of", seat->name),
                EVT_FN("shard", seat->partition), EVT_FN("offset", rec->offset),
                EVT_FT("type", type ? type->name : "unknown"),
                EVT_FT("reason", reason ? reason : ""));
}

void evt__seat_saga_ended(void *arg, const char *saga, const char *outcome, int64_t took_ms)
{
    struct evt_seat *seat = arg;

    evt_metric_observe(evt_metric_get(seat->bus->opt.metrics, EVT_METRIC_SECONDS,
                                      "evt_saga_seconds", "From a saga's beginning to an outcome.",
                                      (const char *const[]){"service", seat->name, "saga", saga,
                                                            "outcome", outcome, NULL}),
                       took_ms * 1000);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *row = NULL;
    int64_t answer = 0;

    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW)
        answer = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return answer;
}

/* By a connection of its own that only reads: the shard's thread is not held up. */
static void look_into(struct evt_seat *seat)
{
    const int file = atomic_load(&seat->file);
    int64_t low, high;

    if (seat->look_file != file) {
        sqlite3_close(seat->look);
        seat->look = NULL;
        seat->look_file = file;
    }
    if (!seat->look &&
        sqlite3_open_v2(seat->path, &seat->look, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        sqlite3_close(seat->look);
        seat->look = NULL;
        return;
    }
    evt_metric_set(seat->metrics.held,
                   ask(seat->look, "SELECT count(*) FROM evt_marks WHERE parked > 0"));
    evt_metric_set(seat->metrics.parked, ask(seat->look, "SELECT count(*) FROM evt_parked"));
    evt_metric_set(seat->metrics.timers, ask(seat->look, "SELECT count(*) FROM evt_timers"));
    evt_metric_set(seat->metrics.calls,
                   ask(seat->look, "SELECT count(*) FROM evt_calls WHERE state = 0"));
    evt_metric_set(seat->metrics.calls_parked,
                   ask(seat->look, "SELECT count(*) FROM evt_calls WHERE state = 1"));
    if (seat->metrics.sagas_parked)
        evt_metric_set(seat->metrics.sagas_parked,
                       ask(seat->look, "SELECT count(*) FROM evt_sagas WHERE parked > 0"));
    if (rd_kafka_get_watermark_offsets(seat->bus->consumer, seat->topic->name, seat->partition,
                                       &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        high > atomic_load(&seat->position))
        evt_metric_set(seat->metrics.lag, high - atomic_load(&seat->position) - 1);
}

static bool stuck(const struct evt_seat *seat)
{
    return seat->started && seat->bus->opt.watchdog_ms > 0 &&
           evt_clock_ms() - atomic_load(&seat->moved_ms) > seat->bus->opt.watchdog_ms;
}

void evt__bus_look(struct evt_bus *bus)
{
    if (evt_clock_ms() - bus->looked_ms < LOOK_EVERY_MS)
        return;
    bus->looked_ms = evt_clock_ms();
    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];
        const int state = atomic_load(&seat->state);

        if (state >= EVT_SEAT_SUPERSEDED)
            continue;
        look_into(seat);
        if (stuck(seat))
            EVT_LOG(ERROR, "a shard does not move", EVT_FT("of", seat->name),
                    EVT_FN("shard", seat->partition),
                    EVT_FN("ms", evt_clock_ms() - atomic_load(&seat->moved_ms)));
    }
}

bool evt_bus_ready(struct evt_bus *bus, struct evt_buf *why)
{
    bool ready = true;

    for (size_t i = 0; i < bus->seats_n; i++) {
        struct evt_seat *seat = &bus->seats[i];
        const int state = atomic_load(&seat->state);
        const bool moves = !stuck(seat);

        if (state == EVT_SEAT_RUNNING && moves)
            continue;
        ready = false;
        if (!why)
            continue;
        pthread_mutex_lock(&seat->mutex);
        evt_buf_printf(why, "%s shard %d: %s%s%s\n", seat->name, (int)seat->partition,
                       moves ? state_words[state] : "its thread does not move",
                       seat->reason[0] ? ": " : "", seat->reason);
        pthread_mutex_unlock(&seat->mutex);
    }
    return ready;
}

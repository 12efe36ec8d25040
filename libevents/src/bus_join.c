/* Bus, what comes before a seat applies anything: its store is opened, and joined to the log: the
 * record at the position is read again. A log that is not the store's ends the seat; a store that
 * began from a wrong proof is built anew. */
#include "bus_internal.h"

#include <evt/clock.h>
#include <evt/snapshot.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUDGE_MS       4 /* nothing came since the join: then twice that, and so on */
#define PROBE_MS       (24LL * 60 * 60 * 1000)
#define PROBE_AGAIN_MS 1000 /* the producer's queue was full */

static enum evt_err open_shard(struct evt_seat *seat, struct evt_error *err)
{
    const struct evt_shard_options opt = {
        .service = seat->bus->opt.service,
        .subscription = seat->subscription,
        .topic = seat->topic,
        .partition = seat->partition,
        .store = {.fs = &evt_fs_posix, .path = seat->path, .lock = seat->lock},
        .observe = evt__seat_observe,
        .saga_ended = evt__seat_saga_ended,
        .observe_arg = seat,
    };

    return evt_shard_open(&opt, &seat->sh, err);
}

/* It ended while it was built with its sends held back, and what it held back is not known. */
static enum evt_err begin_anew(struct evt_seat *seat, int64_t snapshot, struct evt_error *err)
{
    enum evt_err rc = evt_store_remove(&evt_fs_posix, seat->path, err);

    EVT_LOG(WARN, "the store was being rebuilt when it ended: rebuilt from the start",
            EVT_FT("of", seat->name), EVT_FN("shard", seat->partition));
    if (rc == EVT_OK && snapshot >= 0)
        rc = evt_snapshot_restore(seat->lock, seat->bus->opt.service->generation, snapshot, err);
    return rc == EVT_OK ? open_shard(seat, err) : rc;
}

static void close_shard(struct evt_seat *seat)
{
    evt_due_free(seat->due);
    evt_shard_close(seat->sh);
    seat->due = NULL;
    seat->sh = NULL;
}

static const char *what_to_do(enum evt_err code)
{
    switch ((int)code) {
    case EVT_E_STORE_LOCKED:
        return ": stop that one, or name another data-dir";
    case EVT_E_STORE_CORRUPT:
        return ": remove it, and it is rebuilt from its log";
    case EVT_E_STORE_READONLY:
        return ": let this user write there, or name another data-dir";
    case EVT_E_STORE_OTHER:
        return ": put it back where it belongs; one that is missing is rebuilt from its log";
    default:
        return ""; /* the words say it already, or it may pass */
    }
}

/* With the path, once, and what to do, for which there is always room. */
static enum evt_err refused(const struct evt_seat *seat, enum evt_err code, struct evt_error *err)
{
    const char *todo = what_to_do(code);
    const size_t todo_len = strlen(todo);
    size_t len;

    if (!strstr(err->text, seat->path))
        code = evt_wrap(err, code, "%s", seat->path);
    len = strlen(err->text);
    if (len > sizeof(err->text) - 1 - todo_len)
        len = sizeof(err->text) - 1 - todo_len;
    memcpy(err->text + len, todo, todo_len + 1);
    return code;
}

/* The store as it is; or the snapshot at which this generation begins, where that is further. Ours
 * before we look, so that nobody else restores it beside us. */
enum evt_err evt__seat_open(struct evt_seat *seat, struct evt_error *err)
{
    const uint32_t generation = seat->bus->opt.service->generation;
    int64_t snapshot = -1;
    struct evt_meta meta;
    enum evt_err rc = EVT_OK;

    if (!seat->lock)
        rc = evt_store_lock_new(&evt_fs_posix, seat->path, &seat->lock, err);
    if (rc == EVT_OK && !seat->subscription)
        rc = evt_snapshot_find(&evt_fs_posix, seat->path, generation, &snapshot, err);
    if (rc == EVT_OK && snapshot >= 0 && !evt_fs_posix.exists(NULL, seat->path))
        rc = evt_snapshot_restore(seat->lock, generation, snapshot, err);
    if (rc == EVT_OK)
        rc = open_shard(seat, err);
    if (rc == EVT_E_STORE_HELD_BACK)
        rc = begin_anew(seat, snapshot, err);
    if (rc == EVT_OK)
        rc = evt_store_meta_get(evt_shard_store(seat->sh), &meta, err);
    if (rc == EVT_OK && snapshot >= 0 && meta.generation < generation && meta.pos + 1 < snapshot) {
        close_shard(seat);
        rc = evt_snapshot_restore(seat->lock, generation, snapshot, err);
        if (rc == EVT_OK)
            rc = open_shard(seat, err);
    }
    if (rc != EVT_OK)
        return refused(seat, rc, err);
    seat->due = evt_due_new(seat->sh, (uint64_t)evt_clock_us() ^ (uint64_t)(uintptr_t)seat);
    atomic_store(&seat->position, evt_shard_position(seat->sh));
    return EVT_OK;
}

void evt__seat_close(struct evt_seat *seat)
{
    close_shard(seat);
    evt_store_lock_free(seat->lock);
    seat->lock = NULL;
}

enum evt_err evt__seat_rebuild(struct evt_seat *seat, struct evt_error *err)
{
    enum evt_err rc;

    EVT_LOG(WARN, "the group's offset belongs to another log: all is sent again",
            EVT_FT("of", seat->name), EVT_FN("shard", seat->partition));
    close_shard(seat);
    rc = evt_store_remove(&evt_fs_posix, seat->path, err);
    if (rc == EVT_OK)
        rc = evt__seat_open(seat, err);
    atomic_fetch_add(&seat->file, 1);
    seat->no_hold_back = true;
    seat->joined = false;
    seat->careful_to = -1;
    return rc;
}

/* Whatever comes over a new connection may be another log. */
bool evt__seat_connected_anew(struct evt_seat *seat)
{
    if (atomic_load(&seat->bus->link->made) == seat->connections)
        return false;
    seat->joined = false;
    seat->probes = true;
    return true;
}

/* The reader is one for all seats. While the broker is away, who has it waits for all of its time;
 * those that queue behind share what it got, or each would wait as long again. */
static enum evt_err reader_take(struct evt_seat *seat, struct evt_error *err)
{
    struct evt_bus *bus = seat->bus;
    enum evt_err rc = EVT_OK;
    uint64_t aways;

    pthread_mutex_lock(&bus->reader_mutex);
    aways = bus->aways;
    while (bus->reading && bus->aways == aways)
        pthread_cond_wait(&bus->reader_free, &bus->reader_mutex);
    if (atomic_load(&bus->stopping)) {
        rc = evt_fail(err, EVT_E_AWAY, "stopping before the log was read");
    } else if (bus->aways != aways) {
        *err = bus->away;
        rc = err->code;
    } else {
        bus->reading = true;
    }
    pthread_mutex_unlock(&bus->reader_mutex);
    evt__seat_moved(seat);
    return rc;
}

/* `away`: it waited for the broker in vain; NULL: it did not. */
static void reader_give(struct evt_seat *seat, const struct evt_error *away)
{
    struct evt_bus *bus = seat->bus;

    pthread_mutex_lock(&bus->reader_mutex);
    bus->reading = false;
    if (away) {
        bus->away = *away;
        bus->aways++;
    }
    pthread_cond_broadcast(&bus->reader_free);
    pthread_mutex_unlock(&bus->reader_mutex);
    evt__seat_moved(seat);
}

static enum evt_err read_and_join(struct evt_seat *seat, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;
    int64_t offset;

    while (rc == EVT_OK && evt_shard_join_next(seat->sh, &offset)) {
        const struct evt_record *rec = NULL;
        int64_t begin_ms;
        bool in_vain;

        rc = reader_take(seat, err);
        if (rc != EVT_OK)
            return rc;
        begin_ms = evt_clock_ms();
        rc = evt_kafka_read(seat->bus->reader, seat->topic->name, seat->partition,
                            offset < 0 ? 0 : offset, EVT_SEAT_READ_MS, &rec, &seat->low, &seat->end,
                            err);
        seat->low_ms = evt_clock_ms();
        in_vain = rc == EVT_E_AWAY && seat->low_ms - begin_ms >= EVT_SEAT_READ_MS / 2;
        if (rc == EVT_OK) /* the record is the reader's own */
            rc = evt_shard_join(seat->sh, rec, seat->low, err);
        reader_give(seat, in_vain ? err : NULL);
    }
    return rc;
}

/* In the streams' order, which stays: what went out is passed over when what did not is tried
 * again. */
struct probing {
    struct evt_seat *seat;
    size_t at;
    bool stopped;
};

static void probe(void *arg, const struct evt_send *send)
{
    struct probing *probing = arg;

    if (probing->stopped || probing->at++ < probing->seat->probed)
        return;
    if (evt__seat_publish(probing->seat, send))
        probing->seat->probed++;
    else
        probing->stopped = true;
}

static enum evt_err send_probes(struct evt_seat *seat, struct evt_error *err)
{
    struct probing probing = {.seat = seat};
    enum evt_err rc;

    if (seat->probes)
        seat->probed = 0;
    else if (evt_clock_ms() < seat->probe_ms)
        return EVT_OK;
    rc = evt_shard_probes(seat->sh, probe, &probing, err);
    seat->probes = rc != EVT_OK;
    if (!probing.stopped)
        seat->probed = 0;
    seat->probe_ms = evt_clock_ms() + (probing.stopped ? PROBE_AGAIN_MS : PROBE_MS);
    return rc;
}

/* What was prefetched is thrown away: it may come from before a loss. */
enum evt_err evt__seat_join(struct evt_seat *seat, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    evt__seat_say(seat, EVT_SEAT_JOINING, NULL);
    if (!seat->asked_group)
        rc = evt__seat_hold_back(seat, err);
    if (rc != EVT_OK)
        return rc;
    seat->asked_group = true;
    if (seat->connections != atomic_load(&seat->bus->link->made))
        seat->probes = true;
    seat->connections = atomic_load(&seat->bus->link->made);
    seat->broker = -1;
    EVT_LOG(DEBUG, "joining", EVT_FT("of", seat->name), EVT_FN("shard", seat->partition),
            EVT_FN("position", evt_shard_position(seat->sh)),
            EVT_FN("connections", seat->connections));
    evt_shard_reconnected(seat->sh);
    rc = read_and_join(seat, err);
    if (rc == EVT_OK)
        rc = evt__seat_seek(seat, err);
    if (rc != EVT_OK)
        return rc;
    evt_store_catching_up(evt_shard_store(seat->sh), true);
    seat->joined = true;
    seat->at_end = false;
    seat->nudge_ms = NUDGE_MS;
    rc = send_probes(seat, err);
    evt__seat_say(seat, EVT_SEAT_CATCHING_UP, NULL);
    return rc;
}

/* Due: fires a shard's timers and carries out its outside calls, as its driver's clock says.
 *
 * The rows are the truth: what is remembered here (what was published when, which call is under way
 * and how it ended) only spares repetitions, and may be lost at any time. An entry is dropped when
 * its row is gone. */
#include "shard_internal.h"

#include <evt/codec.h>
#include <evt/due.h>
#include <evt/mem.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Published and calls under way at a time, of each: more wait for their turn. */
#define UNDER_WAY_MAX 1024

enum state {
    WAITING,   /* to be done again at `again_ms` */
    UNDER_WAY, /* the driver has the call */
    ENDED      /* the outcome is known, and published until its row is gone */
};

struct entry {
    int64_t id;
    enum state state;
    int64_t again_ms;
    int attempt;
    enum evt_call_ended_outcome outcome;
    uint8_t *response;
    size_t response_len;
    uint64_t seen; /* the sweep that last saw its row */
};

struct entries {
    struct entry *items; /* by id */
    size_t n, cap;
};

struct evt_due {
    struct evt_shard *sh;
    struct entries timers, calls;
    uint64_t version; /* of the rows, when they were read last */
    bool read;
    int64_t next_ms;
    uint64_t jitter;
    uint64_t sweep;
    struct evt_arena arena;
    struct evt_buf value;
};

struct evt_due *evt_due_new(struct evt_shard *sh, uint64_t jitter_seed)
{
    struct evt_due *due = evt_zalloc(sizeof(*due));

    due->sh = sh;
    due->jitter = jitter_seed | 1;
    due->next_ms = INT64_MAX;
    return due;
}

static void entries_release(struct entries *entries)
{
    for (size_t i = 0; i < entries->n; i++)
        evt_free(entries->items[i].response);
    evt_free(entries->items);
}

void evt_due_free(struct evt_due *due)
{
    if (!due)
        return;
    entries_release(&due->timers);
    entries_release(&due->calls);
    evt_arena_release(&due->arena);
    evt_buf_release(&due->value);
    evt_free(due);
}

int64_t evt_due_next_ms(const struct evt_due *due, int64_t now_ms)
{
    if (!evt_shard_is_caught_up(due->sh))
        return INT64_MAX;
    return due->read && due->version == due->sh->waits_version ? due->next_ms : now_ms;
}

/* Where the entry of this id is, or belongs. */
static size_t place_of(const struct entries *entries, int64_t id)
{
    size_t low = 0, high = entries->n;

    while (low < high) {
        const size_t mid = (low + high) / 2;

        if (entries->items[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct entry *find(struct entries *entries, int64_t id)
{
    const size_t at = place_of(entries, id);

    return at < entries->n && entries->items[at].id == id ? &entries->items[at] : NULL;
}

static struct entry *add(struct entries *entries, int64_t id)
{
    const size_t at = place_of(entries, id);
    struct entry *entry;

    if (entries->n == entries->cap) {
        entries->cap = entries->cap ? 2 * entries->cap : 16;
        entries->items = evt_realloc(entries->items, entries->cap * sizeof(*entries->items));
    }
    entry = &entries->items[at];
    memmove(entry + 1, entry, (entries->n - at) * sizeof(*entry));
    *entry = (struct entry){.id = id};
    entries->n++;
    return entry;
}

static void drop_unseen(struct entries *entries, uint64_t sweep)
{
    size_t kept = 0;

    for (size_t i = 0; i < entries->n; i++) {
        if (entries->items[i].seen == sweep)
            entries->items[kept++] = entries->items[i];
        else
            evt_free(entries->items[i].response);
    }
    entries->n = kept;
}

static void wake_at(struct evt_due *due, int64_t at_ms)
{
    if (at_ms < due->next_ms)
        due->next_ms = at_ms;
}

/* Half of the pause and up to half more, so that shards do not knock all at once. */
static int64_t with_jitter(struct evt_due *due, int64_t pause_ms)
{
    due->jitter ^= due->jitter << 13;
    due->jitter ^= due->jitter >> 7;
    due->jitter ^= due->jitter << 17;
    return pause_ms / 2 + (int64_t)(due->jitter % (uint64_t)(pause_ms / 2 + 1));
}

static void publish(struct evt_due *due, const struct evt_type *type, const char *id,
                    const char *key, const char *trace, const struct evt_due_driver *driver)
{
    struct evt_shard *sh = due->sh;
    struct evt_send send = {
        .topic = sh->topic->name,
        .partition = sh->partition,
        .key = key,
        .key_len = strlen(key),
        .value = due->value.data,
        .value_len = due->value.len,
        .headers_n = 5,
    };

    send.headers = evt__headers(&due->arena, sh->own_source, id,
                                (struct evt_text){type->name, strlen(type->name)}, trace);
    driver->publish(driver->self, &send);
}

static void fire(struct evt_due *due, sqlite3_stmt *row, int64_t id,
                 const struct evt_due_driver *driver)
{
    struct evt_timer_fired msg = {.timer_id = id, .name = evt_row_text(row, 2)};
    char text[32];
    enum evt_err rc;

    evt_buf_clear(&due->value);
    rc = evt_timer_fired_encode(&msg, &due->value, NULL);
    EVT_BUG_ON(rc != EVT_OK);
    snprintf(text, sizeof(text), "timer.%" PRId64, id);
    publish(due, &evt_timer_fired_type, text, evt_row_text(row, 3), evt_row_text(row, 4), driver);
}

static enum evt_err run_timers(struct evt_due *due, int64_t now_ms,
                               const struct evt_due_driver *driver, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int rows = 0;
    enum evt_err rc = evt__own_query(due->sh->st, EVT_OWN_TIMER_DUE, &row, err, "l", now_ms);

    while (rc == EVT_OK && row) {
        int64_t id = sqlite3_column_int64(row, 0);
        struct entry *entry = find(&due->timers, id);

        if (rows++ == UNDER_WAY_MAX) {
            wake_at(due, now_ms + EVT_FIRE_AGAIN_MS);
            break;
        }
        if (!entry)
            entry = add(&due->timers, id);
        entry->seen = due->sweep;
        if (entry->again_ms <= now_ms) {
            fire(due, row, id, driver);
            entry->again_ms = now_ms + EVT_FIRE_AGAIN_MS;
        }
        wake_at(due, entry->again_ms);
        rc = evt_store_next(due->sh->st, &row, err);
    }
    evt_store_done(row);
    if (rc != EVT_OK) /* the rows were not all seen */
        return rc;
    drop_unseen(&due->timers, due->sweep);
    rc = evt__own_query(due->sh->st, EVT_OWN_TIMER_NEXT, &row, err, "l", now_ms);
    if (rc == EVT_OK && row)
        wake_at(due, sqlite3_column_int64(row, 0));
    evt_store_done(row);
    return rc;
}

static void publish_end(struct evt_due *due, sqlite3_stmt *row, struct entry *entry, int64_t now_ms,
                        const struct evt_due_driver *driver)
{
    struct evt_call_ended msg = {
        .call_id = entry->id,
        .call_key = evt_row_text(row, 2),
        .outcome = entry->outcome,
        .response = {entry->response, entry->response_len},
    };
    char text[32];
    enum evt_err rc;

    evt_buf_clear(&due->value);
    rc = evt_call_ended_encode(&msg, &due->value, NULL);
    EVT_BUG_ON(rc != EVT_OK);
    snprintf(text, sizeof(text), "call.%" PRId64, entry->id);
    publish(due, &evt_call_ended_type, text, evt_row_text(row, 3), evt_row_text(row, 7), driver);
    entry->again_ms = now_ms + EVT_FIRE_AGAIN_MS;
}

static void begin_call(sqlite3_stmt *row, struct entry *entry, const struct evt_due_driver *driver)
{
    struct evt_call_request request = {
        .id = entry->id,
        .name = evt_row_text(row, 1),
        .key = evt_row_text(row, 2),
        .ref = evt_row_text(row, 4),
        .request = {sqlite3_column_blob(row, 5), (size_t)sqlite3_column_bytes(row, 5)},
        .attempt = ++entry->attempt,
    };

    entry->state = UNDER_WAY;
    driver->call(driver->self, &request);
}

static void run_call(struct evt_due *due, sqlite3_stmt *row, struct entry *entry, int64_t now_ms,
                     const struct evt_due_driver *driver)
{
    int64_t created_ms = sqlite3_column_int64(row, 6);

    if (entry->state == UNDER_WAY || entry->again_ms > now_ms)
        return;
    /* Nobody knows whether an earlier attempt took place, and the provider has forgotten the key.
     */
    if (entry->state == WAITING && now_ms - created_ms >= EVT_CALL_MEMORY_MS) {
        entry->state = ENDED;
        entry->outcome = EVT_CALL_ENDED_OUTCOME_PARKED;
    }
    if (entry->state == ENDED)
        publish_end(due, row, entry, now_ms, driver);
    else
        begin_call(row, entry, driver);
}

static enum evt_err run_calls(struct evt_due *due, int64_t now_ms,
                              const struct evt_due_driver *driver, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int rows = 0;
    enum evt_err rc = evt__own_query(due->sh->st, EVT_OWN_CALL_PENDING, &row, err, "");

    while (rc == EVT_OK && row) {
        int64_t id = sqlite3_column_int64(row, 0);
        struct entry *entry = find(&due->calls, id);

        if (rows++ == UNDER_WAY_MAX) {
            wake_at(due, now_ms + EVT_CALL_AGAIN_MS);
            break;
        }
        if (!entry)
            entry = add(&due->calls, id);
        entry->seen = due->sweep;
        run_call(due, row, entry, now_ms, driver);
        if (entry->state != UNDER_WAY)
            wake_at(due, entry->again_ms);
        rc = evt_store_next(due->sh->st, &row, err);
    }
    evt_store_done(row);
    if (rc == EVT_OK)
        drop_unseen(&due->calls, due->sweep);
    return rc;
}

enum evt_err evt_due_run(struct evt_due *due, int64_t now_ms, const struct evt_due_driver *driver,
                         struct evt_error *err)
{
    enum evt_err rc;

    if (evt_due_next_ms(due, now_ms) > now_ms || evt_store_in_transaction(due->sh->st))
        return EVT_OK; /* rows of an open transaction may yet be undone */
    due->sweep++;
    due->next_ms = INT64_MAX;
    evt_arena_reset(&due->arena);
    rc = run_timers(due, now_ms, driver, err);
    if (rc == EVT_OK)
        rc = run_calls(due, now_ms, driver, err);
    due->read = rc == EVT_OK;
    due->version = due->sh->waits_version;
    return rc;
}

static int64_t pause_after(struct evt_due *due, int attempt)
{
    int64_t pause_ms = EVT_CALL_AGAIN_MS;

    for (int i = 1; i < attempt && pause_ms < EVT_CALL_AGAIN_MS_MAX; i++)
        pause_ms *= 2;
    return with_jitter(due, pause_ms < EVT_CALL_AGAIN_MS_MAX ? pause_ms : EVT_CALL_AGAIN_MS_MAX);
}

void evt_due_call_ended(struct evt_due *due, int64_t id, enum evt_call_end end,
                        struct evt_bytes response, int64_t now_ms)
{
    struct entry *entry = find(&due->calls, id);

    if (!entry || entry->state != UNDER_WAY)
        return; /* its row is gone */
    due->read = false;
    if (end == EVT_CALL_END_UNKNOWN) {
        entry->state = WAITING;
        entry->again_ms = now_ms + pause_after(due, entry->attempt);
        return;
    }
    entry->state = ENDED;
    entry->again_ms = now_ms;
    entry->outcome = end == EVT_CALL_END_OK        ? EVT_CALL_ENDED_OUTCOME_OK
                     : end == EVT_CALL_END_REFUSED ? EVT_CALL_ENDED_OUTCOME_REFUSED
                                                   : EVT_CALL_ENDED_OUTCOME_PARKED;
    entry->response_len =
        response.len < EVT_CALL_RESPONSE_MAX ? response.len : EVT_CALL_RESPONSE_MAX;
    entry->response = response.len ? evt_memdup(response.data, entry->response_len) : NULL;
}

/* Due, the outside calls: of each name the oldest are held, EVT__DUE_HELD_MAX of them, and carried
 * out; a tick reads only the rows that are new since, and those of which something is to be done.
 *
 * So that nothing waits for what will not end, names are apart from each other; and a call that
 * pauses after an unknown end gives its place to one that waits behind it. It is then treated as
 * one whose pause is the longest: a minute later the rows are read from the first on again. */
#include "due_internal.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What gave its place away has been tried for some time: after as many attempts the pause is the
 * longest. */
#define ATTEMPTS_LEFT 7

/* Columns of CALL_PENDING and CALL_SOME. */
enum { ID, NAME, CALL_KEY, KEY, REF, REQUEST, CREATED_MS, TRACE };

/* One tick at one lane. */
struct tick {
    struct evt_due *due;
    struct evt__due_lane *lane;
    int64_t now_ms;
    const struct evt_due_driver *driver;
};

void evt__due_lanes_release(struct evt_due *due)
{
    for (size_t i = 0; i < due->lanes_n; i++) {
        evt_free(due->lanes[i].name);
        evt__due_entries_release(&due->lanes[i].entries);
    }
    evt_free(due->lanes);
}

/* ---- one call ---- */

static void publish_end(const struct tick *tick, sqlite3_stmt *row, struct evt__due_entry *entry)
{
    struct evt_due *due = tick->due;
    struct evt_call_ended msg = {
        .call_id = entry->id,
        .call_key = evt_row_text(row, CALL_KEY),
        .outcome = entry->outcome,
        .response = {entry->response, entry->response_len},
    };
    char text[32];
    enum evt_err rc;

    evt_buf_clear(&due->value);
    rc = evt_call_ended_encode(&msg, &due->value, NULL);
    EVT_BUG_ON(rc != EVT_OK);
    snprintf(text, sizeof(text), "call.%" PRId64, entry->id);
    evt__due_publish(due, &evt_call_ended_type, text, evt_row_text(row, KEY),
                     evt_row_text(row, TRACE), tick->driver);
    entry->again_ms = tick->now_ms + EVT_FIRE_AGAIN_MS;
}

static void begin(const struct tick *tick, sqlite3_stmt *row, struct evt__due_entry *entry)
{
    struct evt_call_request request = {
        .id = entry->id,
        .name = evt_row_text(row, NAME),
        .key = evt_row_text(row, CALL_KEY),
        .ref = evt_row_text(row, REF),
        .request = {sqlite3_column_blob(row, REQUEST), (size_t)sqlite3_column_bytes(row, REQUEST)},
        .attempt = ++entry->attempt,
    };

    entry->state = EVT__DUE_UNDER_WAY;
    tick->driver->call(tick->driver->self, &request);
}

static void act(const struct tick *tick, sqlite3_stmt *row, struct evt__due_entry *entry)
{
    /* Nobody knows whether an earlier attempt took place, and the provider has forgotten the key.
     */
    if (entry->state == EVT__DUE_WAITING &&
        tick->now_ms - sqlite3_column_int64(row, CREATED_MS) >= EVT_CALL_MEMORY_MS) {
        entry->state = EVT__DUE_ENDED;
        entry->outcome = EVT_CALL_ENDED_OUTCOME_PARKED;
    }
    if (entry->state == EVT__DUE_ENDED)
        publish_end(tick, row, entry);
    else
        begin(tick, row, entry);
}

/* ---- those that are held ---- */

/* Is there anything to do or to learn of it? */
static bool needs_its_row(const struct tick *tick, const struct evt__due_entry *entry)
{
    if (entry->state == EVT__DUE_UNDER_WAY)
        return false;
    if (entry->again_ms <= tick->now_ms)
        return true;
    return entry->state == EVT__DUE_ENDED && tick->due->version != tick->due->sh->waits_version;
}

static enum evt_err run_held(const struct tick *tick, struct evt_error *err)
{
    struct evt__due_entries *entries = &tick->lane->entries;
    struct evt_store *st = tick->due->sh->st;
    enum evt_err rc = EVT_OK;
    size_t at = 0;

    while (rc == EVT_OK && at < entries->n) {
        struct evt__due_entry *entry = &entries->items[at];
        sqlite3_stmt *row = NULL;

        if (!needs_its_row(tick, entry)) {
            at++;
            continue;
        }
        rc = evt__own_query(st, EVT_OWN_CALL_PENDING, &row, err, "l", entry->id);
        if (rc == EVT_OK && !row) {
            evt__due_drop(entries, at);
        } else if (rc == EVT_OK) {
            if (entry->again_ms <= tick->now_ms)
                act(tick, row, entry);
            at++;
        }
        evt_store_done(row);
    }
    return rc;
}

/* ---- those that are not held yet ---- */

static bool pauses(const struct evt__due_entry *entry, int64_t now_ms)
{
    return entry->state == EVT__DUE_WAITING && entry->again_ms > now_ms;
}

/* How many more may be held, those included that would give their place. */
static size_t places(const struct tick *tick)
{
    const struct evt__due_entries *entries = &tick->lane->entries;
    size_t n = EVT__DUE_HELD_MAX - entries->n;

    for (size_t i = 0; i < entries->n; i++)
        n += pauses(&entries->items[i], tick->now_ms);
    return n;
}

/* The one that would have waited for longest. */
static void give_place(const struct tick *tick)
{
    struct evt__due_lane *lane = tick->lane;
    const struct evt__due_entry *items = lane->entries.items;
    size_t last = lane->entries.n;

    for (size_t i = 0; i < lane->entries.n; i++)
        if (pauses(&items[i], tick->now_ms) &&
            (last == lane->entries.n || items[i].again_ms > items[last].again_ms))
            last = i;
    EVT_BUG_ON(last == lane->entries.n);
    evt__due_drop(&lane->entries, last);
    if (!lane->left)
        lane->again_ms = tick->now_ms + EVT_CALL_AGAIN_MS_MAX;
    lane->left = true;
}

static void hold(const struct tick *tick, sqlite3_stmt *row, int64_t id)
{
    struct evt__due_lane *lane = tick->lane;
    struct evt__due_entry *entry;

    if (lane->entries.n == EVT__DUE_HELD_MAX)
        give_place(tick);
    entry = evt__due_add(&lane->entries, id);
    if (id <= lane->highest_id)
        entry->attempt = ATTEMPTS_LEFT;
    else
        lane->highest_id = id;
    act(tick, row, entry);
}

static enum evt_err hold_some(const struct tick *tick, size_t max, size_t *ret_rows,
                              struct evt_error *err)
{
    struct evt__due_lane *lane = tick->lane;
    struct evt_store *st = tick->due->sh->st;
    sqlite3_stmt *row = NULL;
    size_t rows = 0;
    enum evt_err rc = evt__own_query(st, EVT_OWN_CALL_SOME, &row, err, "tll", lane->name,
                                     lane->last_id, (int64_t)max);

    while (rc == EVT_OK && row) {
        const int64_t id = sqlite3_column_int64(row, ID);

        if (!evt__due_find(&lane->entries, id))
            hold(tick, row, id);
        lane->last_id = id;
        rows++;
        rc = evt_store_next(st, &row, err);
    }
    evt_store_done(row);
    *ret_rows = rows;
    return rc;
}

/* Every round reads on, or begins again once; ids grow, so whatever is new lies behind. */
static enum evt_err hold_more(const struct tick *tick, struct evt_error *err)
{
    struct evt__due_lane *lane = tick->lane;
    size_t max, rows = 0;

    while ((max = places(tick)) > 0) {
        const enum evt_err rc = hold_some(tick, max, &rows, err);

        if (rc != EVT_OK)
            return rc;
        if (rows == max)
            continue;
        if (!lane->left || lane->again_ms > tick->now_ms)
            break;
        lane->left = false;
        lane->last_id = 0;
    }
    return EVT_OK;
}

/* ---- all of them ---- */

static struct evt__due_lane *lane_of(struct evt_due *due, const char *name)
{
    for (size_t i = 0; i < due->lanes_n; i++)
        if (strcmp(due->lanes[i].name, name) == 0)
            return &due->lanes[i];
    if (due->lanes_n == due->lanes_cap) {
        due->lanes_cap = due->lanes_cap ? 2 * due->lanes_cap : 4;
        due->lanes = evt_realloc(due->lanes, due->lanes_cap * sizeof(*due->lanes));
    }
    due->lanes[due->lanes_n] = (struct evt__due_lane){.name = evt_strdup(name)};
    return &due->lanes[due->lanes_n++];
}

/* Of every name that has a row, whatever this version calls its calls: a service has had few. */
static enum evt_err find_lanes(struct evt_due *due, struct evt_error *err)
{
    const char *name = "";

    while (name) {
        sqlite3_stmt *row = NULL;
        const enum evt_err rc =
            evt__own_query(due->sh->st, EVT_OWN_CALL_NAME, &row, err, "t", name);

        if (rc != EVT_OK)
            return rc;
        name = row ? lane_of(due, evt_row_text(row, 0))->name : NULL;
        evt_store_done(row);
    }
    return EVT_OK;
}

static void wake_for(struct evt_due *due, const struct evt__due_lane *lane, int64_t now_ms)
{
    for (size_t i = 0; i < lane->entries.n; i++)
        if (lane->entries.items[i].state != EVT__DUE_UNDER_WAY)
            evt__due_wake_at(due, lane->entries.items[i].again_ms);
    if (lane->left && lane->again_ms > now_ms) /* else when a place becomes free */
        evt__due_wake_at(due, lane->again_ms);
}

enum evt_err evt__due_calls_run(struct evt_due *due, int64_t now_ms,
                                const struct evt_due_driver *driver, struct evt_error *err)
{
    enum evt_err rc = find_lanes(due, err);

    for (size_t i = 0; rc == EVT_OK && i < due->lanes_n; i++) {
        const struct tick tick = {due, &due->lanes[i], now_ms, driver};

        rc = run_held(&tick, err);
        if (rc == EVT_OK)
            rc = hold_more(&tick, err);
        wake_for(due, &due->lanes[i], now_ms);
    }
    return rc;
}

/* ---- how they end ---- */

/* Half of the pause and up to half more, so that shards do not knock all at once. */
static int64_t with_jitter(struct evt_due *due, int64_t pause_ms)
{
    due->jitter ^= due->jitter << 13;
    due->jitter ^= due->jitter >> 7;
    due->jitter ^= due->jitter << 17;
    return pause_ms / 2 + (int64_t)(due->jitter % (uint64_t)(pause_ms / 2 + 1));
}

static int64_t pause_after(struct evt_due *due, int attempt)
{
    int64_t pause_ms = EVT_CALL_AGAIN_MS;

    for (int i = 1; i < attempt && pause_ms < EVT_CALL_AGAIN_MS_MAX; i++)
        pause_ms *= 2;
    return with_jitter(due, pause_ms < EVT_CALL_AGAIN_MS_MAX ? pause_ms : EVT_CALL_AGAIN_MS_MAX);
}

static struct evt__due_entry *find_call(const struct evt_due *due, int64_t id)
{
    struct evt__due_entry *entry = NULL;

    for (size_t i = 0; !entry && i < due->lanes_n; i++)
        entry = evt__due_find(&due->lanes[i].entries, id);
    return entry;
}

void evt_due_call_ended(struct evt_due *due, int64_t id, enum evt_call_end end,
                        struct evt_bytes response, int64_t now_ms)
{
    struct evt__due_entry *entry = find_call(due, id);

    if (!entry || entry->state != EVT__DUE_UNDER_WAY)
        return; /* its row is gone */
    due->read = false;
    if (end == EVT_CALL_END_UNKNOWN) {
        entry->state = EVT__DUE_WAITING;
        entry->again_ms = now_ms + pause_after(due, entry->attempt);
        return;
    }
    entry->state = EVT__DUE_ENDED;
    entry->again_ms = now_ms;
    entry->outcome = end == EVT_CALL_END_OK        ? EVT_CALL_ENDED_OUTCOME_OK
                     : end == EVT_CALL_END_REFUSED ? EVT_CALL_ENDED_OUTCOME_REFUSED
                                                   : EVT_CALL_ENDED_OUTCOME_PARKED;
    entry->response_len =
        response.len < EVT_CALL_RESPONSE_MAX ? response.len : EVT_CALL_RESPONSE_MAX;
    entry->response = response.len ? evt_memdup(response.data, entry->response_len) : NULL;
}

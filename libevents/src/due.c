/* Due: fires a shard's timers, and says when it has something to do; due_calls.c carries out the
 * outside calls.
 *
 * The rows are the truth: what is remembered here (what was published when, which call is under way
 * and how it ended) only spares repetitions, and may be lost at any time. An entry is dropped when
 * its row is gone. */
#include "due_internal.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct evt_due *evt_due_new(struct evt_shard *sh, uint64_t jitter_seed)
{
    struct evt_due *due = evt_zalloc(sizeof(*due));

    due->sh = sh;
    due->jitter = jitter_seed | 1;
    due->next_ms = INT64_MAX;
    return due;
}

void evt_due_free(struct evt_due *due)
{
    if (!due)
        return;
    evt__due_entries_release(&due->timers);
    evt__due_lanes_release(due);
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

/* ---- what is remembered ---- */

/* Where the entry of this id is, or belongs. */
static size_t place_of(const struct evt__due_entries *entries, int64_t id)
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

struct evt__due_entry *evt__due_find(const struct evt__due_entries *entries, int64_t id)
{
    const size_t at = place_of(entries, id);

    return at < entries->n && entries->items[at].id == id ? &entries->items[at] : NULL;
}

struct evt__due_entry *evt__due_add(struct evt__due_entries *entries, int64_t id)
{
    const size_t at = place_of(entries, id);
    struct evt__due_entry *entry;

    if (entries->n == entries->cap) {
        entries->cap = entries->cap ? 2 * entries->cap : 16;
        entries->items = evt_realloc(entries->items, entries->cap * sizeof(*entries->items));
    }
    entry = &entries->items[at];
    memmove(entry + 1, entry, (entries->n - at) * sizeof(*entry));
    *entry = (struct evt__due_entry){.id = id};
    entries->n++;
    return entry;
}

void evt__due_drop(struct evt__due_entries *entries, size_t at)
{
    struct evt__due_entry *entry = &entries->items[at];

    evt_free(entry->response);
    entries->n--;
    memmove(entry, entry + 1, (entries->n - at) * sizeof(*entry));
}

void evt__due_entries_release(struct evt__due_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++)
        evt_free(entries->items[i].response);
    evt_free(entries->items);
}

static void drop_unseen(struct evt__due_entries *entries, uint64_t sweep)
{
    size_t kept = 0;

    for (size_t i = 0; i < entries->n; i++)
        if (entries->items[i].seen == sweep)
            entries->items[kept++] = entries->items[i];
    entries->n = kept;
}

void evt__due_wake_at(struct evt_due *due, int64_t at_ms)
{
    if (at_ms < due->next_ms)
        due->next_ms = at_ms;
}

/* ---- what is done ---- */

void evt__due_publish(struct evt_due *due, const struct evt_type *type, const char *id,
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
    evt__due_publish(due, &evt_timer_fired_type, text, evt_row_text(row, 3), evt_row_text(row, 4),
                     driver);
}

/* What the log took for too early is fired again when its clock is there, not seconds later. */
static void heed_early(struct evt_due *due, int64_t now_ms)
{
    struct evt_shard *sh = due->sh;

    for (size_t i = 0; i < sh->early_n; i++) {
        struct evt__due_entry *entry = evt__due_find(&due->timers, sh->early[i].id);

        if (entry && entry->again_ms > now_ms + sh->early[i].by_ms)
            entry->again_ms = now_ms + sh->early[i].by_ms;
    }
    sh->early_n = 0;
}

static enum evt_err run_timers(struct evt_due *due, int64_t now_ms,
                               const struct evt_due_driver *driver, struct evt_error *err)
{
    sqlite3_stmt *row = NULL;
    int rows = 0;
    enum evt_err rc = evt__own_query(due->sh->st, EVT_OWN_TIMER_DUE, &row, err, "l", now_ms);

    while (rc == EVT_OK && row) {
        int64_t id = sqlite3_column_int64(row, 0);
        struct evt__due_entry *entry = evt__due_find(&due->timers, id);

        if (rows++ == EVT__DUE_HELD_MAX) {
            evt__due_wake_at(due, now_ms + EVT_FIRE_AGAIN_MS);
            break;
        }
        if (!entry)
            entry = evt__due_add(&due->timers, id);
        entry->seen = due->sweep;
        if (entry->again_ms <= now_ms) {
            fire(due, row, id, driver);
            entry->again_ms = now_ms + EVT_FIRE_AGAIN_MS;
        }
        evt__due_wake_at(due, entry->again_ms);
        rc = evt_store_next(due->sh->st, &row, err);
    }
    evt_store_done(row);
    if (rc != EVT_OK) /* the rows were not all seen */
        return rc;
    drop_unseen(&due->timers, due->sweep);
    rc = evt__own_query(due->sh->st, EVT_OWN_TIMER_NEXT, &row, err, "l", now_ms);
    if (rc == EVT_OK && row)
        evt__due_wake_at(due, sqlite3_column_int64(row, 0));
    evt_store_done(row);
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
    heed_early(due, now_ms);
    rc = run_timers(due, now_ms, driver, err);
    if (rc == EVT_OK)
        rc = evt__due_calls_run(due, now_ms, driver, err);
    due->read = rc == EVT_OK;
    if (rc == EVT_OK)
        due->version = due->sh->waits_version;
    return rc;
}

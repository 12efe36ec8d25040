/* Saga show: the rows of saga_store.c and the lines of saga_parts.c, read from outside the shard.
 */
#include "saga_internal.h"

#include <evt/clock.h>
#include <evt/saga_show.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE      100                /* entries; whoever follows comes again */
#define WORD_MAX     (EVT_NAME_MAX + 1) /* a step is called no longer */
#define AT_ONCE_TEXT "100"

#define INSTANCE                                                                                   \
    "SELECT definition, phase, stage, pivoted, cancelled, parked, history, parts FROM evt_sagas"   \
    " WHERE name = ?1 AND ref = ?2"
#define PHASE "SELECT phase, saga_id FROM evt_sagas WHERE name = ?1 AND ref = ?2"
#define HISTORY                                                                                    \
    "SELECT n, at_ms, step, item, what, why FROM evt_saga_history WHERE saga_id = ?1 AND n > ?2"   \
    " ORDER BY n LIMIT ?3"

static const char *text(sqlite3_stmt *row, int column)
{
    const char *found = (const char *)sqlite3_column_text(row, column);

    return found ? found : "";
}

static sqlite3_stmt *find(sqlite3 *db, const char *sql, const char *name, const char *ref,
                          int *ret_rc)
{
    sqlite3_stmt *row = NULL;

    *ret_rc = sqlite3_prepare_v2(db, sql, -1, &row, NULL);
    if (*ret_rc != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, ref, -1, SQLITE_STATIC);
    *ret_rc = sqlite3_step(row);
    if (*ret_rc == SQLITE_ROW)
        return row;
    sqlite3_finalize(row);
    return NULL;
}

/* The next word of the line, as much of it as fits; "" at its end. */
static const char *word(const char **at, char text[WORD_MAX])
{
    const size_t len = strcspn(*at, " \n");

    snprintf(text, WORD_MAX, "%.*s", (int)len, *at);
    *at += len + ((*at)[len] == ' ');
    return text;
}

/* "reserve 1 asked 1 1700000020000 product.inbox.0.1-…" */
static json_t *step_json(const char *line)
{
    char step[WORD_MAX], state[WORD_MAX], number[WORD_MAX], next[EVT_CLOCK_TEXT];
    int64_t item, tries, next_ms;
    json_t *json;

    word(&line, step);
    item = strtoll(word(&line, number), NULL, 10);
    word(&line, state);
    tries = strtoll(word(&line, number), NULL, 10);
    next_ms = strtoll(word(&line, number), NULL, 10);
    json = json_pack("{s:s, s:I, s:s, s:I}", "step", step, "item", (json_int_t)item, "state", state,
                     "tries", (json_int_t)tries);
    if (next_ms) {
        evt_clock_print(next_ms, next);
        json_object_set_new(json, "next_at", json_string(next));
    }
    return json;
}

static json_t *steps_json(const char *parts)
{
    json_t *steps = json_array();

    for (; *parts; parts += strcspn(parts, "\n") + 1)
        json_array_append_new(steps, step_json(parts));
    return steps;
}

bool evt_saga_show(sqlite3 *db, const char *name, const char *ref, struct json_t **ret_json)
{
    int rc;
    sqlite3_stmt *row = find(db, INSTANCE, name, ref, &rc);

    if (!row) {
        *ret_json = NULL;
        return rc == SQLITE_DONE;
    }
    *ret_json =
        json_pack("{s:i, s:s, s:i, s:b, s:b, s:i, s:i, s:o}", "definition",
                  sqlite3_column_int(row, 0), "phase", text(row, 1), "stage",
                  sqlite3_column_int(row, 2), "pivoted", sqlite3_column_int(row, 3), "cancelled",
                  sqlite3_column_int(row, 4), "parked", sqlite3_column_int(row, 5), "events",
                  sqlite3_column_int(row, 6), "steps", steps_json(text(row, 7)));
    sqlite3_finalize(row);
    return true;
}

static bool is_outcome(const char *phase)
{
    return strcmp(phase, evt__saga_phase_str(EVT__SAGA_COMPLETED)) == 0 ||
           strcmp(phase, evt__saga_phase_str(EVT__SAGA_UNDONE)) == 0;
}

/* An instance whose history is read. */
struct follow {
    sqlite3 *db;
    const char *ref, *phase;
    int64_t saga_id;
    void (*tell)(sqlite3 *db, const char *ref, struct json_t *end);
};

static void print_entry(const struct follow *follow, sqlite3_stmt *row, struct evt_buf *out)
{
    const char *step = text(row, 2), *what = text(row, 4);
    const bool ends = !*step && is_outcome(what) && strcmp(what, follow->phase) == 0;
    const int64_t n = sqlite3_column_int64(row, 0);
    char time[EVT_CLOCK_TEXT];
    json_t *json;

    evt_clock_print(sqlite3_column_int64(row, 1), time);
    json = json_pack("{s:I, s:s, s:s, s:i, s:s, s:s}", "n", (json_int_t)n, "time", time, "step",
                     step, "item", sqlite3_column_int(row, 3), "what", what, "why", text(row, 5));
    if (ends && follow->tell)
        follow->tell(follow->db, follow->ref, json);
    evt_event_print(out, n, ends ? "end" : "step", json);
}

/* How many; -1: the store cannot be read. */
static int print_history(const struct follow *follow, int64_t *after, struct evt_buf *out)
{
    sqlite3_stmt *row = NULL;
    int n, rc;

    if (sqlite3_prepare_v2(follow->db, HISTORY, -1, &row, NULL) != SQLITE_OK)
        return -1;
    sqlite3_bind_int64(row, 1, follow->saga_id);
    sqlite3_bind_int64(row, 2, *after);
    sqlite3_bind_int(row, 3, AT_ONCE);
    for (n = 0; (rc = sqlite3_step(row)) == SQLITE_ROW; n++) {
        print_entry(follow, row, out);
        *after = sqlite3_column_int64(row, 0);
    }
    sqlite3_finalize(row);
    return rc == SQLITE_DONE ? n : -1;
}

enum evt_follow evt_saga_follow(sqlite3 *db, const char *name, const char *ref, int64_t *after,
                                struct evt_buf *out,
                                void (*tell)(sqlite3 *db, const char *ref, struct json_t *end))
{
    struct follow follow = {.db = db, .ref = ref, .tell = tell};
    int rc, n;
    sqlite3_stmt *row = find(db, PHASE, name, ref, &rc);
    bool ended;

    if (!row)
        return rc == SQLITE_DONE ? EVT_FOLLOW_NONE : EVT_FOLLOW_UNREADABLE;
    /* While the row is open, all is read as of one commit. */
    follow.phase = text(row, 0);
    follow.saga_id = sqlite3_column_int64(row, 1);
    ended = is_outcome(follow.phase);
    n = print_history(&follow, after, out);
    sqlite3_finalize(row);
    if (n < 0)
        return EVT_FOLLOW_UNREADABLE;
    return ended && n < AT_ONCE ? EVT_FOLLOW_END : EVT_FOLLOW_ON;
}

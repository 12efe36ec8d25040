/* Floor's recorder: SQLite reports each statement as it begins; its values are read out of the text
 * that SQLite expands them into, beside the statement's own text. */
#include "floor_internal.h"

#include <evt/mem.h>

#include <stdlib.h>
#include <string.h>

static size_t statement_of(struct floor *floor, const char *sql)
{
    size_t i = 0;

    while (i < floor->sql_n && strcmp(floor->sql[i], sql) != 0)
        i++;
    EVT_BUG_ON(i == FLOOR_STATEMENTS_MAX);
    if (i == floor->sql_n)
        floor->sql[floor->sql_n++] = evt_strdup(sql);
    return i;
}

/* 'it''s' → it's */
static const char *read_text(struct floor *floor, const char *at, struct floor_value *value)
{
    const char *end = at + 1;
    char *text;

    while (*end != '\'' || *++end == '\'')
        end++;
    text = evt_arena_alloc(&floor->arena, (size_t)(end - at));
    value->type = 't';
    value->bytes = text;
    for (const char *c = at + 1; c < end - 1; c++) {
        text[value->len++] = *c;
        c += *c == '\'';
    }
    return end;
}

static const char *read_blob(struct floor *floor, const char *at, struct floor_value *value)
{
    size_t len = strcspn(at, "'") / 2;
    char *bytes = evt_arena_alloc(&floor->arena, len + 1);

    for (size_t i = 0; i < len; i++, at += 2) {
        const char digits[] = {at[0], at[1], '\0'};

        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    value->type = 'b';
    value->bytes = bytes;
    value->len = len;
    return at + 1;
}

static const char *read_value(struct floor *floor, const char *at, struct floor_value *value)
{
    char *end;

    *value = (struct floor_value){0};
    if (*at == '\'')
        return read_text(floor, at, value);
    if (strncmp(at, "x'", 2) == 0)
        return read_blob(floor, at + 2, value);
    if (strncmp(at, "NULL", 4) == 0)
        return at + 4;
    value->type = 'l';
    value->number = strtoll(at, &end, 10);
    EVT_BUG_ON(end == at);
    return end;
}

/* Our statements hold parameters as ?NNN, and no question mark elsewhere. */
static void read_values(struct floor *floor, const char *sql, const char *expanded,
                        struct floor_step *step)
{
    struct floor_value values[FLOOR_VALUES_MAX + 1] = {0};
    char *end;
    long number;

    while (*sql) {
        if (*sql != '?') {
            EVT_BUG_ON(*sql++ != *expanded++);
            continue;
        }
        number = strtol(sql + 1, &end, 10);
        EVT_BUG_ON(number < 1 || number > FLOOR_VALUES_MAX);
        sql = end;
        expanded = read_value(floor, expanded, &values[number]);
        if (number > step->values_n)
            step->values_n = (int)number;
    }
    step->values =
        evt_arena_memdup(&floor->arena, values + 1, (size_t)step->values_n * sizeof(*values));
}

static enum floor_kind kind_of(sqlite3_stmt *stmt, const char *sql)
{
    if (strncmp(sql, "BEGIN", 5) == 0)
        return FLOOR_BEGIN;
    if (strcmp(sql, "COMMIT") == 0)
        return FLOOR_COMMIT;
    if (strncmp(sql, "SAVEPOINT", 9) == 0 || strncmp(sql, "RELEASE", 7) == 0 ||
        strncmp(sql, "ROLLBACK", 8) == 0)
        return FLOOR_SAVEPOINT;
    return sqlite3_stmt_readonly(stmt) ? FLOOR_READ : FLOOR_CHANGE;
}

/* A statement that changed no row is no row change. */
static void settle_last(struct floor *floor)
{
    int total = sqlite3_total_changes(floor->db);

    if (floor->unsettled && total == floor->total_before)
        floor->steps_n--;
    else if (floor->unsettled)
        floor->changes++;
    floor->unsettled = false;
    floor->total_before = total;
}

static void add_step(struct floor *floor, const struct floor_step *step)
{
    if (floor->steps_n == floor->steps_cap) {
        floor->steps_cap = floor->steps_cap ? 2 * floor->steps_cap : 1024;
        floor->steps = evt_realloc(floor->steps, floor->steps_cap * sizeof(*floor->steps));
    }
    floor->steps[floor->steps_n++] = *step;
    floor->unsettled = step->kind == FLOOR_CHANGE;
}

static int executed(unsigned event, void *arg, void *what, void *text)
{
    struct floor *floor = arg;
    sqlite3_stmt *stmt = what;
    const char *sql = sqlite3_sql(stmt);
    struct floor_step step = {.kind = kind_of(stmt, sql)};
    char *expanded;

    (void)event;
    (void)text;
    settle_last(floor);
    /* No bench undoes anything: what was undone would have to be taken out again. */
    EVT_BUG_ON(strncmp(sql, "ROLLBACK", 8) == 0);
    if (step.kind == FLOOR_SAVEPOINT || (step.kind == FLOOR_READ && !floor->reads))
        return 0;
    step.statement = statement_of(floor, sql);
    expanded = sqlite3_expanded_sql(stmt);
    EVT_BUG_ON(!expanded);
    read_values(floor, sql, expanded, &step);
    sqlite3_free(expanded);
    add_step(floor, &step);
    return 0;
}

struct floor *floor_record(sqlite3 *db, bool reads)
{
    struct floor *floor = evt_zalloc(sizeof(*floor));

    floor->db = db;
    floor->reads = reads;
    floor->total_before = sqlite3_total_changes(db);
    sqlite3_trace_v2(db, SQLITE_TRACE_STMT, executed, floor);
    return floor;
}

void floor_record_end(struct floor *floor)
{
    settle_last(floor);
    sqlite3_trace_v2(floor->db, 0, NULL, NULL);
    floor->db = NULL;
}

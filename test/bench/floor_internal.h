/* Floor's list of what is to be executed: floor.c replays what floor_record.c has written down. */
#ifndef FLOOR_INTERNAL_H
#define FLOOR_INTERNAL_H

#include "floor.h"

#include <evt/arena.h>

#include <stdint.h>

#define FLOOR_STATEMENTS_MAX 64
#define FLOOR_VALUES_MAX     32 /* of one statement */

enum floor_kind { FLOOR_BEGIN, FLOOR_COMMIT, FLOOR_CHANGE, FLOOR_READ, FLOOR_SAVEPOINT };

struct floor_value {
    char type; /* SQL's: l integer, t text, b blob, 0 null */
    int64_t number;
    const char *bytes; /* in the floor's arena */
    size_t len;
};

struct floor_step {
    enum floor_kind kind;
    size_t statement;
    const struct floor_value *values;
    int values_n;
};

struct floor {
    sqlite3 *db;
    char *sql[FLOOR_STATEMENTS_MAX];
    sqlite3_stmt *stmts[FLOOR_STATEMENTS_MAX];
    size_t sql_n;
    struct floor_step *steps;
    size_t steps_n, steps_cap, next;
    size_t changes;
    struct evt_arena arena;
    /* While it records. */
    bool reads;
    bool unsettled;   /* whether the last step changes rows is not known yet */
    int total_before; /* rows changed before the last step */
};

#endif

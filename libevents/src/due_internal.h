/* Due, inside: what due.c (when, and the timers) and due_calls.c (the outside calls) share. */
#ifndef EVT_DUE_INTERNAL_H
#define EVT_DUE_INTERNAL_H

#include "shard_internal.h"

#include <evt/due.h>
#include <events/evt.h>

/* So many timers are published at a time, and of each name so many calls are held: more wait for
 * their turn. */
#define EVT__DUE_HELD_MAX 1024

enum evt__due_state {
    EVT__DUE_WAITING,   /* to be done again at `again_ms` */
    EVT__DUE_UNDER_WAY, /* the driver has the call */
    EVT__DUE_ENDED      /* the outcome is known, and published until its row is gone */
};

struct evt__due_entry {
    int64_t id;
    enum evt__due_state state;
    int64_t again_ms;
    int attempt;
    enum evt_call_ended_outcome outcome;
    uint8_t *response;
    size_t response_len;
    uint64_t seen; /* the sweep that last saw its row; timers only */
};

struct evt__due_entries {
    struct evt__due_entry *items; /* by id */
    size_t n, cap;
};

struct evt__due_entry *evt__due_find(const struct evt__due_entries *entries, int64_t id);
struct evt__due_entry *evt__due_add(struct evt__due_entries *entries, int64_t id);
void evt__due_drop(struct evt__due_entries *entries, size_t at);
void evt__due_entries_release(struct evt__due_entries *entries);

/* The calls of one name: what one destination does not answer is of no concern to the others. */
struct evt__due_lane {
    char *name;
    struct evt__due_entries entries; /* EVT__DUE_HELD_MAX at most */
    int64_t last_id, highest_id;     /* so far the rows are read, and were ever */
    bool left;                       /* some of before gave their place away … */
    int64_t again_ms;                /* … and are read again from then on */
};

struct evt_due {
    struct evt_shard *sh;
    struct evt__due_entries timers;
    struct evt__due_lane *lanes;
    size_t lanes_n, lanes_cap;
    uint64_t version; /* of the rows, when they were read last */
    bool read;
    int64_t next_ms;
    uint64_t jitter;
    uint64_t sweep;
    struct evt_arena arena;
    struct evt_buf value;
};

void evt__due_wake_at(struct evt_due *due, int64_t at_ms);
/* Publishes `due->value` to the own inbox. */
void evt__due_publish(struct evt_due *due, const struct evt_type *type, const char *id,
                      const char *key, const char *trace, const struct evt_due_driver *driver);

EVT_MUST_USE enum evt_err evt__due_calls_run(struct evt_due *due, int64_t now_ms,
                                             const struct evt_due_driver *driver,
                                             struct evt_error *err);
void evt__due_lanes_release(struct evt_due *due);

#endif

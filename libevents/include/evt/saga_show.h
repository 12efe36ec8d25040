/* Saga show: where an instance stands and what it went through, for those who only read a store.
 * What was not cleared away yet: an instance that has ended is forgotten in time. */
#ifndef EVT_SAGA_SHOW_H
#define EVT_SAGA_SHOW_H

#include <evt/edge.h>
#include <sqlite3.h>

struct json_t;

/* {definition, phase, stage, pivoted, cancelled, parked, events, steps: [{step, item, state, tries,
 * next_at}]}, the steps being what was asked so far. False: the store cannot be read; NULL: there
 * is no such instance. */
bool evt_saga_show(sqlite3 *db, const char *name, const char *ref, struct json_t **ret_json);
/* For evt_edge_follow: {n, time, step, item, what, why}; `step` is "" for the saga as a whole,
 * `item` 0 for all of them. The event is "step", or "end" for the saga's outcome; to that one
 * `tell` (may be NULL) adds what the service has to say. An outcome that was left again, by
 * cancelling what was completed, is a step. */
enum evt_follow evt_saga_follow(sqlite3 *db, const char *name, const char *ref, int64_t *after,
                                struct evt_buf *out,
                                void (*tell)(sqlite3 *db, const char *ref, struct json_t *end));

#endif

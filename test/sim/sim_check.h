/* Sim check: the parts of the checks, as they see each other.
 *
 *   sim_check.c           every shard against its rebuild, every log against what the rebuilds say
 *   sim_check_taken.c     marks, and what was applied, against what was said
 *   sim_check_tables.c    what must not be in tables when all is at rest
 *   sim_check_business.c  money, stock and purchases agree
 *   sim_check_trips.c     so do sagas, what was asked for, and what was done
 *   sim_check_shop.c      so do the books of the whole shop
 *   sim_check_order.c     … of one order */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "sim_set.h"
#include "sim_world.h"

struct sim_check {
    struct sim_world *world;
    struct sim_set logged;          /* every message in the logs: the first record that says it */
    struct sim_set said;            /* those that the rebuilt shards say: the same records */
    struct sim_set last;            /* by source and partition: the last of them */
    struct sim_set rejected;        /* places of the records that the rebuilt shards refuse */
    struct sim_set refused;         /* messages of which some copy is such a record */
    const struct sim_seat *seat;    /* whose rebuild it is */
    const struct evt_record *heard; /* by a trip, last */
    size_t wanted;                  /* rejections that are part of the play */
    struct sim_replay replay;
};

void sim_check_taken(struct sim_check *check, struct sim_seat *seat);
void sim_check_tables(struct sim_seat *seat);
void sim_check_business(struct sim_world *world);
void sim_check_trips(struct sim_world *world);
void sim_check_shop(struct sim_world *world);

/* Calls `row` with every row of a query on a shard's store, inside its process. */
void sim_ask(struct sim_seat *seat, const char *sql, void (*row)(void *arg, sqlite3_stmt *row),
             void *arg);
bool sim_is_rejected(const struct sim_check *check, const struct evt_record *rec);

#endif

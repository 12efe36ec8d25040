/* Sim plan: the two sagas of a history, made up from its seed: the first is the trip service's only
 * one in generation 1, the second stands beside it in generation 2. Chance that handlers may draw
 * from is a hash of what it is about, so that a rebuild finds the same. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "sim_service.h"

#include <evt/saga.h>

enum { SIM_ITEMS_MAX = 3 };
#define SIM_HOST_REJECTS "the host cannot make anything of it"
#define SIM_TRIP_BALKS   "the trip cannot go on now"

struct sim_plan {
    struct evt_saga saga;
    struct evt_saga_step steps[EVT_SAGA_STEPS_MAX + 1];
    int steps_n;
    int32_t stages, pivot; /* the pivot's stage; 0: there is none */
};
extern struct sim_plan sim_plans[SIM_GENERATIONS];

void sim_plans_make(uint64_t seed);
/* By the number that instances keep; NULL: there is none. */
const struct sim_plan *sim_plan(int32_t number);

/* True in so many of a thousand cases, always the same for the same words and numbers. */
bool sim_plan_chance(unsigned per_mille, const char *what, const char *ref, int32_t a, int32_t b,
                     int32_t c);
uint64_t sim_plan_below(uint64_t below, const char *what, const char *ref, int32_t a, int32_t b,
                        int32_t c);
/* How unkind the hosts of this history are: 0 to 3. */
unsigned sim_plan_temper(void);

/* Are trips forgotten soon after their end, in this history? What comes later is rejected. */
bool sim_plan_forgets(void);
#define SIM_TRIP_FORGOTTEN "there is no saga trip"

/* The step's items in the trip `ref`. */
int32_t sim_plan_items(const struct sim_plan *plan, int step, const char *ref);
/* Does the trip go no further because of this answer, or when this stage is joined? */
bool sim_plan_took_ends(const struct sim_plan *plan, const char *ref, int step, int32_t item);
bool sim_plan_join_ends(const struct sim_plan *plan, const char *ref, int32_t stage);

/* sim_trip.c: the functions of the nth step. */
extern int32_t (*const sim_trip_items[])(const struct evt_saga_run *run);
extern evt_saga_ask_fn *const sim_trip_ask[], *const sim_trip_undo[];
const struct evt_saga_reply *sim_trip_replies(int steps_n);
enum evt_err sim_trip_load(struct evt_ctx *ctx, const char *ref, void **ret_data,
                           struct evt_error *err);
enum evt_err sim_trip_joined(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                             struct evt_error *err);
enum evt_err sim_trip_ended(struct evt_ctx *ctx, const struct evt_saga_run *run,
                            enum evt_saga_outcome outcome, struct evt_error *err);

#endif

/* Sim model: what a trip may send, seen from outside. It hears and sees what a trip shard does, in
 * the order of its log, and says what must not be: a step too many, too early, too late or twice.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "sim_plan.h"
#include "sim_world.h"

/* Of one item of a step. */
enum sim_part_state {
    SIM_PART_NONE,
    SIM_PART_ASKED,
    SIM_PART_DONE,
    SIM_PART_REFUSED,
    SIM_PART_UNDOING,
    SIM_PART_UNDONE
};
struct sim_part {
    enum sim_part_state state;
    bool late;    /* done after it was undone or refused: it holds nothing up */
    bool wanted;  /* … and was not answered with its undoing yet */
    bool blocked; /* what was sent was rejected: nothing more without a person */
    int32_t asked, undos, lates;
    int64_t sent_ms;
    uint64_t sent; /* a hash of the ce_id that waits for an answer; 0: none */
    /* From the hosts' ledgers. */
    char job[12];
    int64_t dones, undones;
};

struct sim_trip_model {
    char ref[EVT_SAGA_REF_MAX + 1];
    const struct sim_plan *plan;
    struct sim_part parts[EVT_SAGA_STEPS_MAX][SIM_ITEMS_MAX];
    int32_t stage; /* that may be asked for */
    bool pivoted, completed, turned_back;
    bool joined_as_asked; /* stages that nobody waits for were passed, the last says that it ends */
    int64_t deadline_ms;
    bool is_there; /* it was found in the end */
    int32_t retries, asks, undos;
    char trace[33]; /* the id; "" before anything was sent */
};

void sim_model_begin(void);
/* A record that was applied by this generation, then what was sent because of it. */
void sim_model_hear(struct sim_world *world, int generation, const struct evt_record *rec);
void sim_model_see(struct sim_world *world, const struct evt_record *cause,
                   const struct evt_send *send);
struct sim_trip_model *sim_model_find(const char *ref); /* NULL: it was never started */
/* Time may turn a trip back and leave nothing to be undone: then nothing is sent that would tell.
 */
bool sim_model_may_be_undone(const struct sim_trip_model *trip);
struct sim_trip_model *sim_model_nth(size_t i); /* NULL: there are no more */

/* The parts of the model, as they see each other: sim_model.c hears, sim_model_see.c sees. */
static inline const struct evt_saga_step *sim_model_step(const struct sim_trip_model *trip,
                                                         int step)
{
    return &trip->plan->steps[step];
}
bool sim_model_is_detached(const struct evt_saga_step *step);
/* A step's item; NULL: there is no such one. */
struct sim_part *sim_model_part(struct sim_trip_model *trip, int32_t step, int32_t item);
void sim_model_turn_back(struct sim_trip_model *trip);
uint64_t sim_model_id(const void *id, size_t len);
bool sim_model_decode(const struct evt_type *type, const struct evt_record *rec,
                      struct evt_arena *arena, void *msg);

#endif

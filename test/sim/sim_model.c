/* Sim model: rules about messages, without timers, tables or texts: it knows less than the engine
 * and is told by the engine's own messages when time was up. */
#include "sim_model.h"

#include "events/evt.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIPS_MAX = 512 };
static struct sim_trip_model trips[TRIPS_MAX];
static size_t trips_n;

void sim_model_begin(void)
{
    trips_n = 0;
}

struct sim_trip_model *sim_model_nth(size_t i)
{
    return i < trips_n ? &trips[i] : NULL;
}

struct sim_trip_model *sim_model_find(const char *ref)
{
    for (size_t i = 0; i < trips_n; i++)
        if (strcmp(trips[i].ref, ref) == 0)
            return &trips[i];
    return NULL;
}

uint64_t sim_model_id(const void *id, size_t len)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add(&sip, id, len);
    return evt_sip_end(&sip) | 1;
}

bool sim_model_is_detached(const struct evt_saga_step *step)
{
    return step->flags & EVT_SAGA_DETACHED || step->stage == EVT_SAGA_AFTER_UNDO;
}

/* A step's item, if there is such a one. */
struct sim_part *sim_model_part(struct sim_trip_model *trip, int32_t step, int32_t item)
{
    return step < 0 || step >= trip->plan->steps_n || item < 1 ||
                   item > sim_plan_items(trip->plan, step, trip->ref)
               ? NULL
               : &trip->parts[step][item - 1];
}

/* Nothing that was asked waits for an answer any more. */
void sim_model_turn_back(struct sim_trip_model *trip)
{
    trip->turned_back = true;
    for (int step = 0; step < trip->plan->steps_n; step++)
        for (int item = 0; item < SIM_ITEMS_MAX; item++)
            if (trip->parts[step][item].state == SIM_PART_ASKED) {
                trip->parts[step][item].sent = 0;
                trip->parts[step][item].blocked = false;
            }
}

static bool is_joined(struct sim_trip_model *trip)
{
    for (int step = 0; step < trip->plan->steps_n; step++) {
        const struct evt_saga_step *at = sim_model_step(trip, step);
        const int32_t items = sim_plan_items(trip->plan, step, trip->ref);

        for (int32_t item = 1;
             at->stage == trip->stage && !sim_model_is_detached(at) && item <= items; item++)
            if (trip->parts[step][item - 1].state != SIM_PART_DONE)
                return false;
    }
    return true;
}

/* As far as it may go; what is told too late does not lead any further. */
static void go_forward(struct sim_trip_model *trip, int64_t time_ms)
{
    const struct sim_plan *plan = trip->plan;

    trip->joined_as_asked = false;
    while (!trip->turned_back && !trip->completed && is_joined(trip)) {
        if (trip->stage == plan->pivot)
            trip->pivoted = true;
        if (sim_plan_join_ends(plan, trip->ref, trip->stage)) {
            sim_model_turn_back(trip);
            trip->joined_as_asked = true;
        } else if (trip->stage == plan->stages)
            trip->completed = true;
        else if ((!plan->pivot || trip->stage < plan->pivot) && time_ms >= trip->deadline_ms)
            sim_model_turn_back(trip);
        else
            trip->stage++;
    }
}

static void hear_start(struct sim_world *world, int generation, const char *ref,
                       const struct evt_record *rec)
{
    struct sim_trip_model *trip = &trips[trips_n];

    if (sim_model_find(ref) != NULL)
        return;
    EVT_BUG_ON(trips_n == TRIPS_MAX);
    trips_n++;
    memset(trip, 0, sizeof *trip);
    snprintf(trip->ref, sizeof trip->ref, "%s", ref);
    trip->plan = sim_plan(generation);
    trip->stage = 1;
    trip->deadline_ms = rec->time_ms + trip->plan->saga.within_ms;
    world->stats->trips++;
    go_forward(trip, rec->time_ms);
}

static void hear_done(struct sim_trip_model *trip, struct sim_part *part,
                      const struct sim_host_told *told, int64_t time_ms)
{
    if (part->state == SIM_PART_ASKED) {
        part->state = SIM_PART_DONE;
        part->sent = 0;
        part->blocked = false;
        if (!trip->turned_back && sim_plan_took_ends(trip->plan, trip->ref, told->step, told->item))
            sim_model_turn_back(trip);
        go_forward(trip, time_ms);
    } else if ((part->state == SIM_PART_UNDONE || part->state == SIM_PART_REFUSED) &&
               sim_model_step(trip, told->step)->undo != NULL) {
        part->late = part->wanted = true;
        part->lates++;
    }
}

static void hear_refused(struct sim_trip_model *trip, struct sim_part *part, int step,
                         int64_t time_ms)
{
    const struct evt_saga_step *at = sim_model_step(trip, step);
    const bool matters = !trip->turned_back && !trip->completed && !sim_model_is_detached(at);

    if (part->state != SIM_PART_ASKED)
        return;
    part->sent = 0;
    part->sent_ms = time_ms; /* from here on it waits, if it does */
    if (matters && trip->pivoted && !(at->flags & EVT_SAGA_TURNS_BACK))
        return; /* it will be asked again */
    part->state = SIM_PART_REFUSED;
    if (matters)
        sim_model_turn_back(trip);
}

static void hear_told(struct sim_trip_model *trip, const struct sim_host_told *told,
                      int64_t time_ms)
{
    struct sim_part *part = sim_model_part(trip, told->step, told->item);

    if (part == NULL)
        return;
    switch ((enum evt_saga_word)told->word) {
    case EVT_SAGA_DONE:
        hear_done(trip, part, told, time_ms);
        break;
    case EVT_SAGA_REFUSED:
        hear_refused(trip, part, told->step, time_ms);
        break;
    case EVT_SAGA_UNDONE:
        if (part->state != SIM_PART_UNDOING)
            break;
        part->state = SIM_PART_UNDONE;
        part->sent = 0;
        part->blocked = false;
        break;
    case EVT_SAGA_NOT_UNDONE:
        if (part->state != SIM_PART_UNDOING)
            break;
        part->sent = 0;
        part->sent_ms = time_ms; /* from here on it waits */
        break;
    case EVT_SAGA_NOTED:
        break;
    }
}

static void hear_rejected(const char *id, int64_t time_ms)
{
    const uint64_t hash = sim_model_id(id, strlen(id));

    for (size_t i = 0; i < trips_n; i++)
        for (int step = 0; step < trips[i].plan->steps_n; step++)
            for (int item = 0; item < SIM_ITEMS_MAX; item++) {
                struct sim_part *part = &trips[i].parts[step][item];

                if (part->sent != hash)
                    continue;
                if (part->state == SIM_PART_ASKED)
                    hear_refused(&trips[i], part, step, time_ms);
                part->sent = 0;
                part->blocked = part->state == SIM_PART_ASKED || part->state == SIM_PART_UNDOING;
                return;
            }
}

static void hear_retry(struct sim_trip_model *trip)
{
    trip->retries++;
    for (int step = 0; step < trip->plan->steps_n; step++)
        for (int item = 0; item < SIM_ITEMS_MAX; item++)
            trip->parts[step][item].blocked = false;
}

/* A person's word is as good as the host's; only what is undone is settled here. */
static void hear_settled(struct sim_trip_model *trip, const struct evt_settle_saga *word,
                         int64_t time_ms)
{
    for (int step = 0; step < trip->plan->steps_n; step++)
        if (strcmp(sim_model_step(trip, step)->name, word->step) == 0)
            hear_told(trip,
                      &(const struct sim_host_told){.ref = trip->ref,
                                                    .step = step,
                                                    .item = word->item,
                                                    .word = EVT_SAGA_UNDONE},
                      time_ms);
}

bool sim_model_decode(const struct evt_type *type, const struct evt_record *rec,
                      struct evt_arena *arena, void *msg)
{
    struct evt_error err;

    return evt_text_is(evt_envelope_type(rec), type->name) &&
           evt_type_decode(&evt_registry, type, rec->value, rec->value_len, arena, msg, &err) ==
               EVT_OK;
}

void sim_model_hear(struct sim_world *world, int generation, const struct evt_record *rec)
{
    union {
        struct sim_start_trip start;
        struct sim_cancel_trip cancel;
        struct sim_host_told told;
        struct evt_rejected rejected;
        struct evt_retry_saga retry;
        struct evt_settle_saga settle;
    } msg;
    struct evt_arena arena = {NULL};
    struct sim_trip_model *trip;

    if (sim_model_decode(&sim_host_told_type, rec, &arena, &msg)) {
        static const char *const words[] = {[EVT_SAGA_DONE] = "done",
                                            [EVT_SAGA_REFUSED] = "refused",
                                            [EVT_SAGA_UNDONE] = "undone",
                                            [EVT_SAGA_NOT_UNDONE] = "not undone",
                                            [EVT_SAGA_NOTED] = "noted"};

        sim_trace(world, "trip %s @%" PRId64 ": %d.%d %s", msg.told.ref, rec->offset,
                  (int)msg.told.step, (int)msg.told.item, words[msg.told.word]);
        if ((trip = sim_model_find(msg.told.ref)) != NULL)
            hear_told(trip, &msg.told, rec->time_ms);
    } else if (sim_model_decode(&sim_start_trip_type, rec, &arena, &msg)) {
        hear_start(world, generation, msg.start.ref, rec);
    } else if (sim_model_decode(&sim_cancel_trip_type, rec, &arena, &msg)) {
        if ((trip = sim_model_find(msg.cancel.ref)) != NULL && !trip->turned_back)
            sim_model_turn_back(trip);
    } else if (sim_model_decode(&evt_rejected_type, rec, &arena, &msg)) {
        hear_rejected(msg.rejected.message_id, rec->time_ms);
    } else if (sim_model_decode(&evt_retry_saga_type, rec, &arena, &msg)) {
        if ((trip = sim_model_find(msg.retry.ref)) != NULL)
            hear_retry(trip);
    } else if (sim_model_decode(&evt_settle_saga_type, rec, &arena, &msg)) {
        if ((trip = sim_model_find(msg.settle.ref)) != NULL)
            hear_settled(trip, &msg.settle, rec->time_ms);
    }
    evt_arena_release(&arena);
}

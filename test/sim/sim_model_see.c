/* Sim model, what it sees: everything that a trip sends is either right or the end of the history.
 */
#include "sim_model.h"

#include "events/evt.h"

#include <inttypes.h>
#include <string.h>

struct seen {
    struct sim_world *world;
    struct sim_trip_model *trip;
    struct sim_part *part;
    int32_t step, item;
    const struct evt_record *cause;
};

static void wrong(const struct seen *seen, const char *what)
{
    sim_fail(seen->world, "trip %s, definition %u: step %d item %d %s (%s/%d@%" PRId64 ")",
             seen->trip->ref, (unsigned)seen->trip->plan->saga.number, (int)seen->step,
             (int)seen->item, what, seen->cause->topic, (int)seen->cause->partition,
             seen->cause->offset);
}

static bool is_timer(const struct evt_record *rec)
{
    return evt_text_is(evt_envelope_type(rec), evt_timer_fired_type.name);
}

/* Nothing of a later stage than this stands, but for what came late. */
static bool is_undone_behind(const struct sim_trip_model *trip, int32_t stage)
{
    for (int step = 0; step < trip->plan->steps_n; step++)
        for (int item = 0; item < SIM_ITEMS_MAX; item++) {
            const struct sim_part *part = &trip->parts[step][item];

            if (sim_model_step(trip, step)->stage > stage &&
                sim_model_step(trip, step)->undo != NULL && !part->late &&
                part->state != SIM_PART_NONE && part->state != SIM_PART_REFUSED &&
                part->state != SIM_PART_UNDONE)
                return false;
        }
    return true;
}

static bool is_pivot_asked(const struct sim_trip_model *trip)
{
    for (int step = 0; step < trip->plan->steps_n; step++)
        if (sim_model_step(trip, step)->flags & EVT_SAGA_PIVOT && trip->parts[step][0].asked > 0)
            return true;
    return false;
}

bool sim_model_may_be_undone(const struct sim_trip_model *trip)
{
    return trip->turned_back || !trip->completed || (trip->undos == 0 && !is_pivot_asked(trip));
}

/* Only time can have turned it back without anybody's word, and not from the pivot on. */
static void turned_back_by_itself(const struct seen *seen)
{
    if (seen->trip->turned_back)
        return;
    if (is_pivot_asked(seen->trip) || seen->trip->completed)
        wrong(seen, "turns back from the pivot on, and nobody said so");
    else if (!is_timer(seen->cause))
        wrong(seen, "turns back for no reason");
    sim_model_turn_back(seen->trip);
}

static void see_ask(const struct seen *seen)
{
    struct sim_trip_model *trip = seen->trip;
    struct sim_part *part = seen->part;
    const struct evt_saga_step *step = sim_model_step(trip, seen->step);

    trip->asks++;
    if (step->stage == EVT_SAGA_AFTER_UNDO) {
        turned_back_by_itself(seen);
        if (!is_undone_behind(trip, 0))
            wrong(seen, "is asked before all is undone");
    } else if (trip->turned_back && !(trip->joined_as_asked && sim_model_is_detached(step))) {
        wrong(seen, "is asked though it goes back");
    } else if (step->stage > trip->stage) {
        wrong(seen, "is asked before the stage in front is done");
    } else if (!trip->completed && !is_pivot_asked(trip) &&
               seen->cause->time_ms >= trip->deadline_ms) {
        wrong(seen, "is asked after the saga's deadline");
    }
    if (part->state != SIM_PART_NONE && part->state != SIM_PART_ASKED)
        wrong(seen, "is asked again though it was answered");
    if (part->blocked)
        wrong(seen, "is asked again though it was rejected");
    if (part->asked > 0 && is_timer(seen->cause) &&
        seen->cause->time_ms - part->sent_ms < step->wait_ms)
        wrong(seen, "is asked again too early");
    if (++part->asked > step->tries * (1 + trip->retries))
        wrong(seen, "is asked too often");
    part->state = SIM_PART_ASKED;
}

static void see_undo(const struct seen *seen)
{
    struct sim_trip_model *trip = seen->trip;
    struct sim_part *part = seen->part;
    const struct evt_saga_step *step = sim_model_step(trip, seen->step);

    trip->undos++;
    trip->joined_as_asked = false;
    turned_back_by_itself(seen);
    if (part->asked == 0)
        wrong(seen, "is undone and was never asked for");
    if (part->state == SIM_PART_REFUSED && !part->wanted)
        wrong(seen, "is undone though it was refused");
    if (part->state == SIM_PART_UNDONE && !part->wanted)
        wrong(seen, "is undone twice");
    if (!part->late && !is_undone_behind(trip, step->stage))
        wrong(seen, "is undone before the stages behind it");
    if (part->blocked)
        wrong(seen, "is undone again though that was rejected");
    if (part->state == SIM_PART_UNDOING && is_timer(seen->cause) &&
        seen->cause->time_ms - part->sent_ms < step->wait_ms)
        wrong(seen, "is undone again too early");
    if (++part->undos > step->undo_tries * (1 + trip->retries + part->lates))
        wrong(seen, "is undone too often");
    part->state = SIM_PART_UNDOING;
    part->wanted = false;
}

static void see_trace(const struct seen *seen, const struct evt_record *sent)
{
    const struct evt_header *trace = evt_record_header(sent, "traceparent");
    struct sim_trip_model *trip = seen->trip;

    if (trace == NULL || trace->len != EVT_TRACE_LEN)
        wrong(seen, "has no trace");
    else if (trip->trace[0] == '\0')
        memcpy(trip->trace, (const char *)trace->value + 3, 32);
    else if (memcmp(trip->trace, (const char *)trace->value + 3, 32) != 0)
        wrong(seen, "goes under another trace");
}

void sim_model_see(struct sim_world *world, const struct evt_record *cause,
                   const struct evt_send *send)
{
    const struct evt_record sent = {.headers = send->headers,
                                    .headers_n = send->headers_n,
                                    .value = send->value,
                                    .value_len = send->value_len};
    const struct evt_header *id = evt_record_header(&sent, "ce_id");
    struct seen seen = {.world = world, .cause = cause};
    struct evt_arena arena = {NULL};
    struct sim_ask_host ask;
    struct sim_undo_host undo;
    bool is_undo;

    if (!(is_undo = sim_model_decode(&sim_undo_host_type, &sent, &arena, &undo)) &&
        !sim_model_decode(&sim_ask_host_type, &sent, &arena, &ask))
        goto out;
    if (is_undo)
        ask = (struct sim_ask_host){undo.host, undo.ref, undo.definition, undo.step, undo.item};
    sim_trace(world, "trip %s @%" PRId64 ": %s %d.%d", ask.ref, cause->offset,
              is_undo ? "undo" : "ask", (int)ask.step, (int)ask.item);
    seen.step = ask.step;
    seen.item = ask.item;
    seen.trip = sim_model_find(ask.ref);
    if (seen.trip == NULL) {
        sim_fail(world, "trip %s sends and was never started", ask.ref);
        goto out;
    }
    seen.part = sim_model_part(seen.trip, ask.step, ask.item);
    if (ask.definition != (int32_t)seen.trip->plan->saga.number || seen.part == NULL) {
        wrong(&seen, "is none of the definition with which it began");
        goto out;
    }
    if (is_undo)
        see_undo(&seen);
    else
        see_ask(&seen);
    see_trace(&seen, &sent);
    seen.part->sent_ms = cause->time_ms;
    seen.part->sent = sim_model_id(id->value, id->len);
out:
    evt_arena_release(&arena);
}

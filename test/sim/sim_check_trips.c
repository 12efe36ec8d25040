/* Sim check, trips: in the end, what the instances, the trips' own notes, the hosts' ledgers and
 * the model say of every trip agrees. */
#include "sim_check.h"
#include "sim_model.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(sqlite3_stmt *row, int column)
{
    const void *bytes = sqlite3_column_text(row, column);

    return bytes == NULL ? "" : bytes;
}

static bool is(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static void ask_kind(struct sim_world *world, enum sim_kind kind, const char *sql,
                     void (*row)(void *arg, sqlite3_stmt *row))
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++)
            if (!world->nodes[i].zombie && world->nodes[i].kind == kind)
                sim_ask(&world->nodes[i].seats[s], sql, row, world);
}

static void note_job(void *arg, sqlite3_stmt *row)
{
    struct sim_world *world = arg;
    struct sim_trip_model *trip = sim_model_find(text(row, 0));
    const int step = sqlite3_column_int(row, 1), item = sqlite3_column_int(row, 2);
    struct sim_part *part;

    if (trip == NULL || trip->parts[step][item - 1].asked < sqlite3_column_int(row, 4) ||
        trip->parts[step][item - 1].undos < sqlite3_column_int(row, 5)) {
        sim_fail(world, "a host did step %d item %d of trip %s, which never asked for it", step,
                 item, text(row, 0));
        return;
    }
    part = &trip->parts[step][item - 1];
    snprintf(part->job, sizeof part->job, "%s", text(row, 3));
    part->dones = sqlite3_column_int64(row, 6);
    part->undones = sqlite3_column_int64(row, 7);
}

static void check_part(struct sim_world *world, const struct sim_trip_model *trip, int step,
                       int item)
{
    const struct evt_saga_step *at = &trip->plan->steps[step];
    const struct sim_part *part = &trip->parts[step][item];
    const bool completed = !trip->turned_back, waits = !is(part->job, "done");
    const bool after = at->stage == EVT_SAGA_AFTER_UNDO;
    const char *what = NULL;

    if (part->dones > 1)
        what = "was done twice";
    else if (after && (part->asked > 0) == completed)
        what = completed ? "was asked though it is completed" : "was never asked";
    else if (after || at->flags & EVT_SAGA_DETACHED)
        return;
    else if (completed && (waits || part->undones > 0))
        what = "is not done though the trip is completed";
    else if (!completed && at->undo != NULL && part->dones != part->undones)
        what = "is done and not undone";
    else if (part->wanted)
        what = "came late and nobody undid it";
    else if (part->state == SIM_PART_UNDOING)
        what = "is still to be undone";
    if (what != NULL)
        sim_fail(world, "trip %s, definition %u, %s: step %d item %d %s (%s)", trip->ref,
                 (unsigned)trip->plan->saga.number, completed ? "completed" : "undone", step,
                 item + 1, what, part->job);
}

static const char instances[] =
    "SELECT s.ref, s.definition, s.phase, s.parked, s.history, s.forget_ms IS NULL,"
    " (SELECT count(*) FROM evt_saga_history AS h WHERE h.saga_id = s.saga_id),"
    " (SELECT max(n) FROM evt_saga_history AS h WHERE h.saga_id = s.saga_id),"
    " (SELECT count(*) FROM evt_saga_history AS h WHERE h.saga_id = s.saga_id"
    "  AND what IN ('asked', 'asked again')),"
    " (SELECT count(*) FROM evt_saga_history AS h WHERE h.saga_id = s.saga_id"
    "  AND what IN ('to be undone', 'to be undone, again')),"
    " (SELECT count(*) FROM evt_saga_history AS h WHERE h.saga_id = s.saga_id"
    "  AND what = 'turned back'),"
    " t.definition, t.completed, t.undone, t.cancels"
    " FROM evt_sagas AS s JOIN trip AS t ON t.ref = s.ref";

static void check_instance(void *arg, sqlite3_stmt *row)
{
    struct sim_world *world = arg;
    const char *ref = text(row, 0), *phase = text(row, 2);
    struct sim_trip_model *trip = sim_model_find(ref);
    const bool undone = is(phase, "undone");

    if (trip == NULL)
        sim_fail(world, "trip %s was never started", ref);
    else if (!undone && !is(phase, "completed"))
        sim_fail(world, "trip %s never ends: %s", ref, phase);
    else if (sqlite3_column_int(row, 3) != 0 || sqlite3_column_int(row, 5) != 0)
        sim_fail(world, "trip %s is %s, and something of it is open", ref, phase);
    else if (sqlite3_column_int(row, 14) > 0 && !undone)
        sim_fail(world, "trip %s was cancelled and is %s", ref, phase);
    else if (undone ? !sim_model_may_be_undone(trip) : trip->turned_back || !trip->completed)
        sim_fail(world, "trip %s is %s, which is not what was said of it", ref, phase);
    else if (sqlite3_column_int(row, 1) != (int)trip->plan->saga.number ||
             sqlite3_column_int(row, 11) != (int)trip->plan->saga.number)
        sim_fail(world, "trip %s ends on another definition than it began with", ref);
    else if ((!undone && sqlite3_column_int(row, 12) != 1) ||
             sqlite3_column_int(row, 12) > trip->completed ||
             sqlite3_column_int(row, 13) != undone || sqlite3_column_int(row, 10) != undone)
        sim_fail(world, "trip %s is %s, and ended %d times completed, %d times undone", ref, phase,
                 sqlite3_column_int(row, 12), sqlite3_column_int(row, 13));
    else if (sqlite3_column_int(row, 4) != sqlite3_column_int(row, 6) ||
             sqlite3_column_int(row, 4) != sqlite3_column_int(row, 7))
        sim_fail(world, "trip %s: its history has %d lines of %d", ref, sqlite3_column_int(row, 6),
                 sqlite3_column_int(row, 4));
    else if (sqlite3_column_int(row, 8) != trip->asks || sqlite3_column_int(row, 9) != trip->undos)
        sim_fail(world, "trip %s: its history says that %d were asked and %d undone, not %d and %d",
                 ref, sqlite3_column_int(row, 8), sqlite3_column_int(row, 9), (int)trip->asks,
                 (int)trip->undos);
    if (trip != NULL) {
        trip->turned_back = undone;
        trip->is_there = true;
    }
    world->stats->trips_undone += undone;
    world->checked_trips++;
}

static void check_forgotten(void *arg, sqlite3_stmt *row)
{
    if (sqlite3_column_int(row, 0) != 0)
        sim_fail(arg, "%d lines of a history are left of what is forgotten",
                 sqlite3_column_int(row, 0));
}

void sim_check_trips(struct sim_world *world)
{
    struct sim_trip_model *trip;
    size_t n = 0;

    world->checked_trips = 0;
    ask_kind(world, SIM_TRIP, instances, check_instance);
    ask_kind(world, SIM_HOST,
             "SELECT ref, step, item, state, asked, undos, dones, undones FROM job", note_job);
    for (; world->failure[0] == '\0' && (trip = sim_model_nth(n)) != NULL; n++) {
        for (int step = 0; trip->is_there && step < trip->plan->steps_n; step++)
            for (int item = 0; item < sim_plan_items(trip->plan, step, trip->ref); item++)
                check_part(world, trip, step, item);
    }
    ask_kind(world, SIM_TRIP,
             "SELECT count(*) FROM evt_saga_history"
             " WHERE saga_id NOT IN (SELECT saga_id FROM evt_sagas)",
             check_forgotten);
    if (world->failure[0] == '\0' && world->checked_trips != n && !sim_plan_forgets())
        sim_fail(world, "%zu trips were started, %zu are there", n, world->checked_trips);
}

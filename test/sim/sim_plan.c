/* Sim plan: definitions by chance: stages, steps, a pivot or none, waits and tries. */
#include "sim_plan.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/sim_rand.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct sim_plan sim_plans[SIM_GENERATIONS];
static uint64_t plans_seed;

const struct sim_plan *sim_plan(int32_t number)
{
    return number < 1 || number > SIM_GENERATIONS ? NULL : &sim_plans[number - 1];
}

uint64_t sim_plan_below(uint64_t below, const char *what, const char *ref, int32_t a, int32_t b,
                        int32_t c)
{
    struct evt_sip sip;

    evt_sip_init(&sip);
    evt_sip_add_u64(&sip, plans_seed);
    evt_sip_add_field(&sip, what, strlen(what));
    evt_sip_add_field(&sip, ref, strlen(ref));
    evt_sip_add_u64(&sip, (uint64_t)(uint32_t)a << 32 | (uint32_t)b);
    evt_sip_add_u64(&sip, (uint32_t)c);
    return evt_sip_end(&sip) % below;
}

bool sim_plan_chance(unsigned per_mille, const char *what, const char *ref, int32_t a, int32_t b,
                     int32_t c)
{
    return sim_plan_below(1000, what, ref, a, b, c) < per_mille;
}

unsigned sim_plan_temper(void)
{
    return (unsigned)(plans_seed % 4);
}

bool sim_plan_forgets(void)
{
    return plans_seed % 9 == 4;
}

int32_t sim_plan_items(const struct sim_plan *plan, int step, const char *ref)
{
    const bool pivot = plan->steps[step].flags & EVT_SAGA_PIVOT;

    if (!plan->steps[step].items)
        return 1;
    return (int32_t)sim_plan_below(pivot ? 2 : SIM_ITEMS_MAX + 1, "items", ref,
                                   (int32_t)plan->saga.number, step, 0) +
           pivot;
}

bool sim_plan_took_ends(const struct sim_plan *plan, const char *ref, int step, int32_t item)
{
    const struct evt_saga_step *at = &plan->steps[step];

    return at->stage != EVT_SAGA_AFTER_UNDO && !(at->flags & EVT_SAGA_DETACHED) &&
           (!plan->pivot || at->stage < plan->pivot) &&
           sim_plan_chance(8, "took", ref, (int32_t)plan->saga.number, step, item);
}

bool sim_plan_join_ends(const struct sim_plan *plan, const char *ref, int32_t stage)
{
    return (!plan->pivot || stage < plan->pivot) &&
           sim_plan_chance(30, "join", ref, (int32_t)plan->saga.number, stage, 0);
}

static void add_step(struct sim_plan *plan, struct evt_sim_rand *rand, int32_t stage)
{
    static const char *const names[] = {"s-a", "s-b", "s-c", "s-d", "s-e", "s-f", "s-g", "s-h",
                                        "s-i", "s-j", "s-k", "s-l", "s-m", "s-n", "s-o", "s-p"};
    const int i = plan->steps_n++;
    struct evt_saga_step *step = &plan->steps[i];
    const bool pivot = stage == plan->pivot, after = stage == EVT_SAGA_AFTER_UNDO;

    EVT_BUG_ON(i >= EVT_SAGA_STEPS_MAX);
    *step = (struct evt_saga_step){.name = names[i],
                                   .stage = stage,
                                   .ask = sim_trip_ask[i],
                                   .asks = &sim_ask_host_type,
                                   .wait_ms = evt_sim_rand_between(rand, 30, 1500),
                                   .tries = (int32_t)evt_sim_rand_between(rand, 1, 4)};
    step->wait_ms_max = step->wait_ms * evt_sim_rand_between(rand, 1, 8);
    if (evt_sim_rand_chance(rand, 600))
        step->items = sim_trip_items[i];
    if (pivot)
        step->flags = EVT_SAGA_PIVOT;
    else if (!after && evt_sim_rand_chance(rand, 130))
        step->flags = EVT_SAGA_DETACHED;
    else if (!after && plan->pivot && stage > plan->pivot && evt_sim_rand_chance(rand, 250))
        step->flags = EVT_SAGA_TURNS_BACK;
    if (!after && !(step->flags & EVT_SAGA_DETACHED) && evt_sim_rand_chance(rand, 870)) {
        step->undo = sim_trip_undo[i];
        step->undoes = &sim_undo_host_type;
        step->undo_tries = (int32_t)evt_sim_rand_between(rand, 1, 4);
    }
}

static int64_t within_ms(struct evt_sim_rand *rand)
{
    switch (evt_sim_rand_below(rand, 3)) {
    case 0:
        return evt_sim_rand_between(rand, 100, 3000);
    case 1:
        return evt_sim_rand_between(rand, 3000, 60000);
    default:
        return 10 * DAY_MS;
    }
}

static void make(struct sim_plan *plan, uint64_t seed, uint32_t number)
{
    struct evt_sim_rand rand;
    int after;

    evt_sim_rand_init(&rand, seed, 100 + number);
    memset(plan, 0, sizeof *plan);
    plan->stages = (int32_t)evt_sim_rand_between(&rand, 1, 4);
    if (evt_sim_rand_chance(&rand, 650))
        plan->pivot = (int32_t)evt_sim_rand_between(&rand, 1, plan->stages);
    for (int32_t stage = 1; stage <= plan->stages; stage++) {
        const int n = stage == plan->pivot ? 1 : (int)evt_sim_rand_between(&rand, 1, 3);

        for (int i = 0; i < n; i++)
            add_step(plan, &rand, stage);
    }
    after = (int)evt_sim_rand_below(&rand, 3);
    for (int i = 0; i < after; i++)
        add_step(plan, &rand, EVT_SAGA_AFTER_UNDO);
    plan->saga =
        (struct evt_saga){.name = "trip",
                          .number = number,
                          .steps = plan->steps,
                          .replies = sim_trip_replies(plan->steps_n),
                          .within_ms = within_ms(&rand),
                          .kept_ms = sim_plan_forgets() ? evt_sim_rand_between(&rand, 100, 20000)
                                                        : 1000 * DAY_MS,
                          .load = sim_trip_load,
                          .joined = sim_trip_joined,
                          .ended = sim_trip_ended};
}

void sim_plans_make(uint64_t seed)
{
    plans_seed = seed;
    for (uint32_t number = 1; number <= SIM_GENERATIONS; number++)
        make(&sim_plans[number - 1], seed, number);
}

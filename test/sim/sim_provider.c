/* Sim provider: the world outside, which the bank calls. It is idempotent by key for as long as it
 * remembers the key, may be away, may do what was asked and not be able to say so. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

struct request {
    struct sim_seat *seat;
    uint64_t seat_life;
    int64_t id;
    int64_t sent_us;
    char key[64], ref[48], name[8];
    enum evt_call_end end;
};

struct sim_effect *sim_provider_find(struct sim_world *world, const char *key)
{
    for (size_t i = 0; i < world->effects_n; i++)
        if (strcmp(world->effects[i].key, key) == 0)
            return &world->effects[i];
    return NULL;
}

struct sim_effect *sim_provider_do(struct sim_world *world, const char *key, const char *ref,
                                   const char *name)
{
    struct sim_effect *effect = &world->effects[world->effects_n++];

    EVT_BUG_ON(world->effects_n > SIM_CALLS_MAX);
    *effect = (struct sim_effect){.known_ms = sim_now_ms(world)};
    snprintf(effect->key, sizeof effect->key, "%s", key);
    snprintf(effect->ref, sizeof effect->ref, "%s", ref);
    snprintf(effect->name, sizeof effect->name, "%s", name);
    world->stats->effects++;
    return effect;
}

/* A key that it has forgotten is a new one to it. */
static const struct sim_effect *carry_out(struct sim_world *world, const struct request *request)
{
    struct sim_effect *effect = sim_provider_find(world, request->key);

    if (effect != NULL && sim_now_ms(world) - effect->known_ms < EVT_CALL_MEMORY_MS)
        return effect;
    effect = sim_provider_do(world, request->key, request->ref, request->name);
    effect->refused =
        strcmp(effect->name, "take") == 0 && evt_sim_rand_chance(&world->script_rand, 150);
    sim_trace(world, "provider: %s of %s %s, key %s", effect->name, effect->ref,
              effect->refused ? "refused" : "done", effect->key);
    return effect;
}

static void answer(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct request *request = what;

    (void)life;
    world->in_flight--;
    sim_seat_call_ended(request->seat, request->seat_life, request->id, request->end, "receipt");
}

static void arrive(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct request *request = what;
    /* Nor does a request live longer than its connection, though the clock jumped. */
    const bool away = world->provider_away_us > world->queue.now_us ||
                      world->queue.now_us - request->sent_us > 60000000;
    const unsigned lost = world->healing ? 0 : 60; /* per mille, each way */

    (void)life;
    request->end = EVT_CALL_END_UNKNOWN;
    if (!away && !evt_sim_rand_chance(&world->script_rand, lost)) {
        const struct sim_effect *effect = carry_out(world, request);

        request->end = effect->refused ? EVT_CALL_END_REFUSED : EVT_CALL_END_OK;
        if (evt_sim_rand_chance(&world->script_rand, lost)) {
            sim_count(world, SIM_FAULT_ANSWER_LOST);
            request->end = EVT_CALL_END_UNKNOWN;
        }
    }
    evt_sim_queue_add(&world->queue,
                      world->queue.now_us + evt_sim_rand_between(&world->script_rand, 50, 30000),
                      answer, world, request, 0);
}

void sim_provider_call(struct sim_seat *seat, const struct evt_call_request *call)
{
    struct sim_world *world = seat->node->world;
    struct request *request = evt_sim_log_memory(world->log, sizeof *request);

    *request = (struct request){.seat = seat,
                                .seat_life = seat->life,
                                .id = call->id,
                                .sent_us = world->queue.now_us};
    snprintf(request->key, sizeof request->key, "%s", call->key);
    snprintf(request->ref, sizeof request->ref, "%s", call->ref);
    snprintf(request->name, sizeof request->name, "%s", call->name);
    world->in_flight++;
    evt_sim_queue_add(&world->queue,
                      world->queue.now_us + evt_sim_rand_between(&world->script_rand, 50, 30000),
                      arrive, world, request, 0);
}

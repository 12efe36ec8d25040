/* Sim provider: the world outside, which services call: a request may not get there, or arrive when
 * nobody waits any more; its answer may be lost, or come twice. What the bank calls is done here;
 * it is idempotent by key for as long as the key is remembered. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

/* When the services' own callers give up waiting. */
#define TIMEOUT_US INT64_C(20000000)

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
static const struct sim_effect *carry_out(struct sim_world *world,
                                          const struct sim_request *request)
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

static enum evt_call_end bank_call(struct sim_world *world, const struct sim_request *request,
                                   struct evt_buf *words)
{
    const struct sim_effect *effect = request->reached ? carry_out(world, request) : NULL;

    evt_buf_add_text(words, "receipt");
    if (effect == NULL || !request->told)
        return EVT_CALL_END_UNKNOWN;
    return effect->refused ? EVT_CALL_END_REFUSED : EVT_CALL_END_OK;
}

static enum evt_call_end call(struct sim_world *world, struct sim_request *request)
{
    struct evt_buf words = {0};
    enum evt_call_end end;
    char *kept;

    if (request->seat->node->kind == SIM_PAYMENT)
        end = sim_psp_call(world, request, &words);
    else if (request->seat->node->kind == SIM_NOTIFY)
        end = sim_mail_call(world, request, &words);
    else
        end = bank_call(world, request, &words);
    kept = evt_sim_log_memory(world->log, words.len + 1);
    memcpy(kept, evt_buf_text(&words), words.len + 1);
    request->response = kept;
    evt_buf_release(&words);
    return end;
}

static void answer(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct sim_request *request = what;

    (void)life;
    world->in_flight--;
    sim_seat_call_ended(request->seat, request->seat_life, request->id, request->end,
                        request->response);
}

static void answer_in(struct sim_world *world, struct sim_request *request, int64_t us)
{
    evt_sim_queue_add(&world->queue, world->queue.now_us + us, answer, world, request, 0);
}

static bool is_away(const struct sim_world *world, const struct sim_request *request)
{
    const int64_t until =
        request->seat->node->kind == SIM_NOTIFY ? world->mail_away_us : world->provider_away_us;

    /* Nor does a request live longer than its connection, though the clock jumped. */
    return until > world->queue.now_us || world->queue.now_us - request->sent_us > 60000000;
}

/* Somewhere on its way it was held up: what it asks for is done, and nobody hears of it. */
static void arrive_late(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;

    (void)life;
    world->in_flight--;
    if (!is_away(world, what))
        (void)call(world, what);
}

static void arrive(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct sim_request *request = what;
    const unsigned lost = world->healing ? 0 : 60; /* per mille, each way */
    const bool unhurried = !world->healing && !sim_is_scripted(request->seat->node->kind);

    (void)life;
    request->reached = !is_away(world, request) && !evt_sim_rand_chance(&world->script_rand, lost);
    if (request->reached && unhurried && evt_sim_rand_chance(&world->script_rand, 15)) {
        sim_count(world, SIM_FAULT_PSP_SLOW);
        world->in_flight++;
        evt_sim_queue_add(&world->queue, world->queue.now_us + 2 * TIMEOUT_US, arrive_late, world,
                          request, 0);
        request->told = false;
        request->end = EVT_CALL_END_UNKNOWN;
        request->response = "";
        answer_in(world, request, TIMEOUT_US);
        return;
    }
    request->told = request->reached && !evt_sim_rand_chance(&world->script_rand, lost);
    if (request->reached && !request->told)
        sim_count(world, SIM_FAULT_ANSWER_LOST);
    request->end = call(world, request);
    if (unhurried && evt_sim_rand_chance(&world->script_rand, 30)) {
        sim_count(world, SIM_FAULT_PSP_TWICE);
        world->in_flight++;
        answer_in(world, request, evt_sim_rand_between(&world->script_rand, 50, 3000000));
    }
    answer_in(world, request,
              unhurried && evt_sim_rand_chance(&world->script_rand, 60)
                  ? evt_sim_rand_between(&world->script_rand, 30000, TIMEOUT_US)
                  : evt_sim_rand_between(&world->script_rand, 50, 30000));
}

void sim_provider_call(struct sim_seat *seat, const struct evt_call_request *call)
{
    struct sim_world *world = seat->node->world;
    struct sim_request *request = evt_sim_log_memory(world->log, sizeof *request);
    uint8_t *bytes = evt_sim_log_memory(world->log, call->request.len + 1);

    if (call->request.len > 0)
        memcpy(bytes, call->request.data, call->request.len);
    *request = (struct sim_request){.seat = seat,
                                    .seat_life = seat->life,
                                    .id = call->id,
                                    .attempt = call->attempt,
                                    .sent_us = world->queue.now_us,
                                    .bytes = {bytes, call->request.len}};
    snprintf(request->key, sizeof request->key, "%s", call->key);
    snprintf(request->ref, sizeof request->ref, "%s", call->ref);
    snprintf(request->name, sizeof request->name, "%s", call->name);
    world->in_flight++;
    evt_sim_queue_add(&world->queue,
                      world->queue.now_us + evt_sim_rand_between(&world->script_rand, 50, 30000),
                      arrive, world, request, 0);
}

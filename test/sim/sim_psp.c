/* Sim PSP: a payment provider in Stripe's shape, with a ledger: holds, takes, gives back; declines
 * and refuses by the card, repeats its answer to a key that it knows, shows an error page now and
 * then. The payment service's own code says what an answer means. */
#include "sim_world.h"

#include "../../svc-payment/payment_call.h"
#include "../../svc-payment/payment_psp.h"

#include <evt/buf.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UNEXPECTED "payment_intent_unexpected_state"

struct psp {
    struct sim_world *world;
    const struct sim_request *request;
    struct sim_effect *effect;
    struct sim_intent *intent;
    struct evt_buf body;
};

static enum payment_call call_of(const char *name)
{
    for (enum payment_call call = PAYMENT_CALL_AUTHORISE; call <= PAYMENT_CALL_REFUND; call++)
        if (strcmp(payment_call_str(call), name) == 0)
            return call;
    return PAYMENT_CALL_NONE;
}

static bool is(const struct sim_intent *intent, const char *status)
{
    return strcmp(intent->status, status) == 0;
}

static bool pays_with(const struct psp *psp, const char *token)
{
    return strcmp(psp->intent->token, token) == 0;
}

static int say(struct psp *psp, const char *status)
{
    snprintf(psp->intent->status, sizeof psp->intent->status, "%s", status);
    evt_buf_printf(&psp->body, "{\"id\":\"%s\",\"object\":\"payment_intent\",\"status\":\"%s\"}",
                   psp->intent->id, status);
    return 200;
}

static int refuse(struct psp *psp, enum sim_fault as, int status, const char *code)
{
    sim_count(psp->world, as);
    psp->effect->refused = true;
    evt_buf_printf(&psp->body,
                   "{\"error\":{\"type\":\"%s\",\"code\":\"%s\",\"message\":\"Not so.\","
                   "\"payment_intent\":{\"id\":\"%s\",\"status\":\"%s\"}}}",
                   status == 402 ? "card_error" : "invalid_request_error", code, psp->intent->id,
                   psp->intent->status);
    return status;
}

/* No sequence of commands leads there: whoever asks has lost count. */
static int wrong(struct psp *psp, const char *code)
{
    if (!psp->world->lossy)
        sim_fail(psp->world, "the provider is asked to %s what is %s of %s, key %s",
                 psp->request->name, psp->intent->status, psp->intent->order_id, psp->request->key);
    return refuse(psp, SIM_FAULT_KINDS, 400, code);
}

static int authorise(struct psp *psp)
{
    struct sim_world *world = psp->world;
    struct payment_order order;

    EVT_BUG_ON(!payment_order_parse(psp->request->bytes, &order) ||
               world->intents_n == SIM_ORDERS_MAX);
    psp->intent = &world->intents[world->intents_n++];
    *psp->intent = (struct sim_intent){.amount_minor = order.amount_minor};
    snprintf(psp->intent->id, sizeof psp->intent->id, "pi_%zu", world->intents_n);
    snprintf(psp->intent->order_id, sizeof psp->intent->order_id, "%s", psp->request->ref);
    snprintf(psp->intent->token, sizeof psp->intent->token, "%.39s", order.token);
    if (pays_with(psp, SIM_TOKEN_DECLINED)) {
        snprintf(psp->intent->status, sizeof psp->intent->status, "declined");
        return refuse(psp, SIM_FAULT_DECLINED, 402, "card_declined");
    }
    psp->effect->refused = pays_with(psp, SIM_TOKEN_ACTION);
    return say(psp, psp->effect->refused ? "requires_action" : "requires_capture");
}

static int capture(struct psp *psp)
{
    if (!is(psp->intent, "requires_capture"))
        return wrong(psp, UNEXPECTED);
    if (pays_with(psp, SIM_TOKEN_CAPTURE))
        return refuse(psp, SIM_FAULT_CAPTURE_REFUSED, 402, "card_declined");
    return say(psp, "succeeded");
}

/* One to twelve times; more than the saga's patience. */
static bool is_stubborn(struct psp *psp, const char *token)
{
    return pays_with(psp, token) &&
           psp->intent->refusals++ <= (int)strlen(psp->intent->id) * 7 % 12;
}

static int give_up(struct psp *psp)
{
    if (!is(psp->intent, "requires_capture"))
        return wrong(psp, UNEXPECTED);
    if (is_stubborn(psp, SIM_TOKEN_VOID))
        return refuse(psp, SIM_FAULT_VOID_REFUSED, 400, "lock_timeout");
    return say(psp, "canceled");
}

static int refund(struct psp *psp)
{
    if (!is(psp->intent, "succeeded"))
        return wrong(psp, UNEXPECTED);
    if (psp->intent->refunded_minor > 0)
        return wrong(psp, "charge_already_refunded");
    if (is_stubborn(psp, SIM_TOKEN_REFUND))
        return refuse(psp, SIM_FAULT_REFUND_REFUSED, 400, "balance_insufficient");
    psp->intent->refunded_minor = psp->intent->amount_minor;
    evt_buf_add_text(&psp->body, "{\"id\":\"re_1\",\"object\":\"refund\",\"status\":\"pending\"}");
    return 200;
}

static struct sim_intent *find_intent(struct sim_world *world, struct evt_bytes bytes)
{
    char id[PAYMENT_INTENT_MAX + 1];
    int keys;

    for (size_t i = 0; payment_intent_parse(bytes, id, &keys) && i < world->intents_n; i++)
        if (strcmp(world->intents[i].id, id) == 0)
            return &world->intents[i];
    return NULL;
}

/* A new key. */
static int carry_out(struct psp *psp)
{
    struct sim_world *world = psp->world;
    const enum payment_call call = call_of(psp->request->name);

    psp->effect = sim_provider_do(world, psp->request->key, psp->request->ref, psp->request->name);
    if (call == PAYMENT_CALL_AUTHORISE)
        return authorise(psp);
    psp->intent = find_intent(world, psp->request->bytes);
    if (psp->intent == NULL) {
        sim_fail(world, "the provider knows no intent to %s of %s", psp->request->name,
                 psp->request->ref);
        return 404;
    }
    return call == PAYMENT_CALL_CAPTURE ? capture(psp)
           : call == PAYMENT_CALL_VOID  ? give_up(psp)
                                        : refund(psp);
}

static void keep(struct psp *psp, int status)
{
    char *kept = evt_sim_log_memory(psp->world->log, psp->body.len + 1);

    memcpy(kept, evt_buf_text(&psp->body), psp->body.len + 1);
    psp->effect->status = status;
    psp->effect->body = kept;
    sim_trace(psp->world, "provider: %s of %s: %d %s, key %s", psp->effect->name, psp->effect->ref,
              status, kept, psp->effect->key);
}

/* What was not done yet may be refused for a moment, with a page or in its own form. */
static int error_page(struct psp *psp)
{
    static const int statuses[] = {500, 503, 429, 409};

    sim_count(psp->world, SIM_FAULT_PSP_ERROR);
    evt_buf_add_text(&psp->body, "<html>Not now</html>");
    return statuses[evt_sim_rand_below(&psp->world->script_rand, 4)];
}

enum evt_call_end sim_psp_call(struct sim_world *world, const struct sim_request *request,
                               struct evt_buf *words)
{
    struct psp psp = {.world = world,
                      .request = request,
                      .effect = sim_provider_find(world, request->key)};
    enum evt_call_end end;
    int status = 0;

    if (psp.effect != NULL && sim_now_ms(world) - psp.effect->known_ms >= EVT_CALL_MEMORY_MS)
        psp.effect = NULL;
    if (request->reached && !world->healing && evt_sim_rand_chance(&world->script_rand, 60)) {
        status = error_page(&psp);
    } else if (request->reached && psp.effect != NULL) {
        status = psp.effect->status;
        evt_buf_add_text(&psp.body, psp.effect->body);
    } else if (request->reached) {
        status = carry_out(&psp);
        keep(&psp, status);
    }
    end = payment_psp_end(call_of(request->name), request->told ? status : 0,
                          evt_buf_text(&psp.body), psp.body.len, words);
    evt_buf_release(&psp.body);
    return end;
}

bool sim_psp_settle(struct sim_world *world, const char *key, struct evt_buf *words)
{
    const struct sim_effect *effect = sim_provider_find(world, key);

    if (effect == NULL) {
        payment_end_print(words, "unknown", "the provider never heard of it");
        return false;
    }
    return payment_psp_end(call_of(effect->name), effect->status, effect->body,
                           strlen(effect->body), words) == EVT_CALL_END_OK;
}

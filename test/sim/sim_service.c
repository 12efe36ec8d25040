/* Sim service: what the scripted services share, and the registries of the two generations. */
#include "sim_service.h"

#include "../../svc-product/product_service.h"

#include <evt/mem.h>
#include <string.h>

struct evt_registry sim_registry[SIM_GENERATIONS];

enum { TYPES_MAX = 256 };
static const struct evt_type *types[TYPES_MAX];
static struct evt_schema_ref refs[TYPES_MAX];
static struct evt_service products[SIM_GENERATIONS];

static bool is_new(const struct evt_type *type)
{
    return type == &sim_audit_account_type || type == &sim_account_audited_type;
}

/* Generation 1 was built before two of the types were thought of. */
void sim_services_init(void)
{
    const struct evt_registry *reg = &evt_registry;
    struct evt_registry *old = &sim_registry[0];

    *old = sim_registry[1] = *reg;
    EVT_BUG_ON(reg->types_n > TYPES_MAX || reg->refs_n > TYPES_MAX);
    old->types_n = old->refs_n = 0;
    for (size_t i = 0; i < reg->types_n; i++)
        if (!is_new(reg->types[i]))
            types[old->types_n++] = reg->types[i];
    for (size_t i = 0; i < reg->refs_n; i++)
        if (!is_new(reg->refs[i].type))
            refs[old->refs_n++] = reg->refs[i];
    old->types = types;
    old->refs = refs;
    for (unsigned i = 0; i < SIM_GENERATIONS; i++) {
        products[i] = product_service;
        products[i].registry = &sim_registry[i];
        products[i].generation = i + 1;
    }
}

const struct evt_service *sim_service(enum sim_kind kind, int generation)
{
    switch (kind) {
    case SIM_PRODUCT:
        return &products[generation - 1];
    case SIM_ORDER:
        return &sim_buyer[generation - 1];
    case SIM_BANK:
        return &sim_bank[generation - 1];
    case SIM_WATCHER:
        return &sim_watcher[generation - 1];
    case SIM_KINDS:
        break;
    }
    return NULL;
}

enum evt_err sim_seen(struct evt_ctx *ctx, const struct evt_type *type, struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), SIM_STATEMENT_SEEN, err, "ttt", evt_source(ctx),
                         evt_id(ctx), type->symbol);
}

enum evt_err sim_fired(struct evt_ctx *ctx, const struct evt_timer *timer, struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), SIM_STATEMENT_FIRED, err, "lt", timer->id,
                         timer->name);
}

enum evt_err sim_ended(struct evt_ctx *ctx, const struct evt_call_result *result,
                       struct evt_error *err)
{
    return evt_store_run(evt_ctx_store(ctx), SIM_STATEMENT_ENDED, err, "lt", result->id,
                         result->name);
}

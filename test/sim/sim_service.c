/* Sim service: what the scripted services share, and the registries of the two generations. */
#include "sim_plan.h"

#include "../../svc-product/product_service.h"

#include <evt/mem.h>
#include <string.h>

struct evt_registry sim_registry[SIM_GENERATIONS];

enum { TYPES_MAX = 256 };
static const struct evt_type *types[SIM_GENERATIONS][TYPES_MAX];
static struct evt_schema_ref refs[SIM_GENERATIONS][TYPES_MAX];
static struct evt_service products[SIM_GENERATIONS];

/* The shop's other services are not here: the buyer stands for them. */
static bool is_here(const struct evt_type *type)
{
    static const char *const spaces[] = {"shop.evt.", "shop.product.", "shop.sim."};

    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (strncmp(type->name, spaces[i], strlen(spaces[i])) == 0)
            return true;
    return false;
}

/* Generation 1 was built before two of the types were thought of. */
static bool is_known(const struct evt_type *type, unsigned generation)
{
    return is_here(type) && (generation > 1 || (type != &sim_audit_account_type &&
                                                type != &sim_account_audited_type));
}

static void registry_init(unsigned generation)
{
    const struct evt_registry *all = &evt_registry;
    struct evt_registry *reg = &sim_registry[generation - 1];

    EVT_BUG_ON(all->types_n > TYPES_MAX || all->refs_n > TYPES_MAX);
    *reg = *all;
    reg->types = types[generation - 1];
    reg->refs = refs[generation - 1];
    reg->types_n = reg->refs_n = 0;
    for (size_t i = 0; i < all->types_n; i++)
        if (is_known(all->types[i], generation))
            types[generation - 1][reg->types_n++] = all->types[i];
    for (size_t i = 0; i < all->refs_n; i++)
        if (is_known(all->refs[i].type, generation))
            refs[generation - 1][reg->refs_n++] = all->refs[i];
}

void sim_services_init(void)
{
    sim_plans_make(0);
    for (unsigned generation = 1; generation <= SIM_GENERATIONS; generation++) {
        struct evt_service *service = &products[generation - 1];

        registry_init(generation);
        *service = product_service;
        service->registry = &sim_registry[generation - 1];
        service->generation = generation;
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
    case SIM_TRIP:
        return &sim_trip[generation - 1];
    case SIM_HOST:
        return &sim_host[generation - 1];
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

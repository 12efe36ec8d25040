/* Sim service: what the scripted services share, and the registries of the two generations. */
#include "sim_plan.h"

#include "../../svc-notify/notify_service.h"
#include "../../svc-order/order_service.h"
#include "../../svc-payment/payment_service.h"
#include "../../svc-product/product_service.h"

#include <evt/mem.h>
#include <string.h>

struct evt_registry sim_registry[SIM_GENERATIONS];

enum { TYPES_MAX = 256 };
static const struct evt_type *types[SIM_GENERATIONS][TYPES_MAX];
static struct evt_schema_ref refs[SIM_GENERATIONS][TYPES_MAX];
static struct evt_service products[SIM_GENERATIONS];

/* The shop's own. */
static const struct evt_type *shop_types[TYPES_MAX];
static struct evt_schema_ref shop_refs[TYPES_MAX];
static struct evt_registry shop_registry;
static struct evt_service shop[SIM_KINDS][SIM_GENERATIONS];
static struct evt_saga order_saga_2;
static struct evt_saga_step order_steps_2[EVT_SAGA_STEPS_MAX + 1];
static const struct evt_saga *order_sagas_2[3];

static bool is_of(const struct evt_type *type, const char *space)
{
    return strncmp(type->name, space, strlen(space)) == 0;
}

/* The shop's other services are not here: the buyer stands for them. */
static bool is_here(const struct evt_type *type)
{
    return is_of(type, "shop.evt.") || is_of(type, "shop.product.") || is_of(type, "shop.sim.");
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

static void shop_registry_init(void)
{
    shop_registry = evt_registry;
    shop_registry.types = shop_types;
    shop_registry.refs = shop_refs;
    shop_registry.types_n = shop_registry.refs_n = 0;
    for (size_t i = 0; i < evt_registry.types_n; i++)
        if (!is_of(evt_registry.types[i], "shop.sim."))
            shop_types[shop_registry.types_n++] = evt_registry.types[i];
    for (size_t i = 0; i < evt_registry.refs_n; i++)
        if (!is_of(evt_registry.refs[i].type, "shop.sim."))
            shop_refs[shop_registry.refs_n++] = evt_registry.refs[i];
}

/* What a deploy changes: orders from then on wait half as long, those in flight as before. */
static void order_saga_2_init(void)
{
    const struct evt_saga *first = order_service.sagas[0];
    int n = 0;

    for (; first->steps[n].name != NULL; n++) {
        order_steps_2[n] = first->steps[n];
        order_steps_2[n].wait_ms /= 2;
    }
    order_saga_2 = *first;
    order_saga_2.number = first->number + 1;
    order_saga_2.steps = order_steps_2;
    order_sagas_2[0] = &order_saga_2;
    order_sagas_2[1] = first;
}

static void shop_init(void)
{
    shop_registry_init();
    order_saga_2_init();
    for (int generation = 1; generation <= SIM_GENERATIONS; generation++) {
        shop[SIM_SHOP][generation - 1] = order_service;
        shop[SIM_PAYMENT][generation - 1] = payment_service;
        shop[SIM_NOTIFY][generation - 1] = notify_service;
        for (int kind = SIM_SHOP; kind <= SIM_NOTIFY; kind++) {
            shop[kind][generation - 1].registry = &shop_registry;
            shop[kind][generation - 1].generation = (uint32_t)generation;
        }
    }
    shop[SIM_SHOP][1].sagas = order_sagas_2;
}

void sim_services_init(void)
{
    sim_plans_make(0);
    shop_init();
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
    case SIM_SHOP:
    case SIM_PAYMENT:
    case SIM_NOTIFY:
        return &shop[kind][generation - 1];
    case SIM_KINDS:
        break;
    }
    return NULL;
}

bool sim_is_scripted(enum sim_kind kind)
{
    return kind != SIM_PRODUCT && kind < SIM_SHOP;
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

/* Fake registry: copies of the generated tables. Like them they live as long as the program: the
 * codec keeps what it compiled from them under their addresses. */
#include "test/lib/fake_registry.h"

#include <events/product.h>

#include <stdbool.h>
#include <string.h>

enum { TYPES_MAX = 256, VIEWS_MAX = 16, HANDLERS_MAX = 32, DECLARATIONS_MAX = 16 };

static const struct evt_subscription_key keys[] = {
    {&product_product_created_type, "name"},
    {&product_price_changed_type, "sku"},
    {&product_stock_changed_type, "sku"},
    {&product_product_withdrawn_type, "sku"},
};

struct evt_subscription fake_subscription = {
    .name = "order.product",
    .service = "order",
    .keys = keys,
    .keys_n = sizeof(keys) / sizeof(*keys),
};
struct evt_registry fake_registry;

/* What the fakes take and send. The shop's services may have more by now. */
static const struct evt_type *const known[] = {
    &product_change_price_type,     &product_commit_stock_type,    &product_create_product_type,
    &product_price_changed_type,    &product_product_created_type, &product_product_withdrawn_type,
    &product_receive_stock_type,    &product_release_stock_type,   &product_reserve_stock_type,
    &product_stock_changed_type,    &product_stock_committed_type, &product_stock_gone_type,
    &product_stock_refused_type,    &product_stock_released_type,  &product_stock_reserved_type,
    &product_withdraw_product_type,
};

static const struct evt_type *types[TYPES_MAX];
static struct evt_schema_ref refs[TYPES_MAX];
static struct evt_declaration declarations[DECLARATIONS_MAX];

static bool is_known(const struct evt_type *type)
{
    bool is = type->kind == EVT_KIND_SYSTEM;

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        is = is || known[i] == type;
    return is;
}

/* The topics' place in the generated table is not a constant. */
__attribute__((constructor)) static void fill_in(void)
{
    fake_subscription.source = product_product_created_type.topic;
    fake_subscription.inbox = product_stock_reserved_type.topic;
    fake_registry = evt_registry;
    fake_registry.subscriptions = &fake_subscription;
    fake_registry.subscriptions_n = 1;
    fake_registry.types = types;
    fake_registry.refs = refs;
    fake_registry.declarations = declarations;
    fake_registry.types_n = fake_registry.refs_n = 0;
    for (size_t i = 0; i < evt_registry.types_n; i++)
        if (is_known(evt_registry.types[i]))
            types[fake_registry.types_n++] = evt_registry.types[i];
    for (size_t i = 0; i < evt_registry.refs_n; i++)
        if (is_known(evt_registry.refs[i].type))
            refs[fake_registry.refs_n++] = evt_registry.refs[i];
    for (size_t i = 0; i < evt_registry.declarations_n; i++) {
        declarations[i] = evt_registry.declarations[i];
        declarations[i].generation = 1;
    }
}

static struct view {
    struct evt_registry registry;
    const struct evt_type *types[TYPES_MAX];
    struct evt_schema_ref refs[TYPES_MAX];
    struct evt_declaration declarations[DECLARATIONS_MAX];
    struct evt_service service;
    struct evt_handler handlers[HANDLERS_MAX];
} views[VIEWS_MAX];
static size_t registries_n, services_n;

const struct evt_registry *fake_registry_older(const struct evt_type *type, uint64_t hash,
                                               uint32_t parked_max)
{
    struct view *view = &views[registries_n++];
    struct evt_registry *reg = &view->registry;

    *reg = fake_registry;
    reg->types = view->types;
    reg->refs = view->refs;
    reg->declarations = view->declarations;
    reg->types_n = reg->refs_n = 0;
    for (size_t i = 0; i < fake_registry.types_n; i++)
        if (fake_registry.types[i] != type)
            view->types[reg->types_n++] = fake_registry.types[i];
    for (size_t i = 0; i < fake_registry.refs_n; i++)
        if (fake_registry.refs[i].type != type)
            view->refs[reg->refs_n++] = fake_registry.refs[i];
    for (size_t i = 0; i < reg->declarations_n; i++) {
        view->declarations[i] = fake_registry.declarations[i];
        view->declarations[i].hash = hash;
        view->declarations[i].parked_max = parked_max;
    }
    return reg;
}

const struct evt_service *fake_service_older(const struct evt_service *service,
                                             const struct evt_registry *registry)
{
    struct view *view = &views[services_n++];
    const struct evt_handler *handler = service->handlers;
    size_t n = 0;

    for (; handler->type; handler++)
        if (evt_registry_type(registry, handler->type->name, strlen(handler->type->name)))
            view->handlers[n++] = *handler;
    view->handlers[n] = (struct evt_handler){0};
    view->service = *service;
    view->service.registry = registry;
    view->service.handlers = view->handlers;
    return &view->service;
}

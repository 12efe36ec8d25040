/* Fake registry: what topics.json declares, a subscription besides, and views of it as another
 * build would have it. */
#ifndef TEST_FAKE_REGISTRY_H
#define TEST_FAKE_REGISTRY_H

#include <evt/service.h>

/* Filled in before main. */
extern struct evt_registry fake_registry;
extern struct evt_subscription fake_subscription; /* order.product: ProductCreated under its name */

/* A copy without `type` (NULL: with all) and its schemas, as an older build has it. Its
 * declarations say `hash` and `parked_max`. Kept until the program ends. */
const struct evt_registry *fake_registry_older(const struct evt_type *type, uint64_t hash,
                                               uint32_t parked_max);
/* `service` with this registry, without a handler for what it does not know. Kept as well. */
const struct evt_service *fake_service_older(const struct evt_service *service,
                                             const struct evt_registry *registry);

#endif

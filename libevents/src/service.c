/* Service: does what a service declares fit what topics.json says of it? */
#include "saga_internal.h"

#include <events/evt.h>
#include <evt/service.h>

#include <string.h>

static enum evt_err check_taken(const struct evt_service *service, struct evt_error *err)
{
    for (size_t i = 0; i < service->registry->types_n; i++) {
        const struct evt_type *type = service->registry->types[i];
        const struct evt_handler *handler = service->handlers;

        if (!type->taker || strcmp(type->taker, service->name) != 0)
            continue;
        while (handler->type && handler->type != type)
            handler++;
        if (!handler->type && !evt__saga_takes(service, type))
            return evt_fail(err, EVT_E_SERVICE, "%s has no handler for %s", service->name,
                            type->name);
    }
    return EVT_OK;
}

static bool subscribes(const struct evt_service *service, const struct evt_topic *topic)
{
    for (size_t i = 0; i < service->registry->subscriptions_n; i++) {
        const struct evt_subscription *sub = &service->registry->subscriptions[i];

        if (strcmp(sub->service, service->name) == 0 && sub->source == topic)
            return true;
    }
    return false;
}

bool evt_service_takes(const struct evt_service *service, const struct evt_type *type)
{
    if (type->kind == EVT_KIND_FACT)
        return subscribes(service, type->topic);
    return type->taker && strcmp(type->taker, service->name) == 0;
}

bool evt_service_hears(const struct evt_service *service, const char *name)
{
    for (size_t i = 0; i < service->registry->types_n; i++) {
        const struct evt_type *type = service->registry->types[i];

        if (!evt_service_takes(service, type))
            continue;
        for (const char *const *sender = type->senders; sender && *sender; sender++)
            if (strcmp(*sender, name) == 0)
                return true;
    }
    return false;
}

static enum evt_err check_handler(const struct evt_service *service,
                                  const struct evt_handler *handler, struct evt_error *err)
{
    const struct evt_type *type = handler->type;

    for (const struct evt_handler *other = service->handlers; other < handler; other++)
        if (other->type == type)
            return evt_fail(err, EVT_E_SERVICE, "%s has two handlers for %s", service->name,
                            type->name);
    if (type->kind == EVT_KIND_SYSTEM && type != &evt_rejected_type)
        return evt_fail(err, EVT_E_SERVICE, "%s handles %s, which libevents takes", service->name,
                        type->name);
    if (type->kind == EVT_KIND_FACT && !subscribes(service, type->topic))
        return evt_fail(err, EVT_E_SERVICE, "%s handles %s but does not subscribe to %s",
                        service->name, type->name, type->topic->name);
    if (type->taker && strcmp(type->taker, service->name) != 0)
        return evt_fail(err, EVT_E_SERVICE, "%s handles %s, which %s takes", service->name,
                        type->name, type->taker);
    return EVT_OK;
}

/* Timers and calls are found by their names, which begin their tables' entries. */
static enum evt_err check_names(const struct evt_service *service, const char *what,
                                const void *table, size_t size, struct evt_error *err)
{
    const char *begin = table, *name, *other;

    for (const char *at = begin; at && (name = *(const char *const *)(const void *)at) != NULL;
         at += size)
        for (const char *before = begin; before < at; before += size) {
            other = *(const char *const *)(const void *)before;
            if (strcmp(other, name) == 0)
                return evt_fail(err, EVT_E_SERVICE, "%s has two handlers for the %s %s",
                                service->name, what, name);
        }
    return EVT_OK;
}

enum evt_err evt_service_check(const struct evt_service *service, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    if (service->generation < 1)
        return evt_fail(err, EVT_E_SERVICE, "%s: generations count from 1", service->name);
    for (uint32_t i = 0; service->migrations && service->migrations[i].sql; i++)
        if (service->migrations[i].number != i + 1)
            return evt_fail(err, EVT_E_SERVICE, "%s: migration %s has number %u, not %u",
                            service->name, service->migrations[i].name,
                            (unsigned)service->migrations[i].number, (unsigned)(i + 1));
    for (const struct evt_handler *handler = service->handlers; rc == EVT_OK && handler->type;
         handler++)
        rc = check_handler(service, handler, err);
    if (rc == EVT_OK)
        rc = check_names(service, "timer", service->timers, sizeof(*service->timers), err);
    if (rc == EVT_OK)
        rc = check_names(service, "call", service->calls, sizeof(*service->calls), err);
    if (rc == EVT_OK)
        rc = evt__saga_check(service, err);
    return rc == EVT_OK ? check_taken(service, err) : rc;
}

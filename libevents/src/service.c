/* Service: does what a service declares fit what topics.json says of it? */
#include "saga_internal.h"

#include <events/evt.h>
#include <evt/caller.h>
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

static const struct evt_caller *find_caller(const struct evt_caller *callers, const char *name)
{
    while (callers->name && strcmp(callers->name, name) != 0)
        callers++;
    return callers->name ? callers : NULL;
}

static enum evt_err check_caller(const struct evt_service *service, const struct evt_caller *caller,
                                 struct evt_error *err)
{
    const struct evt_call_handler *call = service->calls;

    while (call && call->name && strcmp(call->name, caller->name) != 0)
        call++;
    if (!call || !call->name)
        return evt_fail(err, EVT_E_SERVICE, "%s has no handler for the end of the call %s",
                        service->name, caller->name);
    if (find_caller(service->callers, caller->name) != caller)
        return evt_fail(err, EVT_E_SERVICE, "%s has two callers for the call %s", service->name,
                        caller->name);
    if (!caller->begin || !caller->end || !caller->destination)
        return evt_fail(err, EVT_E_SERVICE,
                        "%s's caller for %s lacks its destination, begin or end", service->name,
                        caller->name);
    if (caller->timeout_ms <= 0)
        return evt_fail(err, EVT_E_SERVICE, "%s's caller for %s has no timeout", service->name,
                        caller->name);
    return EVT_OK;
}

static enum evt_err check_callers(const struct evt_service *service, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    for (const struct evt_call_handler *call = service->calls; call && call->name; call++)
        if (!find_caller(service->callers, call->name))
            return evt_fail(err, EVT_E_SERVICE, "%s has no caller for the call %s", service->name,
                            call->name);
    for (const struct evt_caller *caller = service->callers; rc == EVT_OK && caller->name; caller++)
        rc = check_caller(service, caller, err);
    return rc;
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
    if (rc == EVT_OK && service->callers)
        rc = check_callers(service, err);
    if (rc == EVT_OK)
        rc = evt__saga_check(service, err);
    return rc == EVT_OK ? check_taken(service, err) : rc;
}

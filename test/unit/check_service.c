/* Service: what a service declares must fit what topics.json says of it. */
#include "test/lib/fake_order.h"
#include "test/lib/fake_product.h"
#include "test/lib/suite.h"

#include <events/evt.h>
#include <events/product.h>
#include <evt/caller.h>

#include <stdio.h>
#include <string.h>

enum { MAX = 16 };
static struct evt_service service;
static struct evt_handler handlers[MAX];
static struct evt_error err;

static void copy(const struct evt_service *from)
{
    size_t n = 0;

    service = *from;
    for (; from->handlers[n].type; n++)
        handlers[n] = from->handlers[n];
    handlers[n] = (struct evt_handler){0};
    service.handlers = handlers;
}

static struct evt_handler *find(const struct evt_type *type)
{
    struct evt_handler *handler = handlers;

    while (handler->type != type)
        handler++;
    return handler;
}

#define REFUSED(text)                                                                              \
    ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE, DOES_NOT_FIT text)
#define DOES_NOT_FIT "the service's tables do not fit its declaration: "

START_TEST(a_service_that_fits_is_taken)
{
    ck_ok(evt_service_check(&fake_product, &err), err);
    ck_ok(evt_service_check(&fake_product_2, &err), err);
    ck_ok(evt_service_check(&fake_order, &err), err);
}
END_TEST

START_TEST(every_message_has_a_handler)
{
    copy(&fake_product);
    for (struct evt_handler *at = find(&product_change_price_type); at->type; at++)
        at[0] = at[1];
    REFUSED("product has no handler for shop.product.v1.ChangePrice");
}
END_TEST

START_TEST(a_message_has_one_handler)
{
    copy(&fake_product);
    find(&evt_rejected_type)->type = &product_commit_stock_type;
    REFUSED("product has two handlers for shop.product.v1.CommitStock");
}
END_TEST

START_TEST(anothers_message_is_not_handled)
{
    copy(&fake_product);
    find(&evt_rejected_type)->type = &product_stock_gone_type;
    REFUSED("product handles shop.product.v1.StockGone, which order takes");
}
END_TEST

START_TEST(a_fact_needs_a_subscription)
{
    copy(&fake_product); /* its own facts are not for it either */
    find(&evt_rejected_type)->type = &product_product_created_type;
    REFUSED("product handles shop.product.v1.ProductCreated but does not subscribe to "
            "shop.product.events.v1");
    copy(&fake_order);
    service.registry = &evt_registry;
    REFUSED("order handles shop.product.v1.ProductCreated but does not subscribe to "
            "shop.product.events.v1");
}
END_TEST

START_TEST(generations_count_from_one)
{
    copy(&fake_product);
    service.generation = 0;
    REFUSED("product: generations count from 1");
}
END_TEST

START_TEST(migrations_are_dense)
{
    static const struct evt_migration late[] = {{2, "late", "SELECT 1"}, {0}};
    static const struct evt_migration twice[] = {{1, "one", "SELECT 1"},
                                                 {1, "again", "SELECT 1"},
                                                 {0}};

    copy(&fake_product);
    service.migrations = late;
    REFUSED("product: migration late has number 2, not 1");
    service.migrations = twice;
    REFUSED("product: migration again has number 1, not 2");
    service.migrations = NULL;
    ck_ok(evt_service_check(&service, &err), err);
}
END_TEST

START_TEST(names_are_unique)
{
    const struct evt_timer_handler timer = fake_product.timers[0];
    const struct evt_timer_handler timers[] = {timer, {"other", timer.fn}, timer, {0}};
    const struct evt_call_handler call = fake_product.calls[0];
    const struct evt_call_handler calls[] = {call, call, {0}};

    copy(&fake_product);
    service.timers = timers;
    REFUSED("product has two handlers for the timer deadline");
    service.timers = NULL;
    service.calls = calls;
    REFUSED("product has two handlers for the call bank");
}
END_TEST

static enum evt_err begin_call(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *why)
{
    (void)attempt;
    (void)request;
    (void)why;
    return EVT_OK;
}

static enum evt_call_end end_call(struct evt_attempt *attempt, const struct evt_call_answer *answer)
{
    (void)attempt;
    (void)answer;
    return EVT_CALL_END_OK;
}

START_TEST(each_call_has_one_caller)
{
    const struct evt_caller bank = {.name = "bank",
                                    .destination = "bank",
                                    .timeout_ms = 1,
                                    .begin = begin_call,
                                    .end = end_call};
    struct evt_caller callers[] = {bank, {0}, {0}};

    copy(&fake_product);
    service.callers = callers;
    ck_ok(evt_service_check(&service, &err), err);
    callers[1] = bank;
    REFUSED("product has two callers for the call bank");
    callers[1].name = "mint";
    REFUSED("product has no handler for the end of the call mint");
    callers[0].name = "mint";
    REFUSED("product has no caller for the call bank");
    service.calls = NULL;
    REFUSED("product has no handler for the end of the call mint");
    service.calls = fake_product.calls;
    callers[1] = (struct evt_caller){0};
    callers[0] = bank;
    callers[0].timeout_ms = 0;
    REFUSED("product's caller for bank has no timeout");
    callers[0] = bank;
    callers[0].begin = NULL;
    REFUSED("product's caller for bank lacks its destination, begin or end");
    callers[0] = bank;
    callers[0].end = NULL;
    REFUSED("product's caller for bank lacks its destination, begin or end");
    callers[0] = bank;
    callers[0].destination = NULL;
    REFUSED("product's caller for bank lacks its destination, begin or end");
}
END_TEST

START_TEST(only_a_refusal_is_libevents_own_and_handled)
{
    copy(&fake_product);
    find(&evt_rejected_type)->type = &evt_timer_fired_type;
    REFUSED("product handles shop.evt.v1.TimerFired, which libevents takes");
}
END_TEST

SUITE("service", a_service_that_fits_is_taken, every_message_has_a_handler,
      a_message_has_one_handler, anothers_message_is_not_handled, a_fact_needs_a_subscription,
      generations_count_from_one, migrations_are_dense, names_are_unique, each_call_has_one_caller,
      only_a_refusal_is_libevents_own_and_handled)

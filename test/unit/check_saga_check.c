/* Saga, its definitions: each that makes no sense is refused in words. */
#include "test/lib/fake_saga.h"
#include "test/lib/suite.h"

#include <events/evt.h>
#include <events/order.h>
#include <events/payment.h>
#include <events/product.h>

#include <string.h>

static struct evt_service service;
static struct evt_saga_step steps[EVT_SAGA_STEPS_MAX + 2];
static struct evt_saga_reply replies[16];
static struct evt_saga saga, second;
static const struct evt_saga *const one[] = {&saga, NULL}, *const both[] = {&saga, &second, NULL};
static struct evt_error err;

/* Steps a in stage 1, the pivot b in stage 2, c and the detached d in stage 3, e after the undoing.
 */
static void begin(void)
{
    const struct evt_saga_step step = {
        .stage = 1,
        .ask = fake_saga_ask[0],
        .asks = &product_reserve_stock_type,
        .undo = fake_saga_undo[0],
        .undoes = &product_release_stock_type,
        .wait_ms = 1,
        .wait_ms_max = 1,
        .tries = 1,
        .undo_tries = 1,
    };
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    static const int32_t stages[] = {1, 2, 3, 3, EVT_SAGA_AFTER_UNDO};

    memset(steps, 0, sizeof(steps));
    memset(replies, 0, sizeof(replies));
    for (int i = 0; i < 5; i++) {
        steps[i] = step;
        steps[i].name = names[i];
        steps[i].stage = stages[i];
    }
    steps[1].flags = EVT_SAGA_PIVOT;
    steps[2].flags = EVT_SAGA_TURNS_BACK;
    steps[3].flags = EVT_SAGA_DETACHED;
    steps[3].undo = steps[4].undo = NULL;
    steps[3].undo_tries = steps[4].undo_tries = 0;
    for (int i = 0; i < 5; i++)
        replies[i] = (struct evt_saga_reply){.type = &product_stock_reserved_type,
                                             .step = i,
                                             .word = EVT_SAGA_DONE,
                                             .fits = fake_saga_replies(i + 1)[5 * i].fits};
    for (int i = 0; i < 3; i++)
        replies[5 + i] = (struct evt_saga_reply){.type = &product_stock_released_type,
                                                 .step = i,
                                                 .word = EVT_SAGA_UNDONE,
                                                 .fits = fake_saga_replies(i + 1)[5 * i + 2].fits};
    replies[8] = (struct evt_saga_reply){.type = &product_stock_refused_type,
                                         .step = 0,
                                         .word = EVT_SAGA_REFUSED};
    replies[9] =
        (struct evt_saga_reply){.type = &product_stock_gone_type, .word = EVT_SAGA_REFUSED};
    replies[10] =
        (struct evt_saga_reply){.type = &product_stock_committed_type, .word = EVT_SAGA_NOTED};
    saga = (struct evt_saga){.name = "trip",
                             .number = 1,
                             .steps = steps,
                             .replies = replies,
                             .within_ms = 1,
                             .kept_ms = 1};
    second = saga;
    second.number = 2;
    service = fake_saga_service;
    service.sagas = one;
}

#define TAKEN() ck_ok(evt_service_check(&service, &err), err)
#define REFUSED(text)                                                                              \
    ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE,                              \
               "the service's tables do not fit its declaration: " text)

START_TEST(what_makes_sense_is_taken)
{
    begin();
    TAKEN();
    service.sagas = both;
    TAKEN();
    begin(); /* several that are asked after the undoing */
    steps[3] = steps[4];
    steps[3].name = "d";
    TAKEN();
}
END_TEST

START_TEST(names_are_words_of_a_line)
{
    static const char *const bad[] = {"", "A", "a1", "a b", "a_b", "\xc3\xa4"};
    char text[128];

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        begin();
        steps[2].name = bad[i];
        if (!bad[i][0])
            continue;
        snprintf(text, sizeof(text),
                 "the service's tables do not fit its declaration: saga trip 1: %s is not a name of"
                 " a-z and -",
                 bad[i]);
        ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE, text);
    }
    begin();
    saga.name = "Trip";
    REFUSED("saga Trip 1: its name is not of a-z and -");
    saga.name = "";
    REFUSED("saga  1: its name is not of a-z and -");
    begin();
    steps[2].name = "";
    REFUSED("saga trip 1:  is not a name of a-z and -");
    begin();
    steps[2].name = "the-third";
    TAKEN();
    steps[2].name =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    ck_assert_int_eq(evt_service_check(&service, &err), EVT_E_SERVICE);
    begin();
    steps[2].name = "a";
    REFUSED("saga trip 1: a is there twice");
}
END_TEST

START_TEST(a_saga_has_a_name_of_its_own_a_number_and_times)
{
    begin();
    saga.number = 0;
    REFUSED("saga trip 0: it needs a number from 1, within_ms and kept_ms");
    begin();
    saga.within_ms = 0;
    REFUSED("saga trip 1: it needs a number from 1, within_ms and kept_ms");
    begin();
    saga.kept_ms = 0;
    REFUSED("saga trip 1: it needs a number from 1, within_ms and kept_ms");
    begin();
    second.number = 1;
    service.sagas = both;
    REFUSED("saga trip 1: its number is there twice");
}
END_TEST

START_TEST(stages_come_in_order_from_1)
{
    begin();
    steps[0].stage = 0;
    REFUSED("saga trip 1: a is not in the order of its stages, from 1");
    begin();
    steps[0].stage = 2;
    REFUSED("saga trip 1: a is not in the order of its stages, from 1");
    begin();
    steps[1].stage = 3; /* one is left out */
    REFUSED("saga trip 1: b is not in the order of its stages, from 1");
    begin();
    steps[2].stage = 1; /* back */
    REFUSED("saga trip 1: c is not in the order of its stages, from 1");
    begin();
    steps[4].stage = 3; /* behind what comes last */
    steps[3].stage = EVT_SAGA_AFTER_UNDO;
    REFUSED("saga trip 1: e is not in the order of its stages, from 1");
}
END_TEST

START_TEST(a_step_needs_what_it_is_asked_by)
{
    begin();
    steps[0].ask = NULL;
    REFUSED("saga trip 1: a needs ask, asks, tries, wait_ms and wait_ms_max");
    begin();
    steps[0].tries = 0;
    REFUSED("saga trip 1: a needs ask, asks, tries, wait_ms and wait_ms_max");
    begin();
    steps[0].wait_ms = 0;
    REFUSED("saga trip 1: a needs ask, asks, tries, wait_ms and wait_ms_max");
    begin();
    steps[0].wait_ms = 2;
    REFUSED("saga trip 1: a needs ask, asks, tries, wait_ms and wait_ms_max");
    begin();
    steps[0].asks = NULL;
    REFUSED("saga trip 1: a needs ask, asks, tries, wait_ms and wait_ms_max");
    begin();
    steps[0].undo_tries = 0;
    REFUSED("saga trip 1: a needs undoes and undo_tries");
    begin();
    steps[0].undoes = NULL;
    REFUSED("saga trip 1: a needs undoes and undo_tries");
}
END_TEST

START_TEST(what_nobody_waits_for_is_never_undone)
{
    static const char *const text =
        "the service's tables do not fit its declaration: saga trip 1: %s is waited for by nobody:"
        " it has no undo, and is no pivot";
    char want[200];

    for (int i = 3; i < 5; i++) {
        snprintf(want, sizeof(want), text, i == 3 ? "d" : "e");
        begin();
        steps[i].undo = fake_saga_undo[0];
        steps[i].undo_tries = 1;
        ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE, want);
        begin();
        steps[i].flags |= EVT_SAGA_PIVOT;
        ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE, want);
        begin();
        steps[i].flags |= EVT_SAGA_TURNS_BACK;
        ck_refused(evt_service_check(&service, &err), err, EVT_E_SERVICE, want);
    }
}
END_TEST

START_TEST(the_pivot_is_one_and_alone_in_its_stage)
{
    begin();
    steps[2].flags = EVT_SAGA_PIVOT;
    REFUSED("saga trip 1: c is a second pivot");
    begin();
    steps[1].stage = 1;
    steps[2].stage = steps[3].stage = 2;
    REFUSED("saga trip 1: a is in the pivot's stage, which is the pivot's alone");
    begin();
    steps[0].flags = EVT_SAGA_TURNS_BACK;
    REFUSED("saga trip 1: a turns back, but is not behind the pivot");
    begin();
    steps[1].flags = 0;
    REFUSED("saga trip 1: c turns back, but is not behind the pivot");
    begin();
    steps[1].flags |= EVT_SAGA_TURNS_BACK;
    REFUSED("saga trip 1: b turns back, but is not behind the pivot");
}
END_TEST

START_TEST(steps_are_one_to_sixteen)
{
    static char names[EVT_SAGA_STEPS_MAX + 1][3];

    begin();
    steps[0] = (struct evt_saga_step){0};
    REFUSED("saga trip 1: it has no steps, or too many");
    begin();
    for (int i = 0; i <= EVT_SAGA_STEPS_MAX; i++) {
        names[i][0] = 'x';
        names[i][1] = (char)('a' + i);
        steps[i] = steps[0];
        steps[i].name = names[i];
    }
    REFUSED("saga trip 1: it has no steps, or too many");
    steps[EVT_SAGA_STEPS_MAX] = (struct evt_saga_step){0};
    REFUSED("saga trip 1: xd is never told to be undone"); /* it is not their number */
}
END_TEST

START_TEST(every_step_is_told_its_end)
{
    begin();
    replies[3].word = EVT_SAGA_NOTED;
    REFUSED("saga trip 1: d is never told to be done");
    begin();
    replies[6].word = EVT_SAGA_NOTED;
    REFUSED("saga trip 1: b is never told to be undone");
    steps[1].undo = NULL;
    TAKEN();
}
END_TEST

START_TEST(replies_are_the_services_own_and_about_a_step)
{
    begin();
    replies[0].type = &payment_payment_voided_type; /* not in this registry, yet for this service */
    TAKEN();
    begin();
    replies[0].type = &product_reserve_stock_type;
    REFUSED("saga trip 1: shop.product.v1.ReserveStock is not taken by the service, says"
            " topics.json");
    begin();
    replies[0].step = -1;
    REFUSED("saga trip 1: shop.product.v1.StockReserved is about no step");
    begin();
    replies[0].step = 5;
    REFUSED("saga trip 1: shop.product.v1.StockReserved is about no step");
}
END_TEST

START_TEST(replies_name_their_item)
{
    begin();
    replies[0].item = "lines";
    REFUSED("saga trip 1: shop.product.v1.StockReserved has no number of that name for its item");
    replies[0].item = "sku";
    REFUSED("saga trip 1: shop.product.v1.StockReserved has no number of that name for its item");
    replies[0].item = "quantity"; /* a long is a number, too */
    TAKEN();
    replies[0].item = "line";
    TAKEN();
    steps[0].items = fake_saga_items_of[0];
    REFUSED("saga trip 1: shop.product.v1.StockReleased does not name its item");
}
END_TEST

START_TEST(no_reply_is_behind_one_that_any_fits)
{
    begin();
    replies[0].fits = NULL;
    REFUSED("saga trip 1: shop.product.v1.StockReserved is there behind one that any fits");
    begin();
    replies[4].fits = NULL; /* the last of its type may */
    TAKEN();
}
END_TEST

static enum evt_err handle_reserved(struct evt_ctx *ctx, const struct product_stock_reserved *msg,
                                    struct evt_error *ignored)
{
    (void)ctx, (void)msg, (void)ignored;
    return EVT_OK;
}

START_TEST(a_message_is_one_sagas_or_a_handlers)
{
    const struct evt_handler *own = fake_saga_service.handlers;
    const struct evt_handler handlers[] = {own[0],
                                           own[1],
                                           EVT_ON(product_stock_reserved, handle_reserved),
                                           {0}};

    begin();
    service.handlers = handlers;
    REFUSED("saga trip 1: shop.product.v1.StockReserved has a handler as well");
    begin();
    second.name = "other";
    service.sagas = both;
    REFUSED("saga trip 1: shop.product.v1.StockReserved answers another saga, too");
}
END_TEST

START_TEST(what_no_saga_takes_needs_a_handler)
{
    begin();
    replies[10] = (struct evt_saga_reply){0};
    REFUSED("order has no handler for shop.product.v1.StockCommitted");
}
END_TEST

SUITE("saga check", what_makes_sense_is_taken, names_are_words_of_a_line,
      a_saga_has_a_name_of_its_own_a_number_and_times, stages_come_in_order_from_1,
      a_step_needs_what_it_is_asked_by, what_nobody_waits_for_is_never_undone,
      the_pivot_is_one_and_alone_in_its_stage, steps_are_one_to_sixteen, every_step_is_told_its_end,
      replies_are_the_services_own_and_about_a_step, replies_name_their_item,
      no_reply_is_behind_one_that_any_fits, a_message_is_one_sagas_or_a_handlers,
      what_no_saga_takes_needs_a_handler)

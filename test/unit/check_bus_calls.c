/* The bus: outside calls, from the row that a handler writes to the handler that learns how it
 * ended, through the inbox of librdkafka's stand-in. */
#include "test/lib/fake_product.h"
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <evt/caller.h>
#include <evt/clock.h>
#include <evt/http.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INBOX "shop.product.inbox.v1"
#define ENDED "shop.evt.v1.CallEnded"
#define SKU                                                                                        \
    "call" /* the fake product's handler makes two calls: "pay\0\1" of the order, and ""           \
            */

/* ---- the bank, and how it is called ---- */

static _Atomic(const char *) bank_address; /* NULL: it is done without one */
static atomic_int asked;                   /* how often; each call's first attempt is among them */
static atomic_int unknown;                 /* so many attempts have no definite end */
static atomic_bool wrong;                  /* begin cannot understand any request */

static enum evt_err begin_bank(struct evt_attempt *attempt, const struct evt_call_request *request,
                               struct evt_error *err)
{
    const char *address = atomic_load(&bank_address);

    if (atomic_load(&wrong))
        return evt_fail(err, EVT_E_INVARIANT, "the test says so");
    if (!address) {
        atomic_fetch_add(&asked, 1);
        evt_attempt_done(attempt, *request->ref ? 200 : 402, *request->ref ? "paid" : "broke");
        return EVT_OK;
    }
    evt_attempt_url(attempt, "POST", "http://%s/pay", address);
    evt_attempt_header(attempt, "Idempotency-Key", request->key);
    evt_attempt_body(attempt, "text/plain", request->ref, strlen(request->ref));
    return EVT_OK;
}

static enum evt_call_end end_bank(struct evt_attempt *attempt, const struct evt_call_answer *answer)
{
    (void)attempt;
    if (atomic_load(&unknown) > 0) {
        atomic_fetch_sub(&unknown, 1);
        return EVT_CALL_END_UNKNOWN;
    }
    return answer->status == 200   ? EVT_CALL_END_OK
           : answer->status == 402 ? EVT_CALL_END_REFUSED
                                   : EVT_CALL_END_UNKNOWN;
}

static const struct evt_caller callers[] = {
    {.name = "bank",
     .destination = "bank",
     .timeout_ms = 10000,
     .begin = begin_bank,
     .end = end_bank},
    {0},
};

static void pay(struct evt_request *req)
{
    size_t len;

    atomic_fetch_add(&asked, 1);
    evt_request_body(req, &len);
    if (len)
        evt_reply_text(req, 200, "text/plain", "paid", 4);
    else
        evt_reply_text(req, 402, "text/plain", "broke", 5);
}
static const struct evt_route routes[] = {{.method = "POST", .path = "/pay", .fn = pay}, {0}};

/* ---- the service that makes the calls ---- */

static struct evt_service service;

static void init(struct running *run)
{
    running_init(run);
    service = fake_product;
    service.registry = &evt_registry;
    service.generation = evt_registry_declaration(&evt_registry, "product")->generation;
    service.callers = callers;
    run->opt.service = &service;
}

static void expect_both(struct running *run)
{
    running_expect(run, SKU,
                   "SELECT count(*) FROM notes WHERE text LIKE 'bank % o-1 ok ''paid'' key call'"
                   " OR text LIKE 'bank %  refused ''broke'' key call'",
                   2);
    running_expect(run, SKU, "SELECT count(*) FROM notes WHERE text LIKE 'bank %'", 2);
    running_expect(run, SKU, "SELECT count(*) FROM evt_calls", 0);
}

static int64_t metric(const struct running *run, const char *name, const char *const *labels)
{
    return evt_metric_value(evt_metric_get(run->metrics, EVT_METRIC_COUNTER, name,
                                           "Attempts at outside calls by what came of them.",
                                           labels));
}

static int64_t ended(const struct running *run, const char *outcome)
{
    return metric(run, "evt_calls_total",
                  (const char *const[]){"service", "product", "name", "bank", "outcome", outcome,
                                        NULL});
}

START_TEST(a_call_goes_out_and_its_end_comes_back)
{
    struct evt_http_options opt = {.address = "127.0.0.1:0", .routes = routes};
    struct evt_http *bank;
    struct running run;

    init(&run);
    ck_ok(evt_http_start(&opt, &bank, &run.err), run.err);
    atomic_store(&bank_address, evt_http_address(bank));
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    expect_both(&run);
    running_expect_records(&run, INBOX, ENDED, 2);
    ck_assert_int_eq(atomic_load(&asked), 2);
    ck_assert_int_eq(ended(&run, "ok"), 1);
    ck_assert_int_eq(ended(&run, "refused"), 1);
    running_release(&run);
    evt_http_stop(bank);
}
END_TEST

START_TEST(a_call_may_be_done_within_the_process)
{
    struct running run;

    init(&run);
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    expect_both(&run);
    ck_assert_int_eq(atomic_load(&asked), 2);
    running_release(&run);
}
END_TEST

START_TEST(an_unknown_end_is_not_told_and_tried_again)
{
    struct running run;

    init(&run);
    atomic_store(&unknown, 3);
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    expect_both(&run);
    running_expect_records(&run, INBOX, ENDED, 2);
    ck_assert_int_eq(atomic_load(&asked), 5);
    ck_assert_int_eq(ended(&run, "unknown"), 3);
    running_release(&run);
}
END_TEST

START_TEST(a_request_that_cannot_be_understood_is_parked)
{
    struct running run;

    init(&run);
    atomic_store(&wrong, true);
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    running_expect(&run, SKU, "SELECT count(*) FROM evt_calls WHERE state = 1", 2);
    running_expect(&run, SKU, "SELECT count(*) FROM notes WHERE text LIKE 'bank %'", 0);
    ck_assert_int_eq(ended(&run, "parked"), 2);
    running_release(&run);
}
END_TEST

static void never(struct evt_request *req)
{
    atomic_fetch_add(&asked, 1);
    evt_request_suspend(req, 60000, NULL, NULL);
}
static const struct evt_route silent[] = {{.method = "POST", .path = "/pay", .fn = never}, {0}};

/* What is under way is left, and made again after the start, when there is an answer. */
START_TEST(a_stop_leaves_what_is_under_way)
{
    struct evt_http_options opt = {.address = "127.0.0.1:0", .routes = silent};
    struct evt_http *bank;
    struct running run;
    int64_t begin_ms;

    init(&run);
    ck_ok(evt_http_start(&opt, &bank, &run.err), run.err);
    atomic_store(&bank_address, evt_http_address(bank));
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    while (atomic_load(&asked) < 2)
        usleep(1000);
    begin_ms = evt_clock_ms();
    running_stop(&run);
    ck_assert_int_lt(evt_clock_ms() - begin_ms, 5000);
    running_expect(&run, SKU, "SELECT count(*) FROM evt_calls WHERE state = 0", 2);
    evt_http_stop(bank);
    atomic_store(&bank_address, NULL);
    running_start(&run);
    expect_both(&run);
    running_release(&run);
}
END_TEST

START_TEST(calls_without_callers_are_refused)
{
    struct running run;
    struct evt_bus *bus;

    init(&run);
    service.callers = NULL;
    ck_refused(evt_bus_new(&run.opt, &bus, &run.err), run.err, EVT_E_SERVICE,
               "the service's tables do not fit its declaration: product makes outside calls and"
               " does not say how: give it callers");
    running_release(&run);
}
END_TEST

/* A version that makes no calls any more finds the row of one. */
START_TEST(a_call_that_nobody_can_make_is_parked)
{
    struct running run;

    init(&run);
    atomic_store(&unknown, 1000);
    running_start(&run);
    running_reserve(&run, "o-1", SKU, 0);
    while (atomic_load(&asked) < 2)
        usleep(1000);
    running_stop(&run);
    service.calls = NULL;
    service.callers = NULL;
    running_start(&run);
    running_expect(&run, SKU, "SELECT count(*) FROM evt_calls WHERE state = 1", 2);
    running_release(&run);
}
END_TEST

SUITE("bus calls", a_call_goes_out_and_its_end_comes_back, a_call_may_be_done_within_the_process,
      an_unknown_end_is_not_told_and_tried_again, a_request_that_cannot_be_understood_is_parked,
      a_stop_leaves_what_is_under_way, calls_without_callers_are_refused,
      a_call_that_nobody_can_make_is_parked)

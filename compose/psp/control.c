/* Control: what tests and people ask beside Stripe's API: the ledger, and faults. Nobody is asked
 * who he is: it listens on loopback only. */
#include "ledger.h"
#include "psp_internal.h"
#include "refund.h"

#include <evt/clock.h>
#include <evt/log.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 100000 /* some 30 MB as text */

/* What evt_fail put before our words is said by the status. */
static const char *words(const struct evt_error *err)
{
    return err->text + strlen(evt_err_str(err->code)) + 2;
}

static bool take_number(struct evt_request *req, const char *name, int64_t max, int64_t *number)
{
    const char *text = evt_request_query(req, name);
    char *end;

    if (!text)
        return true;
    *number = strtoll(text, &end, 10);
    if (end != text && !*end && *number >= 0 && *number <= max)
        return true;
    evt_reply_problem(req, 400, "%s is not a number from 0 to %lld", name, (long long)max);
    return false;
}

static void show_ledger(struct evt_request *req)
{
    struct psp *psp = evt_request_arg(req);
    const char *id = evt_request_query(req, "payment_intent");
    struct psp_ledger_query query = {.limit = ENTRIES_MAX};
    struct evt_error err;
    json_t *json;

    if (!take_number(req, "after", INT64_MAX, &query.after) ||
        !take_number(req, "limit", ENTRIES_MAX, &query.limit))
        return;
    query.intent = id ? psp_id_number("pi", id, psp_book_salt(psp->book)) : 0;
    if (id && !query.intent) {
        evt_reply_problem(req, 404, "there is no such payment intent");
        return;
    }
    psp_book_begin(psp->book, true);
    psp_refund_settle(psp->book, evt_clock_wall_ms());
    json = psp_ledger_json(psp->book, &query);
    if (psp_book_end(psp->book, true, &err)) {
        evt_reply(req, 200, json);
    } else {
        json_decref(json);
        evt_reply_problem(req, 500, "%s", err.text);
    }
}

/* As a service says it, for who has started it. */
static void show_ready(struct evt_request *req)
{
    evt_reply(req, 200, json_pack("{s:b}", "ready", 1));
}

static void show_faults(struct evt_request *req)
{
    struct psp *psp = evt_request_arg(req);

    evt_reply(req, 200, psp_faults_json(psp->faults));
}

static void clear_faults(struct evt_request *req)
{
    struct psp *psp = evt_request_arg(req);

    psp_faults_clear(psp->faults);
    EVT_LOG(INFO, "faults are cleared");
    show_faults(req);
}

/* Answered first: then nobody listens. */
static void refuse_connections(struct evt_request *req, struct psp *psp,
                               const struct psp_fault *fault)
{
    if (!psp->opt.refusal) {
        evt_reply_problem(req, 400, "how=refuse is a program's own: nobody would listen again");
        return;
    }
    EVT_LOG(INFO, "nobody listens for a while", EVT_FN("ms", fault->ms));
    evt_reply_header(req, "Connection", "close");
    evt_reply(req, 200, psp_faults_json(psp->faults));
    atomic_store(&psp->refusal_ms, fault->ms);
    psp->opt.refusal(psp->opt.arg);
}

static void add_fault(struct evt_request *req)
{
    struct psp *psp = evt_request_arg(req);
    json_t *json = evt_request_json(req);
    struct psp_fault fault;
    struct evt_error err;

    if (!json)
        return;
    if (psp_fault_parse(json, &fault, &err) != EVT_OK) {
        evt_reply_problem(req, 400, "%s", words(&err));
    } else if (fault.refuses) {
        refuse_connections(req, psp, &fault);
    } else if (psp_faults_add(psp->faults, &fault, &err) != EVT_OK) {
        evt_reply_problem(req, 409, "%s", words(&err));
    } else {
        EVT_LOG(INFO, "a fault is set", EVT_FT("fault", psp_fault_name_str(fault.name)));
        show_faults(req);
    }
}

const struct evt_route psp_control_routes[] = {
    {.method = "GET",
     .path = "/_psp/ledger",
     .fn = show_ledger,
     .summary = "sums and entries: all that moved money"},
    {.method = "GET", .path = "/readyz", .fn = show_ready, .summary = "it listens"},
    {.method = "GET", .path = "/_psp/faults", .fn = show_faults, .summary = "what is set"},
    {.method = "POST", .path = "/_psp/faults", .fn = add_fault, .summary = "set one more"},
    {.method = "DELETE", .path = "/_psp/faults", .fn = clear_faults, .summary = "set none"},
    {0},
};

/* Serve: a request's way to its answer.
 *
 *     who is it? ─▶ which faults does it meet? ─▶ is its key in use? ─▶ wait ─▶ execute ─▶ answer
 *
 * To execute is one transaction: the key is looked up, the operation runs, its answer is kept under
 * the key. What was told to be lost is lost after the commit. */
#include "call.h"
#include "key.h"
#include "operations.h"
#include "psp_internal.h"
#include "refund.h"

#include <evt/clock.h>
#include <evt/hash.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void call_free(struct psp_call *call)
{
    psp_form_release(&call->form);
    json_decref(call->json);
    free(call->text);
    evt_free(call->key);
    evt_free(call);
}

static void print(struct psp_call *call)
{
    EVT_BUG_ON(!call->json);
    free(call->text);
    call->text = json_dumps(call->json, JSON_COMPACT);
    EVT_BUG_ON(!call->text);
}

/* Headers as Stripe's. Ends the call. */
static void reply(struct psp_call *call)
{
    struct evt_request *req = call->req;
    char id[32];

    if (call->plan.lost) {
        evt_reply_cut(req);
        call_free(call);
        return;
    }
    if (!call->text)
        print(call);
    snprintf(id, sizeof(id), "req_%014" PRIu64, ++call->psp->requests);
    evt_reply_header(req, "Request-Id", id);
    if (call->key)
        evt_reply_header(req, "Idempotency-Key", call->key);
    if (call->replayed)
        evt_reply_header(req, "Idempotent-Replayed", "true");
    evt_reply_text(req, call->status, "application/json", call->text, strlen(call->text));
    call_free(call);
}

static void reply_later(struct evt_request *req, void *arg)
{
    (void)req;
    reply(arg);
}

/* ---- executing ---- */

enum evt_err psp_settle_look(struct psp *psp, struct evt_error *err)
{
    psp_book_begin(psp->book, false);
    psp->settles_ms = psp_refund_next_ms(psp->book);
    return psp_book_end(psp->book, false, err) ? EVT_OK : err->code;
}

static bool settle(struct psp *psp, int64_t now_ms, struct evt_error *err)
{
    if (now_ms < psp->settles_ms)
        return true;
    psp_book_begin(psp->book, true);
    psp_refund_settle(psp->book, now_ms);
    return psp_book_end(psp->book, true, err) && psp_settle_look(psp, err) == EVT_OK;
}

/* The error comes in its place, or over what it has done; what was wrong already stays so. */
static void fail(struct psp_call *call)
{
    if (call->plan.kept_done && !call->executing)
        return;
    call->executing = true;
    psp_refuse(call, call->plan.kept_status, PSP_ERROR_OF(PSP_API, NULL),
               "An unknown error occurred.");
}

/* In one transaction; what is said while it executes is kept, whatever it is. */
static bool run(struct psp_call *call, struct evt_error *err)
{
    const bool write = call->op->kind != PSP_READ;
    const char *other;

    psp_book_begin(call->book, write);
    if (call->key && !psp_key_look(call, call->psp->opt.keys_ms))
        return psp_book_end(call->book, false, err);
    other = psp_form_other(&call->form, call->op->params);
    if (other)
        psp_refuse(call, 400, PSP_WRONG("parameter_unknown", other),
                   "Received unknown parameter: %s", other);
    else if (!call->plan.kept_status || call->plan.kept_done)
        call->op->fn(call);
    if (call->plan.kept_status && !other)
        fail(call);
    if (call->key && call->executing) {
        print(call);
        psp_key_keep(call, call->psp->opt.keys_ms);
    }
    return psp_book_end(call->book, write && call->executing, err);
}

static void execute(struct psp_call *call)
{
    struct psp *psp = call->psp;
    struct evt_error err;
    bool done;

    call->now_ms = evt_clock_wall_ms();
    done = settle(psp, call->now_ms, &err) && run(call, &err);
    if (done && call->op->kind == PSP_REFUND && call->executing)
        done = psp_settle_look(psp, &err) == EVT_OK;
    if (!done) {
        EVT_LOG(ERROR, err.text, EVT_FT("path", evt_request_path(call->req)));
        free(call->text);
        call->text = NULL;
        call->replayed = false;
        psp_refuse(call, 500, PSP_ERROR_OF(PSP_API, NULL),
                   "The stand-in could not do it, and did nothing: %s", err.text);
    }
    if (call->plan.after_ms > 0)
        evt_request_suspend(call->req, call->plan.after_ms, reply_later, call);
    else
        reply(call);
}

static void execute_later(struct evt_request *req, void *arg)
{
    struct psp_call *call = arg, **at = &call->psp->waiting;

    (void)req;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    execute(call);
}

/* ---- before ---- */

static void cut_later(struct evt_request *req, void *arg)
{
    evt_reply_cut(req);
    call_free(arg);
}

/* A fault that keeps it from being executed. */
static void stop(struct psp_call *call, const struct psp_fault *fault)
{
    char retry_after[16];

    /* Its wait has begun with the latency that it met. */
    if (fault->name == PSP_TIMEOUT) {
        evt_request_suspend(call->req, call->plan.before_ms + fault->ms, cut_later, call);
        return;
    }
    if (fault->name == PSP_RATE_LIMIT) {
        snprintf(retry_after, sizeof(retry_after), "%d", fault->retry_after_s);
        evt_reply_header(call->req, "Retry-After", retry_after);
        psp_refuse(call, 429, PSP_WRONG("rate_limit", NULL), "Request rate limit exceeded.");
    } else if (fault->name == PSP_DOWN) {
        psp_refuse(call, 503, PSP_ERROR_OF(PSP_API, NULL), "The service is down.");
    } else {
        psp_refuse(call, fault->status, PSP_ERROR_OF(PSP_API, NULL), "An unknown error occurred.");
    }
    if (call->plan.before_ms > 0)
        evt_request_suspend(call->req, call->plan.before_ms, reply_later, call);
    else
        reply(call);
}

static bool key_is_free(struct psp_call *call)
{
    for (const struct psp_call *other = call->psp->waiting; call->key && other; other = other->next)
        if (other->key && strcmp(other->key, call->key) == 0)
            return psp_refuse(call, 409, PSP_ERROR_OF(PSP_KEY, "idempotency_key_in_use"),
                              "There is currently another in-progress request using this "
                              "Idempotent Key (that probably means you submitted twice, and the "
                              "other request is still going through): %s. Please try again later.",
                              call->key);
    return true;
}

static struct psp_call *call_new(struct psp *psp, struct evt_request *req)
{
    struct psp_call *call = evt_zalloc(sizeof(*call));

    call->psp = psp;
    call->book = psp->book;
    call->faults = psp->faults;
    call->op = &psp_operations[evt_request_route(req) - psp->routes];
    call->req = req;
    call->id = evt_request_value(req, "id");
    return call;
}

void psp_serve(struct evt_request *req)
{
    struct psp *psp = evt_request_arg(req);
    struct psp_call *call = call_new(psp, req);

    if (!psp_secrets_check(psp->secrets, call)) {
        reply(call);
        return;
    }
    call->plan = psp_faults_plan(psp->faults, call->op->kind);
    if (call->plan.stop) {
        stop(call, call->plan.stop);
    } else if (!psp_take_key(call) || !psp_take_form(call) || !key_is_free(call)) {
        reply(call);
    } else if (call->plan.before_ms > 0) {
        call->next = psp->waiting;
        psp->waiting = call;
        evt_request_suspend(req, call->plan.before_ms, execute_later, call);
    } else {
        execute(call);
    }
}

/* Payment PSP: the callers, and where they call. */
#include "payment_psp.h"

#include "payment_call.h"
#include "payment_options.h"

#include <string.h>

/* Stripe answers within one to three seconds; the bank behind it may take its time. */
#define TIMEOUT_MS 20000

static enum payment_call call_of(const char *name)
{
    enum payment_call call = PAYMENT_CALL_AUTHORISE;

    while (strcmp(payment_call_str(call), name) != 0 && call < PAYMENT_CALL_REFUND)
        call++;
    return call;
}

static void ask(struct evt_attempt *attempt, const char *url, const char *psp_key, const char *path,
                const struct evt_buf *form)
{
    const struct evt_call_request *request = evt_attempt_request(attempt);
    struct evt_buf bearer = {0};

    evt_buf_printf(&bearer, "Bearer %s", psp_key);
    evt_attempt_url(attempt, "POST", "%s%s", url, path);
    evt_attempt_header(attempt, "Authorization", evt_buf_text(&bearer));
    evt_attempt_header(attempt, "Idempotency-Key", request->key);
    evt_attempt_body(attempt, "application/x-www-form-urlencoded", evt_buf_text(form), form->len);
    evt_buf_release(&bearer);
}

static void ask_inside(struct evt_attempt *attempt)
{
    const struct evt_call_request *request = evt_attempt_request(attempt);
    struct evt_buf body = {0};
    const int status =
        payment_psp_inside(call_of(request->name), request->key, request->request, &body);

    evt_attempt_done(attempt, status, evt_buf_text(&body));
    evt_buf_release(&body);
}

static enum evt_err begin(struct evt_attempt *attempt, const struct evt_call_request *request,
                          struct evt_error *err)
{
    const char *url = evt_attempt_option(attempt, PAYMENT_PSP_URL);
    const char *psp_key = payment_psp_key(url, evt_attempt_option(attempt, PAYMENT_PSP_KEY));
    const char *unasked = payment_psp_unasked(call_of(request->name), request->request);
    struct evt_buf path = {0}, form = {0};
    enum evt_err rc = EVT_OK;

    if (unasked)
        evt_attempt_done(attempt, 400, unasked);
    else if (!payment_psp_request(call_of(request->name), request->ref, request->request, &path,
                                  &form))
        rc = evt_fail(err, EVT_E_INVARIANT, "the request to %s is none that a handler writes",
                      request->name);
    else if (strcmp(url, PAYMENT_PSP_INSIDE) == 0)
        ask_inside(attempt);
    else if (!psp_key) /* unknown, so that it is tried again once it is set */
        evt_attempt_done(attempt, 0,
                         "PSP_KEY is not set, which only a provider on this machine"
                         " does without");
    else
        ask(attempt, url, psp_key, evt_buf_text(&path), &form);
    evt_buf_release(&path);
    evt_buf_release(&form);
    return rc;
}

static enum evt_call_end end(struct evt_attempt *attempt, const struct evt_call_answer *answer)
{
    const struct evt_call_request *request = evt_attempt_request(attempt);
    const enum payment_call call = call_of(request->name);
    struct evt_buf words = {0};
    enum evt_call_end end =
        payment_psp_end(call, answer->status, answer->body, answer->body_len, &words);

    if (end == EVT_CALL_END_UNKNOWN && answer->replayed)
        end = payment_psp_spent(call, request->request, &words);
    evt_attempt_result(attempt, evt_buf_text(&words), words.len);
    evt_buf_release(&words);
    return end;
}

#define CALLER(name_)                                                                              \
    {                                                                                              \
        .name = name_, .destination = "psp", .timeout_ms = TIMEOUT_MS, .begin = begin, .end = end  \
    }
const struct evt_caller payment_callers[] = {
    CALLER("authorise"), CALLER("capture"), CALLER("void"), CALLER("refund"), {0},
};

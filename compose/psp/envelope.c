/* Envelope: what is around a request's parameters: its key, and the form that they come in. */
#include "key.h"

#include <evt/mem.h>

#include <string.h>

bool psp_take_key(struct psp_call *call)
{
    const char *key;

    if (call->op->kind == PSP_READ)
        return true;
    key = evt_request_header(call->req, "Idempotency-Key");
    if (!key)
        return true;
    if (*key && strlen(key) <= PSP_KEY_MAX) {
        call->key = evt_strdup(key); /* the request's client may go while it waits */
        return true;
    }
    return psp_refuse(call, 400, PSP_ERROR_OF(PSP_KEY, NULL),
                      "Idempotency keys have 1 to %d characters.", PSP_KEY_MAX);
}

static bool is_form(const char *type)
{
    static const char want[] = "application/x-www-form-urlencoded";
    const size_t len = sizeof(want) - 1;

    return type && strncasecmp(type, want, len) == 0 && strchr(" ;\t", type[len]);
}

/* Of a GET, the query is the form. */
bool psp_take_form(struct psp_call *call)
{
    const char *query = strchr(evt_request_target(call->req), '?');
    const char *text = query ? query + 1 : "", *why;
    size_t len = strlen(text);

    if (call->op->kind != PSP_READ) {
        text = evt_request_body(call->req, &len);
        if (len > 0 && !is_form(evt_request_header(call->req, "Content-Type")))
            return psp_refuse(call, 400, PSP_WRONG(NULL, NULL),
                              "Invalid request (check that your POST content type is "
                              "application/x-www-form-urlencoded).");
    }
    why = psp_form_read(&call->form, text, len);
    return !why || psp_refuse(call, 400, PSP_WRONG(NULL, NULL), "%s", why);
}

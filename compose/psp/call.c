/* Call: answers and errors in Stripe's shape. */
#include "call.h"

#include "intent.h"

#include <evt/mem.h>

#include <stdarg.h>
#include <stdio.h>

#define WORDS_MAX 512

void psp_answer(struct psp_call *call, int status, struct json_t *json)
{
    EVT_BUG_ON(!json);
    json_decref(call->json);
    call->status = status;
    call->json = json;
}

bool psp_refuse(struct psp_call *call, int status, struct psp_error error, const char *fmt, ...)
{
    char words[WORDS_MAX];
    va_list args;
    json_t *json;

    va_start(args, fmt);
    vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    json = json_pack("{s:s, s:s*, s:s*, s:s*, s:o}", "type", error.type, "code", error.code,
                     "decline_code", error.decline_code, "param", error.param, "message",
                     psp_text_json(words));
    if (error.intent)
        json_object_set_new(json, "payment_intent", psp_intent_json(call->book, error.intent));
    psp_answer(call, status, json_pack("{s:o}", "error", json));
    return false;
}

bool psp_refuse_missing(struct psp_call *call, int status, const char *what, const char *param,
                        const char *id)
{
    return psp_refuse(call, status, PSP_WRONG("resource_missing", param), "No such %s: '%s'", what,
                      id);
}

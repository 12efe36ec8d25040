/* Call: one request of Stripe's API on its way to its answer. All of it lives on the HTTP thread.
 *
 * An operation checks what it was told, then executes. What it refuses while it executes (a card
 * declined, a state that does not allow it) is an outcome like any other, is kept under the
 * idempotency key, and is said again; what it refuses before is not, as with Stripe. */
#ifndef PSP_CALL_H
#define PSP_CALL_H

#include "card.h"
#include "fault.h"
#include "form.h"

#include <evt/http.h>

#include <jansson.h>

struct psp;
struct psp_book;
struct psp_call;
struct psp_intent;

struct psp_operation {
    const char *method, *path, *summary;
    enum psp_kind kind;
    const char *const *params; /* all that it takes, ends with NULL */
    void (*fn)(struct psp_call *call);
};

struct psp_call {
    struct psp *psp;
    struct psp_book *book;
    struct psp_faults *faults;
    const struct psp_operation *op;
    struct evt_request *req;
    const char *id; /* of the path; NULL: it has none */
    struct psp_form form;
    char *key; /* the idempotency key; NULL: none */
    struct psp_plan plan;
    int64_t now_ms;
    /* The answer. */
    bool executing, replayed;
    int status;
    struct json_t *json;
    char *text;            /* as it is sent; NULL: not printed yet */
    struct psp_call *next; /* of those that wait to be executed */
};

/* What is an error's, beside its words; NULL: it has none. */
struct psp_error {
    const char *type, *code, *decline_code, *param;
    const struct psp_intent *intent;
};
#define PSP_INVALID                "invalid_request_error"
#define PSP_CARD                   "card_error"
#define PSP_API                    "api_error"
#define PSP_KEY                    "idempotency_error"
#define PSP_ERROR_OF(type_, code_) ((struct psp_error){.type = (type_), .code = (code_)})
#define PSP_WRONG(code_, param_)                                                                   \
    ((struct psp_error){.type = PSP_INVALID, .code = (code_), .param = (param_)})

void psp_answer(struct psp_call *call, int status, struct json_t *json); /* takes the reference */
/* false, so that a check may return it. */
bool psp_refuse(struct psp_call *call, int status, struct psp_error error, const char *fmt, ...)
    EVT_PRINTF(4, 5);

/* The idempotency key, the form, and parameters of it. False: the call was refused. */
bool psp_take_key(struct psp_call *call);
bool psp_take_form(struct psp_call *call);
bool psp_take_text(struct psp_call *call, const char *name, const char **ret_text); /* required */
bool psp_take_integer(struct psp_call *call, const char *name, int64_t *ret_number);
/* Stripe takes some amounts of some currencies in steps; `name` says it. */
bool psp_check_step(struct psp_call *call, const char *name, int64_t amount, const char *currency);
bool psp_take_flag(struct psp_call *call, const char *name, bool *ret_flag); /* absent: as it was */
bool psp_take_choice(struct psp_call *call, const char *name, const char *const *choices,
                     const char **ret_choice); /* absent: as it was */
/* A new object of all metadata[…]. */
bool psp_take_metadata(struct psp_call *call, struct json_t **ret_metadata);
/* There is no such object as a path or parameter says. */
bool psp_refuse_missing(struct psp_call *call, int status, const char *what, const char *param,
                        const char *id);

#endif

/* Provider: the payment provider's stand-in in this process, and a client of Stripe's API. */
#ifndef TEST_PROVIDER_H
#define TEST_PROVIDER_H

#include "test/lib/folder.h"
#include "test/lib/web.h"

#include "compose/psp/psp.h"

#include <jansson.h>

struct provider {
    struct folder folder; /* its data lies in "data" */
    struct psp_options opt;
    struct psp *psp;
    const char *key; /* the next requests' Idempotency-Key; NULL: none */
    bool asked;
    struct web web; /* the last answer */
    json_t *json;   /* its body */
};

/* What most requests say. */
#define PROVIDER_INVALID "invalid_request_error"
#define PROVIDER_CREATE  "POST /v1/payment_intents"
#define PROVIDER_GOOD    "amount=1200&currency=EUR&confirm=true&payment_method=pm_card_visa"

void provider_init(struct provider *pr);
void provider_start(struct provider *pr); /* as `opt` says, which may be changed before */
void provider_begin(struct provider *pr); /* both */
void provider_stop(struct provider *pr);
void provider_release(struct provider *pr);

/* "POST /v1/refunds", and a form (NULL: none). Each on a connection of its own. */
void provider_ask(struct provider *pr, const char *line, const char *form);
/* A refund of this payment; `rest` of the form begins with "&". */
void provider_refund(struct provider *pr, const char *id, const char *rest);
/* "POST /v1/payment_intents/<id>/capture", "" for no verb, in one of a few static buffers. */
const char *provider_line(const char *method, const char *id, const char *verb);
/* As provider_ask, with these headers and nothing of our own: whatever the answer is. */
void provider_ask_raw(struct provider *pr, const char *line, const char *headers, const char *body);
/* The same as provider_ask, and returns as soon as it is sent; read by web_read. */
void provider_send(const struct provider *pr, struct web *web, const char *line, const char *form);
/* The connection is closed without an answer. */
void provider_expect_cut(struct provider *pr, const char *line, const char *form);
void provider_fault(struct provider *pr, const char *json);
void provider_clear(struct provider *pr); /* all faults */

/* Of the last answer: a field by its path, "error.payment_intent.status"; NULL: it has none. */
const char *provider_text(const struct provider *pr, const char *path);
int64_t provider_number(const struct provider *pr, const char *path);

/* An authorised payment's id, in a static buffer. */
const char *provider_pay(struct provider *pr, const char *card, int64_t amount);
/* A sum of the ledger: "captured" of eur. */
int64_t provider_sum(struct provider *pr, const char *name);

/* The last answer is an error with exactly this, "" where it has none. */
void provider_expect(const struct provider *pr, int at, int status, const char *type,
                     const char *code, const char *param, const char *message);
#define ck_error(pr, status, type, code, param, message)                                           \
    provider_expect(pr, __LINE__, status, type, code, param, message)
#define ck_done(pr) ck_assert_msg((pr)->web.status == 200, "%s", evt_buf_text(&(pr)->web.body))

#endif

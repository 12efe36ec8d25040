/* The parts of the provider, as they see each other. Once it listens, all but `refusal_ms` belongs
 * to the HTTP thread.
 *
 *   psp.c           open, listen, close; the routes
 *   serve.c         a request's way: who, which faults, which key, its operation, its answer
 *   secret.c        who may ask
 *   control.c       the routes of /_psp: ledger and faults */
#ifndef PSP_INTERNAL_H
#define PSP_INTERNAL_H

#include "book.h"
#include "fault.h"
#include "psp.h"

#include <evt/http.h>

#include <stdatomic.h>

struct psp_secrets;
struct psp_call;

struct psp {
    struct psp_options opt;
    struct psp_book *book;
    struct psp_faults *faults;
    struct psp_secrets *secrets;
    struct psp_call *waiting; /* to be executed: their keys are in use */
    int64_t settles_ms;       /* when the next refund does */
    uint64_t requests;        /* counted, for Request-Id */
    struct evt_http *http;
    struct evt_route *routes;
    char address[64];
    atomic_llong refusal_ms;
};

void psp_serve(struct evt_request *req);
/* When the next refund settles: looked up at start, and again whenever one was made. */
EVT_MUST_USE enum evt_err psp_settle_look(struct psp *psp, struct evt_error *err);

EVT_MUST_USE enum evt_err psp_secrets_open(const char *path, struct psp_secrets **ret_secrets,
                                           struct evt_error *err);
void psp_secrets_free(struct psp_secrets *secrets); /* NULL is fine */
/* False: the call was refused. */
bool psp_secrets_check(const struct psp_secrets *secrets, struct psp_call *call);

extern const struct evt_route psp_control_routes[]; /* ends with {0} */

#endif

/* Fault: what goes wrong on purpose. A list of faults in the order in which they were set; each may
 * be for some kinds of request only, for a number of them, or by chance under a seed.
 *
 *     {"fault": "latency", "ms": "20-80"}                          before it is executed
 *     {"fault": "latency", "ms": 3000, "when": "after"}            executed, and answered late
 *     {"fault": "error", "status": 503, "count": 2}                not executed
 *     {"fault": "error", "keep": "yes", "done": "yes", "count": 1} executed, and this status is
 *                                                                  what its key answers for good
 *     {"fault": "timeout", "on": "capture", "count": 1}            not executed, never answered
 *     {"fault": "lost", "on": "capture", "count": 1}               executed, never answered
 *     {"fault": "decline", "code": "insufficient_funds", "p": 0.1} the card says no
 *     {"fault": "refuse", "on": "refund", "count": 2}              capture, cancel or refund: no
 *     {"fault": "rate_limit", "retry_after": 2, "count": 10}
 *     {"fault": "down"}                                            503 to all
 *     {"fault": "down", "how": "refuse", "ms": 3000}               nobody listens */
#ifndef PSP_FAULT_H
#define PSP_FAULT_H

#include "card.h"

#include <evt/buf.h>
#include <evt/err.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define PSP_FAULTS_MAX 32

enum psp_kind { PSP_CREATE, PSP_CAPTURE, PSP_CANCEL, PSP_REFUND, PSP_READ, PSP_KINDS_N };

enum psp_fault_name {
    PSP_LATENCY,
    PSP_ERROR,
    PSP_TIMEOUT,
    PSP_LOST,
    PSP_DECLINE,
    PSP_REFUSE,
    PSP_RATE_LIMIT,
    PSP_DOWN,
    PSP_FAULT_NAMES_N
};

struct psp_fault {
    enum psp_fault_name name;
    unsigned on;  /* bits of enum psp_kind */
    int64_t left; /* -1: any number */
    int64_t hits;
    int32_t per_million;
    int64_t ms, ms_max;
    bool after;   /* latency: executed first */
    bool refuses; /* down: nobody listens */
    int status;   /* error */
    bool keeps;   /* error: under the key, as Stripe does */
    bool done;    /* the same: executed all the same */
    int retry_after_s;
    const struct psp_reason *reason; /* decline */
};

struct psp_faults;
struct psp_faults *psp_faults_new(uint64_t seed);
void psp_faults_free(struct psp_faults *faults); /* NULL is fine */

/* From its JSON. EVT_E_USAGE says what is wrong with it. */
EVT_MUST_USE enum evt_err psp_fault_parse(const json_t *json, struct psp_fault *ret_fault,
                                          struct evt_error *err);
/* "latency", "ms=20-80", "on=create,capture" as JSON, which the caller gives back. NULL: `err`. */
json_t *psp_fault_words(const char *const *words, size_t n, struct evt_error *err);
/* One that is used up makes room. */
EVT_MUST_USE enum evt_err psp_faults_add(struct psp_faults *faults, const struct psp_fault *fault,
                                         struct evt_error *err);
void psp_faults_clear(struct psp_faults *faults);
json_t *psp_faults_json(const struct psp_faults *faults);

/* What happens to one request on the wire: the first fault that keeps it from being executed, and
 * the latencies that come before it. */
struct psp_plan {
    const struct psp_fault *stop; /* ERROR, TIMEOUT, RATE_LIMIT or DOWN; NULL: it is executed */
    int64_t before_ms, after_ms;
    bool lost;
    int kept_status; /* an ERROR that is kept under its key; 0: none */
    bool kept_done;  /* … though it was executed */
};
struct psp_plan psp_faults_plan(struct psp_faults *faults, enum psp_kind kind);
/* Asked when it is executed: is the card declined, is it refused? */
const struct psp_reason *psp_faults_decline(struct psp_faults *faults);
bool psp_faults_refuse(struct psp_faults *faults, enum psp_kind kind);

const char *psp_kind_str(enum psp_kind kind);
const char *psp_fault_name_str(enum psp_fault_name name);

#endif

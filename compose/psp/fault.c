/* Fault: the list, and which of them a request meets. */
#include "fault.h"

#include <evt/mem.h>
#include <evt/sim_rand.h>

struct psp_faults {
    struct evt_sim_rand rand;
    struct psp_fault items[PSP_FAULTS_MAX];
    size_t n;
};

#define MILLION 1000000

struct psp_faults *psp_faults_new(uint64_t seed)
{
    struct psp_faults *faults = evt_zalloc(sizeof(*faults));

    evt_sim_rand_init(&faults->rand, seed, 0);
    return faults;
}

void psp_faults_free(struct psp_faults *faults)
{
    evt_free(faults);
}

void psp_faults_clear(struct psp_faults *faults)
{
    faults->n = 0;
}

enum evt_err psp_faults_add(struct psp_faults *faults, const struct psp_fault *fault,
                            struct evt_error *err)
{
    if (faults->n == PSP_FAULTS_MAX) {
        size_t kept = 0;

        for (size_t i = 0; i < faults->n; i++)
            if (faults->items[i].left != 0)
                faults->items[kept++] = faults->items[i];
        faults->n = kept;
    }
    if (faults->n == PSP_FAULTS_MAX)
        return evt_fail(err, EVT_E_USAGE,
                        "%d faults are set, which is all that there may be: "
                        "clear them first",
                        PSP_FAULTS_MAX);
    faults->items[faults->n++] = *fault;
    return EVT_OK;
}

/* Does it happen to this request? If so, it is counted. */
static bool hits(struct psp_faults *faults, struct psp_fault *fault, enum psp_kind kind)
{
    if (!(fault->on & 1u << kind) || fault->left == 0)
        return false;
    if (fault->per_million < MILLION &&
        evt_sim_rand_below(&faults->rand, MILLION) >= (uint64_t)fault->per_million)
        return false;
    fault->left -= fault->left > 0;
    fault->hits++;
    return true;
}

struct psp_plan psp_faults_plan(struct psp_faults *faults, enum psp_kind kind)
{
    struct psp_plan plan = {0};

    for (size_t i = 0; i < faults->n && !plan.stop && !plan.kept_status; i++) {
        struct psp_fault *fault = &faults->items[i];
        int64_t *wait_ms = fault->after ? &plan.after_ms : &plan.before_ms;

        if (fault->name == PSP_DECLINE || fault->name == PSP_REFUSE || fault->refuses ||
            !hits(faults, fault, kind))
            continue;
        if (fault->name == PSP_LATENCY)
            *wait_ms += evt_sim_rand_between(&faults->rand, fault->ms, fault->ms_max);
        else if (fault->name == PSP_LOST)
            plan.lost = true;
        else if (!fault->keeps)
            plan.stop = fault;
        if (fault->keeps) {
            plan.kept_status = fault->status;
            plan.kept_done = fault->done;
        }
    }
    return plan;
}

static struct psp_fault *find(struct psp_faults *faults, enum psp_fault_name name,
                              enum psp_kind kind)
{
    for (size_t i = 0; i < faults->n; i++)
        if (faults->items[i].name == name && hits(faults, &faults->items[i], kind))
            return &faults->items[i];
    return NULL;
}

const struct psp_reason *psp_faults_decline(struct psp_faults *faults)
{
    const struct psp_fault *fault = find(faults, PSP_DECLINE, PSP_CREATE);

    return fault ? fault->reason : NULL;
}

bool psp_faults_refuse(struct psp_faults *faults, enum psp_kind kind)
{
    return find(faults, PSP_REFUSE, kind) != NULL;
}

static json_t *on_json(unsigned on)
{
    json_t *json = json_array();

    for (unsigned kind = 0; kind < PSP_KINDS_N; kind++)
        if (on & 1u << kind)
            json_array_append_new(json, json_string(psp_kind_str((enum psp_kind)kind)));
    return json;
}

/* Only what is this fault's own, so that it can be set again as it is shown. */
static json_t *fault_json(const struct psp_fault *fault)
{
    json_t *json = json_pack("{s:s, s:o, s:I}", "fault", psp_fault_name_str(fault->name), "on",
                             on_json(fault->on), "hits", (json_int_t)fault->hits);

    if (fault->left >= 0)
        json_object_set_new(json, "count", json_integer(fault->left));
    if (fault->per_million < MILLION)
        json_object_set_new(json, "p", json_real((double)fault->per_million / MILLION));
    if (fault->ms_max > fault->ms)
        json_object_set_new(json, "ms",
                            json_sprintf("%lld-%lld", (long long)fault->ms,
                                         (long long)fault->ms_max));
    else if (fault->ms > 0)
        json_object_set_new(json, "ms", json_integer(fault->ms));
    if (fault->after)
        json_object_set_new(json, "when", json_string("after"));
    if (fault->refuses)
        json_object_set_new(json, "how", json_string("refuse"));
    if (fault->status)
        json_object_set_new(json, "status", json_integer(fault->status));
    if (fault->keeps)
        json_object_set_new(json, "keep", json_string("yes"));
    if (fault->done)
        json_object_set_new(json, "done", json_string("yes"));
    if (fault->name == PSP_RATE_LIMIT)
        json_object_set_new(json, "retry_after", json_integer(fault->retry_after_s));
    if (fault->reason)
        json_object_set_new(json, "code", json_string(psp_reason_name(fault->reason)));
    return json;
}

json_t *psp_faults_json(const struct psp_faults *faults)
{
    json_t *list = json_array();

    for (size_t i = 0; i < faults->n; i++)
        json_array_append_new(list, fault_json(&faults->items[i]));
    return json_pack("{s:o}", "faults", list);
}

/* Calling: carries out a process's outside calls as its callers say, on one thread, by libcurl. It
 * knows nothing of shards: whoever begins an attempt is told its end. */
#ifndef EVT_CALLING_H
#define EVT_CALLING_H

#include <evt/caller.h>
#include <evt/conf.h>
#include <evt/metric.h>

struct evt_calling;

/* An attempt that has waited for so long ends as unknown without being made, so that whoever began
 * it looks again whether it still may be (a provider forgets keys). */
#define EVT_CALL_QUEUED_MS_MAX (5 * 60 * 1000)

struct evt_calling_options {
    const struct evt_caller *callers; /* ends with {0} */
    const struct evt_conf *conf;      /* NULL: no option is set */
    const char *service;
    struct evt_metrics *metrics;
    int64_t queued_ms_max; /* 0: EVT_CALL_QUEUED_MS_MAX */
    /* How an attempt ended, once, from the calling thread; `response` is borrowed. */
    void (*ended)(void *arg, void *of, int64_t id, enum evt_call_end end,
                  struct evt_bytes response);
    void *arg;
};

EVT_MUST_USE enum evt_err evt_calling_start(const struct evt_calling_options *opt,
                                            struct evt_calling **ret_calling,
                                            struct evt_error *err);
/* Begins an attempt, from any thread; everything is copied. `of` comes back with its end. */
void evt_calling_begin(struct evt_calling *calling, void *of,
                       const struct evt_call_request *request);
/* Attempts under way are left: their ends are unknown, and nobody is told. NULL is fine. */
void evt_calling_stop(struct evt_calling *calling);

#endif

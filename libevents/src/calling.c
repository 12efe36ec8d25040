/* Calling, its life: what callers there are and where they call, its thread's start and end, and
 * the list into which others put their attempts. */
#include "calling_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct evt__destination *destination_of(struct evt_calling *calling, const char *name)
{
    struct evt__destination *destination;

    for (size_t i = 0; i < calling->destinations_n; i++)
        if (strcmp(calling->destinations[i].name, name) == 0)
            return &calling->destinations[i];
    destination = &calling->destinations[calling->destinations_n++];
    destination->name = name;
    destination->last = &destination->first;
    destination->open =
        evt_metric_get(calling->opt.metrics, EVT_METRIC_GAUGE, "evt_circuit_open",
                       "1 while calls to this destination wait, because it does not answer.",
                       (const char *const[]){"service", calling->opt.service, "destination", name,
                                             NULL});
    return destination;
}

static void line_init(struct evt_calling *calling, struct evt__line *line,
                      const struct evt_caller *caller)
{
    static const char *const outcomes[] = {
        [EVT_CALL_END_OK] = "ok",
        [EVT_CALL_END_REFUSED] = "refused",
        [EVT_CALL_END_UNKNOWN] = "unknown",
        [EVT_CALL_END_PARKED] = "parked",
    };
    const char *labels[] = {"service", calling->opt.service, "name", caller->name, NULL, NULL,
                            NULL};

    line->caller = caller;
    line->destination = destination_of(calling, caller->destination);
    line->seconds = evt_metric_get(calling->opt.metrics, EVT_METRIC_SECONDS, "evt_call_seconds",
                                   "One attempt at an outside call.", labels);
    labels[4] = "outcome";
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        labels[5] = outcomes[i];
        line->ended[i] = evt_metric_get(calling->opt.metrics, EVT_METRIC_COUNTER, "evt_calls_total",
                                        "Attempts at outside calls by what came of them.", labels);
    }
}

char *evt_no_proxy(void)
{
    const char *more = getenv("no_proxy");
    struct evt_buf list = {0};

    if (!more)
        more = getenv("NO_PROXY");
    if (more && strcmp(more, "*") == 0)
        return evt_strdup(more);
    evt_buf_printf(&list, "localhost,127.0.0.1,::1%s%s", more ? "," : "", more ? more : "");
    return (char *)list.data;
}

static void calling_free(struct evt_calling *calling)
{
    curl_multi_cleanup(calling->multi);
    curl_global_cleanup();
    pthread_mutex_destroy(&calling->lock);
    evt_free(calling->spare);
    evt_free(calling->lines);
    evt_free(calling->destinations);
    evt_free(calling->no_proxy);
    evt_free(calling->agent);
    evt_free(calling);
}

static struct evt_calling *calling_new(const struct evt_calling_options *opt)
{
    struct evt_calling *calling = evt_zalloc(sizeof(*calling));
    struct evt_buf agent = {0};
    size_t n = 0;

    while (opt->callers[n].name)
        n++;
    calling->opt = *opt;
    if (calling->opt.queued_ms_max == 0)
        calling->opt.queued_ms_max = EVT_CALL_QUEUED_MS_MAX;
    calling->fresh_last = &calling->fresh;
    calling->lines = evt_zalloc((n + 1) * sizeof(*calling->lines));
    calling->destinations = evt_zalloc((n + 1) * sizeof(*calling->destinations));
    calling->spare = evt_zalloc(EVT_CALL_UNDER_WAY_MAX * sizeof(*calling->spare));
    for (; calling->lines_n < n; calling->lines_n++)
        line_init(calling, &calling->lines[calling->lines_n], &opt->callers[calling->lines_n]);
    calling->no_proxy = evt_no_proxy();
    evt_buf_printf(&agent, "svc-%s", opt->service);
    calling->agent = (char *)agent.data;
    pthread_mutex_init(&calling->lock, NULL);
    EVT_BUG_ON(curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK);
    calling->multi = curl_multi_init();
    EVT_BUG_ON(!calling->multi);
    /* All connections that may be under way at once are kept. */
    curl_multi_setopt(calling->multi, CURLMOPT_MAXCONNECTS,
                      (long)(EVT_CALL_UNDER_WAY_MAX * (calling->destinations_n + 1)));
    return calling;
}

enum evt_err evt_calling_start(const struct evt_calling_options *opt,
                               struct evt_calling **ret_calling, struct evt_error *err)
{
    struct evt_calling *calling = calling_new(opt);
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&calling->thread, NULL, evt__calling_serve, calling);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0) {
        calling_free(calling);
        return evt_fail(err, EVT_E_NOMEM, "a thread for outside calls: %s", strerrordesc_np(rc));
    }
    *ret_calling = calling;
    return EVT_OK;
}

void evt_calling_begin(struct evt_calling *calling, void *of,
                       const struct evt_call_request *request)
{
    struct evt_attempt *attempt = evt__attempt_new(calling, of, request);
    bool first;

    attempt->queued_ms = evt_clock_ms();
    pthread_mutex_lock(&calling->lock);
    first = !calling->fresh;
    *calling->fresh_last = attempt;
    calling->fresh_last = &attempt->next;
    pthread_mutex_unlock(&calling->lock);
    if (first) /* the thread takes all of them */
        curl_multi_wakeup(calling->multi);
}

static void free_all(struct evt_attempt *attempt)
{
    struct evt_attempt *next;

    for (; attempt; attempt = next) {
        next = attempt->next;
        evt__attempt_free(attempt);
    }
}

void evt_calling_stop(struct evt_calling *calling)
{
    if (!calling)
        return;
    pthread_mutex_lock(&calling->lock);
    calling->stop = true;
    pthread_mutex_unlock(&calling->lock);
    curl_multi_wakeup(calling->multi);
    pthread_join(calling->thread, NULL);
    while (calling->running) {
        struct evt_attempt *attempt = calling->running;

        curl_easy_cleanup(evt__attempt_leave(attempt));
        evt__attempt_free(attempt);
    }
    while (calling->spare_n)
        curl_easy_cleanup(calling->spare[--calling->spare_n]);
    for (size_t i = 0; i < calling->destinations_n; i++)
        free_all(calling->destinations[i].first);
    free_all(calling->fresh);
    calling_free(calling);
}

/* What is counted of requests. Labels are bounded: routes and methods are the table's, whatever is
 * asked for; the metrics of a route are looked up once. Only the HTTP thread counts. */
#include "http_internal.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

#define STATUSES_MAX 32 /* different ones of a route; further ones are looked up each time */

/* One route's, or, with a pattern of "none", that of all that found no route. */
struct series {
    const char *method, *pattern;
    struct evt_metric *seconds;
    struct {
        int status;
        struct evt_metric *total;
    } by_status[STATUSES_MAX];
    size_t n;
};

struct evt__count {
    struct evt_metrics *metrics;
    const struct evt_route *routes;
    struct evt_metric *in_flight, *waiting, *waits_refused;
    size_t n;
    struct series series[]; /* by route, then the one of none */
};

struct evt__count *evt__count_new(struct evt_metrics *metrics, const struct evt_route *routes)
{
    struct evt__count *count;
    size_t n = 0, i;

    while (routes[n].method)
        n++;
    count = evt_zalloc(sizeof(*count) + (n + 1) * sizeof(count->series[0]));
    count->metrics = metrics;
    count->routes = routes;
    count->n = n;
    count->in_flight =
        evt_metric_get(metrics, EVT_METRIC_GAUGE, "evt_http_in_flight",
                       "Requests whose headers came and whose answer is not sent.", NULL);
    count->waiting = evt_metric_get(metrics, EVT_METRIC_GAUGE, "evt_http_waiting",
                                    "Requests that their clients asked to wait.", NULL);
    count->waits_refused =
        evt_metric_get(metrics, EVT_METRIC_COUNTER, "evt_http_waits_refused_total",
                       "Requests that could not wait, as too many did.", NULL);
    for (i = 0; i <= n; i++) {
        struct series *series = &count->series[i];
        const char *labels[] = {"route", series->pattern = i < n ? routes[i].path : "none", NULL};

        series->method = i < n ? routes[i].method : "other";
        series->seconds = evt_metric_get(metrics, EVT_METRIC_SECONDS, "evt_http_request_seconds",
                                         "From a request's headers to its answer.", labels);
    }
    return count;
}

void evt__count_free(struct evt__count *count)
{
    evt_free(count);
}

void evt__count_begin(struct evt__count *count)
{
    evt_metric_add(count->in_flight, 1);
}

void evt__count_waits(struct evt__count *count, int waits, bool refused)
{
    evt_metric_set(count->waiting, waits);
    evt_metric_add(count->waits_refused, refused);
}

void evt__count_end(struct evt__count *count)
{
    evt_metric_add(count->in_flight, -1);
}

static struct evt_metric *total_of(struct evt__count *count, struct series *series, int status)
{
    struct evt_metric *total;
    char text[16];
    const char *labels[] = {"method", series->method, "route", series->pattern,
                            "status", text,           NULL};
    size_t i;

    for (i = 0; i < series->n; i++)
        if (series->by_status[i].status == status)
            return series->by_status[i].total;
    snprintf(text, sizeof(text), "%d", status);
    total = evt_metric_get(count->metrics, EVT_METRIC_COUNTER, "evt_http_requests_total",
                           "Requests that were answered.", labels);
    if (series->n < STATUSES_MAX) {
        series->by_status[series->n].status = status;
        series->by_status[series->n++].total = total;
    }
    return total;
}

void evt__count_answer(struct evt__count *count, const struct evt_request *req)
{
    size_t at = req->route ? (size_t)(req->route - count->routes) : count->n;
    struct series *series = &count->series[at];

    evt_metric_add(total_of(count, series, req->status), 1);
    evt_metric_observe(series->seconds, evt_clock_us() - req->begun_us);
}

/* Main's three routes: is the process alive, is it ready, and its metrics.
 *
 * The main thread asks the bus and leaves the answer here, so that a probe never waits for it. */
#include "main_internal.h"

#include <evt/http.h>
#include <evt/mem.h>

#include <jansson.h>
#include <string.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void get_livez(struct evt_request *req)
{
    evt_reply(req, 200, json_pack("{s:s}", "status", "alive"));
}

static void get_readyz(struct evt_request *req)
{
    struct evt_health *health = evt_request_arg(req);
    struct evt_buf why = {0};
    bool ready;

    pthread_mutex_lock(&health->mutex);
    ready = health->ready;
    evt_buf_add_text(&why, evt_buf_text(&health->why));
    pthread_mutex_unlock(&health->mutex);
    if (ready)
        evt_reply(req, 200, json_pack("{s:s}", "status", "ready"));
    else
        evt_reply_problem(req, 503, "%s", evt_buf_text(&why));
    evt_buf_release(&why);
}

static void get_metrics(struct evt_request *req)
{
    const struct evt_health *health = evt_request_arg(req);
    struct evt_buf text = {0};

    evt_metrics_print(health->metrics, &text);
    evt_reply_text(req, 200, METRICS_TYPE, evt_buf_text(&text), text.len);
    evt_buf_release(&text);
}

static const struct evt_route health_routes[] = {
    {.method = "GET", .path = "/livez", .fn = get_livez, .summary = "does the process run"},
    {.method = "GET",
     .path = "/readyz",
     .fn = get_readyz,
     .summary = "has it caught up; else why not"},
    {.method = "GET",
     .path = "/metrics",
     .fn = get_metrics,
     .summary = "figures, in Prometheus' form"},
};

struct evt_route *evt__health_routes(struct evt_health *health, const struct evt_route *own)
{
    const size_t ours = sizeof(health_routes) / sizeof(*health_routes);
    struct evt_route *routes;
    size_t n = 0;

    while (own && own[n].method)
        n++;
    routes = evt_zalloc((n + ours + 1) * sizeof(*routes));
    if (n > 0)
        memcpy(routes, own, n * sizeof(*routes));
    for (size_t i = 0; i < ours; i++) {
        routes[n + i] = health_routes[i];
        routes[n + i].arg = health;
    }
    return routes;
}

void evt__health_init(struct evt_health *health, struct evt_metrics *metrics, const char *why)
{
    *health = (struct evt_health){.metrics = metrics};
    EVT_BUG_ON(pthread_mutex_init(&health->mutex, NULL) != 0);
    evt_buf_add_text(&health->why, why);
}

void evt__health_release(struct evt_health *health)
{
    pthread_mutex_destroy(&health->mutex);
    evt_buf_release(&health->why);
}

bool evt__health_set(struct evt_health *health, bool ready, const char *why)
{
    bool changed;

    pthread_mutex_lock(&health->mutex);
    changed = health->ready != ready || strcmp(evt_buf_text(&health->why), why) != 0;
    health->ready = ready;
    if (changed) {
        evt_buf_clear(&health->why);
        evt_buf_add_text(&health->why, why);
    }
    pthread_mutex_unlock(&health->mutex);
    return changed;
}

/* Main's run: the life of a service's process. The bus does the work; this opens it, answers
 * probes meanwhile, and ends it within a bound. */
#include "main_internal.h"

#include <evt/bus.h>
#include <evt/clock.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEND_MS    100 /* as the bus wants it */
#define START_MS   10  /* until it is ready for the first time, which somebody waits for */
#define FILES_KEPT 512 /* for stores, brokers, outside calls, other processes */

struct run {
    const struct evt_main *main;
    const struct evt_conf *conf;
    int32_t *shards;
    size_t shards_n;
    int64_t began_ms;
    bool was_ready;
    struct evt_signals signals;
    struct evt_notify notify;
    struct evt_metrics *metrics;
    struct evt_health health;
    struct evt_route *routes;
    struct evt_bus *bus;
    struct evt_edge *edge;
    struct evt_http *http;
};

static void committed(void *arg, int32_t partition, int64_t position)
{
    struct run *run = arg;

    evt_edge_committed(run->edge, partition, position);
}

static void applied(void *arg, int32_t partition, const struct evt_record *rec)
{
    struct run *run = arg;

    evt_edge_applied(run->edge, partition, rec);
}

static enum evt_err open_bus(struct run *run, struct evt_error *err)
{
    const struct evt_bus_options opt = {
        .service = run->main->service,
        .kafka = evt__main_kafka(run->main, run->conf),
        .data_dir = evt_conf_text(run->conf, "data-dir"),
        .shards = run->shards,
        .shards_n = run->shards_n,
        .watchdog_ms = evt_conf_number(run->conf, "watchdog") * 1000,
        .metrics = run->metrics,
        .conf = run->conf,
        .committed = committed,
        .applied = applied,
        .committed_arg = run,
    };

    return evt_bus_new(&opt, &run->bus, err);
}

/* Where less may be open, fewer may wait. */
static void allow_files(struct evt_http_options *http)
{
    const size_t other = (size_t)http->connections_max + FILES_KEPT;
    const size_t wanted = other + (size_t)http->waits_max, allowed = evt__files_allow(wanted);

    if (allowed >= wanted)
        return;
    http->waits_max = allowed > other ? (int)(allowed - other) : 1;
    EVT_LOG(WARN,
            "fewer requests may wait: allow the process more open files (ulimit -n, LimitNOFILE=)",
            EVT_FN("open_files", allowed), EVT_FN("wanted", wanted),
            EVT_FN("http_waits", http->waits_max));
}

/* The edge before the shards move, which tell it of their commits; HTTP before the broker is waited
 * for, so that probes are answered meanwhile. */
static enum evt_err open_http(struct run *run, struct evt_error *err)
{
    const struct evt_edge_options edge = {.service = run->main->service,
                                          .bus = run->bus,
                                          .peers = evt_conf_text(run->conf, "peers")};
    struct evt_http_options http = {
        .address = evt_conf_text(run->conf, "http-addr"),
        .metrics = run->metrics,
        .connections_max = (int)evt_conf_number(run->conf, "http-connections"),
        .per_client_max = (int)evt_conf_number(run->conf, "http-per-client"),
        .waits_max = (int)evt_conf_number(run->conf, "http-waits"),
        .per_client_waits_max = (int)evt_conf_number(run->conf, "http-waits-per-client"),
    };
    enum evt_err rc = evt_edge_new(&edge, &run->edge, err);

    if (rc != EVT_OK)
        return rc;
    allow_files(&http);
    run->routes = evt__health_routes(&run->health, run->main->service->routes);
    http.routes = run->routes;
    http.arg = run->edge;
    rc = evt_http_start(&http, &run->http, err);
    if (rc == EVT_OK)
        EVT_LOG(INFO, "listens", EVT_FT("http", evt_http_address(run->http)));
    return rc;
}

static void say_what_runs(const struct run *run)
{
    char generation[16];
    const char *const labels[] = {"service",    run->main->service->name,
                                  "version",    EVT_VERSION,
                                  "generation", generation,
                                  NULL};

    snprintf(generation, sizeof(generation), "%u", (unsigned)run->main->service->generation);
    evt_metric_set(evt_metric_get(run->metrics, EVT_METRIC_GAUGE, "evt_build_info",
                                  "What runs here; always 1.", labels),
                   1);
    EVT_LOG(INFO, "starts", EVT_FN("generation", run->main->service->generation),
            EVT_FN("shards", run->shards_n), EVT_FT("data", evt_conf_text(run->conf, "data-dir")),
            EVT_FT("kafka", evt_conf_text(run->conf, "kafka-bootstrap-servers")));
}

/* One line, for the log and for systemd. */
static void join_lines(char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            *text = text[1] ? ';' : '\0';
}

static void look(struct run *run)
{
    struct evt_buf why = {0};
    const bool ready = evt_bus_ready(run->bus, &why);

    if (evt__health_set(&run->health, ready, ready ? "" : evt_buf_text(&why))) {
        if (why.len > 0)
            join_lines((char *)why.data);
        if (ready && !run->was_ready)
            EVT_LOG(INFO, "ready", EVT_FN("took_ms", evt_clock_ms() - run->began_ms),
                    EVT_FT("http", evt_http_address(run->http)));
        else if (ready)
            EVT_LOG(INFO, "ready again");
        else if (run->was_ready)
            EVT_LOG(WARN, "not ready", EVT_FT("why", evt_buf_text(&why)));
        if (ready)
            evt__notify(&run->notify, "READY=1\nSTATUS=ready");
        else
            evt__notify(&run->notify, "STATUS=%.400s", evt_buf_text(&why));
        run->was_ready = run->was_ready || ready;
    }
    evt_buf_release(&why);
}

static int tend(struct run *run)
{
    while (!evt__signals_stop(&run->signals)) {
        atomic_store(&run->signals.tended_ms, evt_clock_ms());
        switch (evt_bus_tend(run->bus)) {
        case EVT_BUS_RUNNING:
            break;
        case EVT_BUS_SUPERSEDED:
            EVT_LOG(INFO, "superseded: start the version of the newer generation",
                    EVT_FN("generation", run->main->service->generation));
            return EVT_EXIT_SUPERSEDED;
        case EVT_BUS_FAILED:
            EVT_LOG(ERROR, evt_bus_why(run->bus), EVT_FT("end", "failed"));
            return evt__main_exit(evt_bus_why_code(run->bus));
        }
        look(run);
        evt__signals_sleep(&run->signals, run->was_ready ? TEND_MS : START_MS);
    }
    return EVT_EXIT_OK;
}

/* The bus first: commands that wait are answered by its last commits, and nothing of it calls the
 * edge afterwards. */
static int stop(struct run *run, int status)
{
    evt__signals_hurry(&run->signals);
    evt__notify(&run->notify, "STOPPING=1\nSTATUS=stopping");
    evt__health_set(&run->health, false, "it is stopping");
    if (run->bus && !evt_bus_stop(run->bus, (int)run->signals.stop_ms)) {
        EVT_LOG(WARN, "the stop took too long; nothing is lost",
                EVT_FN("stop_timeout_ms", run->signals.stop_ms));
        _exit(EVT_EXIT_TIMEOUT);
    }
    evt_http_stop(run->http);
    evt_edge_free(run->edge);
    evt_bus_free(run->bus);
    if (status == EVT_EXIT_OK)
        EVT_LOG(INFO, "stopped");
    return status;
}

static int fail(const struct evt_error *err)
{
    EVT_LOG(ERROR, err->text, EVT_FT("code", evt_err_name(err->code)));
    return evt__main_exit(err->code);
}

static int live(struct run *run)
{
    struct evt_error err;
    enum evt_err rc = open_bus(run, &err);
    int status;

    if (rc == EVT_OK)
        rc = open_http(run, &err);
    if (rc == EVT_OK) {
        evt__notify(&run->notify, "STATUS=waiting for Kafka at %s",
                    evt_conf_text(run->conf, "kafka-bootstrap-servers"));
        rc = evt_bus_start(run->bus, &run->signals.stop, &err);
    }
    if (evt__signals_stop(&run->signals))
        status = EVT_EXIT_OK;
    else
        status = rc == EVT_OK ? tend(run) : fail(&err);
    return stop(run, status);
}

static void say_fault(void *arg, const char *text)
{
    const struct evt_main *main = arg;
    struct evt_error err;

    evt_fail(&err, EVT_E_USAGE, "%s", text);
    (void)evt__main_fail(main, &err);
}

int evt__main_run(const struct evt_conf *conf, void *arg)
{
    struct run run = {.main = arg, .conf = conf, .began_ms = evt_clock_ms()};
    struct evt_buf waiting = {0};
    struct evt_error err;
    enum evt_err rc = evt__address_check(evt_conf_text(conf, "http-addr"), &err);
    int status;

    if (evt__main_faults(run.main, conf, say_fault, arg) > 0)
        return EVT_EXIT_USAGE;
    if (rc == EVT_OK)
        rc = evt__main_shards(run.main, conf, &run.shards, &run.shards_n, &err);
    if (rc != EVT_OK)
        return evt__main_fail(run.main, &err);
    evt__notify_open(&run.notify, getenv("NOTIFY_SOCKET"), getenv("WATCHDOG_USEC"),
                     getenv("WATCHDOG_PID"));
    run.signals.notify = &run.notify;
    run.signals.stop_ms = evt_conf_number(conf, "stop-timeout") * 1000;
    evt__signals_start(&run.signals);
    run.metrics = evt_metrics_new();
    evt_buf_printf(&waiting, "it waits for Kafka at %s",
                   evt_conf_text(conf, "kafka-bootstrap-servers"));
    evt__health_init(&run.health, run.metrics, evt_buf_text(&waiting));
    say_what_runs(&run);
    status = live(&run);
    evt__signals_end(&run.signals);
    evt__health_release(&run.health);
    evt_metrics_free(run.metrics);
    evt__notify_close(&run.notify);
    evt_buf_release(&waiting);
    evt_free(run.routes);
    evt_free(run.shards);
    return status;
}

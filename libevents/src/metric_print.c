/* Metric, the page: Prometheus' text format 0.0.4. */
#include <evt/metric.h>

#include "metric_internal.h"

#include <inttypes.h>

static const char *type_str(enum evt_metric_kind kind)
{
    switch (kind) {
    case EVT_METRIC_COUNTER:
        return "counter";
    case EVT_METRIC_GAUGE:
        return "gauge";
    case EVT_METRIC_SECONDS:
    case EVT_METRIC_SIZES:
        return "histogram";
    }
    return "untyped";
}

/* `le` (may be NULL) is the bucket's bound. */
static void print_name(struct evt_buf *buf, const struct evt_metric *metric, const char *suffix,
                       const char *le)
{
    evt_buf_printf(buf, "%s%s", metric->family->name, suffix);
    if (!*metric->labels && !le) {
        evt_buf_add_byte(buf, ' ');
        return;
    }
    evt_buf_printf(buf, "{%s", metric->labels);
    if (le)
        evt_buf_printf(buf, "%sle=\"%s\"", *metric->labels ? "," : "", le);
    evt_buf_add_text(buf, "} ");
}

static void print_number(struct evt_buf *buf, int64_t number)
{
    evt_buf_printf(buf, "%" PRId64 "\n", number);
}

/* The count is made of the buckets that were printed, so the page agrees with itself while others
 * go on counting. */
static void print_histogram(struct evt_buf *buf, const struct evt_metric *metric)
{
    const struct evt__buckets *buckets = metric->family->buckets;
    int64_t n = 0, sum;

    for (size_t i = 0; i <= buckets->n; i++) {
        n += atomic_load_explicit(&metric->counts[i], memory_order_relaxed);
        print_name(buf, metric, "_bucket", i < buckets->n ? buckets->le[i] : "+Inf");
        print_number(buf, n);
    }
    sum = atomic_load_explicit(&metric->value, memory_order_relaxed);
    print_name(buf, metric, "_sum", NULL);
    if (metric->family->kind == EVT_METRIC_SECONDS)
        evt_buf_printf(buf, "%" PRId64 ".%06" PRId64 "\n", sum / 1000000, sum % 1000000);
    else
        print_number(buf, sum);
    print_name(buf, metric, "_count", NULL);
    print_number(buf, n);
}

static void print_help(struct evt_buf *buf, const struct evt__family *family)
{
    evt_buf_printf(buf, "# HELP %s ", family->name);
    for (const char *at = family->help; *at; at++) {
        if (*at == '\n')
            evt_buf_add_text(buf, "\\n");
        else if (*at == '\\')
            evt_buf_add_text(buf, "\\\\");
        else
            evt_buf_add_byte(buf, (uint8_t)*at);
    }
    evt_buf_printf(buf, "\n# TYPE %s %s\n", family->name, type_str(family->kind));
}

void evt_metrics_print(const struct evt_metrics *metrics, struct evt_buf *buf)
{
    const struct evt__family *family;
    const struct evt_metric *metric;

    for (family = atomic_load_explicit(&metrics->first, memory_order_acquire); family;
         family = atomic_load_explicit(&family->next, memory_order_acquire)) {
        metric = atomic_load_explicit(&family->first, memory_order_acquire);
        if (!metric) /* is being made */
            continue;
        print_help(buf, family);
        for (; metric; metric = atomic_load_explicit(&metric->next, memory_order_acquire)) {
            if (family->buckets) {
                print_histogram(buf, metric);
            } else {
                print_name(buf, metric, "", NULL);
                print_number(buf, atomic_load_explicit(&metric->value, memory_order_relaxed));
            }
        }
    }
}

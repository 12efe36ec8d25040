/* Metric: families and their series, and the one atomic operation that changes one.
 *
 * Lists only grow, at their end, and a new entry is published by one atomic store: changing and
 * printing take no lock, only making does. Changes are relaxed: a figure that is read a moment
 * later is as good. */
#include <evt/metric.h>

#include "metric_internal.h"

#include <evt/mem.h>
#include <string.h>

/* 1-2-5 from a tenth of a good hop to the longest wait that somebody sits through. */
static const int64_t seconds_us[] = {50,     100,     200,     500,     1000,    2000,
                                     5000,   10000,   20000,   50000,   100000,  200000,
                                     500000, 1000000, 2000000, 5000000, 10000000};
static const char *const seconds_le[] = {"0.00005", "0.0001", "0.0002", "0.0005", "0.001", "0.002",
                                         "0.005",   "0.01",   "0.02",   "0.05",   "0.1",   "0.2",
                                         "0.5",     "1",      "2",      "5",      "10"};
/* A batch has up to 1,000 messages. */
static const int64_t sizes[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000};
static const char *const sizes_le[] = {"1",  "2",   "4",   "8",   "16",  "32",
                                       "64", "128", "256", "512", "1000"};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
static const struct evt__buckets buckets_seconds = {seconds_us, seconds_le, LEN(seconds_us)};
static const struct evt__buckets buckets_sizes = {sizes, sizes_le, LEN(sizes)};
_Static_assert(LEN(seconds_us) == LEN(seconds_le) && LEN(sizes) == LEN(sizes_le),
               "a bound for each text");

static const struct evt__buckets *buckets_of(enum evt_metric_kind kind)
{
    switch (kind) {
    case EVT_METRIC_SECONDS:
        return &buckets_seconds;
    case EVT_METRIC_SIZES:
        return &buckets_sizes;
    case EVT_METRIC_COUNTER:
    case EVT_METRIC_GAUGE:
        break;
    }
    return NULL;
}

struct evt_metrics *evt_metrics_new(void)
{
    struct evt_metrics *metrics = evt_zalloc(sizeof(*metrics));

    pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

static void family_free(struct evt__family *family)
{
    struct evt_metric *metric = family->first, *next;

    for (; metric; metric = next) {
        next = metric->next;
        evt_free(metric->labels);
        evt_free(metric);
    }
    evt_free(family->name);
    evt_free(family->help);
    evt_free(family->label_names);
    evt_free(family);
}

void evt_metrics_free(struct evt_metrics *metrics)
{
    struct evt__family *family, *next;

    if (!metrics)
        return;
    for (family = metrics->first; family; family = next) {
        next = family->next;
        family_free(family);
    }
    pthread_mutex_destroy(&metrics->lock);
    evt_free(metrics);
}

/* ---- making, under the lock ---- */

static struct evt__family *family_get(struct evt_metrics *metrics, enum evt_metric_kind kind,
                                      const char *name, const char *help, const char *const *labels)
{
    struct evt__family *family = metrics->first;
    struct evt_buf names = {0};

    while (family && strcmp(family->name, name) != 0)
        family = family->next;
    if (family) {
        EVT_BUG_ON(family->kind != kind);
        EVT_BUG_ON(!evt__metric_has_names(labels, family->label_names));
        return family;
    }
    family = evt_zalloc(sizeof(*family));
    family->kind = kind;
    family->buckets = buckets_of(kind);
    family->name = evt_strdup(name);
    family->help = evt_strdup(help);
    evt__metric_label_names(labels, &names);
    family->label_names = evt_strdup(evt_buf_text(&names));
    evt_buf_release(&names);
    if (metrics->last)
        atomic_store_explicit(&metrics->last->next, family, memory_order_release);
    else
        atomic_store_explicit(&metrics->first, family, memory_order_release);
    metrics->last = family;
    return family;
}

static struct evt_metric *series_add(struct evt__family *family, const char *labels)
{
    size_t counts = family->buckets ? family->buckets->n + 1 : 0;
    struct evt_metric *metric = evt_zalloc(sizeof(*metric) + counts * sizeof(metric->counts[0]));

    metric->family = family;
    metric->labels = evt_strdup(labels);
    if (family->last)
        atomic_store_explicit(&family->last->next, metric, memory_order_release);
    else
        atomic_store_explicit(&family->first, metric, memory_order_release);
    family->last = metric;
    family->series++;
    return metric;
}

static struct evt_metric *series_get(struct evt__family *family, const char *const *labels,
                                     struct evt_buf *text)
{
    struct evt_metric *metric = family->first;

    evt__metric_labels(labels, NULL, text);
    while (metric && strcmp(metric->labels, evt_buf_text(text)) != 0)
        metric = metric->next;
    if (metric)
        return metric;
    if (family->series < EVT_METRIC_SERIES_MAX - 1)
        return series_add(family, evt_buf_text(text));
    if (!family->other) {
        evt_buf_clear(text);
        evt__metric_labels(labels, "other", text);
        family->other = series_add(family, evt_buf_text(text));
    }
    return family->other;
}

struct evt_metric *evt_metric_get(struct evt_metrics *metrics, enum evt_metric_kind kind,
                                  const char *name, const char *help, const char *const *labels)
{
    struct evt_buf text = {0};
    struct evt_metric *metric;

    evt__metric_check_name(kind, name, help);
    evt__metric_check_labels(kind, labels);
    pthread_mutex_lock(&metrics->lock);
    metric = series_get(family_get(metrics, kind, name, help, labels), labels, &text);
    pthread_mutex_unlock(&metrics->lock);
    evt_buf_release(&text);
    return metric;
}

/* ---- changing ---- */

void evt_metric_add(struct evt_metric *metric, int64_t by)
{
    EVT_BUG_ON(metric->family->buckets);
    EVT_BUG_ON(metric->family->kind == EVT_METRIC_COUNTER && by < 0);
    atomic_fetch_add_explicit(&metric->value, by, memory_order_relaxed);
}

void evt_metric_set(struct evt_metric *metric, int64_t to)
{
    EVT_BUG_ON(metric->family->kind != EVT_METRIC_GAUGE);
    atomic_store_explicit(&metric->value, to, memory_order_relaxed);
}

void evt_metric_observe(struct evt_metric *metric, int64_t value)
{
    const struct evt__buckets *buckets = metric->family->buckets;
    size_t i = 0;

    EVT_BUG_ON(!buckets);
    if (value < 0)
        value = 0;
    while (i < buckets->n && value > buckets->bounds[i])
        i++;
    atomic_fetch_add_explicit(&metric->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metric->value, value, memory_order_relaxed);
}

int64_t evt_metric_value(const struct evt_metric *metric)
{
    const struct evt__buckets *buckets = metric->family->buckets;
    int64_t n = 0;

    if (!buckets)
        return atomic_load_explicit(&metric->value, memory_order_relaxed);
    for (size_t i = 0; i <= buckets->n; i++)
        n += atomic_load_explicit(&metric->counts[i], memory_order_relaxed);
    return n;
}

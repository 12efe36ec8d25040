/* Metric, inside: metric.c makes and changes, metric_name.c says which names and labels there may
 * be, metric_print.c writes the page. */
#ifndef EVT_METRIC_INTERNAL_H
#define EVT_METRIC_INTERNAL_H

#include <evt/metric.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct evt__buckets {
    const int64_t *bounds;
    const char *const *le; /* the same, as the page says it */
    size_t n;
};

struct evt__family {
    struct evt__family *_Atomic next;
    char *name, *help, *label_names; /* "service,type," */
    enum evt_metric_kind kind;
    const struct evt__buckets *buckets; /* NULL: not a histogram */
    struct evt_metric *_Atomic first;
    struct evt_metric *last, *other; /* of the maker, under the lock */
    size_t series;
};

struct evt_metric {
    struct evt_metric *_Atomic next;
    const struct evt__family *family;
    char *labels;             /* service="product",type="…" as it is printed; "" for none */
    _Atomic int64_t value;    /* of a histogram: the sum */
    _Atomic int64_t counts[]; /* of a histogram: per bucket, and of what is above all bounds */
};

struct evt_metrics {
    pthread_mutex_t lock; /* makers exclude each other */
    struct evt__family *_Atomic first;
    struct evt__family *last;
};

/* Aborts when Prometheus would not take it, or promtool complain. */
void evt__metric_check_name(enum evt_metric_kind kind, const char *name, const char *help);
void evt__metric_check_labels(enum evt_metric_kind kind, const char *const *labels);
/* "service,type," */
void evt__metric_label_names(const char *const *labels, struct evt_buf *ret_names);
bool evt__metric_has_names(const char *const *labels, const char *names);
/* service="product",type="…"; `value` (may be NULL) instead of each label's own. */
void evt__metric_labels(const char *const *labels, const char *value, struct evt_buf *ret_labels);

#endif

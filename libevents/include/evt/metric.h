/* Metric: counters, gauges and histograms of a process, printed in Prometheus' text format.
 *
 * A metric is made once, at start; changing it is one atomic operation and may be done by any
 * thread. Names use base units; `promtool check metrics` is clean. What would spoil the page is a
 * bug and aborts: a name or label that Prometheus does not take, a counter whose name does not end
 * in _total, SECONDS not in _seconds, one name with two kinds or with other label names. */
#ifndef EVT_METRIC_H
#define EVT_METRIC_H

#include <evt/buf.h>
#include <stdbool.h>
#include <stdint.h>

struct evt_metrics;
struct evt_metric;

enum evt_metric_kind { EVT_METRIC_COUNTER, EVT_METRIC_GAUGE, EVT_METRIC_SECONDS, EVT_METRIC_SIZES };

struct evt_metrics *evt_metrics_new(void);
void evt_metrics_free(struct evt_metrics *metrics);

/* A family has no more series than this: labels that turn out to be unbounded must not fill the
 * memory. Beyond it all share one series, whose label values are "other". */
#define EVT_METRIC_SERIES_MAX 1000

/* By any thread, at any time; it lives as long as `metrics`. All texts are copied. `labels`: pairs
 * of name and value, NULL-terminated; NULL: none. The same name with other label values is another
 * series of the same family; asked for again, it is the same metric. */
struct evt_metric *evt_metric_get(struct evt_metrics *metrics, enum evt_metric_kind kind,
                                  const char *name, const char *help, const char *const *labels);
void evt_metric_add(struct evt_metric *metric, int64_t by); /* counter (not less than 0), gauge */
void evt_metric_set(struct evt_metric *metric, int64_t to); /* gauge */
/* A histogram: SECONDS takes microseconds, SIZES a plain number. Below 0 (a clock went back) is 0.
 */
void evt_metric_observe(struct evt_metric *metric, int64_t value);
int64_t evt_metric_value(const struct evt_metric *metric); /* of a histogram: how many */

void evt_metrics_print(const struct evt_metrics *metrics, struct evt_buf *buf);

#endif

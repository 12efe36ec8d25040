/* Metric: figures, series and buckets; a page that a strict reader takes; many threads at once; and
 * what would spoil the page. The reader below is Prometheus' grammar and promtool's judgement, as
 * far as our page uses them. */
#include <ctype.h>
#include <evt/buf.h>
#include <evt/metric.h>
#include <evt/utf8.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/lib/mortal.h"
#include "test/lib/suite.h"

static struct evt_metrics *metrics;
static struct evt_buf page;

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void begin(void)
{
    metrics = evt_metrics_new();
}

static void end(void)
{
    evt_metrics_free(metrics);
    evt_buf_release(&page);
}

static const char *printed(void)
{
    evt_buf_clear(&page);
    evt_metrics_print(metrics, &page);
    return evt_buf_text(&page);
}

/* ---- a strict reader ---- */

struct reader {
    const char *at;
    char family[64];
    bool histogram, counter;
    char labels[512]; /* of the series that is read, without le */
    char before[512]; /* of the histogram's series so far */
    double le;
    long long bucket, value; /* the last bucket's */
    int seen;                /* histogram: 0 buckets, 1 after +Inf, 2 after the sum */
    int samples;
};

static char *names_seen[64];
static size_t names_seen_n;

static void take(struct reader *rd, const char *text)
{
    ck_assert_msg(strncmp(rd->at, text, strlen(text)) == 0, "'%s' is missing: %.80s", text, rd->at);
    rd->at += strlen(text);
}

static void take_name(struct reader *rd, char *ret_name, size_t size)
{
    size_t len = 0;

    while (islower((unsigned char)rd->at[len]) || rd->at[len] == '_' ||
           (len && isdigit((unsigned char)rd->at[len])))
        len++;
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_lt(len, size);
    memcpy(ret_name, rd->at, len);
    ret_name[len] = '\0';
    rd->at += len;
}

#define VALUE_SIZE 256
/* `ret_le` is the bucket's bound, "" for none. */
static void take_labels(struct reader *rd, char ret_le[VALUE_SIZE])
{
    char name[64], value[VALUE_SIZE];
    size_t len;

    ret_le[0] = rd->labels[0] = '\0';
    if (*rd->at != '{')
        return;
    do {
        rd->at++; /* { or , */
        take_name(rd, name, sizeof(name));
        take(rd, "=\"");
        for (len = 0; *rd->at != '"'; len++) {
            ck_assert_uint_lt(len, sizeof(value) - 2);
            ck_assert(*rd->at && *rd->at != '\n');
            if (*rd->at == '\\') {
                value[len++] = *rd->at++;
                ck_assert(strchr("n\\\"", *rd->at) && *rd->at);
            }
            value[len] = *rd->at++;
        }
        value[len] = '\0';
        take(rd, "\"");
        if (strcmp(name, "le") == 0)
            memcpy(ret_le, value, len + 1);
        else
            snprintf(rd->labels + strlen(rd->labels), sizeof(rd->labels) - strlen(rd->labels),
                     "%s=%s;", name, value);
    } while (*rd->at == ',');
    take(rd, "}");
}

static void take_family(struct reader *rd)
{
    char name[64];
    size_t len;

    ck_assert_int_ne(rd->seen, 1);
    take(rd, "# HELP ");
    take_name(rd, rd->family, sizeof(rd->family));
    take(rd, " ");
    len = strcspn(rd->at, "\n");
    ck_assert_uint_gt(len, 0);
    rd->at += len;
    take(rd, "\n# TYPE ");
    take_name(rd, name, sizeof(name));
    ck_assert_str_eq(name, rd->family);
    take(rd, " ");
    rd->histogram = rd->at[0] == 'h';
    rd->counter = rd->at[0] == 'c';
    take(rd, rd->histogram ? "histogram\n" : rd->counter ? "counter\n" : "gauge\n");
    len = strlen(rd->family);
    ck_assert_int_eq(rd->counter, len > 6 && strcmp(rd->family + len - 6, "_total") == 0);
    for (size_t i = 0; i < names_seen_n; i++)
        ck_assert_str_ne(names_seen[i], rd->family);
    ck_assert_uint_lt(names_seen_n, sizeof(names_seen) / sizeof(names_seen[0]));
    names_seen[names_seen_n++] = strdup(rd->family);
    rd->samples = 0;
    rd->seen = 0;
    rd->before[0] = '\0';
}

static void check_bucket(struct reader *rd, const char *le)
{
    double bound = strcmp(le, "+Inf") == 0 ? 1e300 : strtod(le, NULL);

    if (rd->seen == 0 && rd->before[0]) { /* not the first of its series */
        ck_assert_str_eq(rd->before + 1, rd->labels);
        ck_assert(bound > rd->le);
        ck_assert(rd->value >= rd->bucket);
    }
    rd->le = bound;
    rd->bucket = rd->value;
    rd->seen = bound > 1e299;
    snprintf(rd->before, sizeof(rd->before), "#%.500s", rd->labels);
}

static void take_sample(struct reader *rd)
{
    char name[80], le[VALUE_SIZE], *after;
    const char *suffix;
    size_t len = strlen(rd->family);

    take_name(rd, name, sizeof(name));
    ck_assert_int_eq(strncmp(name, rd->family, len), 0);
    suffix = name + len;
    take_labels(rd, le);
    take(rd, " ");
    ck_assert(isdigit((unsigned char)*rd->at) || (*rd->at == '-' && !rd->histogram));
    rd->value = strtoll(rd->at, &after, 10);
    if (*after == '.')
        (void)strtod(rd->at, &after);
    rd->at = after;
    take(rd, "\n");
    rd->samples++;
    if (!rd->histogram) {
        ck_assert_str_eq(suffix, "");
        return;
    }
    ck_assert_int_eq(strcmp(suffix, "_bucket") == 0, le[0] != '\0');
    if (le[0]) {
        check_bucket(rd, le);
        return;
    }
    ck_assert_str_eq(suffix, rd->seen == 1 ? "_sum" : "_count");
    ck_assert_str_eq(rd->before + 1, rd->labels);
    if (rd->seen == 2) {
        ck_assert(rd->value == rd->bucket);
        rd->before[0] = '\0';
    }
    rd->seen = rd->seen == 1 ? 2 : 0;
}

/* Returns how many samples the page has. */
static int ck_page(const char *text)
{
    struct reader rd = {.at = text};
    int samples = 0;

    ck_assert(evt_utf8_valid(text, strlen(text)));
    while (*rd.at) {
        if (*rd.at == '#')
            take_family(&rd);
        ck_assert_uint_gt(strlen(rd.family), 0);
        take_sample(&rd);
        samples++;
    }
    ck_assert_int_eq(rd.seen, 0);
    for (; names_seen_n; names_seen_n--)
        free(names_seen[names_seen_n - 1]);
    return samples;
}

/* ---- figures ---- */

START_TEST(counters_and_gauges)
{
    struct evt_metric *n, *held;

    begin();
    ck_assert_str_eq(printed(), "");
    n = evt_metric_get(metrics, EVT_METRIC_COUNTER, "evt_duplicates_total", "Dropped.", NULL);
    held = evt_metric_get(metrics, EVT_METRIC_GAUGE, "evt_streams_held", "Held.", NULL);
    evt_metric_add(n, 3);
    evt_metric_add(n, 0);
    evt_metric_add(n, 4);
    evt_metric_set(held, 5);
    evt_metric_add(held, -7);
    ck_assert_int_eq(evt_metric_value(n), 7);
    ck_assert_int_eq(evt_metric_value(held), -2);
    ck_assert_str_eq(printed(), "# HELP evt_duplicates_total Dropped.\n"
                                "# TYPE evt_duplicates_total counter\n"
                                "evt_duplicates_total 7\n"
                                "# HELP evt_streams_held Held.\n"
                                "# TYPE evt_streams_held gauge\n"
                                "evt_streams_held -2\n");
    ck_assert_int_eq(ck_page(printed()), 2);
    end();
    evt_metrics_free(NULL);
}
END_TEST

START_TEST(series_of_one_family_stand_together)
{
    struct evt_metric *a, *b, *again;
    char type[] = "ReserveStock";

    begin();
    a = evt_metric_get(metrics, EVT_METRIC_COUNTER, "evt_messages_total", "Taken.",
                       LABELS("service", "product", "type", type));
    evt_metric_get(metrics, EVT_METRIC_GAUGE, "evt_parked_records", "Parked.", NULL);
    b = evt_metric_get(metrics, EVT_METRIC_COUNTER, "evt_messages_total", "Taken.",
                       LABELS("service", "product", "type", "b"));
    again = evt_metric_get(metrics, EVT_METRIC_COUNTER, "evt_messages_total", "Taken.",
                           LABELS("service", "product", "type", "ReserveStock"));
    type[0] = '#'; /* it was copied */
    ck_assert_ptr_eq(a, again);
    ck_assert_ptr_ne(a, b);
    evt_metric_add(a, 1);
    ck_assert_str_eq(printed(), "# HELP evt_messages_total Taken.\n"
                                "# TYPE evt_messages_total counter\n"
                                "evt_messages_total{service=\"product\",type=\"ReserveStock\"} 1\n"
                                "evt_messages_total{service=\"product\",type=\"b\"} 0\n"
                                "# HELP evt_parked_records Parked.\n"
                                "# TYPE evt_parked_records gauge\n"
                                "evt_parked_records 0\n");
    ck_assert_int_eq(ck_page(printed()), 3);
    end();
}
END_TEST

START_TEST(texts_are_escaped)
{
    begin();
    evt_metric_get(metrics, EVT_METRIC_GAUGE, "g", "a\\b\nc", LABELS("l", "a\\b\"c\nd\xff€"));
    evt_metric_get(metrics, EVT_METRIC_GAUGE, "g", "a\\b\nc", LABELS("l", ""));
    ck_assert_str_eq(printed(), "# HELP g a\\\\b\\nc\n"
                                "# TYPE g gauge\n"
                                "g{l=\"a\\\\b\\\"c\\nd\xef\xbf\xbd€\"} 0\n"
                                "g{l=\"\"} 0\n");
    ck_assert_int_eq(ck_page(printed()), 2);
    end();
}
END_TEST

/* ---- histograms ---- */

START_TEST(sizes_fall_into_their_buckets)
{
    struct evt_metric *sizes;

    begin();
    sizes = evt_metric_get(metrics, EVT_METRIC_SIZES, "evt_batch_messages", "Per batch.", NULL);
    evt_metric_observe(sizes, -5);
    evt_metric_observe(sizes, 1);
    evt_metric_observe(sizes, 2);
    evt_metric_observe(sizes, 3);
    evt_metric_observe(sizes, 1000);
    evt_metric_observe(sizes, 1001);
    ck_assert_int_eq(evt_metric_value(sizes), 6);
    ck_assert_str_eq(printed(), "# HELP evt_batch_messages Per batch.\n"
                                "# TYPE evt_batch_messages histogram\n"
                                "evt_batch_messages_bucket{le=\"1\"} 2\n"
                                "evt_batch_messages_bucket{le=\"2\"} 3\n"
                                "evt_batch_messages_bucket{le=\"4\"} 4\n"
                                "evt_batch_messages_bucket{le=\"8\"} 4\n"
                                "evt_batch_messages_bucket{le=\"16\"} 4\n"
                                "evt_batch_messages_bucket{le=\"32\"} 4\n"
                                "evt_batch_messages_bucket{le=\"64\"} 4\n"
                                "evt_batch_messages_bucket{le=\"128\"} 4\n"
                                "evt_batch_messages_bucket{le=\"256\"} 4\n"
                                "evt_batch_messages_bucket{le=\"512\"} 4\n"
                                "evt_batch_messages_bucket{le=\"1000\"} 5\n"
                                "evt_batch_messages_bucket{le=\"+Inf\"} 6\n"
                                "evt_batch_messages_sum 2007\n"
                                "evt_batch_messages_count 6\n");
    ck_assert_int_eq(ck_page(printed()), 14);
    end();
}
END_TEST

START_TEST(seconds_are_told_in_seconds)
{
    static const char *const wants[] = {
        "evt_commit_seconds_bucket{service=\"p\",le=\"0.00005\"} 1\n",
        "evt_commit_seconds_bucket{service=\"p\",le=\"0.0001\"} 2\n",
        "evt_commit_seconds_bucket{service=\"p\",le=\"1\"} 2\n",
        "evt_commit_seconds_bucket{service=\"p\",le=\"2\"} 3\n",
        "evt_commit_seconds_bucket{service=\"p\",le=\"10\"} 4\n",
        "evt_commit_seconds_bucket{service=\"p\",le=\"+Inf\"} 5\n",
        "evt_commit_seconds_sum{service=\"p\"} 21.000103\n",
        "evt_commit_seconds_count{service=\"p\"} 5\n"};
    struct evt_metric *seconds;

    begin();
    seconds = evt_metric_get(metrics, EVT_METRIC_SECONDS, "evt_commit_seconds", "Commit.",
                             LABELS("service", "p"));
    evt_metric_observe(seconds, 50);
    evt_metric_observe(seconds, 51);
    evt_metric_observe(seconds, 1000001);
    evt_metric_observe(seconds, 10000000);
    evt_metric_observe(seconds, 10000001);
    for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
        ck_assert_msg(strstr(printed(), wants[i]) != NULL, "%s is missing in %s", wants[i],
                      printed());
    ck_assert_int_eq(ck_page(printed()), 20);
    end();
}
END_TEST

/* Each bound by itself: what is just as long falls into its bucket, what is longer does not. */
START_TEST(the_bounds_are_what_they_are_called)
{
    struct evt_metric *below, *above;
    char want[96];
    const char *at;

    begin();
    evt_metric_get(metrics, EVT_METRIC_SECONDS, "b_seconds", "B.", NULL);
    for (at = printed(); (at = strstr(at, "le=\"")) != NULL; at++) {
        struct evt_metrics *all = metrics;
        double le = strtod(at + 4, NULL);
        size_t len = strcspn(at + 4, "\"");
        struct evt_buf one = {0};
        if (at[4] == '+')
            continue;
        metrics = evt_metrics_new();
        below = evt_metric_get(metrics, EVT_METRIC_SECONDS, "b_seconds", "B.", NULL);
        above = evt_metric_get(metrics, EVT_METRIC_SECONDS, "a_seconds", "A.", NULL);
        evt_metric_observe(below, (int64_t)(le * 1e6 + 0.5));
        evt_metric_observe(above, (int64_t)(le * 1e6 + 0.5) + 1);
        evt_metrics_print(metrics, &one);
        snprintf(want, sizeof(want), "b_seconds_bucket{le=\"%.*s\"} 1\n", (int)len, at + 4);
        ck_assert_ptr_nonnull(strstr(evt_buf_text(&one), want));
        snprintf(want, sizeof(want), "a_seconds_bucket{le=\"%.*s\"} 0\n", (int)len, at + 4);
        ck_assert_ptr_nonnull(strstr(evt_buf_text(&one), want));
        evt_buf_release(&one);
        evt_metrics_free(metrics);
        metrics = all;
    }
    end();
}
END_TEST

/* ---- many ---- */

START_TEST(series_are_bounded)
{
    struct evt_metric *last = NULL, *metric;
    char value[16];

    begin();
    for (int i = 0; i < EVT_METRIC_SERIES_MAX + 50; i++) {
        snprintf(value, sizeof(value), "v%d", i);
        metric = evt_metric_get(metrics, EVT_METRIC_COUNTER, "n_total", "N.",
                                LABELS("l", value, "m", "x"));
        evt_metric_add(metric, 1);
        if (i >= EVT_METRIC_SERIES_MAX)
            ck_assert_ptr_eq(metric, last);
        last = metric;
    }
    ck_assert_ptr_nonnull(strstr(printed(), "n_total{l=\"v998\",m=\"x\"} 1\n"));
    ck_assert_ptr_null(strstr(printed(), "v999"));
    ck_assert_ptr_nonnull(strstr(printed(), "n_total{l=\"other\",m=\"other\"} 51\n"));
    ck_assert_int_eq(ck_page(printed()), EVT_METRIC_SERIES_MAX);
    /* Those that are there are still found. */
    metric =
        evt_metric_get(metrics, EVT_METRIC_COUNTER, "n_total", "N.", LABELS("l", "v0", "m", "x"));
    ck_assert_ptr_ne(metric, last);
    end();
}
END_TEST

#define THREADS 4
#define CHANGES 20000
static atomic_int running;

static void *change(void *arg)
{
    struct evt_metric *n, *seconds;
    char value[16];

    for (int i = 0; i < CHANGES; i++) {
        snprintf(value, sizeof(value), "v%d", i % 7);
        n = evt_metric_get(metrics, EVT_METRIC_COUNTER, "n_total", "N.", LABELS("l", value));
        seconds = evt_metric_get(metrics, EVT_METRIC_SECONDS, "t_seconds", "T.", NULL);
        evt_metric_add(n, 1);
        evt_metric_observe(seconds, i);
    }
    atomic_fetch_sub(&running, 1);
    return arg;
}

START_TEST(threads_lose_nothing_and_every_page_agrees)
{
    pthread_t threads[THREADS];
    int64_t n = 0;
    char value[16];

    begin();
    atomic_store(&running, THREADS);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, change, NULL), 0);
    while (atomic_load(&running) > 0)
        (void)ck_page(printed());
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 7; i++) {
        snprintf(value, sizeof(value), "v%d", i);
        n += evt_metric_value(
            evt_metric_get(metrics, EVT_METRIC_COUNTER, "n_total", "N.", LABELS("l", value)));
    }
    ck_assert(n == (int64_t)THREADS * CHANGES);
    n = evt_metric_value(evt_metric_get(metrics, EVT_METRIC_SECONDS, "t_seconds", "T.", NULL));
    ck_assert(n == (int64_t)THREADS * CHANGES);
    ck_assert_int_eq(ck_page(printed()), 7 + 20);
    end();
}
END_TEST

/* ---- bugs ---- */

static void ck_bug(enum evt_metric_kind kind, const char *name, const char *help,
                   const char *const *labels)
{
    struct evt_metrics *own = evt_metrics_new();

    if (mortal_begin())
        (void)evt_metric_get(own, kind, name, help, labels);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
    evt_metrics_free(own);
}

START_TEST(what_would_spoil_the_page_is_a_bug)
{
    ck_bug(EVT_METRIC_GAUGE, "Camel", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "1st", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a-b", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a", "", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a", NULL, NULL);
    ck_bug(EVT_METRIC_GAUGE, "a_total", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a_count", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a_sum", "H.", NULL);
    ck_bug(EVT_METRIC_GAUGE, "a_bucket", "H.", NULL);
    ck_bug(EVT_METRIC_COUNTER, "a", "H.", NULL);
    ck_bug(EVT_METRIC_SECONDS, "a", "H.", NULL);
    ck_bug(EVT_METRIC_SECONDS, "a_seconds", "H.", LABELS("le", "1"));
    ck_bug(EVT_METRIC_SIZES, "a", "H.", LABELS("le", "1"));
    ck_bug(EVT_METRIC_GAUGE, "a", "H.", LABELS("B", "1"));
    ck_bug(EVT_METRIC_GAUGE, "a", "H.", LABELS("b", "1", "c"));
    ck_bug(EVT_METRIC_GAUGE, "a", "H.", LABELS("b", "1", "b", "2"));
}
END_TEST

/* The lock is held when these are found: in earnest the process ends there. */
static void ck_bug_second(enum evt_metric_kind kind, const char *const *labels)
{
    static struct evt_metrics *left[4]; /* nothing can be freed under its lock */
    static size_t n;
    struct evt_metrics *own = left[n++] = evt_metrics_new();

    evt_metric_get(own, EVT_METRIC_GAUGE, "a", "H.", LABELS("b", "1"));
    if (mortal_begin())
        (void)evt_metric_get(own, kind, "a", "H.", labels);
    ck_assert_ptr_nonnull(strstr(mortal_end(), "broken invariant"));
}

START_TEST(one_name_is_one_family)
{
    ck_bug_second(EVT_METRIC_SIZES, LABELS("b", "1"));
    ck_bug_second(EVT_METRIC_GAUGE, LABELS("c", "1"));
    ck_bug_second(EVT_METRIC_GAUGE, LABELS("b", "1", "c", "2"));
    ck_bug_second(EVT_METRIC_GAUGE, NULL);
}
END_TEST

START_TEST(a_change_of_another_kind_is_a_bug)
{
    struct evt_metric *n, *g, *h;

    begin();
    n = evt_metric_get(metrics, EVT_METRIC_COUNTER, "n_total", "N.", NULL);
    g = evt_metric_get(metrics, EVT_METRIC_GAUGE, "g", "G.", NULL);
    h = evt_metric_get(metrics, EVT_METRIC_SIZES, "h", "H.", NULL);
    if (mortal_begin())
        evt_metric_add(n, -1);
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_metric_set(n, 1);
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_metric_add(h, 1);
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_metric_set(h, 1);
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_metric_observe(g, 1);
    ck_assert_ptr_nonnull(mortal_end());
    end();
}
END_TEST

SUITE("metric", counters_and_gauges, series_of_one_family_stand_together, texts_are_escaped,
      sizes_fall_into_their_buckets, seconds_are_told_in_seconds,
      the_bounds_are_what_they_are_called, series_are_bounded,
      threads_lose_nothing_and_every_page_agrees, what_would_spoil_the_page_is_a_bug,
      one_name_is_one_family, a_change_of_another_kind_is_a_bug)

/* Metric, names and labels: Prometheus' rules, and the ones by which promtool judges. They are
 * written by us, not by users, so breaking them is a bug; only label values come from anywhere. */
#include "metric_internal.h"

#include <ctype.h>
#include <evt/mem.h>
#include <evt/utf8.h>
#include <stdbool.h>
#include <string.h>

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* promtool wants snake_case. */
static bool is_word(const char *name)
{
    if (!islower((unsigned char)*name))
        return false;
    for (; *name; name++)
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

void evt__metric_check_name(enum evt_metric_kind kind, const char *name, const char *help)
{
    EVT_BUG_ON(!is_word(name));
    EVT_BUG_ON(!help || !*help);
    EVT_BUG_ON(ends_in(name, "_total") != (kind == EVT_METRIC_COUNTER));
    EVT_BUG_ON(kind == EVT_METRIC_SECONDS && !ends_in(name, "_seconds"));
    EVT_BUG_ON(ends_in(name, "_count") || ends_in(name, "_sum") || ends_in(name, "_bucket"));
}

void evt__metric_check_labels(enum evt_metric_kind kind, const char *const *labels)
{
    bool histogram = kind == EVT_METRIC_SECONDS || kind == EVT_METRIC_SIZES;

    for (size_t i = 0; labels && labels[i]; i += 2) {
        EVT_BUG_ON(!is_word(labels[i]));
        EVT_BUG_ON(!labels[i + 1]);
        EVT_BUG_ON(histogram && strcmp(labels[i], "le") == 0);
        for (size_t before = 0; before < i; before += 2)
            EVT_BUG_ON(strcmp(labels[before], labels[i]) == 0);
    }
}

void evt__metric_label_names(const char *const *labels, struct evt_buf *ret_names)
{
    for (size_t i = 0; labels && labels[i]; i += 2)
        evt_buf_printf(ret_names, "%s,", labels[i]);
}

bool evt__metric_has_names(const char *const *labels, const char *names)
{
    size_t len;

    for (size_t i = 0; labels && labels[i]; i += 2) {
        len = strlen(labels[i]);
        if (strncmp(names, labels[i], len) != 0 || names[len] != ',')
            return false;
        names += len + 1;
    }
    return !*names;
}

/* A page with one byte that is not UTF-8 is refused as a whole. */
static void add_value(struct evt_buf *buf, const char *value)
{
    size_t step;

    for (; *value; value += step ? step : 1) {
        step = evt_utf8_step(value, strnlen(value, 4));
        if (!step)
            evt_buf_add_text(buf, "\xef\xbf\xbd");
        else if (*value == '\n')
            evt_buf_add_text(buf, "\\n");
        else if (*value == '"' || *value == '\\')
            evt_buf_printf(buf, "\\%c", *value);
        else
            evt_buf_add(buf, value, step);
    }
}

void evt__metric_labels(const char *const *labels, const char *value, struct evt_buf *ret_labels)
{
    for (size_t i = 0; labels && labels[i]; i += 2) {
        evt_buf_printf(ret_labels, "%s%s=\"", i ? "," : "", labels[i]);
        add_value(ret_labels, value ? value : labels[i + 1]);
        evt_buf_add_byte(ret_labels, '"');
    }
}

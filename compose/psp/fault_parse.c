/* Fault parse: a fault out of its JSON; every field is checked, and none is taken
 * that this fault has no use for. */
#include "fault.h"

#include <evt/buf.h>

#include <stdlib.h>
#include <string.h>

#define MILLION    1000000
#define MS_MAX     (10 * 60 * 1000)
#define TIMEOUT_MS (5 * 60 * 1000) /* longer than a client waits */
#define COUNT_MAX  1000000000
#define ALL        ((1u << PSP_KINDS_N) - 1)

static const char *const kinds[] = {[PSP_CREATE] = "create",
                                    [PSP_CAPTURE] = "capture",
                                    [PSP_CANCEL] = "cancel",
                                    [PSP_REFUND] = "refund",
                                    [PSP_READ] = "read"};

/* What each takes beside fault, on, count and p, and whom it may be for. */
static const struct {
    const char *name, *fields;
    unsigned on;
} names[] = {
    [PSP_LATENCY] = {"latency", " ms when ", ALL},
    [PSP_ERROR] = {"error", " status keep done ", ALL},
    [PSP_TIMEOUT] = {"timeout", " ms ", ALL},
    [PSP_LOST] = {"lost", " ", ALL},
    [PSP_DECLINE] = {"decline", " code ", 1u << PSP_CREATE},
    [PSP_REFUSE] = {"refuse", " ", 1u << PSP_CAPTURE | 1u << PSP_CANCEL | 1u << PSP_REFUND},
    [PSP_RATE_LIMIT] = {"rate_limit", " retry_after ", ALL},
    [PSP_DOWN] = {"down", " how ms ", ALL},
};

const char *psp_kind_str(enum psp_kind kind)
{
    return kinds[kind];
}

const char *psp_fault_name_str(enum psp_fault_name name)
{
    return names[name].name;
}

static enum evt_err wrong(struct evt_error *err, const char *field, const char *want)
{
    return evt_fail(err, EVT_E_USAGE, "%s is not %s", field, want);
}

static enum evt_err read_name(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    const char *name = json_string_value(json_object_get(json, "fault"));

    for (unsigned i = 0; name && i < PSP_FAULT_NAMES_N; i++)
        if (strcmp(name, names[i].name) == 0) {
            fault->name = (enum psp_fault_name)i;
            fault->on = names[i].on;
            return EVT_OK;
        }
    return wrong(err, "fault",
                 "latency, error, timeout, lost, decline, refuse, rate_limit or down");
}

static enum evt_err check_fields(const json_t *json, const struct psp_fault *fault,
                                 struct evt_error *err)
{
    const char *field;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, field, value)
    {
        const size_t len = strlen(field);
        const char *own = names[fault->name].fields;

        if (strcmp(field, "fault") == 0 || strcmp(field, "on") == 0 ||
            strcmp(field, "count") == 0 || strcmp(field, "p") == 0 || strcmp(field, "hits") == 0)
            continue;
        for (own = strstr(own, field); own && (own[-1] != ' ' || own[len] != ' ');)
            own = strstr(own + 1, field);
        if (!own)
            return evt_fail(err, EVT_E_USAGE, "%s has no %.40s", names[fault->name].name, field);
    }
    return EVT_OK;
}

/* "capture" */
static enum evt_err add_kind(const char *text, size_t len, unsigned *on, struct evt_error *err)
{
    for (unsigned i = 0; i < PSP_KINDS_N; i++)
        if (strlen(kinds[i]) == len && memcmp(kinds[i], text, len) == 0) {
            *on |= 1u << i;
            return EVT_OK;
        }
    return wrong(err, "on", "a list of create, capture, cancel, refund, read");
}

static enum evt_err read_on(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    const json_t *value = json_object_get(json, "on"), *item;
    const char *text = json_string_value(value);
    enum evt_err rc = EVT_OK;
    unsigned on = 0;
    size_t i;

    if (!value)
        return EVT_OK;
    json_array_foreach(value, i, item)
    {
        const char *kind = json_string_value(item);

        if (rc == EVT_OK)
            rc = add_kind(kind ? kind : "", kind ? strlen(kind) : 0, &on, err);
    }
    while (text && rc == EVT_OK) { /* "create,capture" */
        const size_t len = strcspn(text, ",");

        rc = add_kind(text, len, &on, err);
        text = text[len] ? text + len + 1 : NULL;
    }
    if (rc == EVT_OK && !on)
        rc = add_kind("", 0, &on, err);
    if (rc == EVT_OK && on & ~fault->on)
        return evt_fail(err, EVT_E_USAGE, "%s is for %s only", names[fault->name].name,
                        fault->name == PSP_DECLINE ? "create" : "capture, cancel and refund");
    fault->on = on;
    return rc;
}

static enum evt_err read_number(const json_t *json, const char *field, int64_t min, int64_t max,
                                int64_t *number, struct evt_error *err)
{
    const json_t *value = json_object_get(json, field);

    if (!value)
        return EVT_OK;
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return evt_fail(err, EVT_E_USAGE, "%s is not a number from %lld to %lld", field,
                        (long long)min, (long long)max);
    *number = json_integer_value(value);
    return EVT_OK;
}

/* 20 or "20-80". */
static enum evt_err read_ms(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    const json_t *value = json_object_get(json, "ms");
    const char *text = json_string_value(value);
    char *end;

    if (text) {
        fault->ms = strtoll(text, &end, 10);
        fault->ms_max = *end == '-' ? strtoll(end + 1, &end, 10) : -1;
        if (*end)
            fault->ms = -1;
    } else if (value) {
        fault->ms = json_is_integer(value) ? json_integer_value(value) : -1;
        fault->ms_max = fault->ms;
    }
    if (fault->ms < 0 || fault->ms_max < fault->ms || fault->ms_max > MS_MAX)
        return wrong(err, "ms", "20 or 20-80, up to 600000");
    return EVT_OK;
}

static enum evt_err read_chance(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    const json_t *value = json_object_get(json, "p");
    const double p = json_number_value(value);

    fault->per_million = MILLION;
    if (!value)
        return EVT_OK;
    if (!json_is_number(value) || !(p > 0 && p <= 1))
        return wrong(err, "p", "a chance above 0, up to 1");
    fault->per_million = (int32_t)(p * MILLION);
    return EVT_OK;
}

/* One of two words; true: the second. */
static enum evt_err read_word(const json_t *json, const char *field, const char *first,
                              const char *second, bool *ret_second, struct evt_error *err)
{
    const json_t *value = json_object_get(json, field);
    const char *text = json_string_value(value);

    if (value && (!text || (strcmp(text, first) != 0 && strcmp(text, second) != 0)))
        return evt_fail(err, EVT_E_USAGE, "%s is not %s or %s", field, first, second);
    *ret_second = text && strcmp(text, second) == 0;
    return EVT_OK;
}

static enum evt_err read_code(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    const json_t *value = json_object_get(json, "code");
    struct evt_buf known = {0};
    enum evt_err rc = EVT_OK;

    if (fault->name != PSP_DECLINE)
        return EVT_OK;
    fault->reason = value ? NULL : psp_reason_at(0);
    if (json_is_string(value))
        fault->reason = psp_reason_find(json_string_value(value));
    if (!fault->reason) {
        for (size_t i = 0; psp_reason_at(i); i++)
            evt_buf_printf(&known, "%s%s", i ? ", " : "", psp_reason_name(psp_reason_at(i)));
        rc = evt_fail(err, EVT_E_USAGE, "code is none of %s", evt_buf_text(&known));
    }
    evt_buf_release(&known);
    return rc;
}

/* Fields that only some of them have. */
static enum evt_err read_own(const json_t *json, struct psp_fault *fault, struct evt_error *err)
{
    int64_t status = fault->name == PSP_ERROR ? 500 : 0, retry_after_s = 1;
    enum evt_err rc;

    if (fault->name == PSP_TIMEOUT)
        fault->ms = fault->ms_max = TIMEOUT_MS;
    rc = read_ms(json, fault, err);
    if (rc == EVT_OK)
        rc = read_number(json, "status", 500, 599, &status, err);
    if (rc == EVT_OK)
        rc = read_number(json, "retry_after", 0, 3600, &retry_after_s, err);
    if (rc == EVT_OK)
        rc = read_word(json, "when", "before", "after", &fault->after, err);
    if (rc == EVT_OK)
        rc = read_word(json, "how", "503", "refuse", &fault->refuses, err);
    if (rc == EVT_OK)
        rc = read_word(json, "keep", "no", "yes", &fault->keeps, err);
    if (rc == EVT_OK)
        rc = read_word(json, "done", "no", "yes", &fault->done, err);
    if (rc == EVT_OK)
        rc = read_code(json, fault, err);
    fault->status = (int)status;
    fault->retry_after_s = (int)retry_after_s;
    if (rc == EVT_OK && fault->done && !fault->keeps)
        return evt_fail(
            err, EVT_E_USAGE,
            "error takes done together with keep=yes; what is done and not said is lost");
    if (rc == EVT_OK && fault->name == PSP_LATENCY && fault->ms_max == 0)
        return evt_fail(err, EVT_E_USAGE, "latency has no ms: say how long, as ms=20-80");
    if (rc == EVT_OK && fault->name == PSP_DOWN && fault->refuses != (fault->ms_max > 0))
        return evt_fail(err, EVT_E_USAGE,
                        "down takes ms together with how=refuse: how long nobody listens");
    if (rc == EVT_OK && fault->refuses && json_object_size(json) != 3)
        return evt_fail(err, EVT_E_USAGE,
                        "down with how=refuse is for all, once: it takes ms only");
    return rc;
}

enum evt_err psp_fault_parse(const json_t *json, struct psp_fault *ret_fault, struct evt_error *err)
{
    struct psp_fault fault = {.left = -1};
    enum evt_err rc = read_name(json, &fault, err);

    if (rc == EVT_OK)
        rc = check_fields(json, &fault, err);
    if (rc == EVT_OK)
        rc = read_on(json, &fault, err);
    if (rc == EVT_OK)
        rc = read_number(json, "count", 1, COUNT_MAX, &fault.left, err);
    if (rc == EVT_OK)
        rc = read_chance(json, &fault, err);
    if (rc == EVT_OK)
        rc = read_own(json, &fault, err);
    if (rc == EVT_OK)
        *ret_fault = fault;
    return rc;
}

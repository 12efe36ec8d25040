/* Main's --shards: which partitions of the inbox a process takes. */
#include "main_internal.h"

#include <evt/mem.h>

#include <string.h>

/* A number at `*at`, which moves behind it; -1: there is none that a partition could have. */
static int32_t number_at(const char **at)
{
    const char *begin = *at;
    int64_t number = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (**at - '0');
        if (number > INT32_MAX)
            return -1;
    }
    return *at == begin ? -1 : (int32_t)number;
}

static enum evt_err malformed(const char *text, struct evt_error *err)
{
    return evt_fail(err, EVT_E_USAGE,
                    "shards '%s': say all, a list (0,2), a range (0-3) or a share (1/3: the second "
                    "of three)",
                    text);
}

static enum evt_err share(const char *text, int32_t ordinal, int32_t count, int32_t partitions,
                          int32_t *ret_shards, size_t *ret_n, struct evt_error *err)
{
    size_t n = 0;

    if (ordinal >= count)
        return evt_fail(err, EVT_E_USAGE, "shards '%s': the first number counts from 0 to %d", text,
                        (int)count - 1);
    for (int32_t p = ordinal; p < partitions; p += count)
        ret_shards[n++] = p;
    if (n == 0)
        return evt_fail(err, EVT_E_USAGE,
                        "shards '%s': there are only %d shards, this process would have none", text,
                        (int)partitions);
    *ret_n = n;
    return EVT_OK;
}

static enum evt_err pick(const char *text, int32_t first, int32_t last, int32_t partitions,
                         bool *picked, struct evt_error *err)
{
    if (last < first)
        return malformed(text, err);
    if (last >= partitions)
        return evt_fail(err, EVT_E_USAGE, "shards '%s': there is no shard %d, the last is %d", text,
                        (int)last, (int)partitions - 1);
    for (int32_t p = first; p <= last; p++) {
        if (picked[p])
            return evt_fail(err, EVT_E_USAGE, "shards '%s': %d is named twice", text, (int)p);
        picked[p] = true;
    }
    return EVT_OK;
}

static enum evt_err list(const char *text, int32_t partitions, bool *picked, struct evt_error *err)
{
    const char *at = text;

    for (;;) {
        const int32_t first = number_at(&at);
        int32_t last = first;
        enum evt_err rc;

        if (first >= 0 && *at == '-') {
            at++;
            last = number_at(&at);
        }
        if (first < 0 || last < 0 || (*at != ',' && *at != '\0'))
            return malformed(text, err);
        rc = pick(text, first, last, partitions, picked, err);
        if (rc != EVT_OK || *at == '\0')
            return rc;
        at++;
    }
}

enum evt_err evt__shards_parse(const char *text, int32_t partitions, int32_t *ret_shards,
                               size_t *ret_n, struct evt_error *err)
{
    const bool all = strcmp(text, "all") == 0;
    const char *at = text;
    const int32_t first = number_at(&at);
    bool *picked;
    size_t n = 0;
    enum evt_err rc = EVT_OK;

    if (first >= 0 && *at == '/') {
        int32_t count;

        at++;
        count = number_at(&at);
        if (count < 1 || *at != '\0')
            return malformed(text, err);
        return share(text, first, count, partitions, ret_shards, ret_n, err);
    }
    picked = evt_zalloc((size_t)partitions * sizeof(*picked));
    if (!all)
        rc = list(text, partitions, picked, err);
    for (int32_t p = 0; rc == EVT_OK && p < partitions; p++)
        if (all || picked[p])
            ret_shards[n++] = p;
    evt_free(picked);
    if (rc == EVT_OK)
        *ret_n = n;
    return rc;
}

/* Offsets: words to numbers. A time may hold colons itself, so a range is cut at the first colon
 * with a word on both sides. */
#include "offsets.h"

#include "libevents/src/main_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

static bool number(const char *text, int64_t *ret_number)
{
    char *end;
    long long n;

    if (*text < '0' || *text > '9' || strlen(text) > 18)
        return false;
    n = strtoll(text, &end, 10);
    if (*end)
        return false;
    *ret_number = n;
    return true;
}

static bool word(const char *text, int64_t now_ms, struct cli_offset *ret_offset)
{
    struct cli_offset offset = {CLI_OFFSET_AT, 0};

    if (strcmp(text, "start") == 0)
        offset.kind = CLI_OFFSET_START;
    else if (strcmp(text, "end") == 0)
        offset.kind = CLI_OFFSET_END;
    else if (*text == '@' && evt__time_parse(text, now_ms, &offset.number, NULL) == EVT_OK)
        offset.kind = CLI_OFFSET_TIME;
    else if (*text == '-' && number(text + 1, &offset.number))
        offset.kind = CLI_OFFSET_BEFORE;
    else if (!number(text, &offset.number))
        return false;
    *ret_offset = offset;
    return true;
}

/* "" is the start on the left and nothing on the right. */
static bool range(const char *text, const char *colon, int64_t now_ms, struct cli_range *ret_range)
{
    struct cli_range range = {.count = -1, .bounded = colon[1] != '\0'};
    char left[WORD_MAX];

    if ((size_t)(colon - text) >= sizeof(left))
        return false;
    snprintf(left, sizeof(left), "%.*s", (int)(colon - text), text);
    if (*left && !word(left, now_ms, &range.from))
        return false;
    if (range.bounded && !word(colon + 1, now_ms, &range.until))
        return false;
    *ret_range = range;
    return true;
}

enum evt_err cli_range_parse(const char *text, int64_t now_ms, struct cli_range *ret_range,
                             struct evt_error *err)
{
    struct cli_range all = {.count = -1};

    if (*text == '+' && number(text + 1, &all.count)) {
        *ret_range = all;
        return EVT_OK;
    }
    if (word(text, now_ms, &all.from)) {
        *ret_range = all;
        return EVT_OK;
    }
    for (const char *colon = strchr(text, ':'); colon && text[1]; colon = strchr(colon + 1, ':'))
        if (range(text, colon, now_ms, ret_range))
            return EVT_OK;
    return evt_fail(err, EVT_E_USAGE,
                    "'%.60s' is no place in a log: say start, end, -3, +3, 47, 10:20, @2026-11-21,"
                    " @-1h or @-1h:end",
                    text);
}

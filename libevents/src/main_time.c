/* Main's points in time, as people write them. A time without a zone is this machine's. */
#include "main_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS (24LL * 60 * 60 * 1000)

static enum evt_err malformed(const char *text, struct evt_error *err)
{
    return evt_fail(err, EVT_E_USAGE,
                    "'%s' is no time: say 2026-11-21T10:20:00Z, 2026-11-21, 10:20 or -1h", text);
}

/* "-90s": so long ago. */
static bool ago(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', DAY_MS}};
    char *end;
    long long n;

    if (text[0] != '-' || text[1] < '0' || text[1] > '9')
        return false;
    n = strtoll(text + 1, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (end[0] == units[i].letter && end[1] == '\0' && n <= now_ms / units[i].ms) {
            *ret_ms = now_ms - n * units[i].ms;
            return true;
        }
    return false;
}

/* "10:20": the last one that was. */
static bool time_of_day(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    const time_t now = (time_t)(now_ms / 1000);
    struct tm tm, today;
    const char *end;

    memset(&tm, 0, sizeof(tm));
    end = strptime(text, strlen(text) > 5 ? "%H:%M:%S" : "%H:%M", &tm);
    if (!end || *end || !localtime_r(&now, &today))
        return false;
    for (int back = 0; back < 2; back++) {
        struct tm at = today;

        at.tm_hour = tm.tm_hour;
        at.tm_min = tm.tm_min;
        at.tm_sec = tm.tm_sec;
        at.tm_mday -= back;
        at.tm_isdst = -1;
        *ret_ms = (int64_t)mktime(&at) * 1000;
        if (*ret_ms <= now_ms)
            return true;
    }
    return true;
}

static bool digits(const char *text, size_t n, int *ret_number)
{
    *ret_number = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret_number = *ret_number * 10 + (text[i] - '0');
    }
    return true;
}

/* "Z", "+02:00", or nothing: this machine's zone. */
static bool with_zone(const char *zone, struct tm *tm, int64_t *ret_ms)
{
    int hours, minutes;
    int64_t shift_s;

    if (*zone == '\0') {
        tm->tm_isdst = -1;
        *ret_ms = (int64_t)mktime(tm) * 1000;
        return true;
    }
    if (strcmp(zone, "Z") == 0 || strcmp(zone, "z") == 0) {
        *ret_ms = (int64_t)timegm(tm) * 1000;
        return true;
    }
    if ((zone[0] != '+' && zone[0] != '-') || strlen(zone) != 6 || zone[3] != ':' ||
        !digits(zone + 1, 2, &hours) || !digits(zone + 4, 2, &minutes))
        return false;
    shift_s = (hours * 60 + minutes) * 60;
    *ret_ms = ((int64_t)timegm(tm) - (zone[0] == '+' ? shift_s : -shift_s)) * 1000;
    return true;
}

static bool date(const char *text, int64_t *ret_ms)
{
    int64_t ms, fraction = 0;
    struct tm tm;
    const char *end;

    memset(&tm, 0, sizeof(tm));
    end = strptime(text, "%Y-%m-%d", &tm);
    if (!end)
        return false;
    if (*end == '\0')
        return with_zone(end, &tm, ret_ms);
    if (*end != 'T' && *end != 't' && *end != ' ')
        return false;
    end = strptime(end + 1, "%H:%M:%S", &tm);
    if (end && *end == '.') {
        int64_t unit = 100;

        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
            fraction += (*end - '0') * unit;
    }
    if (!end || !with_zone(end, &tm, &ms))
        return false;
    *ret_ms = ms + fraction;
    return true;
}

enum evt_err evt__time_parse(const char *text, int64_t now_ms, int64_t *ret_ms,
                             struct evt_error *err)
{
    const char *word = text[0] == '@' ? text + 1 : text;
    int64_t ms;

    if (!ago(word, now_ms, &ms) && !time_of_day(word, now_ms, &ms) && !date(word, &ms))
        return malformed(text, err);
    *ret_ms = ms;
    return EVT_OK;
}

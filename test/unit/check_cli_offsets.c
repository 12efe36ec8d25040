/* Offsets: the words for places in a log. */
#include "test/lib/suite.h"

#include "libevents/cli/offsets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW 1795255200000LL /* 2026-11-21T10:00:00Z */

static struct evt_error err;

static void put(char *buf, size_t size, const struct cli_offset *offset)
{
    static const char *const kinds[] = {"start", "end", "at ", "before ", "time "};

    if (offset->kind == CLI_OFFSET_START || offset->kind == CLI_OFFSET_END)
        snprintf(buf, size, "%s", kinds[offset->kind]);
    else
        snprintf(buf, size, "%s%" PRId64, kinds[offset->kind], offset->number);
}

static const char *parsed(const char *text)
{
    static char buf[160];
    char from[64], until[64] = "", count[32] = "";
    struct cli_range range;

    ck_ok(cli_range_parse(text, NOW, &range, &err), err);
    put(from, sizeof(from), &range.from);
    if (range.bounded)
        put(until, sizeof(until), &range.until);
    if (range.count >= 0)
        snprintf(count, sizeof(count), " count %" PRId64, range.count);
    snprintf(buf, sizeof(buf), "%s%s%s%s", from, range.bounded ? " until " : "", until, count);
    return buf;
}

START_TEST(places)
{
    ck_assert_str_eq(parsed("start"), "start");
    ck_assert_str_eq(parsed("end"), "end");
    ck_assert_str_eq(parsed("47"), "at 47");
    ck_assert_str_eq(parsed("0"), "at 0");
    ck_assert_str_eq(parsed("-3"), "before 3");
    ck_assert_str_eq(parsed("+3"), "start count 3");
}
END_TEST

START_TEST(times)
{
    setenv("TZ", "UTC", 1);
    tzset();
    ck_assert_str_eq(parsed("@-1h"), "time 1795251600000");
    ck_assert_str_eq(parsed("@2026-11-21"), "time 1795219200000");
    ck_assert_str_eq(parsed("@2026-11-21T09:30:00Z"), "time 1795253400000");
    ck_assert_str_eq(parsed("@09:30"), "time 1795253400000"); /* no range: it is a time */
}
END_TEST

START_TEST(ranges)
{
    setenv("TZ", "UTC", 1);
    tzset();
    ck_assert_str_eq(parsed("10:20"), "at 10 until at 20");
    ck_assert_str_eq(parsed("start:end"), "start until end");
    ck_assert_str_eq(parsed(":20"), "start until at 20");
    ck_assert_str_eq(parsed("10:"), "at 10");
    ck_assert_str_eq(parsed("-10:-3"), "before 10 until before 3");
    ck_assert_str_eq(parsed("@-1h:end"), "time 1795251600000 until end");
    ck_assert_str_eq(parsed("@09:00:@09:30"), "time 1795251600000 until time 1795253400000");
    ck_assert_str_eq(parsed("@2026-11-21T09:30:00Z:47"), "time 1795253400000 until at 47");
}
END_TEST

static void refuse(const char *text)
{
    struct cli_range range;
    char want[256];

    snprintf(want, sizeof(want),
             "wrong use: '%.60s' is no place in a log: say start, end, -3, +3, 47, 10:20,"
             " @2026-11-21, @-1h or @-1h:end",
             text);
    ck_refused(cli_range_parse(text, NOW, &range, &err), err, EVT_E_USAGE, want);
}

START_TEST(refused)
{
    char longer[200];

    refuse("");
    refuse(":");
    refuse("begin");
    refuse("3x");
    refuse("-");
    refuse("+");
    refuse("+x");
    refuse("--3");
    refuse("@");
    refuse("@yesterday");
    refuse("10:20:30");
    refuse("10:x");
    refuse("1234567890123456789"); /* no offset is as large */
    memset(longer, '1', sizeof(longer));
    memcpy(longer + 100, ":5", 3);
    refuse(longer);
}
END_TEST

SUITE("cli offsets", places, times, ranges, refused)

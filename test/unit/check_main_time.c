/* Main's points in time, in a zone that is two hours ahead. */
#include "libevents/src/main_internal.h"
#include "test/lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* 2026-11-21 18:20:00 UTC, 20:20 here. */
#define NOW    1795285200000LL
#define MINUTE 60000LL
#define HOUR   (60 * MINUTE)

static struct evt_error err;

static int64_t parse(const char *text)
{
    int64_t ms = -1;

    setenv("TZ", "HERE-2", 1);
    tzset();
    ck_ok(evt__time_parse(text, NOW, &ms, &err), err);
    return ms;
}

START_TEST(so_long_ago)
{
    ck_assert_int_eq(parse("-90s"), NOW - 90000);
    ck_assert_int_eq(parse("-30m"), NOW - 30 * MINUTE);
    ck_assert_int_eq(parse("-1h"), NOW - HOUR);
    ck_assert_int_eq(parse("@-2d"), NOW - 48 * HOUR);
}
END_TEST

START_TEST(the_last_time_that_a_clock_showed_it)
{
    ck_assert_int_eq(parse("20:20"), NOW);
    ck_assert_int_eq(parse("20:19:30"), NOW - 30000);
    ck_assert_int_eq(parse("10:20"), NOW - 10 * HOUR);
    ck_assert_int_eq(parse("20:21"), NOW + MINUTE - 24 * HOUR);
}
END_TEST

START_TEST(a_date_with_and_without_zone)
{
    ck_assert_int_eq(parse("2026-11-21T18:20:00Z"), NOW);
    ck_assert_int_eq(parse("2026-11-21t18:20:00.5z"), NOW + 500);
    ck_assert_int_eq(parse("2026-11-21T18:20:00.1234Z"), NOW + 123);
    ck_assert_int_eq(parse("2026-11-21T13:50:00-04:30"), NOW);
    ck_assert_int_eq(parse("@2026-11-21 19:20:00+01:00"), NOW);
    ck_assert_int_eq(parse("2026-11-21T20:20:00"), NOW);
    ck_assert_int_eq(parse("2026-11-21"), NOW - 20 * HOUR - 20 * MINUTE);
}
END_TEST

START_TEST(what_is_no_time)
{
    static const char *const wrong[] = {"",
                                        "-",
                                        "-h",
                                        "-1",
                                        "-1w",
                                        "-1hh",
                                        "10:20:",
                                        "25:00",
                                        "10",
                                        "10:2x",
                                        "yesterday",
                                        "2026-13-01",
                                        "2026-11-21T18:20:00+0100",
                                        "2026-11-21T18:20:00x",
                                        "2026-11-21x18:20:00",
                                        "2026-11-21T18:20:00+1:000",
                                        "-99999999999d"};
    char want[200];
    int64_t ms;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(want, sizeof(want),
                 "wrong use: '%s' is no time: say 2026-11-21T10:20:00Z, 2026-11-21, 10:20 or -1h",
                 wrong[i]);
        ck_refused(evt__time_parse(wrong[i], NOW, &ms, &err), err, EVT_E_USAGE, want);
    }
}
END_TEST

SUITE("main_time", so_long_ago, the_last_time_that_a_clock_showed_it, a_date_with_and_without_zone,
      what_is_no_time)

/* Clock: monotonic time for pauses, wall time where a log's timestamps are meant. */
#include <evt/clock.h>

#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t evt_clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t evt_clock_ms(void)
{
    return evt_clock_us() / 1000;
}

int64_t evt_clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

void evt_clock_print(int64_t time_ms, char ret_text[EVT_CLOCK_TEXT])
{
    const time_t seconds = (time_t)(time_ms / 1000);
    size_t len;
    struct tm tm;

    if (time_ms < 0 || !gmtime_r(&seconds, &tm) ||
        (len = strftime(ret_text, EVT_CLOCK_TEXT - 5, "%Y-%m-%dT%H:%M:%S", &tm)) == 0)
        snprintf(ret_text, EVT_CLOCK_TEXT, "-");
    else
        snprintf(ret_text + len, 6, ".%03dZ", (int)(time_ms % 1000));
}

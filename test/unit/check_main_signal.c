/* Main's signals, in processes of their own: how each ends is its exit status. */
#include "libevents/src/main_internal.h"
#include "test/lib/suite.h"

#include <evt/log.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDED_WELL 42

static struct evt_notify nobody = {.fd = -1};

static struct evt_signals *begin(int64_t stop_ms)
{
    static struct evt_signals signals;

    evt_log_init(EVT_LOG_ERROR, EVT_LOG_TEXT, NULL);
    signals.notify = &nobody;
    signals.stop_ms = stop_ms;
    evt__signals_start(&signals);
    return &signals;
}

/* Runs `child` in a process of its own and returns its exit status. */
static int status_of(void (*child)(void))
{
    const pid_t pid = fork();
    int status;

    if (pid == 0) {
        alarm(20); /* one that hangs fails */
        child();
        _exit(1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void stops(int number)
{
    struct evt_signals *signals = begin(10000);

    kill(getpid(), number);
    while (!evt__signals_stop(signals))
        evt__signals_sleep(signals, 10000);
    evt__signals_end(signals);
    _exit(ENDED_WELL);
}

static void stops_by_term(void)
{
    stops(SIGTERM);
}

static void stops_by_int(void)
{
    stops(SIGINT);
}

START_TEST(the_first_signal_asks_for_a_stop)
{
    ck_assert_int_eq(status_of(stops_by_term), ENDED_WELL);
    ck_assert_int_eq(status_of(stops_by_int), ENDED_WELL);
}
END_TEST

static void hangs_at_the_second(void)
{
    struct evt_signals *signals = begin(3600000);

    kill(getpid(), SIGTERM);
    while (!evt__signals_stop(signals))
        evt__signals_sleep(signals, 10000);
    kill(getpid(), SIGTERM);
    for (;;)
        pause();
}

START_TEST(the_second_signal_ends_it_at_once)
{
    ck_assert_int_eq(status_of(hangs_at_the_second), EVT_EXIT_TIMEOUT);
}
END_TEST

static void hangs_at_the_end(void)
{
    evt__signals_hurry(begin(1));
    for (;;)
        pause();
}

START_TEST(a_stop_that_hangs_is_ended)
{
    ck_assert_int_eq(status_of(hangs_at_the_end), EVT_EXIT_TIMEOUT);
}
END_TEST

static void writes_to_nobody(void)
{
    struct evt_signals *signals = begin(10000);
    int pair[2];

    if (pipe(pair) != 0)
        _exit(2);
    close(pair[0]);
    if (write(pair[1], "x", 1) >= 0)
        _exit(3);
    kill(getpid(), SIGUSR1); /* what wakes the thread is no wish to stop */
    evt__signals_end(signals);
    _exit(evt__signals_stop(signals) ? 4 : ENDED_WELL);
}

START_TEST(a_reader_that_went_away_ends_nothing)
{
    ck_assert_int_eq(status_of(writes_to_nobody), ENDED_WELL);
}
END_TEST

static void writes_over_its_limit(void)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    struct evt_signals *signals = begin(10000);
    FILE *file = tmpfile();

    if (!file || setrlimit(RLIMIT_FSIZE, &limit) != 0 || write(fileno(file), "x", 1) != 1)
        _exit(2);
    if (write(fileno(file), "y", 1) >= 0 || errno != EFBIG)
        _exit(3);
    evt__signals_end(signals);
    _exit(ENDED_WELL);
}

START_TEST(a_limit_on_files_ends_nothing)
{
    ck_assert_int_eq(status_of(writes_over_its_limit), ENDED_WELL);
}
END_TEST

SUITE("main_signal", the_first_signal_asks_for_a_stop, the_second_signal_ends_it_at_once,
      a_stop_that_hangs_is_ended, a_reader_that_went_away_ends_nothing,
      a_limit_on_files_ends_nothing)

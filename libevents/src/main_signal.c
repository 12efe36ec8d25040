/* Main's signals: a thread of their own takes them, because the main thread may be waiting for the
 * broker, or stopping. It also sees to it that a stop ends: librdkafka can hang when it closes. */
#include "main_internal.h"

#include <evt/clock.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Wakes the thread without being a wish to stop. */
#define WAKE           SIGUSR1
/* A main thread that has not moved for so long is not coming back. */
#define TENDED_MS      10000
/* What comes behind the bus at a stop: HTTP and the clients, which the bus's own bound does not
 * cover. */
#define GRACE_MS       2000
/* systemd is asked for so much more time to start while we wait for the broker, and asked again. */
#define START_MORE_S   60
#define START_AGAIN_MS 20000

static void signal_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, WAKE);
}

static void leave(const char *why)
{
    EVT_LOG(WARN, "ends at once; nothing is lost", EVT_FT("why", why));
    _exit(EVT_EXIT_TIMEOUT);
}

/* While the broker is away the main thread waits in the bus, and that is as it should be. */
static void feed_watchdog(const struct evt_signals *signals, int64_t now_ms)
{
    const int64_t tended_ms = atomic_load(&signals->tended_ms);

    if (signals->notify->watchdog_ms > 0 && (tended_ms == 0 || now_ms - tended_ms < TENDED_MS))
        evt__notify(signals->notify, "WATCHDOG=1");
}

static void ask_for_time(const struct evt_signals *signals, int64_t now_ms, int64_t *again_ms)
{
    if (atomic_load(&signals->tended_ms) != 0 || now_ms < *again_ms)
        return;
    evt__notify(signals->notify, "EXTEND_TIMEOUT_USEC=%d000000", START_MORE_S);
    *again_ms = now_ms + START_AGAIN_MS;
}

static void took(struct evt_signals *signals, int number)
{
    if (number != SIGTERM && number != SIGINT)
        return;
    if (evt__signals_stop(signals))
        leave("a second signal");
    __atomic_store_n(&signals->stop, true, __ATOMIC_RELAXED);
    EVT_LOG(INFO, "stops", EVT_FT("signal", number == SIGTERM ? "TERM" : "INT"));
    evt__signals_hurry(signals);
    sem_post(&signals->woken);
}

/* How long the thread may sleep; 0: for ever. */
static int64_t pause_ms(const struct evt_signals *signals, int64_t now_ms)
{
    const int64_t until_ms = atomic_load(&signals->until);
    int64_t ms = signals->notify->watchdog_ms;

    if (signals->notify->fd >= 0 && atomic_load(&signals->tended_ms) == 0 &&
        (ms == 0 || ms > START_AGAIN_MS))
        ms = START_AGAIN_MS;
    if (until_ms != 0 && (ms == 0 || until_ms - now_ms < ms))
        ms = until_ms > now_ms ? until_ms - now_ms : 1;
    return ms;
}

static void *take_signals(void *arg)
{
    struct evt_signals *signals = arg;
    int64_t again_ms = 0;
    sigset_t set;

    signal_set(&set);
    while (!atomic_load(&signals->ended)) {
        const int64_t ms = pause_ms(signals, evt_clock_ms());
        const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
        const int number = ms == 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &wait);
        const int64_t now_ms = evt_clock_ms(), until_ms = atomic_load(&signals->until);

        took(signals, number);
        if (until_ms != 0 && now_ms >= until_ms && !atomic_load(&signals->ended))
            leave("the stop took too long");
        feed_watchdog(signals, now_ms);
        ask_for_time(signals, now_ms, &again_ms);
    }
    return NULL;
}

void evt__signals_start(struct evt_signals *signals)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    signals->stop = false;
    atomic_store(&signals->ended, false);
    atomic_store(&signals->until, 0);
    atomic_store(&signals->tended_ms, 0);
    EVT_BUG_ON(sem_init(&signals->woken, 0, 0) != 0);
    signal_set(&set);
    EVT_BUG_ON(pthread_sigmask(SIG_BLOCK, &set, NULL) != 0);
    /* Both are errors then, where they happen: a reader that went away, a limit on files. */
    EVT_BUG_ON(sigaction(SIGPIPE, &ignore, NULL) != 0);
    EVT_BUG_ON(sigaction(SIGXFSZ, &ignore, NULL) != 0);
    EVT_BUG_ON(pthread_create(&signals->thread, NULL, take_signals, signals) != 0);
}

void evt__signals_end(struct evt_signals *signals)
{
    atomic_store(&signals->ended, true);
    pthread_kill(signals->thread, WAKE);
    pthread_join(signals->thread, NULL);
    sem_destroy(&signals->woken);
}

bool evt__signals_stop(const struct evt_signals *signals)
{
    return __atomic_load_n(&signals->stop, __ATOMIC_RELAXED);
}

void evt__signals_sleep(struct evt_signals *signals, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_clockwait(&signals->woken, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
        ;
}

void evt__signals_hurry(struct evt_signals *signals)
{
    int_fast64_t none = 0;

    if (atomic_compare_exchange_strong(&signals->until, &none,
                                       evt_clock_ms() + signals->stop_ms + GRACE_MS))
        pthread_kill(signals->thread, WAKE);
}

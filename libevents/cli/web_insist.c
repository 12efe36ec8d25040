/* Web, insisting: a request that is made until it is answered, over restarts of who answers it. */
#include "web.h"

#include "cli.h"

#include <evt/clock.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PAUSE_MS_MIN 50   /* a service is back within a fraction of a second */
#define PAUSE_MS_MAX 2000 /* who waits for a person does not notice more often */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void pause_ms(int64_t ms)
{
    nanosleep(&(const struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* A service that restarts may be behind what it has promised: it is not found yet. */
static bool is_worth_it(const struct cli_web_request *request, const struct cli_web_answer *answer)
{
    return answer->again_ms >= 0 || (request->until_found && answer->status == 404);
}

static void tell(const struct cli_web_answer *answer, int64_t left_ms)
{
    cli_refuse(0, "%s; trying again for %lld s", answer->why, (long long)(left_ms + 999) / 1000);
}

int cli_web_insist(const struct cli_web_request *request, int64_t deadline_ms,
                   struct cli_web_answer *ret_answer)
{
    struct cli_web_request now = *request;
    char told[sizeof(request->events->last_id)] = "-"; /* where it broke off when that was said */
    const char *at = request->events ? request->events->last_id : "";
    int64_t left_ms, pause = PAUSE_MS_MIN;
    int status;

    for (;;) {
        left_ms = deadline_ms - evt_clock_ms();
        now.timeout_ms = left_ms > 1 ? left_ms : 1; /* 0 would be for ever */
        status = cli_web_try(&now, ret_answer);
        if (status == EVT_EXIT_OK)
            return status;
        if (!is_worth_it(request, ret_answer))
            return cli_refuse(status, "%s", ret_answer->why);
        left_ms = deadline_ms - evt_clock_ms();
        if (left_ms <= 0)
            return EVT_EXIT_TIMEOUT;
        if (strcmp(told, at) != 0) { /* it had gone on since */
            tell(ret_answer, left_ms);
            snprintf(told, sizeof(told), "%s", at);
            pause = PAUSE_MS_MIN;
        }
        pause_ms(least(left_ms, pause > ret_answer->again_ms ? pause : ret_answer->again_ms));
        pause = least(2 * pause, PAUSE_MS_MAX);
        if (evt_clock_ms() >= deadline_ms)
            return EVT_EXIT_TIMEOUT;
        cli_web_answer_release(ret_answer);
    }
}

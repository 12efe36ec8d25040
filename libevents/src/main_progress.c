/* Main's progress of long work, on stderr: one line that changes on a terminal, else a new line
 * every few seconds. */
#include "main_internal.h"

#include <evt/clock.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TERMINAL_MS 100
#define FILE_MS     5000

void evt__progress(struct evt_progress *progress, int64_t at, int64_t end)
{
    const int64_t now_ms = evt_clock_ms();
    const int percent = end > 0 && at < end ? (int)(at * 100 / end) : 100;

    if (progress->said_ms == 0) {
        progress->terminal = isatty(STDERR_FILENO);
        /* Somebody who looks on sees at once that it has begun. */
        progress->said_ms = progress->terminal ? now_ms - TERMINAL_MS : now_ms;
    }
    if (now_ms - progress->said_ms < (progress->terminal ? TERMINAL_MS : FILE_MS))
        return;
    progress->said_ms = now_ms;
    progress->shown = true;
    if (progress->terminal)
        fprintf(stderr, "\r%3d %%  %" PRId64 " of %" PRId64 " ", percent, at, end);
    else
        fprintf(stderr, "%d %%, %" PRId64 " of %" PRId64 "\n", percent, at, end);
}

void evt__progress_end(struct evt_progress *progress)
{
    if (progress->shown && progress->terminal)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}

/* Main's progress of long work, as it comes out on stderr. */
#include "libevents/src/main_internal.h"
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <evt/clock.h>

#include <stdio.h>
#include <stdlib.h>

static struct folder folder;

/* From now on stderr goes to a file; each test is a process of its own. */
static void begin(void)
{
    folder_init(&folder);
    ck_assert_ptr_nonnull(freopen(folder_path(&folder, "said"), "w", stderr));
}

static void ck_said(const char *want)
{
    char *said;
    size_t len;

    fflush(stderr);
    said = folder_read(&folder, "said", &len);
    ck_assert_str_eq(said, want);
    free(said);
}

START_TEST(a_moment_is_not_worth_a_line)
{
    struct evt_progress progress = {0};

    begin();
    evt__progress(&progress, 1, 200);
    evt__progress(&progress, 2, 200);
    evt__progress_end(&progress);
    ck_said("");
    folder_release(&folder);
}
END_TEST

START_TEST(a_line_every_few_seconds)
{
    struct evt_progress progress = {.said_ms = evt_clock_ms() - 5001};

    begin();
    evt__progress(&progress, 50, 200);
    evt__progress(&progress, 51, 200);
    evt__progress_end(&progress);
    ck_said("25 %, 50 of 200\n");
    folder_release(&folder);
}
END_TEST

START_TEST(on_a_terminal_one_line_that_changes)
{
    struct evt_progress progress = {.said_ms = evt_clock_ms() - 101, .terminal = true};

    begin();
    evt__progress(&progress, 50, 200);
    evt__progress_end(&progress);
    ck_said("\r 25 %  50 of 200 \r\033[K");
    progress.said_ms = evt_clock_ms() - 101;
    evt__progress(&progress, 0, 0); /* nothing to do is all of it */
    ck_said("\r 25 %  50 of 200 \r\033[K\r100 %  0 of 0 ");
    folder_release(&folder);
}
END_TEST

SUITE("main_progress", a_moment_is_not_worth_a_line, a_line_every_few_seconds,
      on_a_terminal_one_line_that_changes)

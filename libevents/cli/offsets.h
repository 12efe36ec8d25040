/* Offsets: where a tail begins and ends, in the words of kcat and rpk.
 *
 *     start, end, 47      an offset; start and end are the log's
 *     -3, +3              three before the end, three from the start on
 *     @2026-11-21, @-1h   the first record of that time or later
 *     FROM:UNTIL          up to but without UNTIL; either may be left out */
#ifndef CLI_OFFSETS_H
#define CLI_OFFSETS_H

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

enum cli_offset_kind {
    CLI_OFFSET_START,
    CLI_OFFSET_END,
    CLI_OFFSET_AT,     /* `number` */
    CLI_OFFSET_BEFORE, /* `number` before the end */
    CLI_OFFSET_TIME    /* `number` milliseconds since 1970 */
};
struct cli_offset {
    enum cli_offset_kind kind;
    int64_t number;
};
struct cli_range {
    struct cli_offset from, until;
    bool bounded;  /* it has an `until` */
    int64_t count; /* "+3": so many records of each partition; -1: all */
};

EVT_MUST_USE enum evt_err cli_range_parse(const char *text, int64_t now_ms,
                                          struct cli_range *ret_range, struct evt_error *err);

#endif

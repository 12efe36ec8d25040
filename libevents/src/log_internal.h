/* Log, inside: log.c is the door, log_line.c makes the line. */
#ifndef EVT_LOG_INTERNAL_H
#define EVT_LOG_INTERNAL_H

#include <evt/log.h>
#include <stddef.h>

/* PIPE_BUF: up to here a write to a pipe is not mixed with others'. */
#define EVT__LINE_MAX 4096

struct evt__line_of {
    int64_t time_ms;
    enum evt_log_level level;
    const char *service; /* NULL: none */
    const char *text;
    const struct evt_log_field *fields; /* ends with {0} */
};

const char *evt__log_level_str(enum evt_log_level level);
/* Returns the length, newline included. */
size_t evt__log_line(const struct evt__line_of *of, enum evt_log_format format,
                     char ret_line[EVT__LINE_MAX]);

#endif

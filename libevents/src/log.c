/* Log: the door. What is told is decided here, how it looks in log_line.c. */
#include <evt/log.h>

#include "log_internal.h"

#include <errno.h>
#include <evt/mem.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SERVICE_MAX 64

/* Written once, before threads start. */
static struct {
    enum evt_log_level level;
    enum evt_log_format format;
    char service[SERVICE_MAX];
} door = {.level = EVT_LOG_INFO};

static const char *const levels[] = {[EVT_LOG_ERROR] = "error",
                                     [EVT_LOG_WARN] = "warn",
                                     [EVT_LOG_INFO] = "info",
                                     [EVT_LOG_DEBUG] = "debug"};
static const char *const formats[] = {[EVT_LOG_TEXT] = "text", [EVT_LOG_JSON] = "json"};

const char *evt__log_level_str(enum evt_log_level level)
{
    return levels[level];
}

const char *evt__log_text(const char *text)
{
    return text ? text : "";
}

bool evt_log_level_parse(const char *text, enum evt_log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(levels[i], text) == 0) {
            *ret_level = (enum evt_log_level)i;
            return true;
        }
    return false;
}

bool evt_log_format_parse(const char *text, enum evt_log_format *ret_format)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strcmp(formats[i], text) == 0) {
            *ret_format = (enum evt_log_format)i;
            return true;
        }
    return false;
}

void evt_log_init(enum evt_log_level level, enum evt_log_format format, const char *service)
{
    EVT_BUG_ON(service && strlen(service) >= SERVICE_MAX);
    door.level = level;
    door.format = format;
    snprintf(door.service, sizeof(door.service), "%s", service ? service : "");
}

/* Nobody is left to be told when stderr cannot be written. */
static void write_line(const char *line, size_t len)
{
    ssize_t n;

    while (len > 0) {
        n = write(STDERR_FILENO, line, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        line += n;
        len -= (size_t)n;
    }
}

void evt_log(enum evt_log_level level, const char *text, const struct evt_log_field *fields)
{
    struct evt__line_of of = {.level = level,
                              .service = *door.service ? door.service : NULL,
                              .text = text,
                              .fields = fields};
    char line[EVT__LINE_MAX];
    struct timespec now;
    int before = errno; /* often what the caller is about to tell next */

    if (level > door.level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    of.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    write_line(line, evt__log_line(&of, door.format, line));
    errno = before;
}

/* ---- SQLite ---- */

/* Whoever made the call gets the error as well and tells what it means: here it is a detail, unless
 * the disk or the file is at fault. */
static enum evt_log_level sqlite_level(int code)
{
    if (code == SQLITE_WARNING_AUTOINDEX) /* a hint to whoever writes queries; ours is small */
        return EVT_LOG_DEBUG;
    switch (code & 0xff) { /* without the extended part */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
        return EVT_LOG_ERROR;
    case SQLITE_NOTICE: /* frames recovered from a WAL */
        return EVT_LOG_INFO;
    case SQLITE_SCHEMA:     /* a statement was prepared again */
    case SQLITE_CONSTRAINT: /* a handler's INSERT that found a row */
        return EVT_LOG_DEBUG;
    default:
        return EVT_LOG_WARN;
    }
}

static void sqlite_line(void *arg, int code, const char *text)
{
    (void)arg;
    evt_log(sqlite_level(code), "sqlite",
            (const struct evt_log_field[]){EVT_FN("code", code), EVT_FT("why", text), {0}});
}

void evt_log_sqlite(void)
{
    /* Refused once SQLite is in use: then lines would be lost without a word. */
    EVT_BUG_ON(sqlite3_config(SQLITE_CONFIG_LOG, sqlite_line, NULL) != SQLITE_OK);
}

/* Log: the one door for lines that people read while a program runs. Library code below the drivers
 * never logs: it returns errors.
 *
 * One line a record on stderr, by one write(2), so that threads do not mix theirs:
 *
 *     2026-11-21T10:20:30.123Z info  caught up service=product shard=3 offset=17
 *     {"time":"2026-11-21T10:20:30.123Z","level":"info","message":"caught up",…
 *
 * A value that needs it is quoted and escaped, what is not UTF-8 is replaced. A value ends with
 * "..." after 1,024 bytes; fields beyond 4,096 bytes are left out, and the line says cut=true. */
#ifndef EVT_LOG_H
#define EVT_LOG_H

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

enum evt_log_level { EVT_LOG_ERROR, EVT_LOG_WARN, EVT_LOG_INFO, EVT_LOG_DEBUG };
enum evt_log_format { EVT_LOG_TEXT, EVT_LOG_JSON };

struct evt_log_field {
    const char *key;
    const char *text; /* NULL: it is `number` */
    int64_t number;
};
/* A NULL text is an empty one. */
#define EVT_FT(name, value) ((struct evt_log_field){.key = (name), .text = evt__log_text(value)})
#define EVT_FN(name, value) ((struct evt_log_field){.key = (name), .number = (int64_t)(value)})

const char *evt__log_text(const char *text);

/* For the whole process, before threads start; until then info and above are told as text.
 * `service` is copied and stands in each line; NULL: none. */
void evt_log_init(enum evt_log_level level, enum evt_log_format format, const char *service);
void evt_log(enum evt_log_level level, const char *text, const struct evt_log_field *fields);
/* EVT_LOG(INFO, "caught up", EVT_FN("shard", 3), EVT_FN("offset", at)); */
#define EVT_LOG(level, ...) EVT_LOG_(level, __VA_ARGS__, {0})
#define EVT_LOG_(level, text, ...)                                                                 \
    evt_log(EVT_LOG_##level, text, (const struct evt_log_field[]){__VA_ARGS__})

bool evt_log_level_parse(const char *text, enum evt_log_level *ret_level);
bool evt_log_format_parse(const char *text, enum evt_log_format *ret_format);

/* SQLite's own lines go through the same door. */
void evt_log_sqlite(void); /* once, before any other call of SQLite's: else it aborts */

#endif

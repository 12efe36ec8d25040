/* Show: a record for people, and for programs as kcat -J says it, its value decoded. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "watch.h"

#include <evt/buf.h>
#include <evt/type.h>

/* The type by its header, or by the schema id in its frame. NULL: unknown to this build. */
const struct evt_type *cli_show_type(const struct evt_record *rec);
/* The value as JSON. False: `why` has the words, and nothing was added. */
bool cli_show_value(const struct evt_record *rec, struct evt_buf *buf, struct evt_error *why);
/* JSON text of bytes; what is not UTF-8 becomes \u00XX a byte, as Avro's JSON has it. */
void cli_show_text(struct evt_buf *buf, const void *bytes, size_t len);
/* The same without quotes, for a person's screen: other people's words must not move its cursor. */
void cli_show_plain(struct evt_buf *buf, const char *text);
void cli_show_json(const struct cli_seen *seen, struct evt_buf *buf);
void cli_show_line(const struct cli_seen *seen, struct evt_buf *buf);
/* 2026-11-21T10:20:00.123Z */
void cli_show_time(struct evt_buf *buf, int64_t time_ms);

#endif

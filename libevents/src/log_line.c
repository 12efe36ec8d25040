/* Log, one line: text for people, or JSON for machines.
 *
 * Names and texts may come from anyone (a topic's name, an error of the broker's), so nothing of
 * them reaches a terminal or a JSON parser as it is: control characters are escaped, bytes that are
 * not UTF-8 replaced. A field is in the line as a whole or not at all, so JSON stays JSON. */
#include "log_internal.h"

#include <evt/utf8.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define VALUE_MAX   1024 /* a handful of long values still fit a line */
#define REPLACEMENT "\xef\xbf\xbd"

/* `max` leaves room for the line's end. Once it is reached, nothing is added any more. */
struct line {
    char *data;
    size_t len, max;
    bool full;
};

static void add_bytes(struct line *line, const char *bytes, size_t len)
{
    if (len > line->max - line->len)
        line->full = true;
    if (line->full)
        return;
    memcpy(line->data + line->len, bytes, len);
    line->len += len;
}

static void add(struct line *line, const char *text)
{
    add_bytes(line, text, strlen(text));
}

/* Control characters of one byte, and U+0080 to U+009F, which terminals obey as well. */
static bool is_control(const unsigned char *at, size_t step)
{
    return (step == 1 && (at[0] < 0x20 || at[0] == 0x7f)) ||
           (step == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

/* The same escapes are right between quotes in JSON and in text. */
static void add_character(struct line *line, const unsigned char *at, size_t step, bool quoted)
{
    char code[8];

    if (!step) {
        add(line, REPLACEMENT);
    } else if (is_control(at, step)) {
        snprintf(code, sizeof(code), "\\u%04x", at[step - 1]);
        add(line, at[0] == '\n' ? "\\n" : at[0] == '\r' ? "\\r" : at[0] == '\t' ? "\\t" : code);
    } else {
        if (quoted && (at[0] == '"' || at[0] == '\\'))
            add(line, "\\");
        add_bytes(line, (const char *)at, step);
    }
}

static void add_escaped(struct line *line, const char *text, bool quoted)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t begin = line->len, step;

    while (*at && !line->full) {
        if (line->len - begin > VALUE_MAX) {
            add(line, "...");
            return;
        }
        step = evt_utf8_step(at, strnlen((const char *)at, 4));
        add_character(line, at, step, quoted);
        at += step ? step : 1;
    }
}

static void add_quoted(struct line *line, const char *text)
{
    add(line, "\"");
    add_escaped(line, text, true);
    add(line, "\"");
}

/* ---- text ---- */

static bool wants_quotes(const char *value)
{
    size_t step;

    if (!*value)
        return true;
    for (const unsigned char *at = (const unsigned char *)value; *at; at += step) {
        step = evt_utf8_step(at, strnlen((const char *)at, 4));
        if (!step || is_control(at, step) || strchr(" \"=\\", at[0]))
            return true;
    }
    return false;
}

static void add_value(struct line *line, const char *value)
{
    if (wants_quotes(value))
        add_quoted(line, value);
    else
        add_escaped(line, value, false);
}

/* ---- both ---- */

static void add_field(struct line *line, enum evt_log_format format,
                      const struct evt_log_field *field)
{
    char number[24];

    if (format == EVT_LOG_JSON) {
        add(line, ",");
        add_quoted(line, field->key);
        add(line, ":");
    } else {
        add(line, " ");
        add_escaped(line, field->key, false);
        add(line, "=");
    }
    if (!field->text) {
        snprintf(number, sizeof(number), "%" PRId64, field->number);
        add(line, number);
    } else if (format == EVT_LOG_JSON) {
        add_quoted(line, field->text);
    } else {
        add_value(line, field->text);
    }
}

static void add_time(struct line *line, int64_t time_ms)
{
    char text[48];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(time_ms % 1000));
    add(line, text);
}

static void add_head(struct line *line, const struct evt__line_of *of, enum evt_log_format format)
{
    char level[8];

    if (format == EVT_LOG_JSON) {
        add(line, "{\"time\":\"");
        add_time(line, of->time_ms);
        add(line, "\",\"level\":");
        add_quoted(line, evt__log_level_str(of->level));
        add(line, ",\"message\":");
        add_quoted(line, of->text);
        return;
    }
    snprintf(level, sizeof(level), " %-5s ", evt__log_level_str(of->level));
    add_time(line, of->time_ms);
    add(line, level);
    add_escaped(line, of->text, false);
}

size_t evt__log_line(const struct evt__line_of *of, enum evt_log_format format,
                     char ret_line[EVT__LINE_MAX])
{
    static const char *const cut[] = {
        [EVT_LOG_TEXT] = " cut=true", [EVT_LOG_JSON] = ",\"cut\":true"};
    struct evt_log_field service = {.key = "service", .text = of->service};
    struct line line = {.data = ret_line, .max = EVT__LINE_MAX - sizeof(",\"cut\":true}\n")};
    size_t whole;

    add_head(&line, of, format);
    if (of->service)
        add_field(&line, format, &service);
    for (const struct evt_log_field *field = of->fields; field && field->key; field++) {
        whole = line.len;
        add_field(&line, format, field);
        if (!line.full)
            continue;
        line.len = whole;
        break;
    }
    line.max = EVT__LINE_MAX;
    if (line.full) {
        line.full = false;
        add(&line, cut[format]);
    }
    add(&line, format == EVT_LOG_JSON ? "}\n" : "\n");
    return line.len;
}

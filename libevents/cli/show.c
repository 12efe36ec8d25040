/* Show: records as text. What cannot be decoded is shown with the reason and as hexadecimal: a
 * person looks at it because something is wrong. */
#include "show.h"

#include "cli.h"

#include <evt/clock.h>
#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/utf8.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEX_MAX 256 /* bytes of a value that is only shown as such */

/* ---- pieces ---- */

static void add_text(struct evt_buf *buf, const uint8_t *at, size_t len, const char *escaped)
{
    const bool text = evt_utf8_valid(at, len);

    for (size_t i = 0; i < len; i++) {
        if (at[i] && strchr(escaped, at[i])) {
            evt_buf_printf(buf, "\\%c", at[i]);
        } else if (text && at[i] == 0xc2 && at[i + 1] < 0xa0) {
            i++; /* U+0080 to U+009F: control characters, too */
            evt_buf_printf(buf, "\\u%04x", at[i]);
        } else if (at[i] < 0x20 || at[i] == 0x7f || (at[i] >= 0x80 && !text)) {
            evt_buf_printf(buf, "\\u%04x", at[i]);
        } else {
            evt_buf_add_byte(buf, at[i]);
        }
    }
}

void cli_show_text(struct evt_buf *buf, const void *bytes, size_t len)
{
    evt_buf_add_byte(buf, '"');
    add_text(buf, bytes, len, "\"\\");
    evt_buf_add_byte(buf, '"');
}

void cli_show_plain(struct evt_buf *buf, const char *text)
{
    add_text(buf, (const uint8_t *)text, strlen(text), "");
}

void cli_show_time(struct evt_buf *buf, int64_t time_ms)
{
    char text[EVT_CLOCK_TEXT];

    evt_clock_print(time_ms, text);
    evt_buf_add_text(buf, text);
}

static void hex(struct evt_buf *buf, const struct evt_record *rec)
{
    const uint8_t *at = rec->value;

    for (size_t i = 0; i < rec->value_len && i < HEX_MAX; i++)
        evt_buf_printf(buf, "%02x", at[i]);
    if (rec->value_len > HEX_MAX)
        evt_buf_add_text(buf, "…");
}

/* ---- the value ---- */

const struct evt_type *cli_show_type(const struct evt_record *rec)
{
    const struct evt_text name = evt_envelope_type(rec);
    const struct evt_schema_ref *ref;
    const uint8_t *body;
    size_t len;
    uint32_t id;

    if (name.len)
        return evt_registry_type(&evt_registry, name.text, name.len);
    if (evt_frame_parse(rec->value, rec->value_len, &id, &body, &len, NULL) != EVT_OK)
        return NULL;
    ref = evt_registry_schema(&evt_registry, id);
    return ref ? ref->type : NULL;
}

bool cli_show_value(const struct evt_record *rec, struct evt_buf *buf, struct evt_error *why)
{
    const struct evt_type *type = cli_show_type(rec);
    void *msg = NULL;

    if (!rec->value)
        return evt_fail(why, EVT_E_VALUE_MISSING, NULL) == EVT_OK;
    if (!type)
        return evt_fail(why, EVT_E_TYPE_UNKNOWN, "this build does not know its schema") == EVT_OK;
    if (evt_type_decode_new(&evt_registry, type, rec->value, rec->value_len, &msg, why) != EVT_OK)
        return false;
    evt_type_print(type, msg, buf);
    evt_type_free(msg);
    return true;
}

/* ---- for programs ---- */

static void json_headers(struct evt_buf *buf, const struct evt_record *rec)
{
    evt_buf_add_byte(buf, '[');
    for (size_t i = 0; i < rec->headers_n; i++) {
        const struct evt_header *header = &rec->headers[i];

        evt_buf_add_text(buf, i ? "," : "");
        cli_show_text(buf, header->name, strlen(header->name));
        evt_buf_add_byte(buf, ',');
        if (header->value)
            cli_show_text(buf, header->value, header->len);
        else
            evt_buf_add_text(buf, "null");
    }
    evt_buf_add_byte(buf, ']');
}

void cli_show_json(const struct cli_seen *seen, struct evt_buf *buf)
{
    const struct evt_record *rec = seen->rec;
    struct evt_buf value = {0};
    struct evt_error why;

    evt_buf_add_text(buf, "{\"topic\":");
    cli_show_text(buf, rec->topic, strlen(rec->topic));
    evt_buf_printf(buf,
                   ",\"partition\":%" PRId32 ",\"offset\":%" PRId64
                   ",\"tstype\":\"%s\",\"ts\":%" PRId64 ",\"broker\":%" PRId32 ",\"headers\":",
                   rec->partition, rec->offset, seen->time_type, rec->time_ms, seen->broker);
    json_headers(buf, rec);
    evt_buf_add_text(buf, ",\"key\":");
    if (rec->key)
        cli_show_text(buf, rec->key, rec->key_len);
    else
        evt_buf_add_text(buf, "null");
    if (cli_show_value(rec, &value, &why)) {
        evt_buf_printf(buf, ",\"payload\":%s}", evt_buf_text(&value));
    } else {
        evt_buf_add_text(buf, ",\"payload\":null,\"problem\":");
        cli_show_text(buf, why.text, strlen(why.text));
        evt_buf_add_text(buf, ",\"hex\":\"");
        hex(buf, rec);
        evt_buf_add_text(buf, "\"}");
    }
    evt_buf_release(&value);
}

/* ---- for people ---- */

static void text_header(struct evt_buf *buf, const char *before, const struct evt_record *rec,
                        const char *name)
{
    const struct evt_header *header = evt_record_header(rec, name);

    if (!header || !header->value)
        return;
    evt_buf_add_text(buf, before);
    cli_show_text(buf, header->value, header->len);
}

static const char *short_topic(const struct evt_record *rec)
{
    const struct evt_topic *topic = cli_topic(rec->topic);

    return topic ? topic->stream : rec->topic;
}

static void add_type(struct evt_buf *buf, const struct evt_record *rec)
{
    const struct evt_text name = evt_envelope_type(rec);
    const struct evt_type *type = cli_show_type(rec);

    if (type)
        evt_buf_printf(buf, " %s", strrchr(type->name, '.') + 1);
    else if (name.len)
        text_header(buf, " ", rec, "ce_type");
    else
        evt_buf_add_text(buf, " ?");
}

void cli_show_line(const struct cli_seen *seen, struct evt_buf *buf)
{
    const struct evt_record *rec = seen->rec;
    struct evt_error why;

    evt_buf_printf(buf, "%s.%" PRId32 "@%" PRId64 " ", short_topic(rec), rec->partition,
                   rec->offset);
    cli_show_time(buf, rec->time_ms);
    add_type(buf, rec);
    evt_buf_add_text(buf, " key=");
    if (rec->key)
        cli_show_text(buf, rec->key, rec->key_len);
    else
        evt_buf_add_text(buf, "none");
    text_header(buf, " from=", rec, "ce_source");
    text_header(buf, " reason=", rec, "kafka_dlt-exception-message");
    evt_buf_add_byte(buf, ' ');
    if (cli_show_value(rec, buf, &why))
        return;
    evt_buf_printf(buf, "[%s] ", why.text);
    hex(buf, rec);
}

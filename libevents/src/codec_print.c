/* Print: the C struct as JSON, for people and their tools.
 *
 * Avro's JSON encoding, except that an optional value stands without its branch's name. Bytes are
 * Latin-1 text with \u00XX, as Avro says. Printing cannot fail: what a message should not hold is
 * printed as well as JSON can. */
#include "codec_internal.h"

#include <evt/mem.h>
#include <evt/utf8.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void value_print(struct evt_buf *buf, const struct evt_value *value, const uint8_t *src,
                        const uint8_t *count);

static void char_print(struct evt_buf *buf, uint8_t character)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    size_t i;

    for (i = 0; i + 1 < sizeof(shorts); i += 2)
        if ((uint8_t)shorts[i] == character) {
            evt_buf_add_byte(buf, '\\');
            evt_buf_add_byte(buf, (uint8_t)shorts[i + 1]);
            return;
        }
    if (character < 0x20)
        evt_buf_printf(buf, "\\u%04x", character);
    else
        evt_buf_add_byte(buf, character);
}

static void text_print(struct evt_buf *buf, const char *text)
{
    bool valid;

    if (!text) {
        evt_buf_add_text(buf, "null");
        return;
    }
    valid = evt_utf8_valid(text, strlen(text));
    evt_buf_add_byte(buf, '"');
    for (; *text; text++)
        if (!valid && (uint8_t)*text >= 0x80)
            evt_buf_add_text(buf, "\\ufffd");
        else
            char_print(buf, (uint8_t)*text);
    evt_buf_add_byte(buf, '"');
}

static void bytes_print(struct evt_buf *buf, const uint8_t *src)
{
    struct evt_bytes bytes;
    size_t i;

    memcpy(&bytes, src, sizeof(bytes));
    evt_buf_add_byte(buf, '"');
    for (i = 0; i < bytes.len; i++)
        if (bytes.data[i] >= 0x7f)
            evt_buf_printf(buf, "\\u%04x", bytes.data[i]);
        else
            char_print(buf, bytes.data[i]);
    evt_buf_add_byte(buf, '"');
}

/* The fewest digits that parse.c reads back to the same number: it reads a double and narrows it.
 */
static void real_print(struct evt_buf *buf, double wide, bool single)
{
    int digits = single ? 6 : 15, most = single ? 9 : 17;
    char text[40];
    double back;

    if (!isfinite(wide)) {
        evt_buf_add_text(buf, isnan(wide) ? "\"NaN\""
                              : wide > 0  ? "\"Infinity\""
                                          : "\"-Infinity\"");
        return;
    }
    do {
        snprintf(text, sizeof(text), "%.*g", digits, wide);
        back = strtod(text, NULL);
        if (single)
            back = (double)(float)back;
    } while (back != wide && digits++ < most);
    evt_buf_add_text(buf, text);
    if (!strpbrk(text, ".e")) /* stays a real for whoever reads it */
        evt_buf_add_text(buf, ".0");
}

static void enum_print(struct evt_buf *buf, const struct evt_symbols *symbols, const uint8_t *src)
{
    int32_t number;

    memcpy(&number, src, sizeof(number));
    if (number >= 0 && (size_t)number < symbols->symbols_n)
        text_print(buf, symbols->symbols[number]);
    else
        evt_buf_printf(buf, "%" PRId32, number);
}

static void record_print(struct evt_buf *buf, const struct evt_fields *fields, const uint8_t *base)
{
    const struct evt_field *field;
    size_t i;

    evt_buf_add_byte(buf, '{');
    for (i = 0; i < fields->fields_n; i++) {
        field = fields->fields + i;
        evt_buf_printf(buf, "%s\"%s\":", i ? "," : "", field->name);
        if (field->optional && !evt__field_set(field, base))
            evt_buf_add_text(buf, "null");
        else
            value_print(buf, field->value, base + field->offset, base + field->count_offset);
    }
    evt_buf_add_byte(buf, '}');
}

static void items_print(struct evt_buf *buf, const struct evt_value *value, const uint8_t *src,
                        const uint8_t *count)
{
    bool map = value->shape == EVT_SHAPE_MAP;
    const uint8_t *item;
    const char *key;
    size_t n, i;

    memcpy(&item, src, sizeof(item));
    memcpy(&n, count, sizeof(n));
    evt_buf_add_byte(buf, map ? '{' : '[');
    for (i = 0; i < n; i++, item += value->item_size) {
        const uint8_t *at = item;

        if (i)
            evt_buf_add_byte(buf, ',');
        if (map) {
            memcpy(&key, item, sizeof(key));
            text_print(buf, key);
            evt_buf_add_byte(buf, ':');
            at += value->item_offset;
        }
        value_print(buf, value->item, at, at + sizeof(const void *));
    }
    evt_buf_add_byte(buf, map ? '}' : ']');
}

static void value_print(struct evt_buf *buf, const struct evt_value *value, const uint8_t *src,
                        const uint8_t *count)
{
    const char *text;
    int32_t small;
    int64_t number;
    double wide;
    float real;

    switch (value->shape) {
    case EVT_SHAPE_BOOLEAN:
        evt_buf_add_text(buf, *(const bool *)src ? "true" : "false");
        return;
    case EVT_SHAPE_INT:
        memcpy(&small, src, sizeof(small));
        evt_buf_printf(buf, "%" PRId32, small);
        return;
    case EVT_SHAPE_LONG:
        memcpy(&number, src, sizeof(number));
        evt_buf_printf(buf, "%" PRId64, number);
        return;
    case EVT_SHAPE_FLOAT:
        memcpy(&real, src, sizeof(real));
        real_print(buf, (double)real, true);
        return;
    case EVT_SHAPE_DOUBLE:
        memcpy(&wide, src, sizeof(wide));
        real_print(buf, wide, false);
        return;
    case EVT_SHAPE_STRING:
        memcpy(&text, src, sizeof(text));
        text_print(buf, text);
        return;
    case EVT_SHAPE_BYTES:
    case EVT_SHAPE_FIXED:
        bytes_print(buf, src);
        return;
    case EVT_SHAPE_ENUM:
        enum_print(buf, value->symbols, src);
        return;
    case EVT_SHAPE_RECORD:
        record_print(buf, value->record, src);
        return;
    case EVT_SHAPE_ARRAY:
    case EVT_SHAPE_MAP:
        items_print(buf, value, src, count);
        return;
    }
    EVT_BUG_ON(true);
}

void evt_type_print(const struct evt_type *type, const void *msg, struct evt_buf *buf)
{
    record_print(buf, type->fields, msg);
}

/* Write: the C struct to Avro bytes, by the reader's own tables.
 *
 * Their fields are in the order of today's schema, so writing needs nothing compiled. What a
 * handler puts into a message is checked as strictly as what comes from outside: whatever this
 * writes, the guard of every reader lets through. */
#include "codec_internal.h"

#include <evt/mem.h>
#include <inttypes.h>

/* Most messages fit; a larger one grows by doubling. */
#define ROOM_FIRST 512
/* A number is at most ten bytes, and room is asked for before its length is known. */
#define NUMBER_MAX 10
#define ROOM_MAX   ((size_t)EVT_VALUE_MAX + NUMBER_MAX)

struct writing {
    struct evt_buf *buf;
    uint8_t *at, *end;
    size_t items;
    unsigned depth;
    struct evt__fault *fault;
};

static enum evt_err value_write(struct writing *writing, const struct evt_value *value,
                                const uint8_t *src, const uint8_t *count);

static size_t written(const struct writing *writing)
{
    return (size_t)(writing->at - writing->buf->data) - writing->buf->len;
}

__attribute__((cold, noinline)) static enum evt_err size_refuse(struct writing *writing)
{
    return evt__fault_set(writing->fault, EVT_E_VALUE_SIZE, "more than %d bytes", EVT_VALUE_MAX);
}

__attribute__((noinline)) static enum evt_err room_make(struct writing *writing, size_t len)
{
    size_t done = written(writing), room = done * 2;

    if (done + len > ROOM_MAX)
        return size_refuse(writing);
    if (room < done + len)
        room = done + len;
    if (room > ROOM_MAX)
        room = ROOM_MAX;
    writing->at = evt_buf_grow(writing->buf, room) + done;
    writing->end = writing->at - done + room;
    return EVT_OK;
}

static inline enum evt_err room(struct writing *writing, size_t len)
{
    return len <= (size_t)(writing->end - writing->at) ? EVT_OK : room_make(writing, len);
}

static inline void number_put(struct writing *writing, int64_t number)
{
    uint64_t raw = evt__zigzag(number);

    for (; raw >= 0x80; raw >>= 7)
        *writing->at++ = (uint8_t)(raw | 0x80);
    *writing->at++ = (uint8_t)raw;
}

static inline enum evt_err number_write(struct writing *writing, int64_t number)
{
    enum evt_err code = room(writing, NUMBER_MAX);

    if (!code)
        number_put(writing, number);
    return code;
}

__attribute__((cold, noinline)) static enum evt_err refuse(struct writing *writing,
                                                           const char *what)
{
    return evt__fault_set(writing->fault, EVT_E_AVRO_ENCODE, "%s", what);
}

/* A real in the order of its bytes, the lowest first. */
static enum evt_err real_write(struct writing *writing, uint64_t raw, unsigned bytes)
{
    enum evt_err code = room(writing, bytes);
    unsigned i;

    if (code)
        return code;
    for (i = 0; i < bytes; i++)
        *writing->at++ = (uint8_t)(raw >> 8 * i);
    return EVT_OK;
}

static enum evt_err float_write(struct writing *writing, const uint8_t *src)
{
    uint32_t raw;

    memcpy(&raw, src, sizeof(raw));
    return real_write(writing, raw, sizeof(raw));
}

static enum evt_err double_write(struct writing *writing, const uint8_t *src)
{
    uint64_t raw;

    memcpy(&raw, src, sizeof(raw));
    return real_write(writing, raw, sizeof(raw));
}

static inline enum evt_err span_write(struct writing *writing, const void *bytes, size_t len,
                                      bool counted)
{
    enum evt_err code;

    if (len > EVT_VALUE_MAX) /* also keeps the sum below from overflowing */
        return size_refuse(writing);
    code = room(writing, NUMBER_MAX + len);
    if (code)
        return code;
    if (counted)
        number_put(writing, (int64_t)len);
    if (len)
        memcpy(writing->at, bytes, len);
    writing->at += len;
    return EVT_OK;
}

static enum evt_err text_write(struct writing *writing, const uint8_t *src)
{
    const char *text;
    size_t len;

    memcpy(&text, src, sizeof(text));
    if (!text)
        return refuse(writing, "a string that is not optional is NULL");
    len = strlen(text);
    if (evt__text_check((const uint8_t *)text, len))
        return refuse(writing, "a string is not UTF-8");
    return span_write(writing, text, len, true);
}

static enum evt_err bytes_write(struct writing *writing, const struct evt_value *value,
                                const uint8_t *src)
{
    struct evt_bytes bytes;

    memcpy(&bytes, src, sizeof(bytes));
    if (value->shape == EVT_SHAPE_FIXED && bytes.len != value->fixed_len)
        return refuse(writing, "fixed bytes have another length");
    if (bytes.len && !bytes.data)
        return refuse(writing, "bytes are NULL but have a length");
    return span_write(writing, bytes.data, bytes.len, value->shape == EVT_SHAPE_BYTES);
}

static enum evt_err enum_write(struct writing *writing, const struct evt_symbols *symbols,
                               const uint8_t *src)
{
    int32_t number;

    memcpy(&number, src, sizeof(number));
    if (number < 0 || (size_t)number >= symbols->symbols_n)
        return refuse(writing, "an enum's value is none of its symbols");
    return number_write(writing, number);
}

static enum evt_err field_write(struct writing *writing, const struct evt_field *field,
                                const uint8_t *base)
{
    enum evt_err code;
    bool set;

    if (field->optional) {
        set = evt__field_set(field, base);
        code = number_write(writing, set); /* the branches are null, T */
        if (code || !set)
            return code;
    }
    return value_write(writing, field->value, base + field->offset, base + field->count_offset);
}

static enum evt_err record_write(struct writing *writing, const struct evt_fields *fields,
                                 const uint8_t *base)
{
    enum evt_err code;
    size_t i;

    if (++writing->depth > EVT_DEPTH_MAX)
        return evt__fault_set(writing->fault, EVT_E_AVRO_DEPTH, NULL);
    for (i = 0; i < fields->fields_n; i++) {
        code = field_write(writing, &fields->fields[i], base);
        if (code) {
            evt__fault_field(writing->fault, fields->fields[i].name);
            return code;
        }
    }
    writing->depth--;
    return EVT_OK;
}

static enum evt_err item_write(struct writing *writing, const struct evt_value *value,
                               const uint8_t *item)
{
    enum evt_err code;

    if (value->shape == EVT_SHAPE_MAP) {
        code = text_write(writing, item);
        if (code)
            return code;
        item += value->item_offset;
    }
    return value_write(writing, value->item, item, item + sizeof(const void *));
}

static enum evt_err items_write(struct writing *writing, const struct evt_value *value,
                                const uint8_t *src, const uint8_t *count)
{
    const uint8_t *items;
    enum evt_err code;
    size_t n, i;

    memcpy(&items, src, sizeof(items));
    memcpy(&n, count, sizeof(n));
    if (++writing->depth > EVT_DEPTH_MAX)
        return evt__fault_set(writing->fault, EVT_E_AVRO_DEPTH, NULL);
    if (n > EVT_COUNT_MAX - writing->items)
        return evt__fault_set(writing->fault, EVT_E_AVRO_COUNT, "%zu of %d", writing->items + n,
                              EVT_COUNT_MAX);
    writing->items += n;
    if (n && !items)
        return refuse(writing, "items are NULL but have a count");
    code = n ? number_write(writing, (int64_t)n) : EVT_OK;
    for (i = 0; i < n && !code; i++) {
        code = item_write(writing, value, items + i * value->item_size);
        if (code)
            evt__fault_index(writing->fault, i);
    }
    if (!code)
        code = number_write(writing, 0);
    writing->depth--;
    return code;
}

static enum evt_err value_write(struct writing *writing, const struct evt_value *value,
                                const uint8_t *src, const uint8_t *count)
{
    int32_t small;
    int64_t number;

    switch (value->shape) {
    case EVT_SHAPE_BOOLEAN:
        return number_write(writing, *(const bool *)src ? -1 : 0); /* whose zigzag is 1 */
    case EVT_SHAPE_INT:
        memcpy(&small, src, sizeof(small));
        return number_write(writing, small);
    case EVT_SHAPE_LONG:
        memcpy(&number, src, sizeof(number));
        return number_write(writing, number);
    case EVT_SHAPE_FLOAT:
        return float_write(writing, src);
    case EVT_SHAPE_DOUBLE:
        return double_write(writing, src);
    case EVT_SHAPE_STRING:
        return text_write(writing, src);
    case EVT_SHAPE_BYTES:
    case EVT_SHAPE_FIXED:
        return bytes_write(writing, value, src);
    case EVT_SHAPE_ENUM:
        return enum_write(writing, value->symbols, src);
    case EVT_SHAPE_RECORD:
        return record_write(writing, value->record, src);
    case EVT_SHAPE_ARRAY:
    case EVT_SHAPE_MAP:
        return items_write(writing, value, src, count);
    }
    EVT_BUG_ON(true);
}

enum evt_err evt__write(const struct evt_fields *fields, const void *msg, struct evt_buf *buf,
                        struct evt__fault *fault)
{
    struct writing writing = {.buf = buf, .fault = fault};
    enum evt_err code;

    writing.at = evt_buf_grow(buf, ROOM_FIRST);
    writing.end = writing.at + ROOM_FIRST;
    code = record_write(&writing, fields, msg);
    if (code)
        return code;
    buf->len += written(&writing);
    buf->data[buf->len] = 0;
    return EVT_OK;
}

/* Codec: the frame, and the order in which a value is looked at.
 *
 * Size, frame, schema id, the guard's walk, reading: each step may rely on those before it. */
#include "codec_internal.h"

#include <evt/mem.h>

enum evt_err evt_frame_parse(const void *value, size_t len, uint32_t *ret_id,
                             const uint8_t **ret_body, size_t *ret_len, struct evt_error *err)
{
    const uint8_t *bytes = value;

    if (!bytes)
        return evt_fail(err, EVT_E_VALUE_MISSING, NULL);
    if (len > EVT_VALUE_MAX)
        return evt_fail(err, EVT_E_VALUE_SIZE, "%zu of %d bytes", len, EVT_VALUE_MAX);
    if (len < EVT_FRAME_LEN)
        return evt_fail(err, EVT_E_FRAME_SHORT, "%zu", len);
    if (bytes[0] != 0)
        return evt_fail(err, EVT_E_FRAME_MAGIC, "0x%02x", bytes[0]);
    *ret_id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 |
              (uint32_t)bytes[4];
    *ret_body = bytes + EVT_FRAME_LEN;
    *ret_len = len - EVT_FRAME_LEN;
    return EVT_OK;
}

void evt_type_init(const struct evt_type *type, void *msg)
{
    memcpy(msg, type->fields->defaults, type->fields->size);
}

enum evt_err evt_type_encode(const struct evt_type *type, const void *msg, struct evt_buf *buf,
                             struct evt_error *err)
{
    uint32_t id = type->schemas[type->schemas_n - 1].id;
    const uint8_t frame[EVT_FRAME_LEN] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16),
                                          (uint8_t)(id >> 8), (uint8_t)id};
    size_t before = buf->len;
    struct evt__fault fault;
    enum evt_err code;

    evt_buf_add(buf, frame, sizeof(frame));
    code = evt__write(type->fields, msg, buf, &fault);
    if (!code && buf->len - before > EVT_VALUE_MAX)
        code = evt__fault_set(&fault, EVT_E_VALUE_SIZE, "%zu of %d bytes", buf->len - before,
                              EVT_VALUE_MAX);
    if (code) {
        buf->len = before;
        buf->data[before] = 0;
        return evt__fault_report(&fault, err);
    }
    return EVT_OK;
}

/* A value that passed all checks but the projection's. */
struct framed {
    const struct evt__plan *plan;
    const uint8_t *body;
    size_t len;
    struct evt__size size;
};

static enum evt_err framed_check(const struct evt_registry *reg, const struct evt_type *type,
                                 const void *value, size_t len, struct framed *ret_framed,
                                 struct evt_error *err)
{
    const struct evt_schema_ref *ref;
    struct evt__fault fault;
    enum evt_err code;
    uint32_t id = 0;

    code = evt_frame_parse(value, len, &id, &ret_framed->body, &ret_framed->len, err);
    if (code)
        return code;
    ref = evt_registry_schema(reg, id);
    if (!ref || (ref->type != type && strcmp(ref->type->name, type->name) != 0))
        return evt_fail(err, EVT_E_SCHEMA_UNKNOWN, "%u", id);
    ret_framed->plan = evt__plan_get(ref->schema, type->fields);
    if (ret_framed->plan->error.code) {
        if (err)
            *err = ret_framed->plan->error;
        return ret_framed->plan->error.code;
    }
    code = evt__guard(ret_framed->plan->nodes, ret_framed->body, ret_framed->len, &ret_framed->size,
                      &fault);
    return code ? evt__fault_report(&fault, err) : EVT_OK;
}

static size_t aligned(size_t size)
{
    return (size + EVT__ALIGN - 1) / EVT__ALIGN * EVT__ALIGN;
}

/* Reads into a block of struct and memory together. */
static enum evt_err framed_read(const struct framed *framed, uint8_t *block, size_t size,
                                struct evt_error *err)
{
    struct evt__fault fault;
    enum evt_err code = evt__read(framed->plan, framed->body, framed->len, &framed->size,
                                  block + aligned(size), block, &fault);

    return code ? evt__fault_report(&fault, err) : EVT_OK;
}

static size_t block_size(const struct framed *framed, size_t size)
{
    return aligned(size) + evt__read_size(framed->plan, framed->len, &framed->size);
}

enum evt_err evt_type_decode(const struct evt_registry *reg, const struct evt_type *type,
                             const void *value, size_t len, struct evt_arena *arena, void *msg,
                             struct evt_error *err)
{
    size_t size = type->fields->size;
    struct framed framed;
    enum evt_err code;
    uint8_t *block;

    code = framed_check(reg, type, value, len, &framed, err);
    if (code)
        return code;
    /* Not into `msg` at once: a symbol or a branch may still be refused, and it stays untouched. */
    block = evt_arena_alloc(arena, block_size(&framed, size));
    code = framed_read(&framed, block, size, err);
    if (!code)
        memcpy(msg, block, size);
    return code;
}

enum evt_err evt_type_decode_new(const struct evt_registry *reg, const struct evt_type *type,
                                 const void *value, size_t len, void **ret_msg,
                                 struct evt_error *err)
{
    size_t size = type->fields->size;
    struct framed framed;
    enum evt_err code;
    uint8_t *block;

    code = framed_check(reg, type, value, len, &framed, err);
    if (code)
        return code;
    block = evt_alloc(block_size(&framed, size));
    code = framed_read(&framed, block, size, err);
    if (code) {
        evt_free(block);
        return code;
    }
    *ret_msg = block;
    return EVT_OK;
}

void evt_type_free(void *msg)
{
    evt_free(msg);
}

static const struct evt_field *find_field(const struct evt_type *type, const char *name,
                                          enum evt_shape shape)
{
    const struct evt_fields *fields = type->fields;

    for (size_t i = 0; i < fields->fields_n; i++)
        if (strcmp(fields->fields[i].name, name) == 0 && fields->fields[i].value->shape == shape)
            return &fields->fields[i];
    return NULL;
}

const char *evt_type_text(const struct evt_type *type, const void *msg, const char *field)
{
    const struct evt_field *found = find_field(type, field, EVT_SHAPE_STRING);
    const char *text = NULL;

    if (found)
        memcpy(&text, (const uint8_t *)msg + found->offset, sizeof(text));
    EVT_BUG_ON(!text);
    return text;
}

int64_t evt_type_number(const struct evt_type *type, const void *msg, const char *field)
{
    const struct evt_field *found = find_field(type, field, EVT_SHAPE_INT);
    int64_t number;
    int32_t small;

    if (found) {
        memcpy(&small, (const uint8_t *)msg + found->offset, sizeof(small));
        return small;
    }
    found = find_field(type, field, EVT_SHAPE_LONG);
    EVT_BUG_ON(!found);
    memcpy(&number, (const uint8_t *)msg + found->offset, sizeof(number));
    return number;
}

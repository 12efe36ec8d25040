/* Guard: one walk over hostile bytes by the writer's schema, before anything trusts them.
 *
 * It checks all that a decoder would stumble over: lengths against what is left, counts and depth
 * against their limits, the range of ints, enums, unions and booleans, text. What it lets through,
 * read.c moves without looking again. Its cost is part of every message, hence the one-byte way
 * through a number and no path until something is wrong. */
#include "codec_internal.h"

#include <evt/mem.h>
#include <evt/utf8.h>
#include <inttypes.h>

struct walk {
    const struct evt__node *nodes;
    const uint8_t *end;
    size_t items; /* so far, of all arrays and maps: bounds the work as well as the memory */
    bool blocks;
    unsigned depth;
    struct evt__fault *fault;
};

/* Each walk_ function returns where the value ends; NULL: the fault says why not. */
static const uint8_t *walk_value(struct walk *walk, const struct evt__node *node,
                                 const uint8_t *at);

__attribute__((cold, noinline)) static const uint8_t *refuse(struct walk *walk, enum evt_err code)
{
    evt__fault_set(walk->fault, code, NULL);
    return NULL;
}

__attribute__((cold, noinline)) static const uint8_t *
refuse_number(struct walk *walk, enum evt_err code, int64_t number, size_t limit)
{
    evt__fault_set(walk->fault, code, "%" PRId64 " of %zu", number, limit);
    return NULL;
}

__attribute__((cold, noinline)) static const uint8_t *refuse_block(struct walk *walk)
{
    evt__fault_set(walk->fault, EVT_E_AVRO_LENGTH, "a block ends elsewhere than its size says");
    return NULL;
}

enum evt_err evt__text_refuse(const uint8_t *text, size_t len)
{
    if (memchr(text, 0, len))
        return EVT_E_AVRO_NUL;
    return evt_utf8_valid(text, len) ? EVT_OK : EVT_E_AVRO_UTF8;
}

/* A number of up to `bytes` bytes, whose last one may be at most `last`. */
static const uint8_t *varint_long(struct walk *walk, const uint8_t *at, unsigned bytes,
                                  uint8_t last, int64_t *ret_number)
{
    uint64_t raw = 0;
    unsigned i;

    for (i = 0; i < bytes; i++) {
        if (at == walk->end)
            return refuse(walk, EVT_E_AVRO_SHORT);
        raw |= (uint64_t)(*at & 0x7f) << 7 * i;
        if (i == bytes - 1 && *at > last)
            return refuse(walk, *at & 0x80 ? EVT_E_AVRO_VARINT : EVT_E_AVRO_RANGE);
        if (!(*at++ & 0x80))
            break;
    }
    *ret_number = evt__unzigzag(raw);
    return at;
}

static inline const uint8_t *number_walk(struct walk *walk, const uint8_t *at, unsigned bytes,
                                         uint8_t last, int64_t *ret_number)
{
    if (at < walk->end && *at < 0x80) {
        *ret_number = evt__unzigzag(*at);
        return at + 1;
    }
    return varint_long(walk, at, bytes, last, ret_number);
}

static inline const uint8_t *int_walk(struct walk *walk, const uint8_t *at, int64_t *ret_number)
{
    return number_walk(walk, at, 5, 0x0f, ret_number);
}

static inline const uint8_t *long_walk(struct walk *walk, const uint8_t *at, int64_t *ret_number)
{
    return number_walk(walk, at, 10, 0x01, ret_number);
}

/* `len` bytes from here on; compared, never added, so that nothing overflows. */
static inline const uint8_t *span_walk(struct walk *walk, const uint8_t *at, size_t len)
{
    return len <= (size_t)(walk->end - at) ? at + len : refuse(walk, EVT_E_AVRO_SHORT);
}

static inline const uint8_t *bytes_walk(struct walk *walk, const uint8_t *at, size_t *ret_len)
{
    int64_t len = 0;
    size_t rest;

    at = long_walk(walk, at, &len);
    if (!at)
        return NULL;
    rest = (size_t)(walk->end - at);
    if (len < 0 || (uint64_t)len > rest)
        return refuse_number(walk, EVT_E_AVRO_LENGTH, len, rest);
    *ret_len = (size_t)len;
    return at + len;
}

static inline const uint8_t *text_walk(struct walk *walk, const uint8_t *at)
{
    enum evt_err code;
    size_t len = 0;

    at = bytes_walk(walk, at, &len);
    if (!at)
        return NULL;
    code = evt__text_check(at - len, len);
    return code ? refuse(walk, code) : at;
}

/* An index, of an enum's symbols or a union's branches. */
static inline const uint8_t *index_walk(struct walk *walk, const struct evt__node *node,
                                        const uint8_t *at, enum evt_err code, size_t *ret_index)
{
    int64_t index = 0;

    at = int_walk(walk, at, &index);
    if (!at)
        return NULL;
    if (index < 0 || index >= (int64_t)node->n)
        return refuse_number(walk, code, index, node->n);
    *ret_index = (size_t)index;
    return at;
}

static const uint8_t *record_walk(struct walk *walk, const struct evt__node *node,
                                  const uint8_t *at)
{
    const struct evt__node *field = walk->nodes + node->first, *end = field + node->n;

    if (++walk->depth > EVT_DEPTH_MAX)
        return refuse(walk, EVT_E_AVRO_DEPTH);
    for (; field < end; field++) {
        at = walk_value(walk, field, at);
        if (!at) {
            evt__fault_field(walk->fault, field->name);
            return NULL;
        }
    }
    walk->depth--;
    return at;
}

/* The head of a block. A negative count says that the block's size in bytes follows; *ret_end is
 * then where it must end, else NULL. */
static const uint8_t *block_walk(struct walk *walk, const uint8_t *at, size_t *ret_count,
                                 const uint8_t **ret_end)
{
    int64_t count = 0;
    size_t size = 0;

    at = long_walk(walk, at, &count);
    if (!at)
        return NULL;
    *ret_end = NULL;
    if (count < -(int64_t)EVT_COUNT_MAX || count > (int64_t)EVT_COUNT_MAX)
        return refuse_number(walk, EVT_E_AVRO_COUNT, count, EVT_COUNT_MAX);
    if (count < 0) {
        count = -count;
        *ret_end = bytes_walk(walk, at, &size);
        if (!*ret_end)
            return NULL;
        at = *ret_end - size;
    }
    walk->items += (size_t)count;
    if (walk->items > EVT_COUNT_MAX)
        return refuse_number(walk, EVT_E_AVRO_COUNT, (int64_t)walk->items, EVT_COUNT_MAX);
    *ret_count = (size_t)count;
    return at;
}

static const uint8_t *item_walk(struct walk *walk, const struct evt__node *node, const uint8_t *at)
{
    if (node->kind == EVT__MAP) {
        at = text_walk(walk, at); /* the key */
        if (!at)
            return NULL;
    }
    return walk_value(walk, walk->nodes + node->first, at);
}

static const uint8_t *blocks_walk(struct walk *walk, const struct evt__node *node,
                                  const uint8_t *at, size_t *ret_items)
{
    const uint8_t *end;
    size_t count = 0, i, done = 0;

    if (++walk->depth > EVT_DEPTH_MAX)
        return refuse(walk, EVT_E_AVRO_DEPTH);
    for (;;) {
        at = block_walk(walk, at, &count, &end);
        if (!at)
            return NULL;
        if (!count)
            break;
        walk->blocks |= done > 0;
        for (i = 0; i < count; i++) {
            at = item_walk(walk, node, at);
            if (!at) {
                evt__fault_index(walk->fault, done + i);
                return NULL;
            }
        }
        if (end && at != end)
            return refuse_block(walk);
        done += count;
    }
    walk->depth--;
    *ret_items = done;
    return at;
}

static const uint8_t *walk_value(struct walk *walk, const struct evt__node *node, const uint8_t *at)
{
    int64_t number;
    size_t len = 0;

    switch (node->kind) {
    case EVT__NULL:
        return at;
    case EVT__BOOLEAN:
        if (at == walk->end)
            return refuse(walk, EVT_E_AVRO_SHORT);
        return *at <= 1 ? at + 1 : refuse_number(walk, EVT_E_AVRO_BOOLEAN, *at, 1);
    case EVT__INT:
        return int_walk(walk, at, &number);
    case EVT__LONG:
        return long_walk(walk, at, &number);
    case EVT__FLOAT:
        return span_walk(walk, at, sizeof(float));
    case EVT__DOUBLE:
        return span_walk(walk, at, sizeof(double));
    case EVT__STRING:
        return text_walk(walk, at);
    case EVT__BYTES:
        return bytes_walk(walk, at, &len);
    case EVT__FIXED:
        return span_walk(walk, at, node->n);
    case EVT__ENUM:
        return index_walk(walk, node, at, EVT_E_AVRO_ENUM, &len);
    case EVT__RECORD:
        return record_walk(walk, node, at);
    case EVT__ARRAY:
    case EVT__MAP:
        return blocks_walk(walk, node, at, &len);
    case EVT__UNION:
        at = index_walk(walk, node, at, EVT_E_AVRO_UNION, &len);
        return at ? walk_value(walk, walk->nodes + node->first + len, at) : NULL;
    }
    EVT_BUG_ON(true);
}

enum evt_err evt__guard(const struct evt__node *nodes, const uint8_t *body, size_t len,
                        struct evt__size *ret_size, struct evt__fault *fault)
{
    struct walk walk = {.nodes = nodes, .end = body + len, .fault = fault};
    const uint8_t *at = walk_value(&walk, nodes, body);

    if (!at)
        return fault->code;
    if (at != walk.end)
        return evt__fault_set(fault, EVT_E_AVRO_TRAILING, "%zu", (size_t)(walk.end - at));
    ret_size->items = walk.items;
    ret_size->blocks = walk.blocks;
    return EVT_OK;
}

const uint8_t *evt__guard_skip(const struct evt__node *nodes, const struct evt__node *node,
                               const uint8_t *at, const uint8_t *end, size_t *ret_items)
{
    struct evt__fault fault;
    struct walk walk = {.nodes = nodes, .end = end, .fault = &fault};

    if (ret_items)
        at = blocks_walk(&walk, node, at, ret_items);
    else
        at = walk_value(&walk, node, at);
    EVT_BUG_ON(!at);
    return at;
}

/* Read: bytes that passed the guard to the C struct, by the plan's steps.
 *
 * Nothing is checked twice: lengths, ranges and text hold, so numbers are read without bounds. What
 * is refused here is what only the projection knows: a branch or a symbol that the reader cannot
 * take. All memory comes from one block whose size is known before: text never needs more bytes
 * than it has on the wire (its length is at least one byte, its NUL is one), and arrays are counted
 * by the guard. */
#include "codec_internal.h"

#include <evt/mem.h>

struct reading {
    const struct evt__plan *plan;
    const uint8_t *end;
    uint8_t *items; /* where the next array goes, aligned */
    char *text;     /* where the next text goes */
    bool blocks;
    struct evt__fault *fault;
};

static const uint8_t *step_read(struct reading *reading, const struct evt__step *step,
                                const uint8_t *at, uint8_t *base);

static inline const uint8_t *number_read(const uint8_t *at, int64_t *ret_number)
{
    uint64_t raw = *at & 0x7f;
    unsigned shift = 7;

    for (; *at++ & 0x80; shift += 7)
        raw |= (uint64_t)(*at & 0x7f) << shift;
    *ret_number = evt__unzigzag(raw);
    return at;
}

__attribute__((cold, noinline)) static const uint8_t *refuse(struct reading *reading,
                                                             enum evt_err code, const char *what)
{
    evt__fault_set(reading->fault, code, what ? "%s" : NULL, what);
    return NULL;
}

static inline const uint8_t *text_read(struct reading *reading, const uint8_t *at, uint8_t *dst)
{
    const char *text = reading->text;
    int64_t len;

    at = number_read(at, &len);
    memcpy(reading->text, at, (size_t)len);
    reading->text[len] = '\0';
    reading->text += len + 1;
    memcpy(dst, &text, sizeof(text));
    return at + len;
}

static const uint8_t *bytes_text_read(struct reading *reading, const uint8_t *at, uint8_t *dst)
{
    enum evt_err code;
    int64_t len;
    const uint8_t *bytes = number_read(at, &len);

    code = evt__text_check(bytes, (size_t)len);
    return code ? refuse(reading, code, NULL) : text_read(reading, at, dst);
}

static const uint8_t *span_read(struct reading *reading, const uint8_t *at, size_t len,
                                uint8_t *dst)
{
    struct evt_bytes bytes = {(const uint8_t *)reading->text, len};

    memcpy(reading->text, at, len);
    reading->text += len;
    memcpy(dst, &bytes, sizeof(bytes));
    return at + len;
}

static const uint8_t *enum_read(struct reading *reading, const struct evt__step *step,
                                const uint8_t *at, uint8_t *dst)
{
    int64_t index;

    at = number_read(at, &index);
    if (step->symbols[index] < 0)
        return refuse(reading, EVT_E_AVRO_RESOLVE, "a symbol that the reader does not know");
    memcpy(dst, &step->symbols[index], sizeof(int32_t));
    return at;
}

static const uint8_t *record_read(struct reading *reading, const struct evt__step *step,
                                  const uint8_t *at, uint8_t *dst)
{
    const struct evt__plan *plan = reading->plan;
    const struct evt__step *field = plan->steps + step->first, *end = field + step->n;

    memcpy(dst, step->record->defaults, step->record->size);
    for (; field < end; field++) {
        at = step_read(reading, field, at, dst);
        if (!at) {
            evt__fault_field(reading->fault, plan->nodes[field->node].name);
            return NULL;
        }
    }
    return at;
}

static const uint8_t *block_read(struct reading *reading, const struct evt__step *step, size_t done,
                                 size_t count, const uint8_t *at, uint8_t *item)
{
    const struct evt__step *value = reading->plan->steps + step->first;
    size_t i;

    for (i = 0; i < count; i++, item += step->item_size) {
        if (step->op == EVT__TO_MAP)
            at = text_read(reading, at, item); /* the key comes first, here and there */
        at = step_read(reading, value, at, item);
        if (!at) {
            evt__fault_index(reading->fault, done + i);
            return NULL;
        }
    }
    return at;
}

static const uint8_t *items_read(struct reading *reading, const struct evt__step *step,
                                 const uint8_t *at, uint8_t *base)
{
    const struct evt__plan *plan = reading->plan;
    uint8_t *items = reading->items;
    size_t total = 0, done = 0;
    int64_t count, size;

    if (reading->blocks)
        evt__guard_skip(plan->nodes, plan->nodes + step->node, at, reading->end, &total);
    for (;;) {
        at = number_read(at, &count);
        if (!count)
            break;
        if (count < 0) {
            count = -count;
            at = number_read(at, &size);
        }
        if (!done) {
            if (!reading->blocks)
                total = (size_t)count;
            reading->items += (total * step->item_size + EVT__ALIGN - 1) / EVT__ALIGN * EVT__ALIGN;
        }
        at = block_read(reading, step, done, (size_t)count, at, items + done * step->item_size);
        if (!at)
            return NULL;
        done += (size_t)count;
    }
    if (!total)
        items = NULL;
    memcpy(base + step->offset, &items, sizeof(items));
    memcpy(base + step->count_offset, &total, sizeof(total));
    return at;
}

static const uint8_t *union_read(struct reading *reading, const struct evt__step *step,
                                 const uint8_t *at, uint8_t *base)
{
    int64_t branch;

    at = number_read(at, &branch);
    return step_read(reading, reading->plan->steps + step->first + branch, at, base);
}

/* Null for an optional field, whatever its default is. */
static void absent_set(const struct evt__step *step, uint8_t *base)
{
    const char *none = NULL;
    bool set = false;

    if (step->has_set)
        memcpy(base + step->set_offset, &set, sizeof(set));
    else
        memcpy(base + step->offset, &none, sizeof(none));
}

static const uint8_t *value_read(struct reading *reading, const struct evt__step *step,
                                 const uint8_t *at, uint8_t *base)
{
    uint8_t *dst = base + step->offset;
    int64_t number;
    int32_t small;
    double wide;
    float real;

    switch (step->op) {
    case EVT__SKIP:
        return evt__guard_skip(reading->plan->nodes, reading->plan->nodes + step->node, at,
                               reading->end, NULL);
    case EVT__DEFAULT:
        return at;
    case EVT__ABSENT:
        absent_set(step, base);
        return at;
    case EVT__REFUSE:
        return refuse(reading, EVT_E_AVRO_RESOLVE, "a union's branch that the reader cannot take");
    case EVT__TO_BOOLEAN:
        *(bool *)dst = *at;
        return at + 1;
    case EVT__TO_INT:
        at = number_read(at, &number);
        small = (int32_t)number;
        memcpy(dst, &small, sizeof(small));
        return at;
    case EVT__TO_LONG:
        at = number_read(at, &number);
        memcpy(dst, &number, sizeof(number));
        return at;
    case EVT__LONG_TO_FLOAT:
        at = number_read(at, &number);
        real = (float)number;
        memcpy(dst, &real, sizeof(real));
        return at;
    case EVT__LONG_TO_DOUBLE:
        at = number_read(at, &number);
        wide = (double)number;
        memcpy(dst, &wide, sizeof(wide));
        return at;
    case EVT__TO_FLOAT:
        real = evt__float_load(at);
        memcpy(dst, &real, sizeof(real));
        return at + sizeof(real);
    case EVT__FLOAT_TO_DOUBLE:
        wide = (double)evt__float_load(at);
        memcpy(dst, &wide, sizeof(wide));
        return at + sizeof(real);
    case EVT__TO_DOUBLE:
        wide = evt__double_load(at);
        memcpy(dst, &wide, sizeof(wide));
        return at + sizeof(wide);
    case EVT__TO_STRING:
        return text_read(reading, at, dst);
    case EVT__BYTES_TO_STRING:
        return bytes_text_read(reading, at, dst);
    case EVT__TO_BYTES:
        at = number_read(at, &number);
        return span_read(reading, at, (size_t)number, dst);
    case EVT__TO_FIXED:
        return span_read(reading, at, reading->plan->nodes[step->node].n, dst);
    case EVT__TO_ENUM:
        return enum_read(reading, step, at, dst);
    case EVT__TO_RECORD:
        return record_read(reading, step, at, dst);
    case EVT__TO_ARRAY:
    case EVT__TO_MAP:
        return items_read(reading, step, at, base);
    case EVT__FROM_UNION:
        return union_read(reading, step, at, base);
    }
    EVT_BUG_ON(true);
}

static const uint8_t *step_read(struct reading *reading, const struct evt__step *step,
                                const uint8_t *at, uint8_t *base)
{
    at = value_read(reading, step, at, base);
    if (step->sets)
        *(bool *)(base + step->set_offset) = true;
    return at;
}

static size_t items_size(const struct evt__plan *plan, const struct evt__size *size)
{
    return size->items * plan->item_size;
}

size_t evt__read_size(const struct evt__plan *plan, size_t len, const struct evt__size *size)
{
    return items_size(plan, size) + len;
}

enum evt_err evt__read(const struct evt__plan *plan, const uint8_t *body, size_t len,
                       const struct evt__size *size, void *mem, void *msg, struct evt__fault *fault)
{
    struct reading reading = {.plan = plan,
                              .end = body + len,
                              .items = mem,
                              .text = (char *)mem + items_size(plan, size),
                              .blocks = size->blocks,
                              .fault = fault};

    return step_read(&reading, plan->steps, body, msg) ? EVT_OK : fault->code;
}

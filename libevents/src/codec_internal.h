/* The codec's own tables: what is compiled once per schema and walked once per message.
 *
 * A writer's schema becomes a program of nodes (the guard walks the bytes by it), and, together
 * with the reader's C tables, a program of steps (read moves the values by it). Both are arrays
 * with indexes, so that a message costs two short walks and no look-up by name. */
#ifndef CODEC_INTERNAL_H
#define CODEC_INTERNAL_H

#include <evt/codec.h>
#include <avro.h>
#include <string.h>

/* codec_fault.c: where in a message something went wrong. Cold: nothing is written until then. */
struct evt__fault {
    enum evt_err code;
    char what[96];
    char path[128];
    size_t begin; /* the path grows to the left, from the field that failed outwards */
};
enum evt_err evt__fault_set(struct evt__fault *fault, enum evt_err code, const char *fmt, ...)
    EVT_PRINTF(3, 4) __attribute__((cold));
void evt__fault_field(struct evt__fault *fault, const char *name) __attribute__((cold));
void evt__fault_index(struct evt__fault *fault, size_t index) __attribute__((cold));
enum evt_err evt__fault_report(const struct evt__fault *fault, struct evt_error *err)
    __attribute__((cold));

enum evt__kind {
    EVT__NULL,
    EVT__BOOLEAN,
    EVT__INT,
    EVT__LONG,
    EVT__FLOAT,
    EVT__DOUBLE,
    EVT__STRING,
    EVT__BYTES,
    EVT__FIXED,
    EVT__ENUM,
    EVT__RECORD,
    EVT__ARRAY,
    EVT__MAP,
    EVT__UNION
};

/* One value of the writer's schema. */
struct evt__node {
    enum evt__kind kind;
    uint32_t n;       /* FIXED: bytes; ENUM: symbols; RECORD: fields; UNION: branches */
    uint32_t first;   /* RECORD, UNION: the first of their n nodes; ARRAY, MAP: their item's */
    const char *name; /* of the record's field; NULL elsewhere */
};

enum evt__op {
    EVT__SKIP,    /* the reader does not know it */
    EVT__ABSENT,  /* null for an optional field */
    EVT__DEFAULT, /* null for a field that has a default */
    EVT__REFUSE,  /* a union's branch that the reader cannot take */
    EVT__FROM_UNION,
    /* From here on the reader gets a value. */
    EVT__TO_BOOLEAN,
    EVT__TO_INT,
    EVT__TO_LONG, /* from int and long: one encoding */
    EVT__LONG_TO_FLOAT,
    EVT__LONG_TO_DOUBLE,
    EVT__TO_FLOAT,
    EVT__FLOAT_TO_DOUBLE,
    EVT__TO_DOUBLE,
    EVT__TO_STRING,
    EVT__BYTES_TO_STRING, /* checked as text only here */
    EVT__TO_BYTES,        /* from string and bytes: one encoding */
    EVT__TO_FIXED,
    EVT__TO_ENUM,
    EVT__TO_RECORD,
    EVT__TO_ARRAY,
    EVT__TO_MAP
};

/* What becomes of one value of the writer's. Offsets count from the reader's struct around it. */
struct evt__step {
    enum evt__op op;
    uint32_t node;
    uint32_t first, n; /* RECORD: the fields' steps; UNION: the branches'; ARRAY, MAP: the item's */
    bool has_set;      /* the reader's field is optional and has a bool for it */
    bool sets;         /* this step makes that bool true */
    size_t offset, set_offset, count_offset;
    size_t item_size;                /* ARRAY, MAP */
    const int32_t *symbols;          /* ENUM: the reader's value per writer's index; -1: none */
    const struct evt_fields *record; /* RECORD */
};

struct evt__note; /* memory that lives as long as the plan */
struct evt__plan {
    const struct evt_schema *schema;
    const struct evt_fields *fields;
    struct evt__plan *next;  /* in the cache's bucket */
    struct evt_error error;  /* why there is none: then the rest is empty */
    struct evt__node *nodes; /* the first is the record itself */
    size_t nodes_n;
    struct evt__step *steps; /* likewise */
    size_t steps_n;
    size_t item_size; /* the largest item of the reader's, rounded up to EVT__ALIGN */
    struct evt__note *notes;
};
#define EVT__ALIGN ((size_t)16)

/* codec_plan.c: the cache. Never NULL; a plan with an error refuses every message. Memory comes
 * from malloc and stays until the process ends, whoever replaced evt_alloc. */
const struct evt__plan *evt__plan_get(const struct evt_schema *schema,
                                      const struct evt_fields *fields);
struct evt__plan *evt__plan_new(const struct evt_schema *schema, const struct evt_fields *fields);
void evt__plan_free(struct evt__plan *plan);
void *evt__plan_note(struct evt__plan *plan, size_t size);  /* cleared */
uint32_t evt__plan_nodes(struct evt__plan *plan, size_t n); /* the first of n new ones */
uint32_t evt__plan_steps(struct evt__plan *plan, size_t n);

/* codec_schema.c: an avro-c schema to nodes, nodes[at] first. */
avro_schema_t evt__schema_target(avro_schema_t schema); /* behind links */
enum evt_err evt__schema_compile(struct evt__plan *plan, avro_schema_t schema,
                                 struct evt__fault *fault);
/* codec_project.c: those nodes and the reader's tables to steps. */
enum evt_err evt__project(struct evt__plan *plan, avro_schema_t schema, struct evt__fault *fault);

/* codec_guard.c: what one walk over a value's bytes found. */
struct evt__size {
    size_t items; /* of all arrays and maps */
    bool blocks;  /* an array or map came in more than one block */
};
enum evt_err evt__guard(const struct evt__node *nodes, const uint8_t *body, size_t len,
                        struct evt__size *ret_size, struct evt__fault *fault);
/* Over bytes that passed the guard: where a value ends, and, unless NULL, how many items it has. */
const uint8_t *evt__guard_skip(const struct evt__node *nodes, const struct evt__node *node,
                               const uint8_t *at, const uint8_t *end, size_t *ret_items);

/* codec_read.c: bytes that passed the guard into `msg`. What msg points to is taken from `mem`,
 * which has evt__read_size bytes aligned to EVT__ALIGN. */
size_t evt__read_size(const struct evt__plan *plan, size_t len, const struct evt__size *size);
enum evt_err evt__read(const struct evt__plan *plan, const uint8_t *body, size_t len,
                       const struct evt__size *size, void *mem, void *msg,
                       struct evt__fault *fault);

/* codec_write.c: appends the Avro bytes; `buf` keeps its length on failure. */
enum evt_err evt__write(const struct evt_fields *fields, const void *msg, struct evt_buf *buf,
                        struct evt__fault *fault);

/* An optional field: is it there, and its absence. Strings say it by NULL, others by their bool. */
static inline bool evt__field_set(const struct evt_field *field, const void *base)
{
    const uint8_t *from = base;
    const char *text;

    if (field->value->shape != EVT_SHAPE_STRING)
        return *(const bool *)(from + field->set_offset);
    memcpy(&text, from + field->offset, sizeof(text));
    return text != NULL;
}

static inline void evt__field_clear(const struct evt_field *field, void *base)
{
    const char *none = NULL;
    uint8_t *to = base;

    if (field->value->shape != EVT_SHAPE_STRING)
        *(bool *)(to + field->set_offset) = false;
    else
        memcpy(to + field->offset, &none, sizeof(none));
}

/* codec_guard.c: the slow and exact answer for what is not plain ASCII. */
enum evt_err evt__text_refuse(const uint8_t *text, size_t len) __attribute__((cold));

/* Text is UTF-8 without NUL. Nearly all of it is ASCII, eight bytes at a time. */
static inline enum evt_err evt__text_check(const uint8_t *text, size_t len)
{
    const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t word, odd = 0;
    size_t i;

    if (len >= sizeof(word)) {
        for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
            memcpy(&word, text + i, sizeof(word));
            odd |= (word - ones) | word;
        }
        memcpy(&word, text + len - sizeof(word), sizeof(word));
        odd |= (word - ones) | word;
        odd &= highs;
    } else {
        for (i = 0; i < len; i++)
            odd |= (uint8_t)(text[i] - 1) >= 0x7f;
    }
    return odd ? evt__text_refuse(text, len) : EVT_OK;
}

/* Avro's reals are little-endian, as the machines are; the compiler makes one load of each. */
static inline float evt__float_load(const uint8_t *at)
{
    uint32_t raw =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    float real;

    memcpy(&real, &raw, sizeof(real));
    return real;
}

static inline double evt__double_load(const uint8_t *at)
{
    uint64_t raw = 0;
    double wide;
    unsigned i;

    for (i = 0; i < sizeof(raw); i++)
        raw |= (uint64_t)at[i] << 8 * i;
    memcpy(&wide, &raw, sizeof(wide));
    return wide;
}

static inline int64_t evt__unzigzag(uint64_t raw)
{
    return (int64_t)(raw >> 1 ^ (0 - (raw & 1)));
}

static inline uint64_t evt__zigzag(int64_t number)
{
    return ((uint64_t)number << 1) ^ (0 - ((uint64_t)number >> 63));
}

#endif

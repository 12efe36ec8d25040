/* Codec: typed messages to framed Avro bytes and back.
 *
 * A value is 00, the schema id in four bytes big-endian, and Avro binary. Reading goes: size,
 * frame, schema id, the guard's walk over the bytes by the writer's schema, then decoding with the
 * writer's schema and projecting by field name onto the C struct, with defaults for what the writer
 * did not know. Every refusal has its own code and names the field where it happened. */
#ifndef EVT_CODEC_H
#define EVT_CODEC_H

#include <evt/type.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a record's C struct is laid out. The schema compiler writes these tables; `defaults` is a
 * whole struct with every default in place, so that init is one copy and a field which the writer
 * did not know is copied from it. C types: bool, int32_t, int64_t, float, double, const char *
 * (never NULL unless optional), struct evt_bytes (bytes and fixed), int32_t-sized enums, embedded
 * structs. Arrays and maps are a pointer to the items and a size_t count; a map's item is a struct
 * whose first member is `const char *key` and whose second is `value`. An array or map that is
 * itself an item (or a map's value) is a struct of the pointer and, right behind it, the size_t
 * count; items are never optional.
 *
 * Fields are in the order of today's schema and an optional one is the union null, T in this order:
 * writing goes by these tables alone. A struct that has no default in a field (a fixed has none)
 * holds zeroes there, a string "". All tables, and the schemas, live as long as the process: what
 * is compiled from them is kept under their addresses. */
enum evt_shape {
    EVT_SHAPE_BOOLEAN,
    EVT_SHAPE_INT,
    EVT_SHAPE_LONG,
    EVT_SHAPE_FLOAT,
    EVT_SHAPE_DOUBLE,
    EVT_SHAPE_STRING,
    EVT_SHAPE_BYTES,
    EVT_SHAPE_FIXED,
    EVT_SHAPE_ENUM,
    EVT_SHAPE_RECORD,
    EVT_SHAPE_ARRAY,
    EVT_SHAPE_MAP
};

struct evt_symbols {
    const char *name;           /* Avro full name */
    const char *const *symbols; /* in the order of today's schema: the C enum's values */
    size_t symbols_n;
    int32_t fallback; /* the enum's default symbol; -1: none */
};

/* One value: a field's, or an array's or map's item. */
struct evt_value {
    enum evt_shape shape;
    size_t size;                       /* of the C type */
    size_t fixed_len;                  /* FIXED */
    const struct evt_symbols *symbols; /* ENUM */
    const struct evt_fields *record;   /* RECORD */
    const struct evt_value *item;      /* ARRAY and MAP: what they hold */
    size_t item_size;                  /* ARRAY and MAP: bytes from one item to the next */
    size_t item_offset;                /* MAP: where `value` lies in an item */
};

struct evt_field {
    const char *name;
    const char *const *aliases; /* ends with NULL; NULL: none */
    const struct evt_value *value;
    size_t offset;
    size_t count_offset; /* ARRAY and MAP: of the size_t */
    size_t set_offset;   /* optional: of the bool `has_<field>`; strings have none, NULL says it */
    bool optional;       /* ["null", T] */
    bool has_default;
};

struct evt_fields {
    const char *name;           /* Avro full name */
    const char *const *aliases; /* ends with NULL; NULL: none */
    size_t size;
    const void *defaults;
    const struct evt_field *fields;
    size_t fields_n;
};

/* Ours to check: the topic's max.message.bytes limits batches and stays large. */
#define EVT_VALUE_MAX (64 * 1024)
#define EVT_FRAME_LEN 5
/* Nesting of records, arrays and maps; the message itself is the first. */
#define EVT_DEPTH_MAX 16
/* Items of all arrays and maps of a value together: no more fit unless they are empty. */
#define EVT_COUNT_MAX 65536

/* Reads "00 id": the schema's id and where the Avro bytes begin. A `value` of NULL is a missing one
 * (Kafka's tombstone). */
EVT_MUST_USE enum evt_err evt_frame_parse(const void *value, size_t len, uint32_t *ret_id,
                                          const uint8_t **ret_body, size_t *ret_len,
                                          struct evt_error *err);

void evt_type_init(const struct evt_type *type, void *msg); /* every field its default */
/* Appends the framed bytes to `buf`, which keeps its length on failure. What it writes passes every
 * check of decoding. */
EVT_MUST_USE enum evt_err evt_type_encode(const struct evt_type *type, const void *msg,
                                          struct evt_buf *buf, struct evt_error *err);
/* Decodes `value` (frame included), written under any schema id that `reg` knows for `type`, into
 * `msg`; strings and arrays live in `arena`. `msg` is untouched on failure. */
EVT_MUST_USE enum evt_err evt_type_decode(const struct evt_registry *reg,
                                          const struct evt_type *type, const void *value,
                                          size_t len, struct evt_arena *arena, void *msg,
                                          struct evt_error *err);
/* Avro's JSON encoding, except that an optional value stands without its branch's name. Reals that
 * JSON has no number for are "NaN", "Infinity" and "-Infinity". */
void evt_type_print(const struct evt_type *type, const void *msg, struct evt_buf *buf);
/* Fields that are left out get their default; an unknown field or a wrong type is refused with its
 * path, as "/lines/0/quantity". */
EVT_MUST_USE enum evt_err evt_type_parse(const struct evt_type *type, const char *json, size_t len,
                                         struct evt_arena *arena, void *msg, struct evt_error *err);
/* A message on its own: one block of memory holds the struct and all that it points to. */
EVT_MUST_USE enum evt_err evt_type_decode_new(const struct evt_registry *reg,
                                              const struct evt_type *type, const void *value,
                                              size_t len, void **ret_msg, struct evt_error *err);
void evt_type_free(void *msg); /* NULL is fine */

/* The text of a top-level string field. Aborts where there is no such field, or no text in it: the
 * compiler has checked the name, and that the field is not optional. */
const char *evt_type_text(const struct evt_type *type, const void *msg, const char *field);
/* The number of a top-level int or long field, on the same terms. */
int64_t evt_type_number(const struct evt_type *type, const void *msg, const char *field);

#endif

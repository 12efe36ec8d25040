/* Guard: every way in which hostile bytes are refused, each with its code and its path, and a
 * seeded fuzz over random schemas. The reader here knows no field, so whatever is said, the guard
 * says. */
#include <evt/codec.h>
#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

#include "libevents/src/codec_internal.h"
#include "test/lib/second.h"
#include "test/lib/shapes.h"
#include "test/lib/suite.h"

static struct evt_error err;

/* Decodes `hex` as a record whose one field x has the type `type`. */
static enum evt_err decode_x(const char *type, const struct evt_buf *bytes)
{
    struct evt_arena arena = {0};
    struct evt_buf json = {0}, frame = {0};
    struct shapes_none msg;
    const struct evt_registry *reg;
    enum evt_err code;
    uint8_t *exact;

    evt_buf_printf(&json,
                   "{\"type\":\"record\",\"name\":\"None\",\"namespace\":\"shop.shapes.v1\","
                   "\"fields\":[{\"name\":\"x\",\"type\":%s}]}",
                   type);
    reg = shapes_written_by(&shapes_none_type, evt_buf_text(&json));
    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    evt_buf_add(&frame, bytes->data, bytes->len);
    exact = evt_memdup(frame.data, frame.len); /* so that a sanitizer sees one byte too far */
    code = evt_type_decode(reg, &shapes_none_type, exact, frame.len, &arena, &msg, &err);
    evt_free(exact);
    evt_buf_release(&json);
    evt_buf_release(&frame);
    evt_arena_release(&arena);
    return code;
}

static void refused(const char *type, const char *hex, enum evt_err code, const char *where)
{
    struct evt_buf bytes = {0};
    char text[256];

    shapes_hex(&bytes, hex);
    snprintf(text, sizeof(text), "%s: %s", evt_err_str(code), where);
    ck_refused(decode_x(type, &bytes), err, code, text);
    evt_buf_release(&bytes);
}

static void taken(const char *type, const char *hex)
{
    struct evt_buf bytes = {0};

    shapes_hex(&bytes, hex);
    ck_ok(decode_x(type, &bytes), err);
    evt_buf_release(&bytes);
}

#define ENUM    "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}"
#define FIXED   "{\"type\":\"fixed\",\"name\":\"F\",\"size\":4}"
#define LONGS   "{\"type\":\"array\",\"items\":\"long\"}"
#define NULLS   "{\"type\":\"array\",\"items\":\"null\"}"
#define STRINGS "{\"type\":\"map\",\"values\":\"string\"}"
#define PAIR                                                                                       \
    "{\"type\":\"record\",\"name\":\"P\",\"fields\":["                                             \
    "{\"name\":\"a\",\"type\":\"boolean\"},{\"name\":\"b\",\"type\":\"boolean\"}]}"
#define PAIRS "{\"type\":\"array\",\"items\":" PAIR "}"

START_TEST(bytes_that_end_early)
{
    refused("\"boolean\"", "", EVT_E_AVRO_SHORT, "/x");
    refused("\"int\"", "", EVT_E_AVRO_SHORT, "/x");
    refused("\"int\"", "80", EVT_E_AVRO_SHORT, "/x");
    refused("\"long\"", "ff ff", EVT_E_AVRO_SHORT, "/x");
    refused("\"float\"", "00 00 00", EVT_E_AVRO_SHORT, "/x");
    refused("\"double\"", "00 00 00 00 00 00 00", EVT_E_AVRO_SHORT, "/x");
    refused("\"string\"", "", EVT_E_AVRO_SHORT, "/x");
    refused(FIXED, "00 00 00", EVT_E_AVRO_SHORT, "/x");
    refused(ENUM, "", EVT_E_AVRO_SHORT, "/x");
    refused("[\"null\",\"int\"]", "", EVT_E_AVRO_SHORT, "/x");
    refused(LONGS, "", EVT_E_AVRO_SHORT, "/x");
    refused(LONGS, "02 02", EVT_E_AVRO_SHORT, "/x"); /* the end of the array is missing */
    refused(LONGS, "04 02", EVT_E_AVRO_SHORT, "/x/1");
    refused(LONGS, "01", EVT_E_AVRO_SHORT, "/x"); /* a block without its size */
    taken("\"float\"", "00 00 00 00");
    taken("\"double\"", "00 00 00 00 00 00 00 00");
    taken(FIXED, "00 00 00 00");
}
END_TEST

START_TEST(numbers_too_long_or_too_large)
{
    refused("\"int\"", "80 80 80 80 80 00", EVT_E_AVRO_VARINT, "/x");
    refused("\"int\"", "ff ff ff ff 10", EVT_E_AVRO_RANGE, "/x");
    refused("\"long\"", "80 80 80 80 80 80 80 80 80 80 00", EVT_E_AVRO_VARINT, "/x");
    refused("\"long\"", "ff ff ff ff ff ff ff ff ff 02", EVT_E_AVRO_RANGE, "/x");
    refused("\"string\"", "80 80 80 80 80 80 80 80 80 80 00", EVT_E_AVRO_VARINT, "/x");
    taken("\"int\"", "ff ff ff ff 0f");
    taken("\"int\"", "80 80 80 80 00"); /* longer than needed, not than allowed */
    taken("\"long\"", "ff ff ff ff ff ff ff ff ff 01");
}
END_TEST

START_TEST(lengths_beyond_the_end)
{
    refused("\"string\"", "01 61", EVT_E_AVRO_LENGTH, "/x: -1 of 1");
    refused("\"string\"", "06 61 61", EVT_E_AVRO_LENGTH, "/x: 3 of 2");
    refused("\"bytes\"", "02", EVT_E_AVRO_LENGTH, "/x: 1 of 0");
    refused("\"bytes\"", "fe ff ff ff ff ff ff ff ff 01", EVT_E_AVRO_LENGTH,
            "/x: 9223372036854775807 of 0");
    refused("\"bytes\"", "ff ff ff ff ff ff ff ff ff 01", EVT_E_AVRO_LENGTH,
            "/x: -9223372036854775808 of 0");
    refused(STRINGS, "02 0a 61", EVT_E_AVRO_LENGTH, "/x/0: 5 of 1");
    taken("\"bytes\"", "04 ff 00");
    taken("\"string\"", "00");
}
END_TEST

START_TEST(blocks_with_a_size)
{
    taken(LONGS, "03 04 02 04 00");       /* two items in two bytes */
    taken(LONGS, "03 04 02 04 02 06 00"); /* and one more without a size */
    taken(STRINGS, "01 08 02 61 02 62 00");
    refused(LONGS, "03 03 02 04 00", EVT_E_AVRO_LENGTH, "/x: -2 of 3");
    refused(LONGS, "03 10 02 04 00", EVT_E_AVRO_LENGTH, "/x: 8 of 3");
    refused(LONGS, "03 02 02 04 00", EVT_E_AVRO_LENGTH,
            "/x: a block ends elsewhere than its size says");
    refused(LONGS, "03 06 02 04 00", EVT_E_AVRO_LENGTH,
            "/x: a block ends elsewhere than its size says");
}
END_TEST

START_TEST(counts_beyond_the_limit)
{
    refused(NULLS, "fe ff ff ff ff ff ff ff ff 01 00", EVT_E_AVRO_COUNT,
            "/x: 9223372036854775807 of 65536");
    refused(NULLS, "ff ff ff ff ff ff ff ff ff 01 00", EVT_E_AVRO_COUNT,
            "/x: -9223372036854775808 of 65536");
    refused(NULLS, "82 80 08 00", EVT_E_AVRO_COUNT, "/x: 65537 of 65536");
    refused(NULLS, "81 80 08 00 00", EVT_E_AVRO_COUNT, "/x: -65537 of 65536");
    refused(NULLS, "80 80 08 02 00", EVT_E_AVRO_COUNT, "/x: 65537 of 65536");
    /* A few bytes in an array of arrays must not become thousands of millions of items. */
    refused("{\"type\":\"array\",\"items\":" NULLS "}", "04 80 80 08 00 02 00 00", EVT_E_AVRO_COUNT,
            "/x/0: 65538 of 65536");
    taken(NULLS, "80 80 08 00");
    taken(NULLS, "ff ff 07 00 00"); /* 65536, in a block of no bytes */
}
END_TEST

START_TEST(values_out_of_their_range)
{
    refused(ENUM, "06", EVT_E_AVRO_ENUM, "/x: 3 of 3");
    refused(ENUM, "01", EVT_E_AVRO_ENUM, "/x: -1 of 3");
    refused(ENUM, "fe ff ff ff 0f", EVT_E_AVRO_ENUM, "/x: 2147483647 of 3");
    refused("[\"null\",\"int\"]", "04", EVT_E_AVRO_UNION, "/x: 2 of 2");
    refused("[\"null\",\"int\"]", "01", EVT_E_AVRO_UNION, "/x: -1 of 2");
    refused("\"boolean\"", "02", EVT_E_AVRO_BOOLEAN, "/x: 2 of 1");
    taken(ENUM, "04");
    taken("[\"null\",\"int\"]", "00");
    taken("[\"null\",\"int\"]", "02 05");
    taken("\"boolean\"", "01");
}
END_TEST

START_TEST(text_that_is_none)
{
    refused("\"string\"", "02 ff", EVT_E_AVRO_UTF8, "/x");
    refused("\"string\"", "04 c3 28", EVT_E_AVRO_UTF8, "/x");
    refused("\"string\"", "02 00", EVT_E_AVRO_NUL, "/x");
    /* Behind eight good bytes, and in the last, overlapping word. */
    refused("\"string\"", "14 61 61 61 61 61 61 61 61 61 00", EVT_E_AVRO_NUL, "/x");
    refused("\"string\"", "14 61 61 61 61 61 61 61 61 80 61", EVT_E_AVRO_UTF8, "/x");
    refused("\"string\"", "10 00 61 61 61 61 61 61 61", EVT_E_AVRO_NUL, "/x");
    refused(STRINGS, "02 02 ff 02 61 00", EVT_E_AVRO_UTF8, "/x/0");
    refused(STRINGS, "02 02 61 02 00 00", EVT_E_AVRO_NUL, "/x/0");
    taken("\"string\"", "08 f0 9f 98 80");
    taken("\"string\"", "14 61 61 61 61 61 61 61 61 c3 a9");
    taken("\"string\"", "02 7f");
}
END_TEST

START_TEST(bytes_that_are_left)
{
    refused("\"null\"", "00", EVT_E_AVRO_TRAILING, "1");
    refused("\"int\"", "02 00 00", EVT_E_AVRO_TRAILING, "2");
    taken("\"null\"", "");
}
END_TEST

START_TEST(paths_name_the_place)
{
    refused(PAIR, "01 02", EVT_E_AVRO_BOOLEAN, "/x/b: 2 of 1");
    refused(PAIRS, "04 01 01 01 03 00", EVT_E_AVRO_BOOLEAN, "/x/1/b: 3 of 1");
    refused("{\"type\":\"map\",\"values\":" PAIR "}", "02 02 6b 05 01 00", EVT_E_AVRO_BOOLEAN,
            "/x/0/a: 5 of 1");
    refused("[\"null\"," PAIRS "]", "02 02 07 01 00", EVT_E_AVRO_BOOLEAN, "/x/0/a: 7 of 1");
    refused(LONGS, "02 02 04 04 80", EVT_E_AVRO_SHORT, "/x/2"); /* counted over blocks */
}
END_TEST

/* A record and its array are two levels; the message itself is the first. */
static enum evt_err tree_decode(const struct evt_type *type, uint32_t id, int trees)
{
    struct evt_arena arena = {0};
    struct evt_buf frame = {0};
    union {
        struct shapes_tree tree;
        struct shapes_forest forest;
    } msg;
    enum evt_err code;
    int i;

    shapes_frame(&frame, id);
    for (i = 0; i < trees; i++) {
        shapes_text(&frame, "t");
        shapes_long(&frame, i < trees - 1);
    }
    for (i = 0; i < trees - 1; i++)
        shapes_long(&frame, 0);
    code = evt_type_decode(&shapes_registry, type, frame.data, frame.len, &arena, &msg, &err);
    evt_buf_release(&frame);
    evt_arena_release(&arena);
    return code;
}

START_TEST(nesting_beyond_the_limit)
{
    ck_ok(tree_decode(&shapes_tree_type, SHAPES_TREE_ID, EVT_DEPTH_MAX / 2), err);
    ck_refused(tree_decode(&shapes_tree_type, SHAPES_TREE_ID, EVT_DEPTH_MAX / 2 + 1), err,
               EVT_E_AVRO_DEPTH,
               "the Avro value is nested deeper than the limit: "
               "/children/0/children/0/children/0/children/0/children/0/children/0/children/0/"
               "children/0");
    ck_ok(tree_decode(&shapes_forest_type, SHAPES_FOREST_ID, EVT_DEPTH_MAX / 2 - 1), err);
    ck_refused(tree_decode(&shapes_forest_type, SHAPES_FOREST_ID, EVT_DEPTH_MAX / 2), err,
               EVT_E_AVRO_DEPTH,
               "the Avro value is nested deeper than the limit: "
               "/tree/children/0/children/0/children/0/children/0/children/0/children/0/"
               "children/0/children");
    ck_assert_int_eq(tree_decode(&shapes_tree_type, SHAPES_TREE_ID, 2000), EVT_E_AVRO_DEPTH);
}
END_TEST

START_TEST(a_long_path_keeps_its_end)
{
    struct evt__fault fault;
    struct evt_error told;
    char name[61];
    int i;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    evt__fault_set(&fault, EVT_E_AVRO_SHORT, NULL);
    evt__fault_report(&fault, &told);
    ck_assert_str_eq(told.text, evt_err_str(EVT_E_AVRO_SHORT));
    evt__fault_field(&fault, "innermost");
    for (i = 0; i < 4; i++)
        evt__fault_field(&fault, name);
    evt__fault_report(&fault, &told);
    ck_assert_ptr_nonnull(strstr(told.text, "too early: .../nnn"));
    ck_assert_str_eq(told.text + strlen(told.text) - 12, "nn/innermost");
}
END_TEST

/* ---- fuzz ---- */

/* A random type, as JSON; named types are numbered so that no name comes twice. */
static void type_random(struct evt_buf *json, struct second_rand *rand, int depth, int *names)
{
    static const char *const simple[] = {"null",  "boolean", "int",    "long",
                                         "float", "double",  "string", "bytes"};
    size_t n, i;

    switch (second_below(rand, depth > 3 ? 8 : 14)) {
    case 8:
        evt_buf_printf(json, "{\"type\":\"fixed\",\"name\":\"N%d\",\"size\":%d}", ++*names,
                       1 + (int)second_below(rand, 8));
        return;
    case 9:
        evt_buf_printf(json, "{\"type\":\"enum\",\"name\":\"N%d\",\"symbols\":[\"A\",\"B\"]}",
                       ++*names);
        return;
    case 10:
        evt_buf_printf(json, "{\"type\":\"record\",\"name\":\"N%d\",\"fields\":[", ++*names);
        /* At least one: avro-c cannot make an array of records without fields. */
        for (n = 1 + second_below(rand, 3), i = 0; i < n; i++) {
            evt_buf_printf(json, "%s{\"name\":\"f%zu\",\"type\":", i ? "," : "", i);
            type_random(json, rand, depth + 1, names);
            evt_buf_add_text(json, "}");
        }
        evt_buf_add_text(json, "]}");
        return;
    case 11:
    case 12:
        n = second_below(rand, 2);
        evt_buf_add_text(json,
                         n ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        type_random(json, rand, depth + 1, names);
        evt_buf_add_text(json, "}");
        return;
    case 13:
        evt_buf_add_text(json, "[\"null\",{\"type\":\"array\",\"items\":");
        type_random(json, rand, depth + 1, names);
        evt_buf_add_text(json, "}]");
        return;
    default:
        evt_buf_printf(json, "\"%s\"", simple[second_below(rand, 8)]);
    }
}

struct counts {
    size_t taken, refused;
};

/* Random bytes, and valid ones with a change: no byte is read beyond the end (a sanitizer looks),
 * and what the guard lets through avro-c reads to the end. */
static void schema_fuzz(struct second_rand *rand, struct counts *counts)
{
    struct evt_schema schema = {.id = SHAPES_WRITTEN_ID};
    struct evt_buf json = {0}, bytes = {0}, again = {0};
    struct evt__plan *plan;
    struct evt__fault fault;
    struct evt__size size;
    struct second second;
    uint8_t *exact;
    int names = 0, i;

    evt_buf_add_text(&json, "{\"type\":\"record\",\"name\":\"None\",\"fields\":[{\"name\":\"x\","
                            "\"type\":");
    type_random(&json, rand, 0, &names);
    evt_buf_add_text(&json, "}]}");
    schema.json = evt_buf_text(&json);
    schema.json_len = json.len;
    plan = evt__plan_new(&schema, shapes_none_type.fields);
    ck_assert_msg(!plan->error.code, "%s: %s", plan->error.text, schema.json);
    second_open(&second, schema.json, schema.json_len);
    for (i = 0; i < 40; i++) {
        evt_buf_clear(&bytes);
        evt_buf_clear(&again);
        second_random(&second, rand, &bytes);
        ck_assert_msg(!evt__guard(plan->nodes, bytes.data, bytes.len, &size, &fault), "%s",
                      schema.json);
        if (bytes.len && i % 4)
            bytes.data[second_below(rand, bytes.len)] ^= (uint8_t)(1 + second_below(rand, 255));
        if (i % 8 == 0)
            for (bytes.len = 0; bytes.len < second_below(rand, 24);)
                evt_buf_add_byte(&bytes, (uint8_t)(second_next(rand) & second_next(rand)));
        exact = evt_memdup(bytes.data, bytes.len);
        if (evt__guard(plan->nodes, exact, bytes.len, &size, &fault)) {
            counts->refused++;
            ck_assert_int_eq(evt_err_class(fault.code), EVT_CLASS_REJECT);
        } else {
            counts->taken++;
            ck_assert_uint_le(size.items, EVT_COUNT_MAX);
            ck_assert_msg(second_rewrite(&second, exact, bytes.len, &again), "%s: %s", schema.json,
                          avro_strerror());
        }
        evt_free(exact);
    }
    second_close(&second);
    evt__plan_free(plan);
    evt_buf_release(&json);
    evt_buf_release(&bytes);
    evt_buf_release(&again);
}

START_TEST(random_schemas_and_bytes)
{
    const char *wanted = getenv("VALUES");
    size_t n = wanted ? (size_t)strtoull(wanted, NULL, 10) : 400, i;
    struct counts counts = {0};
    struct second_rand rand = {1};

    for (i = 0; i < n; i++)
        schema_fuzz(&rand, &counts);
    ck_assert_uint_gt(counts.taken, n);
    ck_assert_uint_gt(counts.refused, n);
}
END_TEST

SUITE("guard", bytes_that_end_early, numbers_too_long_or_too_large, lengths_beyond_the_end,
      blocks_with_a_size, counts_beyond_the_limit, values_out_of_their_range, text_that_is_none,
      bytes_that_are_left, paths_name_the_place, nesting_beyond_the_limit,
      a_long_path_keeps_its_end, random_schemas_and_bytes)

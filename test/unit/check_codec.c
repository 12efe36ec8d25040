/* Codec: the frame, writing with all its refusals, and reading what another version of a schema
 * wrote: by name, alias, default, promotion, symbol and union branch. */
#include <evt/codec.h>
#include <evt/mem.h>
#include <float.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libevents/src/codec_internal.h"
#include "test/lib/mortal.h"
#include "test/lib/shapes.h"
#include "test/lib/suite.h"

static struct evt_error err;
static struct evt_arena arena;
static struct evt_buf frame;

static void clean(void)
{
    evt_arena_release(&arena);
    evt_buf_release(&frame);
}

/* ---- the frame ---- */

START_TEST(frames)
{
    static const uint8_t good[] = {0, 1, 2, 3, 4, 0x55}, magic[] = {1, 0, 0, 0, 1};
    static const uint8_t large[EVT_VALUE_MAX + 1];
    const uint8_t *body = NULL;
    uint32_t id = 0;
    size_t len = 0;

    ck_ok(evt_frame_parse(good, sizeof(good), &id, &body, &len, &err), err);
    ck_assert_uint_eq(id, 0x01020304);
    ck_assert_ptr_eq(body, good + 5);
    ck_assert_uint_eq(len, 1);
    ck_ok(evt_frame_parse(large, EVT_VALUE_MAX, &id, &body, &len, &err), err);
    id = 77;
    ck_refused(evt_frame_parse(NULL, 0, &id, &body, &len, &err), err, EVT_E_VALUE_MISSING,
               "the value is missing");
    ck_refused(evt_frame_parse(large, sizeof(large), &id, &body, &len, &err), err, EVT_E_VALUE_SIZE,
               "the value is larger than the limit: 65537 of 65536 bytes");
    ck_refused(evt_frame_parse(good, 4, &id, &body, &len, &err), err, EVT_E_FRAME_SHORT,
               "the value is shorter than its five bytes of framing: 4");
    ck_refused(evt_frame_parse(magic, 5, &id, &body, &len, &err), err, EVT_E_FRAME_MAGIC,
               "the value does not begin with the magic byte 0: 0x01");
    ck_assert_uint_eq(id, 77);
}
END_TEST

START_TEST(schema_ids)
{
    struct shapes_tree msg = {.name = "untouched"};
    uint8_t value[] = {0, 0, 0, 0, 99, 0, 0};

    ck_refused(evt_type_decode(&shapes_registry, &shapes_tree_type, value, sizeof(value), &arena,
                               &msg, &err),
               err, EVT_E_SCHEMA_UNKNOWN, "the schema id is not one of the type's: 99");
    value[4] = SHAPES_ALL_ID;
    ck_refused(evt_type_decode(&shapes_registry, &shapes_tree_type, value, sizeof(value), &arena,
                               &msg, &err),
               err, EVT_E_SCHEMA_UNKNOWN, "the schema id is not one of the type's: 7");
    ck_refused(evt_type_decode(&shapes_registry, &shapes_tree_type, NULL, 0, &arena, &msg, &err),
               err, EVT_E_VALUE_MISSING, "the value is missing");
    ck_assert_str_eq(msg.name, "untouched");
    clean();
}
END_TEST

/* ---- writing ---- */

/* What encode accepts: every default, and the fields that have none. */
static struct shapes_all all_new(void)
{
    struct shapes_all msg;

    evt_type_init(&shapes_all_type, &msg);
    msg.stamp = (struct evt_bytes){(const uint8_t *)"abcd", 4};
    return msg;
}

START_TEST(init_sets_the_defaults)
{
    struct shapes_all msg;

    memset(&msg, 0xff, sizeof(msg));
    evt_type_init(&shapes_all_type, &msg);
    ck_assert_str_eq(msg.name, "");
    ck_assert_int_eq(msg.line.quantity, 1);
    ck_assert(!msg.has_limit && !msg.has_codes && !msg.remark);
    ck_assert_uint_eq(msg.numbers_n, 2);
    ck_assert_int_eq(msg.numbers[1], 8);
}
END_TEST

START_TEST(the_bytes_are_avro)
{
    struct shapes_line line = {.sku = "s", .quantity = -1, .note = "n"};
    struct shapes_tree leaf = {.name = "é"},
                       tree = {.name = "t", .children = &leaf, .children_n = 1};
    struct evt_buf want = {0};

    evt_buf_add(&frame, "kept", 4);
    ck_ok(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err);
    shapes_hex(&want, "00 01 02 03 04  02 74  02 04 c3 a9 00  00");
    ck_assert_uint_eq(frame.len, want.len + 4);
    ck_assert_mem_eq(frame.data, "kept", 4);
    ck_assert_mem_eq(frame.data + 4, want.data, want.len);
    ck_assert_uint_eq(frame.data[frame.len], 0);
    evt_buf_clear(&frame);
    evt_buf_clear(&want);
    ck_assert_int_eq(evt__write(&shapes_line_fields, &line, &frame, &(struct evt__fault){0}),
                     EVT_OK);
    shapes_hex(&want, "02 73 01 02 02 6e");
    ck_assert_uint_eq(frame.len, want.len);
    ck_assert_mem_eq(frame.data, want.data, want.len);
    evt_buf_release(&want);
    clean();
}
END_TEST

#define ENCODE "the message cannot be encoded: "

static void not_encoded(const struct shapes_all *msg, enum evt_err code, const char *text)
{
    evt_buf_clear(&frame);
    evt_buf_add(&frame, "kept", 4);
    ck_refused(evt_type_encode(&shapes_all_type, msg, &frame, &err), err, code, text);
    ck_assert_uint_eq(frame.len, 4);
    ck_assert_str_eq(evt_buf_text(&frame), "kept");
}

START_TEST(what_cannot_be_encoded)
{
    struct shapes_all msg = all_new();
    struct shapes_line lines[2] = {{.sku = "a"}, {.sku = NULL}};
    struct shapes_attr attr = {NULL, ""};

    msg.name = NULL;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/name: a string that is not optional is NULL");
    msg.name = "\xff";
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/name: a string is not UTF-8");
    msg = all_new();
    msg.remark = "\xc3";
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/remark: a string is not UTF-8");
    msg = all_new();
    msg.stamp.len = 3;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/stamp: fixed bytes have another length");
    msg = all_new();
    msg.blob.len = 1;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/blob: bytes are NULL but have a length");
    msg = all_new();
    msg.colour = (enum shapes_colour)3;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/colour: an enum's value is none of its symbols");
    msg.colour = (enum shapes_colour) - 1;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/colour: an enum's value is none of its symbols");
    msg = all_new();
    msg.lines = lines;
    msg.lines_n = 2;
    not_encoded(&msg, EVT_E_AVRO_ENCODE,
                ENCODE "/lines/1/sku: a string that is not optional is NULL");
    msg.lines = NULL;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/lines: items are NULL but have a count");
    msg = all_new();
    msg.attrs = &attr;
    msg.attrs_n = 1;
    not_encoded(&msg, EVT_E_AVRO_ENCODE, ENCODE "/attrs/0: a string that is not optional is NULL");
    clean();
}
END_TEST

START_TEST(what_is_too_large_to_encode)
{
    static char text[EVT_VALUE_MAX + 2];
    static struct shapes_tree trees[EVT_COUNT_MAX + 1];
    static double shares[EVT_VALUE_MAX / sizeof(double) + 100];
    static int64_t numbers[EVT_VALUE_MAX / 10 + 2];
    struct shapes_tree tree = {.name = text}, deep[20];
    struct shapes_forest forest;
    struct shapes_all msg = all_new();
    const size_t around = EVT_FRAME_LEN + 3 + 1; /* the length of the text, and no children */
    size_t i;

    memset(text, 'x', sizeof(text) - 1);
    text[EVT_VALUE_MAX - around] = '\0';
    ck_ok(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err);
    ck_assert_uint_eq(frame.len, EVT_VALUE_MAX);
    ck_ok(evt_type_decode(&shapes_registry, &shapes_tree_type, frame.data, frame.len, &arena, &tree,
                          &err),
          err);
    tree = (struct shapes_tree){.name = text};
    text[EVT_VALUE_MAX - around] = 'x';
    text[EVT_VALUE_MAX - around + 1] = '\0';
    ck_refused(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err, EVT_E_VALUE_SIZE,
               "the value is larger than the limit: 65537 of 65536 bytes");
    memset(text, 'x', sizeof(text) - 1);
    ck_refused(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err, EVT_E_VALUE_SIZE,
               "the value is larger than the limit: /name: more than 65536 bytes");
    msg.blob = (struct evt_bytes){(const uint8_t *)text, SIZE_MAX};
    not_encoded(&msg, EVT_E_VALUE_SIZE,
                "the value is larger than the limit: /blob: more than 65536 bytes");
    text[EVT_VALUE_MAX / 2] = '\0';
    msg = all_new();
    msg.name = msg.remark = text;
    not_encoded(&msg, EVT_E_VALUE_SIZE,
                "the value is larger than the limit: /remark: more than 65536 bytes");
    msg = all_new();
    msg.shares = shares;
    msg.shares_n = sizeof(shares) / sizeof(shares[0]);
    not_encoded(&msg, EVT_E_VALUE_SIZE,
                "the value is larger than the limit: /shares/8187: more than 65536 bytes");
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        numbers[i] = INT64_MIN;
    msg = all_new();
    msg.numbers = numbers;
    msg.numbers_n = sizeof(numbers) / sizeof(numbers[0]);
    not_encoded(&msg, EVT_E_VALUE_SIZE,
                "the value is larger than the limit: /numbers/6551: more than 65536 bytes");
    tree = (struct shapes_tree){.name = "", .children = trees, .children_n = EVT_COUNT_MAX + 1};
    ck_refused(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err, EVT_E_AVRO_COUNT,
               "an Avro array or map has more items than the limit: /children: 65537 of 65536");
    for (i = 0; i < 20; i++)
        deep[i] = (struct shapes_tree){.name = "", .children = &deep[i + 1], .children_n = i < 19};
    ck_ok(evt_type_encode(&shapes_tree_type, &deep[20 - EVT_DEPTH_MAX / 2], &frame, &err), err);
    ck_assert_int_eq(evt_type_encode(&shapes_tree_type, &deep[19 - EVT_DEPTH_MAX / 2], &frame,
                                     NULL),
                     EVT_E_AVRO_DEPTH);
    forest.tree = deep[20 - EVT_DEPTH_MAX / 2];
    ck_refused(evt_type_encode(&shapes_forest_type, &forest, &frame, &err), err, EVT_E_AVRO_DEPTH,
               "the Avro value is nested deeper than the limit: /tree/children/0/children/0/"
               "children/0/children/0/children/0/children/0/children/0/children");
    clean();
}
END_TEST

/* Items without bytes are limited over the whole value, as the guard limits them. */
struct empties {
    struct shapes_none *some, *more;
    size_t some_n, more_n;
};
static const struct evt_value none_value = {.shape = EVT_SHAPE_RECORD,
                                            .size = sizeof(struct shapes_none),
                                            .record = &shapes_none_fields};
static const struct evt_value nones_value = {.shape = EVT_SHAPE_ARRAY,
                                             .size = sizeof(void *),
                                             .item = &none_value,
                                             .item_size = sizeof(struct shapes_none)};
static const struct evt_field empties_list[] = {
    {.name = "some",
     .value = &nones_value,
     .offset = offsetof(struct empties, some),
     .count_offset = offsetof(struct empties, some_n)},
    {.name = "more",
     .value = &nones_value,
     .offset = offsetof(struct empties, more),
     .count_offset = offsetof(struct empties, more_n)},
};
static const struct evt_fields empties_fields = {.name = "shop.shapes.v1.Empties",
                                                 .size = sizeof(struct empties),
                                                 .fields = empties_list,
                                                 .fields_n = 2};

START_TEST(items_without_bytes_are_counted)
{
    static struct shapes_none nones[EVT_COUNT_MAX];
    struct empties msg = {nones, nones, EVT_COUNT_MAX - 1, 1};
    struct evt__fault fault;

    ck_assert_int_eq(evt__write(&empties_fields, &msg, &frame, &fault), EVT_OK);
    ck_assert_uint_eq(frame.len, 6);
    msg.more_n = 2;
    ck_assert_int_eq(evt__write(&empties_fields, &msg, &frame, &fault), EVT_E_AVRO_COUNT);
    evt__fault_report(&fault, &err);
    ck_assert_str_eq(err.text,
                     "an Avro array or map has more items than the limit: /more: 65537 of 65536");
    clean();
}
END_TEST

/* ---- reading what others wrote ---- */

/* What a value may become. */
struct wide {
    int64_t number;
    float real;
    double share;
    const char *text;
    struct evt_bytes bytes;
    enum shapes_colour colour;
    enum shapes_colour strict; /* without a fallback */
    bool has_maybe;
    int64_t maybe;
    const char *perhaps;
    int32_t small;
    struct evt_bytes stamp;
    struct shapes_line line;
    int64_t *numbers;
    size_t numbers_n;
    struct shapes_attr *attrs;
    size_t attrs_n;
};

static const char *const colour_names[] = {"RED", "GREEN", "BLUE"};
static const struct evt_symbols falling = {"shop.shapes.v1.Colour", colour_names, 3,
                                           SHAPES_COLOUR_BLUE};
static const struct evt_symbols strict = {"shop.shapes.v1.Colour", colour_names, 3, -1};
static const struct evt_value int_value = {.shape = EVT_SHAPE_INT, .size = 4};
static const struct evt_value long_value = {.shape = EVT_SHAPE_LONG, .size = 8};
static const struct evt_value float_value = {.shape = EVT_SHAPE_FLOAT, .size = 4};
static const struct evt_value double_value = {.shape = EVT_SHAPE_DOUBLE, .size = 8};
static const struct evt_value text_value = {.shape = EVT_SHAPE_STRING, .size = sizeof(char *)};
static const struct evt_value bytes_value = {.shape = EVT_SHAPE_BYTES,
                                             .size = sizeof(struct evt_bytes)};
static const struct evt_value stamp_value = {.shape = EVT_SHAPE_FIXED,
                                             .size = sizeof(struct evt_bytes),
                                             .fixed_len = 4};
static const struct evt_value falling_value = {.shape = EVT_SHAPE_ENUM,
                                               .size = 4,
                                               .symbols = &falling};
static const struct evt_value strict_value = {.shape = EVT_SHAPE_ENUM,
                                              .size = 4,
                                              .symbols = &strict};
static const struct evt_value line_value = {.shape = EVT_SHAPE_RECORD,
                                            .size = sizeof(struct shapes_line),
                                            .record = &shapes_line_fields};
static const struct evt_value longs_value = {.shape = EVT_SHAPE_ARRAY,
                                             .size = sizeof(void *),
                                             .item = &long_value,
                                             .item_size = 8};
static const struct evt_value attrs_value = {.shape = EVT_SHAPE_MAP,
                                             .size = sizeof(void *),
                                             .item = &text_value,
                                             .item_size = sizeof(struct shapes_attr),
                                             .item_offset = offsetof(struct shapes_attr, value)};

#define WIDE(member, of) .name = #member, .value = &(of), .offset = offsetof(struct wide, member)
static const char *const text_aliases[] = {"label", NULL};
static const struct evt_field wide_fields[] = {
    {WIDE(number, long_value), .has_default = true},
    {WIDE(real, float_value), .has_default = true},
    {WIDE(share, double_value), .has_default = true},
    {WIDE(text, text_value), .has_default = true, .aliases = text_aliases},
    {WIDE(bytes, bytes_value), .has_default = true},
    {WIDE(colour, falling_value), .has_default = true},
    {WIDE(strict, strict_value), .has_default = true},
    {WIDE(maybe, long_value), .has_default = true, .optional = true,
     .set_offset = offsetof(struct wide, has_maybe)},
    {WIDE(perhaps, text_value), .has_default = true, .optional = true},
    {WIDE(small, int_value), .has_default = true},
    {WIDE(stamp, stamp_value), .has_default = true},
    {WIDE(line, line_value), .has_default = true},
    {WIDE(numbers, longs_value), .has_default = true,
     .count_offset = offsetof(struct wide, numbers_n)},
    {WIDE(attrs, attrs_value), .has_default = true, .count_offset = offsetof(struct wide, attrs_n)},
};
static const struct wide wide_defaults = {.number = 42,
                                          .text = "default",
                                          .line = {.sku = "none", .quantity = 5}};
static const char *const wide_aliases[] = {"shop.old.v1.Narrow", NULL};
static const struct evt_fields wide_table = {
    "shop.shapes.v1.Wide", wide_aliases, sizeof(struct wide),
    &wide_defaults,        wide_fields,  sizeof(wide_fields) / sizeof(wide_fields[0])};
static const struct evt_type wide_type = {.name = "shop.shapes.v1.Wide",
                                          .fields = &wide_table,
                                          .size = sizeof(struct wide)};

static enum evt_err read_named(const char *name, const char *fields, const char *hex,
                               struct wide *ret_wide)
{
    struct evt_buf json = {0};
    const struct evt_registry *reg;

    evt_buf_printf(&json,
                   "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"shop.shapes.v1\","
                   "\"fields\":[%s]}",
                   name, fields);
    reg = shapes_written_by(&wide_type, evt_buf_text(&json));
    evt_buf_release(&json);
    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    shapes_hex(&frame, hex);
    return evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, ret_wide, &err);
}

/* One field of the writer's, in single quotes for legibility. */
static enum evt_err read_field(const char *name, const char *type, const char *hex,
                               struct wide *ret_wide)
{
    struct evt_buf field = {0};
    enum evt_err code;
    char *at;

    evt_buf_printf(&field, "{'name':'%s','type':%s}", name, type);
    for (at = strchr((char *)field.data, '\''); at; at = strchr(at, '\''))
        *at = '"';
    code = read_named("Wide", evt_buf_text(&field), hex, ret_wide);
    evt_buf_release(&field);
    return code;
}

static struct wide read_good(const char *name, const char *type, const char *hex)
{
    struct wide msg;

    memset(&msg, 0xff, sizeof(msg));
    ck_ok(read_field(name, type, hex, &msg), err);
    return msg;
}

static void read_bad(const char *name, const char *type, const char *hex, enum evt_err code,
                     const char *text)
{
    struct wide msg, before;

    memset(&msg, 0x5a, sizeof(msg));
    before = msg;
    ck_refused(read_field(name, type, hex, &msg), err, code, text);
    ck_assert_mem_eq(&msg, &before, sizeof(msg));
}

#define RESOLVE "the writer's schema does not resolve to the type that is read: "

START_TEST(numbers_widen)
{
    /* 2^53 + 2^29 + 1; volatile, so that the processor (or valgrind) rounds and not the compiler.
     */
    volatile int64_t odd = INT64_C(9007199791611905);

    ck_assert_int_eq(read_good("number", "'int'", "ff ff ff ff 0f").number, INT32_MIN);
    ck_assert_int_eq(read_good("number", "'long'", "ff ff ff ff ff ff ff ff ff 01").number,
                     INT64_MIN);
    ck_assert_float_eq(read_good("real", "'int'", "07").real, -4.0f);
    /* By way of a double it would round down, to even; once is up. */
    ck_assert_float_eq(read_good("real", "'long'", "82 80 80 80 84 80 80 20").real, (float)odd);
    ck_assert_double_eq(read_good("share", "'int'", "09").share, -5.0);
    ck_assert_double_eq(read_good("share", "'long'", "fe ff ff ff ff ff ff 1f").share,
                        9007199254740991.0);
    ck_assert_double_eq(read_good("share", "'float'", "cd cc cc 3d").share, (double)0.1f);
    ck_assert_double_eq(read_good("share", "'double'", "9a 99 99 99 99 99 b9 3f").share, 0.1);
    ck_assert_float_eq(read_good("real", "'float'", "00 00 c0 3f").real, 1.5f);
    ck_assert_int_eq(read_good("small", "'int'", "04").small, 2);
}
END_TEST

START_TEST(numbers_do_not_narrow)
{
    read_bad("small", "'long'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/small: long does not fit");
    read_bad("number", "'double'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/number: double does not fit");
    read_bad("real", "'double'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/real: double does not fit");
    read_bad("text", "'int'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/text: int does not fit");
    read_bad("colour", "'string'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/colour: string does not fit");
    read_bad("stamp", "{'type':'fixed','name':'Stamp','size':5}", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/stamp: Stamp does not fit");
    read_bad("numbers", "{'type':'array','items':'string'}", "00", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/numbers: string does not fit");
    read_bad("line", "'int'", "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/line: int does not fit");
}
END_TEST

START_TEST(string_and_bytes_take_each_other)
{
    struct wide msg = read_good("bytes", "'string'", "06 61 62 63");

    ck_assert_uint_eq(msg.bytes.len, 3);
    ck_assert_mem_eq(msg.bytes.data, "abc", 3);
    ck_assert_str_eq(read_good("text", "'bytes'", "06 61 62 63").text, "abc");
    read_bad("text", "'bytes'", "02 ff", EVT_E_AVRO_UTF8, "an Avro string is not UTF-8: /text");
    read_bad("text", "'bytes'", "02 00", EVT_E_AVRO_NUL,
             "an Avro string holds a NUL character: /text");
    clean();
}
END_TEST

#define COLOURS(symbols) "{'type':'enum','name':'Colour','symbols':[" symbols "]}"

START_TEST(enums_meet_by_symbol)
{
    ck_assert_int_eq(read_good("colour", COLOURS("'GREEN','RED'"), "00").colour,
                     SHAPES_COLOUR_GREEN);
    ck_assert_int_eq(read_good("colour", COLOURS("'GREEN','PINK'"), "02").colour,
                     SHAPES_COLOUR_BLUE);
    ck_assert_int_eq(read_good("strict", COLOURS("'PINK','GREEN'"), "02").strict,
                     SHAPES_COLOUR_GREEN);
    read_bad("strict", COLOURS("'PINK','GREEN'"), "00", EVT_E_AVRO_RESOLVE,
             RESOLVE "/strict: a symbol that the reader does not know");
    read_bad("colour", "{'type':'enum','name':'Shade','symbols':['RED']}", "00", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/colour: Shade does not fit");
    clean();
}
END_TEST

START_TEST(unions_either_way)
{
    struct wide msg = read_good("maybe", "['null','long']", "02 0e");

    ck_assert(msg.has_maybe);
    ck_assert_int_eq(msg.maybe, 7);
    ck_assert(!read_good("maybe", "['null','long']", "00").has_maybe);
    ck_assert_int_eq(read_good("maybe", "['int','null']", "00 0e").maybe, 7);
    msg = read_good("maybe", "'int'", "0e");
    ck_assert(msg.has_maybe && msg.maybe == 7);
    ck_assert(!read_good("maybe", "'null'", "").has_maybe);
    ck_assert_ptr_null(read_good("perhaps", "['null','string']", "00").perhaps);
    ck_assert_str_eq(read_good("perhaps", "['null','string']", "02 02 61").perhaps, "a");
    ck_assert_str_eq(read_good("perhaps", "'string'", "02 61").perhaps, "a");
    /* Null for a field that must have a value: its default, if it has one. */
    ck_assert_int_eq(read_good("number", "['null','long']", "02 0e").number, 7);
    ck_assert_int_eq(read_good("number", "['null','long']", "00").number, 42);
    ck_assert_int_eq(read_good("number", "['string','int']", "02 0e").number, 7);
    read_bad("number", "['string','int']", "00 00", EVT_E_AVRO_RESOLVE,
             RESOLVE "/number: a union's branch that the reader cannot take");
    read_bad("numbers", "{'type':'array','items':['string','int']}", "06 02 04 00 00 02 06 00",
             EVT_E_AVRO_RESOLVE,
             RESOLVE "/numbers/1: a union's branch that the reader cannot take");
    read_bad("number", "['string','double']", "00 00", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/number: union does not fit");
    clean();
}
END_TEST

#define LINE(fields)  "{'type':'record','name':'Line','fields':[" fields "]}"
#define F(name, type) "{'name':'" name "','type':" type "}"

START_TEST(records_project_field_by_field)
{
    struct wide msg;

    msg = read_good("line",
                    LINE(F("extra", "{'type':'array','items':'string'}") "," F("sku", "'string'")),
                    "04 02 61 02 62 00 02 73");
    ck_assert_str_eq(msg.line.sku, "s");
    ck_assert_int_eq(msg.line.quantity, 1); /* the record's own default, not the message's */
    ck_assert_ptr_null(msg.line.note);
    ck_assert_int_eq(msg.number, 42);
    ck_assert_str_eq(msg.text, "default");
    read_bad("line", LINE(F("quantity", "'int'")), "02", EVT_E_AVRO_RESOLVE,
             "schema 9: " RESOLVE "/line/sku: the writer has no such field, the reader no default");
    read_bad("line", LINE(F("sku", "['null','string']")), "00", EVT_E_AVRO_RESOLVE,
             RESOLVE "/line/sku: a union's branch that the reader cannot take");
    read_bad("line", "{'type':'record','name':'Row','fields':[" F("sku", "'string'") "]}", "00",
             EVT_E_AVRO_RESOLVE, "schema 9: " RESOLVE "/line: Row does not fit");
    clean();
}
END_TEST

START_TEST(aliases_of_fields_and_records)
{
    struct wide msg;

    ck_assert_str_eq(read_good("label", "'string'", "02 61").text, "a");
    ck_ok(read_named("Wide",
                     "{\"name\":\"label\",\"type\":\"string\"},"
                     "{\"name\":\"text\",\"type\":\"string\"}",
                     "02 61 02 62", &msg),
          err);
    ck_assert_str_eq(msg.text, "b"); /* its own name goes before an alias */
    ck_ok(read_named("Wide",
                     "{\"name\":\"text\",\"type\":\"string\"},"
                     "{\"name\":\"label\",\"type\":\"string\"}",
                     "02 61 02 62", &msg),
          err);
    ck_assert_str_eq(msg.text, "a");
    ck_ok(read_named("Narrow", "{\"name\":\"number\",\"type\":\"int\"}", "02", &msg), err);
    ck_assert_int_eq(msg.number, 1);
    ck_refused(read_named("Other", "{\"name\":\"number\",\"type\":\"int\"}", "02", &msg), err,
               EVT_E_AVRO_RESOLVE, "schema 9: " RESOLVE "Other does not fit");
    clean();
}
END_TEST

START_TEST(arrays_and_maps_in_blocks)
{
    struct wide msg =
        read_good("numbers", "{'type':'array','items':'int'}", "03 04 02 04 02 06 00");

    ck_assert_uint_eq(msg.numbers_n, 3);
    ck_assert_int_eq(msg.numbers[0], 1);
    ck_assert_int_eq(msg.numbers[2], 3);
    msg = read_good("attrs", "{'type':'map','values':'string'}", "02 02 61 02 62 02 02 63 00 00");
    ck_assert_uint_eq(msg.attrs_n, 2);
    ck_assert_str_eq(msg.attrs[0].key, "a");
    ck_assert_str_eq(msg.attrs[0].value, "b");
    ck_assert_str_eq(msg.attrs[1].key, "c");
    ck_assert_str_eq(msg.attrs[1].value, "");
    msg = read_good("numbers", "{'type':'array','items':'int'}", "00");
    ck_assert_uint_eq(msg.numbers_n, 0);
    ck_assert_ptr_null(msg.numbers);
    clean();
}
END_TEST

START_TEST(a_schema_that_is_none)
{
    const struct evt_registry *reg = shapes_written_by(&wide_type, "{\"type\":\"rec");
    struct wide msg;

    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    ck_assert_int_eq(evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, &msg, &err),
                     EVT_E_AVRO_RESOLVE);
    ck_assert_ptr_nonnull(strstr(err.text, "schema 9: " RESOLVE "avro-c: "));
    reg = shapes_written_by(&wide_type, "\"string\"");
    ck_refused(evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, &msg, &err), err,
               EVT_E_AVRO_RESOLVE, "schema 9: " RESOLVE "the writer's schema is not a record");
    clean();
}
END_TEST

/* Half-made steps of a record that did not fit must not be taken for good ones elsewhere. */
START_TEST(a_record_that_failed_once_fails_again)
{
    struct wide msg;

    ck_refused(read_named("Wide",
                          "{\"name\":\"line\",\"type\":[\"null\",{\"type\":\"record\","
                          "\"name\":\"Line\",\"fields\":[{\"name\":\"sku\",\"type\":\"int\"}]}]},"
                          "{\"name\":\"line\",\"type\":\"Line\"}",
                          "00 02", &msg),
               err, EVT_E_AVRO_RESOLVE, "schema 9: " RESOLVE "/line/sku: int does not fit");
    clean();
}
END_TEST

START_TEST(types_nested_without_end)
{
    struct evt_buf type = {0};
    struct wide msg;
    int i;

    evt_buf_add_text(&type, "{\"name\":\"x\",\"type\":[\"null\",");
    for (i = 0; i < 70; i++)
        evt_buf_add_text(&type, "{\"type\":\"array\",\"items\":");
    evt_buf_add_text(&type, "\"int\"");
    for (i = 0; i < 70; i++)
        evt_buf_add_text(&type, "}");
    evt_buf_add_text(&type, "]}");
    ck_refused(read_named("Wide", evt_buf_text(&type), "00", &msg), err, EVT_E_AVRO_RESOLVE,
               "schema 9: " RESOLVE "/x: types nest too deeply");
    evt_buf_release(&type);
    clean();
}
END_TEST

START_TEST(a_message_of_its_own)
{
    struct shapes_tree leaves[3] = {{.name = "a"}, {.name = "bb"}, {.name = ""}};
    struct shapes_tree tree = {.name = "root", .children = leaves, .children_n = 3}, *own = NULL;
    void *none = &tree;

    ck_ok(evt_type_encode(&shapes_tree_type, &tree, &frame, &err), err);
    ck_ok(evt_type_decode_new(&shapes_registry, &shapes_tree_type, frame.data, frame.len,
                              (void **)&own, &err),
          err);
    memset(frame.data, 0xff, frame.len); /* it keeps nothing of the value */
    ck_assert_str_eq(own->name, "root");
    ck_assert_uint_eq(own->children_n, 3);
    ck_assert_str_eq(own->children[1].name, "bb");
    evt_type_free(own);
    evt_type_free(NULL);
    ck_assert_int_eq(evt_type_decode_new(&shapes_registry, &shapes_tree_type, frame.data, frame.len,
                                         &none, NULL),
                     EVT_E_FRAME_MAGIC);
    ck_assert_ptr_eq(none, &tree);
    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    shapes_hex(&frame, "02 ff");
    ck_assert_int_eq(
        evt_type_decode_new(shapes_written_by(&wide_type,
                                              "{\"type\":\"record\",\"name\":\"Wide\",\"fields\":["
                                              "{\"name\":\"text\",\"type\":\"bytes\"}]}"),
                            &wide_type, frame.data, frame.len, &none, NULL),
        EVT_E_AVRO_UTF8);
    ck_assert_ptr_eq(none, &tree);
    clean();
}
END_TEST

START_TEST(text_of_a_field)
{
    struct shapes_all msg = all_new();

    msg.name = "key";
    ck_assert_str_eq(evt_type_text(&shapes_all_type, &msg, "name"), "key");
    if (mortal_begin())
        evt_type_text(&shapes_all_type, &msg, "total");
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_type_text(&shapes_all_type, &msg, "nowhere");
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_type_text(&shapes_all_type, &msg, "remark");
    ck_assert_ptr_nonnull(mortal_end());
}
END_TEST

START_TEST(number_of_a_field)
{
    struct shapes_all msg = all_new();

    msg.count = -7; /* an int */
    msg.total = INT64_MAX;
    ck_assert_int_eq(evt_type_number(&shapes_all_type, &msg, "count"), -7);
    ck_assert_int_eq(evt_type_number(&shapes_all_type, &msg, "total"), INT64_MAX);
    if (mortal_begin())
        evt_type_number(&shapes_all_type, &msg, "name");
    ck_assert_ptr_nonnull(mortal_end());
    if (mortal_begin())
        evt_type_number(&shapes_all_type, &msg, "nowhere");
    ck_assert_ptr_nonnull(mortal_end());
}
END_TEST

/* ---- the cache ---- */

START_TEST(dying_in_an_allocation_leaves_the_cache_whole)
{
    const struct evt_registry *reg =
        shapes_written_by(&wide_type, "{\"type\":\"record\",\"name\":\"Wide\",\"fields\":["
                                      "{\"name\":\"number\",\"type\":\"int\"}]}");
    struct wide msg;

    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    shapes_hex(&frame, "0e");
    if (mortal_begin_at(0))
        (void)!evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, &msg, &err);
    ck_assert_ptr_nonnull(mortal_end()); /* compiled by then, without evt_alloc */
    ck_ok(evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, &msg, &err), err);
    ck_assert_int_eq(msg.number, 7);
    clean();
}
END_TEST

START_TEST(one_schema_for_two_readers)
{
    static const struct evt_field number = {WIDE(number, long_value)};
    static const struct evt_fields only = {"shop.shapes.v1.Wide", NULL,    sizeof(struct wide),
                                           &wide_defaults,        &number, 1};
    static const struct evt_type narrow = {.name = "shop.shapes.v1.Wide",
                                           .fields = &only,
                                           .size = sizeof(struct wide)};
    const struct evt_registry *reg =
        shapes_written_by(&wide_type, "{\"type\":\"record\",\"name\":\"Wide\",\"fields\":["
                                      "{\"name\":\"number\",\"type\":\"int\"},"
                                      "{\"name\":\"text\",\"type\":\"string\"}]}");
    struct wide msg;

    shapes_frame(&frame, SHAPES_WRITTEN_ID);
    shapes_hex(&frame, "0e 02 61");
    ck_ok(evt_type_decode(reg, &wide_type, frame.data, frame.len, &arena, &msg, &err), err);
    ck_assert_str_eq(msg.text, "a");
    ck_ok(evt_type_decode(reg, &narrow, frame.data, frame.len, &arena, &msg, &err), err);
    ck_assert_int_eq(msg.number, 7);
    ck_assert_str_eq(msg.text, "default");
    clean();
}
END_TEST

#define WRITERS 60
#define THREADS 4
static const struct evt_registry *writers[WRITERS];
static pthread_barrier_t together;

static void *reads_all(void *failed)
{
    const uint8_t value[] = {0, 0, 0, 0, SHAPES_WRITTEN_ID, 0x0e};
    struct evt_arena own = {0};
    struct wide msg;
    size_t i;

    pthread_barrier_wait(&together);
    for (i = 0; i < WRITERS; i++) {
        msg.number = 0;
        if (evt_type_decode(writers[i], &wide_type, value, sizeof(value), &own, &msg, NULL) ||
            msg.number != 7)
            *(bool *)failed = true;
        evt_arena_reset(&own);
    }
    evt_arena_release(&own);
    return NULL;
}

START_TEST(threads_compile_and_read_at_once)
{
    pthread_t threads[THREADS];
    bool failed[THREADS] = {false};
    size_t i;

    for (i = 0; i < WRITERS; i++)
        writers[i] = shapes_written_by(&wide_type, "{\"type\":\"record\",\"name\":\"Wide\","
                                                   "\"fields\":[{\"name\":\"number\","
                                                   "\"type\":\"int\"}]}");
    pthread_barrier_init(&together, NULL, THREADS);
    for (i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reads_all, &failed[i]), 0);
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert(!failed[i]);
    }
    pthread_barrier_destroy(&together);
}
END_TEST

SUITE("codec", frames, schema_ids, init_sets_the_defaults, the_bytes_are_avro,
      what_cannot_be_encoded, what_is_too_large_to_encode, items_without_bytes_are_counted,
      numbers_widen, numbers_do_not_narrow, string_and_bytes_take_each_other, enums_meet_by_symbol,
      unions_either_way, records_project_field_by_field, aliases_of_fields_and_records,
      arrays_and_maps_in_blocks, a_schema_that_is_none, a_record_that_failed_once_fails_again,
      types_nested_without_end, a_message_of_its_own, text_of_a_field, number_of_a_field,
      dying_in_an_allocation_leaves_the_cache_whole, one_schema_for_two_readers,
      threads_compile_and_read_at_once)

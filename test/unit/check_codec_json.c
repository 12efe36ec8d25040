/* Codec JSON: what is printed, that it is read back, and every mistake that is refused with its
 * path. */
#include <evt/codec.h>
#include <evt/mem.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "libevents/src/codec_internal.h"
#include "test/lib/shapes.h"
#include "test/lib/suite.h"

static struct evt_error err;
static struct evt_arena arena;
static struct evt_buf text;

static void clean(void)
{
    evt_arena_release(&arena);
    evt_buf_release(&text);
}

static struct shapes_all all_new(void)
{
    struct shapes_all msg;

    evt_type_init(&shapes_all_type, &msg);
    msg.stamp = (struct evt_bytes){(const uint8_t *)"abcd", 4};
    return msg;
}

static const char *printed(const struct shapes_all *msg)
{
    evt_buf_clear(&text);
    evt_type_print(&shapes_all_type, msg, &text);
    return evt_buf_text(&text);
}

/* ---- printing ---- */

START_TEST(defaults_print)
{
    struct shapes_all msg = all_new();

    ck_assert_str_eq(
        printed(&msg),
        "{\"flag\":false,\"count\":0,\"total\":0,\"ratio\":0.0,\"share\":0.0,\"name\":\"\","
        "\"blob\":\"\",\"stamp\":\"abcd\",\"colour\":\"RED\","
        "\"line\":{\"sku\":\"\",\"quantity\":1,\"note\":null},\"limit\":null,\"remark\":null,"
        "\"gift\":null,\"tint\":null,\"seal\":null,\"lines\":[],\"numbers\":[7,8],\"grid\":[],"
        "\"colours\":[],\"attrs\":{},\"named\":{},\"series\":{},\"codes\":null,"
        "\"shares\":[]}");
    clean();
}
END_TEST

START_TEST(every_shape_prints)
{
    static const uint8_t bytes[] = {0, 'a', '"', '\\', 0x7f, 0x80, 0xff, '\n'};
    struct shapes_line line = {.sku = "s\"\\\n\x01é", .quantity = -2, .note = "n"};
    int32_t row[] = {1, -1};
    struct shapes_numbers grid[] = {{row, 2}, {NULL, 0}};
    enum shapes_colour colours[] = {SHAPES_COLOUR_BLUE, SHAPES_COLOUR_GREEN};
    struct shapes_attr attrs[] = {{"k\"", "v"}, {"l", ""}};
    struct shapes_named_line named = {"x", {.sku = "y"}};
    struct shapes_named_numbers series = {"r", {row, 1}};
    const char *codes[] = {"c"};
    struct shapes_all msg = {.flag = true,
                             .count = INT32_MIN,
                             .total = INT64_MIN,
                             .ratio = 0.1f,
                             .share = -0.0,
                             .name = "\b\f\n\r\t\x1f\x7f😀",
                             .blob = {bytes, sizeof(bytes)},
                             .stamp = {(const uint8_t *)"\xc3\xa9..", 4},
                             .colour = SHAPES_COLOUR_GREEN,
                             .line = line,
                             .has_limit = true,
                             .limit = INT64_MAX,
                             .remark = "",
                             .has_gift = true,
                             .gift = {.sku = "g"},
                             .has_tint = true,
                             .tint = SHAPES_COLOUR_BLUE,
                             .has_seal = true,
                             .seal = {(const uint8_t *)"seal", 4},
                             .lines = &line,
                             .lines_n = 1,
                             .grid = grid,
                             .grid_n = 2,
                             .colours = colours,
                             .colours_n = 2,
                             .attrs = attrs,
                             .attrs_n = 2,
                             .named = &named,
                             .named_n = 1,
                             .series = &series,
                             .series_n = 1,
                             .has_codes = true,
                             .codes = codes,
                             .codes_n = 1};

    ck_assert_str_eq(
        printed(&msg),
        "{\"flag\":true,\"count\":-2147483648,\"total\":-9223372036854775808,\"ratio\":0.1,"
        "\"share\":-0.0,\"name\":\"\\b\\f\\n\\r\\t\\u001f\x7f😀\","
        "\"blob\":\"\\u0000a\\\"\\\\\\u007f\\u0080\\u00ff\\n\",\"stamp\":\"\\u00c3\\u00a9..\","
        "\"colour\":\"GREEN\",\"line\":{\"sku\":\"s\\\"\\\\\\n\\u0001é\",\"quantity\":-2,"
        "\"note\":\"n\"},\"limit\":9223372036854775807,\"remark\":\"\","
        "\"gift\":{\"sku\":\"g\",\"quantity\":0,\"note\":null},\"tint\":\"BLUE\",\"seal\":\"seal\","
        "\"lines\":[{\"sku\":\"s\\\"\\\\\\n\\u0001é\",\"quantity\":-2,\"note\":\"n\"}],"
        "\"numbers\":[],\"grid\":[[1,-1],[]],\"colours\":[\"BLUE\",\"GREEN\"],"
        "\"attrs\":{\"k\\\"\":\"v\",\"l\":\"\"},"
        "\"named\":{\"x\":{\"sku\":\"y\",\"quantity\":0,\"note\":null}},\"series\":{\"r\":[1]},"
        "\"codes\":[\"c\"],\"shares\":[]}");
    clean();
}
END_TEST

START_TEST(what_no_message_should_hold_prints_too)
{
    struct shapes_all msg = all_new();

    msg.name = "a\xff";
    msg.line.sku = NULL;
    msg.colour = (enum shapes_colour)9;
    ck_assert_ptr_nonnull(strstr(printed(&msg), "\"name\":\"a\\ufffd\""));
    ck_assert_ptr_nonnull(strstr(printed(&msg), "\"sku\":null"));
    ck_assert_ptr_nonnull(strstr(printed(&msg), "\"colour\":9"));
    clean();
}
END_TEST

/* ---- reading back ---- */

static void real_returns(double wide, float real)
{
    struct shapes_all msg = all_new(), back;

    msg.share = wide;
    msg.ratio = real;
    printed(&msg);
    ck_ok(evt_type_parse(&shapes_all_type, evt_buf_text(&text), text.len, &arena, &back, &err),
          err);
    ck_assert_mem_eq(&back.share, &wide, sizeof(wide));
    ck_assert_mem_eq(&back.ratio, &real, sizeof(real));
}

START_TEST(reals_return_exactly)
{
    real_returns(0.1, 0.1f);
    real_returns(1.0 / 3, 1.0f / 3);
    real_returns(-0.0, -0.0f);
    real_returns(DBL_MAX, FLT_MAX);
    real_returns(-DBL_MIN, -FLT_MIN);
    real_returns(DBL_TRUE_MIN, FLT_TRUE_MIN);
    real_returns((double)INFINITY, -INFINITY);
    real_returns(1e22, 16777216.0f);
    real_returns(5e-324, 8.589973e9f);
    clean();
}
END_TEST

START_TEST(no_number_is_read_back_as_such)
{
    struct shapes_all msg = all_new(), back;

    msg.share = (double)NAN;
    msg.ratio = NAN;
    ck_assert_ptr_nonnull(strstr(printed(&msg), "\"ratio\":\"NaN\",\"share\":\"NaN\""));
    ck_ok(evt_type_parse(&shapes_all_type, evt_buf_text(&text), text.len, &arena, &back, &err),
          err);
    ck_assert(isnan(back.share) && isnan(back.ratio));
    clean();
}
END_TEST

#define NEEDED                                                                                     \
    "\"flag\":true,\"count\":1,\"total\":2,\"ratio\":3,\"share\":4,\"name\":\"n\",\"blob\":\"b\"," \
    "\"stamp\":\"abcd\",\"colour\":\"BLUE\",\"line\":{\"sku\":\"s\"}"

static enum evt_err parse(const char *json, struct shapes_all *ret_msg)
{
    return evt_type_parse(&shapes_all_type, json, strlen(json), &arena, ret_msg, &err);
}

START_TEST(what_is_left_out_gets_its_default)
{
    struct shapes_all msg;

    memset(&msg, 0xff, sizeof(msg));
    ck_ok(parse("{" NEEDED "}", &msg), err);
    ck_assert(msg.flag && !msg.has_limit && !msg.remark && !msg.has_codes);
    ck_assert_float_eq(msg.ratio, 3.0f);
    ck_assert_double_eq(msg.share, 4.0);
    ck_assert_int_eq(msg.line.quantity, 1);
    ck_assert_uint_eq(msg.numbers_n, 2);
    ck_assert_uint_eq(msg.attrs_n, 0);
    ck_assert_int_eq(msg.colour, SHAPES_COLOUR_BLUE);
    ck_ok(parse("{" NEEDED ",\"limit\":null,\"remark\":null,\"codes\":null,\"numbers\":[]}", &msg),
          err);
    ck_assert(!msg.has_limit && !msg.remark && !msg.has_codes);
    ck_assert_uint_eq(msg.numbers_n, 0);
    clean();
}
END_TEST

START_TEST(every_shape_is_read)
{
    struct shapes_all msg;

    ck_ok(parse("{" NEEDED ",\"limit\":-9223372036854775808,\"remark\":\"\\u00e9\","
                "\"seal\":\"\\u0000\\u00ff\\u007fa\",\"grid\":[[1],[],[2147483647]],"
                "\"named\":{\"k\":{\"sku\":\"x\",\"note\":\"y\"}},\"series\":{\"a\":[3]},"
                "\"codes\":[\"c\",\"d\"]}",
                &msg),
          err);
    ck_assert(msg.has_limit && msg.limit == INT64_MIN);
    ck_assert_str_eq(msg.remark, "é");
    ck_assert_mem_eq(msg.seal.data,
                     "\0\xff\x7f"
                     "a",
                     4);
    ck_assert_uint_eq(msg.grid_n, 3);
    ck_assert_int_eq(msg.grid[2].items[0], INT32_MAX);
    ck_assert_ptr_null(msg.grid[1].items);
    ck_assert_str_eq(msg.named[0].key, "k");
    ck_assert_str_eq(msg.named[0].value.note, "y");
    ck_assert_int_eq(msg.series[0].value.items[0], 3);
    ck_assert(msg.has_codes && msg.codes_n == 2);
    clean();
}
END_TEST

/* ---- refusing ---- */

static void refused(const char *json, const char *words)
{
    struct shapes_all msg, before;
    char want[256];

    memset(&msg, 0x5a, sizeof(msg));
    before = msg;
    snprintf(want, sizeof(want), "the JSON does not fit the schema: %s", words);
    ck_refused(parse(json, &msg), err, EVT_E_JSON, want);
    ck_assert_mem_eq(&msg, &before, sizeof(msg));
}

START_TEST(unknown_and_missing_fields)
{
    refused("{\"flags\":true}", "/flags: there is no such field");
    refused("{\"line\":{\"sku\":\"s\",\"qty\":1}}", "/line/qty: there is no such field");
    refused("{\"lines\":[{\"sku\":\"s\"},{\"sku\":\"s\",\"é\\n\":1}]}",
            "/lines/1/???: there is no such field");
    refused("{\"title\":\"an alias is for bytes\"}", "/title: there is no such field");
    refused("{}", "/flag: the field is missing");
    refused("{\"line\":{}}", "/line/sku: the field is missing");
    refused("{\"named\":{\"k\":{}}}", "/named/k/sku: the field is missing");
}
END_TEST

START_TEST(wrong_types)
{
    refused("[]", "an object is wanted, not an array");
    refused("{\"flag\":1}", "/flag: true or false is wanted, not an integer");
    refused("{\"flag\":null}", "/flag: true or false is wanted, not null");
    refused("{\"count\":\"1\"}", "/count: an int is wanted, not a string");
    refused("{\"count\":1.0}", "/count: an int is wanted, not a real");
    refused("{\"total\":true}", "/total: a long is wanted, not true");
    refused("{\"ratio\":\"x\"}", "/ratio: a float is wanted, not a string");
    refused("{\"share\":{}}", "/share: a double is wanted, not an object");
    refused("{\"name\":false}", "/name: a string is wanted, not false");
    refused("{\"blob\":[]}", "/blob: a string of bytes is wanted, not an array");
    refused("{\"colour\":2}", "/colour: a symbol is wanted, not an integer");
    refused("{\"line\":\"\"}", "/line: an object is wanted, not a string");
    refused("{\"lines\":{}}", "/lines: an array is wanted, not an object");
    refused("{\"lines\":[1]}", "/lines/0: an object is wanted, not an integer");
    refused("{\"attrs\":[]}", "/attrs: an object is wanted, not an array");
    refused("{\"attrs\":{\"k\":1}}", "/attrs/k: a string is wanted, not an integer");
    refused("{\"grid\":[[],[1,\"\"]]}", "/grid/1/1: an int is wanted, not a string");
    refused("{\"limit\":{\"long\":1}}", "/limit: a long is wanted, not an object");
}
END_TEST

START_TEST(values_out_of_range)
{
    refused("{\"count\":2147483648}", "/count: 2147483648 does not fit an int");
    refused("{\"count\":-2147483649}", "/count: -2147483649 does not fit an int");
    refused("{\"ratio\":1e39}", "/ratio: 1e+39 does not fit a float");
    refused("{\"ratio\":-3.4028236e38}", "/ratio: -3.40282e+38 does not fit a float");
    refused("{\"colour\":\"PINK\"}", "/colour: PINK is not a symbol of shop.shapes.v1.Colour");
    refused("{\"colour\":\"RED\\u0000\"}", "/colour: RED is not a symbol of shop.shapes.v1.Colour");
    refused("{\"stamp\":\"abc\"}", "/stamp: 4 bytes are wanted, not 3");
    refused("{\"seal\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"}",
            "/seal: 4 bytes are wanted, not 5");
    refused("{\"blob\":\"a\\u0100\"}", "/blob: bytes hold a character beyond \\u00ff");
    refused("{\"blob\":\"€\"}", "/blob: bytes hold a character beyond \\u00ff");
    refused("{\"name\":\"a\\u0000b\"}", "/name: a string holds a NUL character");
}
END_TEST

START_TEST(json_that_is_none)
{
    refused("", "line 1, column 0: '[' or '{' expected near end of file");
    refused("{\"flag\":true", "line 1, column 12: '}' expected near end of file");
    refused("{\"name\":\"a\",\"name\":\"b\"}",
            "line 1, column 18: duplicate object key near '\"name\"'");
    refused("{\"total\":9223372036854775808}",
            "line 1, column 28: too big integer near '9223372036854775808'");
    refused("{} x", "line 1, column 4: end of file expected near 'x'");
    refused("{\"name\":\"\xff\"}", "line 1, column 9: unable to decode byte 0xff near '\"'");
}
END_TEST

START_TEST(json_beyond_the_limits)
{
    struct shapes_tree tree, untouched;
    char want[256];
    size_t i;

    for (i = 0; i < EVT_DEPTH_MAX / 2; i++)
        evt_buf_add_text(&text, "{\"name\":\"t\",\"children\":[");
    for (i = 0; i < EVT_DEPTH_MAX / 2; i++)
        evt_buf_add_text(&text, "]}");
    ck_ok(evt_type_parse(&shapes_tree_type, evt_buf_text(&text), text.len, &arena, &tree, &err),
          err);
    evt_buf_clear(&text);
    for (i = 0; i < EVT_DEPTH_MAX / 2 + 1; i++)
        evt_buf_add_text(&text, "{\"name\":\"t\",\"children\":[");
    for (i = 0; i < EVT_DEPTH_MAX / 2 + 1; i++)
        evt_buf_add_text(&text, "]}");
    ck_refused(evt_type_parse(&shapes_tree_type, evt_buf_text(&text), text.len, &arena, &untouched,
                              &err),
               err, EVT_E_JSON,
               "the JSON does not fit the schema: /children/0/children/0/children/0/children/0/"
               "children/0/children/0/children/0/children/0: nested deeper than 16");
    evt_buf_clear(&text);
    evt_buf_add_text(&text, "{\"tree\":");
    for (i = 0; i < EVT_DEPTH_MAX / 2; i++)
        evt_buf_add_text(&text, "{\"name\":\"t\",\"children\":[");
    for (i = 0; i < EVT_DEPTH_MAX / 2; i++)
        evt_buf_add_text(&text, "]}");
    evt_buf_add_text(&text, "}");
    ck_refused(evt_type_parse(&shapes_forest_type, evt_buf_text(&text), text.len, &arena,
                              &untouched, &err),
               err, EVT_E_JSON,
               "the JSON does not fit the schema: /tree/children/0/children/0/children/0/children/"
               "0/children/0/children/0/children/0/children: nested deeper than 16");
    evt_buf_clear(&text);
    evt_buf_add_text(&text, "{\"attrs\":{");
    for (i = 0; i < EVT_COUNT_MAX + 1; i++)
        evt_buf_printf(&text, "%s\"%zx\":\"\"", i ? "," : "", i);
    evt_buf_add_text(&text, "}}");
    refused(evt_buf_text(&text), "/attrs: more than 65536 items");
    evt_buf_clear(&text);
    evt_buf_add_text(&text, "{\"numbers\":[0");
    for (i = 0; i < EVT_COUNT_MAX; i++)
        evt_buf_add_text(&text, ",0");
    evt_buf_add_text(&text, "]}");
    refused(evt_buf_text(&text), "/numbers: more than 65536 items");
    evt_buf_clear(&text);
    evt_buf_add_text(&text, "{\"numbers\":[0");
    for (i = 1; i < EVT_COUNT_MAX; i++)
        evt_buf_add_text(&text, i == EVT_COUNT_MAX / 2 ? "],\"shares\":[0,0" : ",0");
    evt_buf_add_text(&text, "]}");
    refused(evt_buf_text(&text), "/shares: more than 65536 items");
    evt_buf_clear(&text);
    while (text.len <= 16 * EVT_VALUE_MAX)
        evt_buf_add_text(&text, "                                                             ");
    snprintf(want, sizeof(want), "%zu of 1048576 bytes", text.len);
    refused(evt_buf_text(&text), want);
    clean();
}
END_TEST

SUITE("codec_json", defaults_print, every_shape_prints, what_no_message_should_hold_prints_too,
      reals_return_exactly, no_number_is_read_back_as_such, what_is_left_out_gets_its_default,
      every_shape_is_read, unknown_and_missing_fields, wrong_types, values_out_of_range,
      json_that_is_none, json_beyond_the_limits)

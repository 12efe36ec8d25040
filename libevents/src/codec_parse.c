/* Parse: JSON to the C struct, strictly: what a person types by mistake is refused with its path.
 *
 * jansson reads the JSON and refuses repeated names; the tables say what each value must be. A
 * field that is left out gets its default, an unknown one is refused. */
#include "codec_internal.h"

#include <evt/mem.h>
#include <float.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

/* A byte of Avro is six characters of JSON at most, and names take the rest. */
#define JSON_MAX  (16 * EVT_VALUE_MAX)
/* Reals from here on round to a float's infinity: the largest float and half a step. */
#define FLOAT_END 0x1.ffffffp127

struct parsing {
    struct evt_arena *arena;
    size_t items;
    unsigned depth;
    struct evt__fault *fault;
};

/* What a person wrote, fit to be shown: short, and plain ASCII. */
struct shown {
    char text[64];
};

static enum evt_err value_parse(struct parsing *parsing, const struct evt_value *value,
                                json_t *json, uint8_t *dst, uint8_t *count);

static struct shown shown(const char *text)
{
    struct shown shown = {""};

    for (size_t i = 0; text[i] && i < sizeof(shown.text) - 1; i++)
        shown.text[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
    return shown;
}

static enum evt_err refuse(struct parsing *parsing, const char *what)
{
    return evt__fault_set(parsing->fault, EVT_E_JSON, "%s", what);
}

static enum evt_err field_refuse(struct parsing *parsing, const char *name, const char *what)
{
    refuse(parsing, what);
    evt__fault_field(parsing->fault, shown(name).text);
    return EVT_E_JSON;
}

static enum evt_err want(struct parsing *parsing, const char *wanted, json_t *json)
{
    static const char *const types[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a real",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",        [JSON_NULL] = "null",
    };

    return evt__fault_set(parsing->fault, EVT_E_JSON, "%s is wanted, not %s", wanted,
                          types[json_typeof(json)]);
}

static enum evt_err whole_parse(struct parsing *parsing, const struct evt_value *value,
                                json_t *json, uint8_t *dst)
{
    bool small = value->shape == EVT_SHAPE_INT;
    int64_t number;
    int32_t narrow;

    if (!json_is_integer(json))
        return want(parsing, small ? "an int" : "a long", json);
    number = json_integer_value(json);
    if (small && (number < INT32_MIN || number > INT32_MAX))
        return evt__fault_set(parsing->fault, EVT_E_JSON, "%" PRId64 " does not fit an int",
                              number);
    narrow = (int32_t)number;
    if (small)
        memcpy(dst, &narrow, sizeof(narrow));
    else
        memcpy(dst, &number, sizeof(number));
    return EVT_OK;
}

/* The reals that JSON has no number for. */
static bool odd_real(json_t *json, double *ret_wide)
{
    const char *text = json_string_value(json);

    if (!text)
        return false;
    if (strcmp(text, "NaN") == 0)
        *ret_wide = (double)NAN;
    else if (strcmp(text, "Infinity") == 0)
        *ret_wide = (double)INFINITY;
    else if (strcmp(text, "-Infinity") == 0)
        *ret_wide = -(double)INFINITY;
    else
        return false;
    return true;
}

static enum evt_err float_parse(struct parsing *parsing, json_t *json, uint8_t *dst)
{
    double wide = 0;
    float real;

    if (json_is_integer(json)) {
        real = (float)json_integer_value(json); /* not by way of a double: that rounds twice */
    } else if (json_is_real(json)) {
        wide = json_real_value(json);
        if (fabs(wide) >= FLOAT_END)
            return evt__fault_set(parsing->fault, EVT_E_JSON, "%g does not fit a float", wide);
        real = (float)wide;
    } else if (odd_real(json, &wide)) {
        real = (float)wide;
    } else {
        return want(parsing, "a float", json);
    }
    memcpy(dst, &real, sizeof(real));
    return EVT_OK;
}

static enum evt_err double_parse(struct parsing *parsing, json_t *json, uint8_t *dst)
{
    double wide = 0;

    if (json_is_number(json))
        wide = json_number_value(json);
    else if (!odd_real(json, &wide))
        return want(parsing, "a double", json);
    memcpy(dst, &wide, sizeof(wide));
    return EVT_OK;
}

static enum evt_err text_parse(struct parsing *parsing, json_t *json, uint8_t *dst)
{
    const char *text = json_string_value(json);
    size_t len = json_string_length(json);

    if (!text)
        return want(parsing, "a string", json);
    if (memchr(text, 0, len))
        return refuse(parsing, "a string holds a NUL character");
    text = evt_arena_strndup(parsing->arena, text, len);
    memcpy(dst, &text, sizeof(text));
    return EVT_OK;
}

/* jansson gives valid UTF-8, and the characters up to U+00FF have one or two bytes in it. */
static enum evt_err bytes_parse(struct parsing *parsing, const struct evt_value *value,
                                json_t *json, uint8_t *dst)
{
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    size_t len = json_string_length(json), i;
    struct evt_bytes bytes = {NULL, 0};
    uint8_t *data;

    if (!text)
        return want(parsing, "a string of bytes", json);
    data = evt_arena_alloc(parsing->arena, len);
    for (i = 0; i < len; i++) {
        if (text[i] < 0x80) {
            data[bytes.len++] = text[i];
            continue;
        }
        if (text[i] > 0xc3)
            return refuse(parsing, "bytes hold a character beyond \\u00ff");
        data[bytes.len++] = (uint8_t)(text[i] << 6 | (text[i + 1] & 0x3f));
        i++;
    }
    if (value->shape == EVT_SHAPE_FIXED && bytes.len != value->fixed_len)
        return evt__fault_set(parsing->fault, EVT_E_JSON, "%zu bytes are wanted, not %zu",
                              value->fixed_len, bytes.len);
    bytes.data = data;
    memcpy(dst, &bytes, sizeof(bytes));
    return EVT_OK;
}

static enum evt_err enum_parse(struct parsing *parsing, const struct evt_symbols *symbols,
                               json_t *json, uint8_t *dst)
{
    const char *text = json_string_value(json);
    int32_t number;
    size_t i;

    if (!text)
        return want(parsing, "a symbol", json);
    for (i = 0; i < symbols->symbols_n; i++)
        if (strlen(symbols->symbols[i]) == json_string_length(json) &&
            strcmp(symbols->symbols[i], text) == 0) {
            number = (int32_t)i;
            memcpy(dst, &number, sizeof(number));
            return EVT_OK;
        }
    return evt__fault_set(parsing->fault, EVT_E_JSON, "%s is not a symbol of %s", shown(text).text,
                          symbols->name);
}

static const struct evt_field *field_find(const struct evt_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->fields_n; i++)
        if (strcmp(fields->fields[i].name, name) == 0)
            return &fields->fields[i];
    return NULL;
}

static enum evt_err field_parse(struct parsing *parsing, const struct evt_field *field,
                                json_t *json, uint8_t *base)
{
    enum evt_err code = EVT_OK;

    if (field->optional && json_is_null(json))
        evt__field_clear(field, base);
    else
        code = value_parse(parsing, field->value, json, base + field->offset,
                           base + field->count_offset);
    if (!code && field->optional && !json_is_null(json) && field->value->shape != EVT_SHAPE_STRING)
        *(bool *)(base + field->set_offset) = true;
    if (code)
        evt__fault_field(parsing->fault, field->name);
    return code;
}

static enum evt_err depth_enter(struct parsing *parsing)
{
    return ++parsing->depth > EVT_DEPTH_MAX
               ? evt__fault_set(parsing->fault, EVT_E_JSON, "nested deeper than %d", EVT_DEPTH_MAX)
               : EVT_OK;
}

static enum evt_err record_parse(struct parsing *parsing, const struct evt_fields *fields,
                                 json_t *json, uint8_t *base)
{
    const struct evt_field *field;
    enum evt_err code;
    const char *name;
    json_t *value;
    size_t i;

    if (!json_is_object(json))
        return want(parsing, "an object", json);
    code = depth_enter(parsing);
    if (code)
        return code;
    memcpy(base, fields->defaults, fields->size);
    json_object_foreach(json, name, value)
    {
        field = field_find(fields, name);
        code = field ? field_parse(parsing, field, value, base)
                     : field_refuse(parsing, name, "there is no such field");
        if (code)
            return code;
    }
    for (i = 0; i < fields->fields_n; i++) {
        field = &fields->fields[i];
        if (!field->has_default && !json_object_get(json, field->name))
            return field_refuse(parsing, field->name, "the field is missing");
    }
    parsing->depth--;
    return EVT_OK;
}

/* Room for n items, and their place in the struct. */
static enum evt_err items_new(struct parsing *parsing, const struct evt_value *value, size_t n,
                              uint8_t *dst, uint8_t *count, uint8_t **ret_items)
{
    uint8_t *items = NULL;
    enum evt_err code = depth_enter(parsing);

    if (code)
        return code;
    parsing->items += n;
    if (parsing->items > EVT_COUNT_MAX)
        return evt__fault_set(parsing->fault, EVT_E_JSON, "more than %d items", EVT_COUNT_MAX);
    if (n)
        items = evt_arena_alloc(parsing->arena, n * value->item_size);
    memcpy(dst, &items, sizeof(items));
    memcpy(count, &n, sizeof(n));
    *ret_items = items;
    return EVT_OK;
}

static enum evt_err array_parse(struct parsing *parsing, const struct evt_value *value,
                                json_t *json, uint8_t *dst, uint8_t *count)
{
    size_t n = json_array_size(json), i;
    enum evt_err code;
    uint8_t *item = NULL;

    if (!json_is_array(json))
        return want(parsing, "an array", json);
    code = items_new(parsing, value, n, dst, count, &item);
    for (i = 0; i < n && !code; i++, item += value->item_size) {
        code = value_parse(parsing, value->item, json_array_get(json, i), item,
                           item + sizeof(const void *));
        if (code)
            evt__fault_index(parsing->fault, i);
    }
    parsing->depth--;
    return code;
}

static enum evt_err map_parse(struct parsing *parsing, const struct evt_value *value, json_t *json,
                              uint8_t *dst, uint8_t *count)
{
    enum evt_err code;
    const char *name;
    uint8_t *item = NULL;
    json_t *inner;

    if (!json_is_object(json))
        return want(parsing, "an object", json);
    code = items_new(parsing, value, json_object_size(json), dst, count, &item);
    if (code)
        return code;
    json_object_foreach(json, name, inner)
    {
        const char *key = evt_arena_strndup(parsing->arena, name, strlen(name));

        memcpy(item, &key, sizeof(key));
        code = value_parse(parsing, value->item, inner, item + value->item_offset,
                           item + value->item_offset + sizeof(const void *));
        if (code) {
            evt__fault_field(parsing->fault, shown(name).text);
            return code;
        }
        item += value->item_size;
    }
    parsing->depth--;
    return EVT_OK;
}

static enum evt_err value_parse(struct parsing *parsing, const struct evt_value *value,
                                json_t *json, uint8_t *dst, uint8_t *count)
{
    switch (value->shape) {
    case EVT_SHAPE_BOOLEAN:
        if (!json_is_boolean(json))
            return want(parsing, "true or false", json);
        *(bool *)dst = json_is_true(json);
        return EVT_OK;
    case EVT_SHAPE_INT:
    case EVT_SHAPE_LONG:
        return whole_parse(parsing, value, json, dst);
    case EVT_SHAPE_FLOAT:
        return float_parse(parsing, json, dst);
    case EVT_SHAPE_DOUBLE:
        return double_parse(parsing, json, dst);
    case EVT_SHAPE_STRING:
        return text_parse(parsing, json, dst);
    case EVT_SHAPE_BYTES:
    case EVT_SHAPE_FIXED:
        return bytes_parse(parsing, value, json, dst);
    case EVT_SHAPE_ENUM:
        return enum_parse(parsing, value->symbols, json, dst);
    case EVT_SHAPE_RECORD:
        return record_parse(parsing, value->record, json, dst);
    case EVT_SHAPE_ARRAY:
        return array_parse(parsing, value, json, dst, count);
    case EVT_SHAPE_MAP:
        return map_parse(parsing, value, json, dst, count);
    }
    EVT_BUG_ON(true);
}

enum evt_err evt_type_parse(const struct evt_type *type, const char *json, size_t len,
                            struct evt_arena *arena, void *msg, struct evt_error *err)
{
    size_t size = type->fields->size;
    struct evt__fault fault;
    struct parsing parsing = {.arena = arena, .fault = &fault};
    json_error_t error;
    enum evt_err code;
    uint8_t *parsed;
    json_t *root;

    if (len > JSON_MAX)
        return evt_fail(err, EVT_E_JSON, "%zu of %d bytes", len, JSON_MAX);
    root = json_loadb(json, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!root)
        return evt_fail(err, EVT_E_JSON, "line %d, column %d: %s", error.line, error.column,
                        shown(error.text).text);
    parsed = evt_arena_alloc(arena, size); /* `msg` stays untouched until all of it is good */
    code = record_parse(&parsing, type->fields, root, parsed);
    json_decref(root);
    if (code)
        return evt__fault_report(&fault, err);
    memcpy(msg, parsed, size);
    return EVT_OK;
}

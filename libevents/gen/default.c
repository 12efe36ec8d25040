/* Default: see default.h. */
#include "default.h"

#include <string.h>

bool default_bytes(const json_t *json, struct evt_buf *ret_bytes)
{
    /* jansson has checked the UTF-8. */
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    size_t len = json_string_length(json);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x80) {
            evt_buf_add_byte(ret_bytes, text[i]);
        } else if (text[i] == 0xC2 || text[i] == 0xC3) {
            evt_buf_add_byte(ret_bytes, (uint8_t)((text[i] << 6) | (text[i + 1] & 0x3F)));
            i++;
        } else {
            return false;
        }
    }
    return true;
}

static bool check_bytes(struct refusals *refusals, const struct place *at,
                        const struct schema *type, const json_t *json)
{
    struct evt_buf bytes = {0};
    bool ok = false;
    if (!json_is_string(json))
        refuse(refusals, at, "the default of %s must be a text",
               type->kind == SCHEMA_BYTES ? "bytes" : "a fixed");
    else if (!default_bytes(json, &bytes))
        refuse(refusals, at, "the default holds a character above U+00FF, which is no byte");
    else if (type->kind == SCHEMA_FIXED && bytes.len != (size_t)type->size)
        refuse(refusals, at, "the default has %zu bytes, the type %lld", bytes.len,
               (long long)type->size);
    else
        ok = true;
    evt_buf_release(&bytes);
    return ok;
}

static bool check_integer(struct refusals *refusals, const struct place *at,
                          const struct schema *type, const json_t *json)
{
    json_int_t value = json_integer_value(json);
    if (!json_is_integer(json)) {
        refuse(refusals, at, "the default of %s must be a whole number",
               type->kind == SCHEMA_INT ? "an int" : "a long");
        return false;
    }
    if (type->kind == SCHEMA_INT && (value < INT32_MIN || value > INT32_MAX)) {
        refuse(refusals, at, "the default %lld does not fit an int", (long long)value);
        return false;
    }
    return true;
}

static bool check_enum(struct refusals *refusals, const struct place *at, const struct schema *type,
                       const json_t *json)
{
    const char *symbol = json_string_value(json);
    for (size_t i = 0; symbol && i < type->symbols.n; i++) {
        if (!strcmp(type->symbols.items[i], symbol))
            return true;
    }
    refuse(refusals, at, "the default must be one of the symbols of %s", type->name);
    return false;
}

static bool check_items(struct refusals *refusals, const struct place *at,
                        const struct schema *type, const json_t *json)
{
    bool ok = true;
    if (type->kind == SCHEMA_ARRAY ? !json_is_array(json) : !json_is_object(json)) {
        refuse(refusals, at, "the default of %s must be %s",
               type->kind == SCHEMA_ARRAY ? "an array" : "a map",
               type->kind == SCHEMA_ARRAY ? "a list" : "an object");
        return false;
    }
    for (size_t i = 0; type->kind == SCHEMA_ARRAY && i < json_array_size(json); i++) {
        struct place item_at = place_index(at, i);
        ok = default_check(refusals, &item_at, type->items, json_array_get(json, i)) && ok;
    }
    if (type->kind == SCHEMA_MAP) {
        for (void *iter = json_object_iter((json_t *)json); iter;
             iter = json_object_iter_next((json_t *)json, iter)) {
            struct place item_at = place_key(at, json_object_iter_key(iter));
            const json_t *item = json_object_iter_value(iter);
            ok = default_check(refusals, &item_at, type->items, item) && ok;
        }
    }
    return ok;
}

static bool check_record(struct refusals *refusals, const struct place *at,
                         const struct schema *type, const json_t *json)
{
    size_t known = 0;
    bool ok = true;
    if (!json_is_object(json)) {
        refuse(refusals, at, "the default of a record must be an object");
        return false;
    }
    for (size_t i = 0; i < type->fields.n; i++) {
        const struct schema_field *field = type->fields.items[i];
        const json_t *value = json_object_get(json, field->name);
        struct place field_at = place_key(at, field->name);
        known += value != NULL;
        if (value) {
            ok = default_check(refusals, &field_at, field->type, value) && ok;
        } else if (!field->dflt) {
            refuse(refusals, at, "the default lacks the field \"%s\"", field->name);
            ok = false;
        }
    }
    if (known != json_object_size(json)) {
        refuse(refusals, at, "the default holds a field that %s does not have", type->name);
        ok = false;
    }
    return ok;
}

static bool expect(struct refusals *refusals, const struct place *at, bool fits, const char *what,
                   const char *form)
{
    if (!fits)
        refuse(refusals, at, "the default of %s must be %s", what, form);
    return fits;
}

static bool check_union(struct refusals *refusals, const struct place *at,
                        const struct schema *type, const json_t *json)
{
    const struct schema *first = type->branches.items[0];
    if (default_check(NULL, at, first, json))
        return true;
    refuse(refusals, at, "the default must be one of the union's first branch, %s",
           first->name ? first->name : schema_kind_str(first->kind));
    return false;
}

bool default_check(struct refusals *refusals, const struct place *at, const struct schema *type,
                   const json_t *json)
{
    switch (type->kind) {
    case SCHEMA_NULL:
        return expect(refusals, at, json_is_null(json), "null", "null");
    case SCHEMA_BOOLEAN:
        return expect(refusals, at, json_is_boolean(json), "a boolean", "true or false");
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return check_integer(refusals, at, type, json);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return expect(refusals, at, json_is_number(json), "a float or double", "a number");
    case SCHEMA_STRING:
        return expect(refusals, at, json_is_string(json), "a string", "a text");
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        return check_bytes(refusals, at, type, json);
    case SCHEMA_ENUM:
        return check_enum(refusals, at, type, json);
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
        return check_items(refusals, at, type, json);
    case SCHEMA_RECORD:
        return check_record(refusals, at, type, json);
    case SCHEMA_UNION:
        return check_union(refusals, at, type, json);
    }
    return false;
}

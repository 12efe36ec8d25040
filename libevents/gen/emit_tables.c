/* Emit: the tables by which the codec reads and writes a C struct, and its default image. */
#include "emit.h"

#include "default.h"
#include "names.h"

#include <inttypes.h>
#include <string.h>

static const char *const shapes[] = {
    [SCHEMA_BOOLEAN] = "BOOLEAN", [SCHEMA_INT] = "INT",       [SCHEMA_LONG] = "LONG",
    [SCHEMA_STRING] = "STRING",   [SCHEMA_BYTES] = "BYTES",   [SCHEMA_FIXED] = "FIXED",
    [SCHEMA_ENUM] = "ENUM",       [SCHEMA_RECORD] = "RECORD", [SCHEMA_ARRAY] = "ARRAY",
    [SCHEMA_MAP] = "MAP",
};

/* ---- the default image ---- */

static void add_value(struct model *m, const struct named *record, const struct schema_field *field,
                      const struct schema *type, const json_t *json, struct evt_buf *buf);

static void add_bytes(const struct schema *type, const json_t *json, struct evt_buf *buf)
{
    struct evt_buf bytes = {0};
    if (json)
        default_bytes(json, &bytes);
    for (int64_t i = 0; !json && type->kind == SCHEMA_FIXED && i < type->size; i++)
        evt_buf_add_byte(&bytes, 0);
    evt_buf_add_text(buf, "{.data = (const uint8_t *)");
    emit_literal(buf, evt_buf_text(&bytes), bytes.len, NULL);
    evt_buf_printf(buf, ", .len = %zu}", bytes.len);
    evt_buf_release(&bytes);
}

static void add_integer(const struct schema *type, const json_t *json, struct evt_buf *buf)
{
    int64_t value = json ? json_integer_value(json) : 0;
    /* The most negative number has no literal of its own. */
    if (value == INT64_MIN)
        evt_buf_add_text(buf, "INT64_MIN");
    else if (type->kind == SCHEMA_INT && value == INT32_MIN)
        evt_buf_add_text(buf, "INT32_MIN");
    else
        evt_buf_printf(buf, type->kind == SCHEMA_INT ? "%" PRId64 : "INT64_C(%" PRId64 ")", value);
}

static void add_symbol(struct model *m, const struct schema *type, const json_t *json,
                       struct evt_buf *buf)
{
    const char *upper = name_upper(&m->arena, model_type(m, type->name)->symbol);
    evt_buf_printf(buf, "%s_%s", upper, json ? json_string_value(json) : type->fallback);
}

static void add_fields(struct model *m, const struct named *record, const json_t *json,
                       struct evt_buf *buf)
{
    evt_buf_add_text(buf, "{");
    for (size_t i = 0; i < record->schema->fields.n; i++) {
        const struct schema_field *field = record->schema->fields.items[i];
        const json_t *own = json ? json_object_get(json, field->name) : NULL;
        bool optional = types_optional(field->type);
        own = own ? own : field->dflt;
        evt_buf_printf(buf, "%s.%s = ", i ? ", " : "", field->name);
        if (optional && types_value(field->type)->kind == SCHEMA_STRING)
            evt_buf_add_text(buf, "NULL");
        else
            add_value(m, record, field, types_value(field->type), optional ? NULL : own, buf);
        if (emit_has_flag(field))
            evt_buf_printf(buf, ", .has_%s = false", field->name);
    }
    evt_buf_add_text(buf, "}");
}

/* Items of a list or object; the count is the next member. */
static void add_items(struct model *m, const struct named *record, const struct schema_field *field,
                      const struct schema *type, const json_t *json, struct evt_buf *buf)
{
    size_t n = type->kind == SCHEMA_ARRAY ? json_array_size(json) : json_object_size(json), i = 0;
    if (!n) {
        evt_buf_printf(buf, "NULL, .%s_n = 0", field->name);
        return;
    }
    evt_buf_add_text(buf, "(");
    if (type->kind == SCHEMA_ARRAY)
        emit_c_type(m, type->items, buf);
    else
        evt_buf_printf(buf, "struct %s", types_item_symbol(m, record, field->name));
    evt_buf_add_text(buf, "[]){");
    for (; type->kind == SCHEMA_ARRAY && i < n; i++) {
        evt_buf_add_text(buf, i ? ", " : "");
        add_value(m, record, field, type->items, json_array_get(json, i), buf);
    }
    for (void *iter = json_object_iter((json_t *)json); iter;
         iter = json_object_iter_next((json_t *)json, iter)) {
        const char *key = json_object_iter_key(iter);
        evt_buf_printf(buf, "%s{.key = ", i++ ? ", " : "");
        emit_literal(buf, key, strlen(key), NULL);
        evt_buf_add_text(buf, ", .value = ");
        add_value(m, record, field, type->items, json_object_iter_value(iter), buf);
        evt_buf_add_text(buf, "}");
    }
    evt_buf_printf(buf, "}, .%s_n = %zu", field->name, n);
}

/* An initializer; NULL `json`: what stands there until somebody sets it. */
static void add_value(struct model *m, const struct named *record, const struct schema_field *field,
                      const struct schema *type, const json_t *json, struct evt_buf *buf)
{
    if (type->kind == SCHEMA_BOOLEAN)
        evt_buf_add_text(buf, json_is_true(json) ? "true" : "false");
    else if (type->kind == SCHEMA_INT || type->kind == SCHEMA_LONG)
        add_integer(type, json, buf);
    else if (type->kind == SCHEMA_STRING)
        emit_literal(buf, json ? json_string_value(json) : "", json_string_length(json), NULL);
    else if (type->kind == SCHEMA_BYTES || type->kind == SCHEMA_FIXED)
        add_bytes(type, json, buf);
    else if (type->kind == SCHEMA_ENUM)
        add_symbol(m, type, json, buf);
    else if (type->kind == SCHEMA_RECORD)
        add_fields(m, model_type(m, type->name), json, buf);
    else
        add_items(m, record, field, type, json, buf);
}

/* ---- the tables ---- */

static void add_item_value(struct model *m, const struct schema *type, struct evt_buf *buf)
{
    if (type->kind == SCHEMA_ENUM || type->kind == SCHEMA_RECORD)
        evt_buf_printf(buf, "&%s_value", model_type(m, type->name)->symbol);
    else if (type->kind == SCHEMA_FIXED)
        evt_buf_printf(buf,
                       "&(const struct evt_value){.shape = EVT_SHAPE_FIXED, "
                       ".size = sizeof(struct evt_bytes), .fixed_len = %" PRId64 "}",
                       type->size);
    else
        evt_buf_printf(buf, "&evt__value_%s", schema_kind_str(type->kind));
}

static void add_container(struct model *m, const struct named *record,
                          const struct schema_field *field, struct evt_buf *buf)
{
    const struct schema *type = types_value(field->type);
    char *item = types_item_symbol(m, record, field->name);
    evt_buf_printf(buf,
                   "&(const struct evt_value){.shape = EVT_SHAPE_%s, .size = sizeof(void *), "
                   "\n         .item = ",
                   shapes[type->kind]);
    add_item_value(m, type->items, buf);
    evt_buf_add_text(buf, ", .item_size = sizeof(");
    if (type->kind == SCHEMA_ARRAY) {
        emit_c_type(m, type->items, buf);
        evt_buf_add_text(buf, ")}");
    } else {
        evt_buf_printf(buf, "struct %s), .item_offset = offsetof(struct %s, value)}", item, item);
    }
}

static void add_aliases(struct evt_buf *buf, const struct list *aliases)
{
    if (!aliases->n)
        return;
    evt_buf_add_text(buf, ",\n     .aliases = (const char *const[]){");
    for (size_t i = 0; i < aliases->n; i++)
        evt_buf_printf(buf, "\"%s\", ", (char *)aliases->items[i]);
    evt_buf_add_text(buf, "NULL}");
}

static void add_field(struct model *m, const struct named *record, const struct schema_field *field,
                      struct evt_buf *buf)
{
    const char *s = record->symbol, *name = field->name;
    evt_buf_printf(buf, "    {.name = \"%s\", .offset = offsetof(struct %s, %s)", name, s, name);
    if (emit_has_count(field))
        evt_buf_printf(buf, ", .count_offset = offsetof(struct %s, %s_n)", s, name);
    if (emit_has_flag(field))
        evt_buf_printf(buf, ", .set_offset = offsetof(struct %s, has_%s)", s, name);
    if (types_optional(field->type))
        evt_buf_add_text(buf, ", .optional = true");
    if (field->dflt)
        evt_buf_add_text(buf, ", .has_default = true");
    add_aliases(buf, &field->aliases);
    evt_buf_add_text(buf, ",\n     .value = ");
    if (emit_has_count(field))
        add_container(m, record, field, buf);
    else
        add_item_value(m, types_value(field->type), buf);
    evt_buf_add_text(buf, "},\n");
}

static void add_record(struct model *m, const struct named *type, struct evt_buf *buf)
{
    const char *s = type->symbol;
    evt_buf_printf(buf, "static const struct %s %s_defaults = ", s, s);
    add_fields(m, type, NULL, buf);
    evt_buf_printf(buf, ";\nstatic const struct evt_field %s_field_list[] = {\n", s);
    for (size_t i = 0; i < type->schema->fields.n; i++)
        add_field(m, type, type->schema->fields.items[i], buf);
    evt_buf_printf(buf,
                   "};\nstatic const struct evt_fields %s_fields = {\n"
                   "    .name = \"%s\",\n    .size = sizeof(struct %s),\n"
                   "    .defaults = &%s_defaults,\n    .fields = %s_field_list,\n"
                   "    .fields_n = %zu",
                   s, type->schema->name, s, s, s, type->schema->fields.n);
    add_aliases(buf, &type->schema->aliases);
    evt_buf_add_text(buf, ",\n};\n");
    if (!type->message)
        evt_buf_printf(buf,
                       "static const struct evt_value %s_value = {.shape = EVT_SHAPE_RECORD,\n"
                       "    .size = sizeof(struct %s), .record = &%s_fields};\n",
                       s, s, s);
    evt_buf_add_text(buf, "\n");
}

static void add_enum(const struct named *type, struct evt_buf *buf)
{
    const struct schema *schema = type->schema;
    const char *s = type->symbol;
    size_t fallback = 0;
    while (strcmp(schema->symbols.items[fallback], schema->fallback) != 0)
        fallback++;
    evt_buf_printf(buf, "static const char *const %s_texts[] = {\n", s);
    for (size_t i = 0; i < schema->symbols.n; i++)
        evt_buf_printf(buf, "    \"%s\",\n", (char *)schema->symbols.items[i]);
    evt_buf_printf(buf,
                   "};\nstatic const struct evt_symbols %s_symbols = {.name = \"%s\",\n"
                   "    .symbols = %s_texts, .symbols_n = %zu, .fallback = %zu};\n",
                   s, schema->name, s, schema->symbols.n, fallback);
    evt_buf_printf(buf,
                   "static const struct evt_value %s_value = {.shape = EVT_SHAPE_ENUM,\n"
                   "    .size = sizeof(enum %s), .symbols = &%s_symbols};\n\n",
                   s, s, s);
    evt_buf_printf(buf,
                   "const char *%s_str(enum %s value)\n{\n"
                   "    return (size_t)value < %zu ? %s_texts[value] : \"\";\n}\n\n",
                   s, s, schema->symbols.n, s);
}

void emit_tables(struct model *m, const struct named *type, struct evt_buf *buf)
{
    if (type->schema->kind == SCHEMA_ENUM)
        add_enum(type, buf);
    else if (type->schema->kind == SCHEMA_RECORD)
        add_record(m, type, buf);
}

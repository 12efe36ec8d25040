/* Emit: a folder's header, with the structs and functions that services write against. */
#include "emit.h"

#include "names.h"

#include <string.h>

/* A doc may not end the comment that it stands in. */
static void add_comment(struct evt_buf *buf, const char *indent, const char *doc)
{
    evt_buf_printf(buf, "%s/* ", indent);
    for (; *doc; doc++) {
        evt_buf_add_byte(buf, *doc == '\n' ? ' ' : (uint8_t)*doc);
        if ((doc[0] == '*' && doc[1] == '/') || (doc[0] == '/' && doc[1] == '*'))
            evt_buf_add_byte(buf, ' ');
    }
    evt_buf_add_text(buf, " */\n");
}

static void add_enum(struct model *m, const struct named *type, struct evt_buf *buf)
{
    const struct schema *schema = type->schema;
    const char *upper = name_upper(&m->arena, type->symbol);
    add_comment(buf, "", schema->doc);
    evt_buf_printf(buf, "enum %s {\n", type->symbol);
    for (size_t i = 0; i < schema->symbols.n; i++)
        evt_buf_printf(buf, "    %s_%s,\n", upper, (char *)schema->symbols.items[i]);
    evt_buf_printf(buf,
                   "};\nconst char *%s_str(enum %s value); /* \"%s\"; \"\" for no symbol */\n\n",
                   type->symbol, type->symbol, (char *)schema->symbols.items[0]);
}

static void add_map_item(struct model *m, const struct named *type,
                         const struct schema_field *field, struct evt_buf *buf)
{
    const struct schema *value = types_value(field->type);
    if (value->kind != SCHEMA_MAP)
        return;
    evt_buf_printf(buf, "struct %s {\n    const char *key;\n    ",
                   types_item_symbol(m, type, field->name));
    emit_c_type(m, value->items, buf);
    evt_buf_add_text(buf, "value;\n};\n\n");
}

static void add_field(struct model *m, const struct named *type, const struct schema_field *field,
                      struct evt_buf *buf)
{
    const struct schema *value = types_value(field->type);
    add_comment(buf, "    ", field->doc);
    if (emit_has_flag(field))
        evt_buf_printf(buf, "    bool has_%s;\n", field->name);
    evt_buf_add_text(buf, "    ");
    if (value->kind == SCHEMA_MAP) {
        evt_buf_printf(buf, "struct %s *%s;\n", types_item_symbol(m, type, field->name),
                       field->name);
    } else {
        bool array = value->kind == SCHEMA_ARRAY;
        emit_c_type(m, array ? value->items : value, buf);
        evt_buf_printf(buf, "%s%s;", array ? "*" : "", field->name);
        evt_buf_add_text(buf, value->kind == SCHEMA_STRING && types_optional(field->type)
                                  ? " /* or NULL */\n"
                                  : "\n");
    }
    if (emit_has_count(field))
        evt_buf_printf(buf, "    size_t %s_n;\n", field->name);
}

static void add_struct(struct model *m, const struct named *type, struct evt_buf *buf)
{
    const struct schema *schema = type->schema;
    for (size_t i = 0; i < schema->fields.n; i++)
        add_map_item(m, type, schema->fields.items[i], buf);
    add_comment(buf, "", schema->doc);
    evt_buf_printf(buf, "struct %s {\n", type->symbol);
    for (size_t i = 0; i < schema->fields.n; i++)
        add_field(m, type, schema->fields.items[i], buf);
    evt_buf_printf(buf, "};\nvoid %s_init(struct %s *msg);\n", type->symbol, type->symbol);
}

static void add_functions(const struct named *type, struct evt_buf *buf)
{
    const char *s = type->symbol;
    evt_buf_printf(buf, "extern const struct evt_type %s_type;\n", s);
    evt_buf_printf(buf,
                   "typedef enum evt_err %s_fn(struct evt_ctx *ctx, const struct %s *msg,\n"
                   "    struct evt_error *err);\n",
                   s, s);
    evt_buf_printf(
        buf,
        "EVT_MUST_USE enum evt_err %s_encode(const struct %s *msg, struct evt_buf *buf,\n"
        "    struct evt_error *err);\n",
        s, s);
    evt_buf_printf(buf,
                   "EVT_MUST_USE enum evt_err %s_decode(const void *value, size_t len,\n"
                   "    struct evt_arena *arena, struct %s *msg, struct evt_error *err);\n",
                   s, s);
    evt_buf_printf(buf,
                   "EVT_MUST_USE enum evt_err %s_decode_new(const void *value, size_t len,\n"
                   "    struct %s **ret_msg, struct evt_error *err);\n",
                   s, s);
    evt_buf_printf(buf, "void %s_free(struct %s *msg);\n", s, s);
    evt_buf_printf(buf, "void %s_print(const struct %s *msg, struct evt_buf *buf);\n", s, s);
    evt_buf_printf(buf,
                   "EVT_MUST_USE enum evt_err %s_parse(const char *json, size_t len,\n"
                   "    struct evt_arena *arena, struct %s *msg, struct evt_error *err);\n",
                   s, s);
    if (type->message->kind != EVT_KIND_SYSTEM)
        evt_buf_printf(
            buf,
            "EVT_MUST_USE enum evt_err %s_send(struct evt_ctx *ctx, const struct %s *msg,\n"
            "    struct evt_error *err);\n",
            s, s);
}

void emit_header(struct model *m, const char *folder, struct evt_buf *buf)
{
    const char *guard = name_upper(&m->arena, folder);
    evt_buf_printf(buf, "/* Written by evt-gen from the schemas of %s. */\n", folder);
    evt_buf_printf(buf, "#ifndef EVENTS_%s_H\n#define EVENTS_%s_H\n\n", guard, guard);
    evt_buf_add_text(buf, "#include <evt/codec.h>\n#include <evt/ctx.h>\n#include <evt/type.h>\n"
                          "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n");
    for (size_t i = 0; i < m->types.n; i++) {
        const struct named *type = m->types.items[i];
        if (strcmp(type->folder, folder) != 0)
            continue;
        if (type->schema->kind == SCHEMA_ENUM)
            add_enum(m, type, buf);
        if (type->schema->kind != SCHEMA_RECORD)
            continue;
        add_struct(m, type, buf);
        if (type->message)
            add_functions(type, buf);
        evt_buf_add_text(buf, "\n");
    }
    evt_buf_add_text(buf, "#endif\n");
}

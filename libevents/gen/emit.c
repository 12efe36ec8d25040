/* Emit: what the emitters share. */
#include "emit.h"

#include <evt/mem.h>

#define LITERAL_LINE 80 /* characters of a file's text on one line of C */

/* Octal escapes of three digits end by themselves; "?" is escaped because of trigraphs. */
static void add_char(struct evt_buf *buf, unsigned char c)
{
    if (c == '\n')
        evt_buf_add_text(buf, "\\n");
    else if (c == '"' || c == '\\' || c == '?')
        evt_buf_printf(buf, "\\%c", c);
    else if (c < ' ' || c > '~')
        evt_buf_printf(buf, "\\%03o", c);
    else
        evt_buf_add_byte(buf, c);
}

void emit_literal(struct evt_buf *buf, const char *bytes, size_t len, const char *indent)
{
    size_t line = 0;
    evt_buf_add_text(buf, "\"");
    for (size_t i = 0; i < len; i++) {
        add_char(buf, (unsigned char)bytes[i]);
        if (indent && (bytes[i] == '\n' || ++line >= LITERAL_LINE) && i + 1 < len) {
            evt_buf_printf(buf, "\"\n%s\"", indent);
            line = 0;
        }
    }
    evt_buf_add_text(buf, "\"");
}

void emit_c_type(struct model *m, const struct schema *type, struct evt_buf *buf)
{
    switch (type->kind) {
    case SCHEMA_BOOLEAN:
        evt_buf_add_text(buf, "bool ");
        return;
    case SCHEMA_INT:
        evt_buf_add_text(buf, "int32_t ");
        return;
    case SCHEMA_LONG:
        evt_buf_add_text(buf, "int64_t ");
        return;
    case SCHEMA_STRING:
        evt_buf_add_text(buf, "const char *");
        return;
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        evt_buf_add_text(buf, "struct evt_bytes ");
        return;
    case SCHEMA_RECORD:
        evt_buf_printf(buf, "struct %s ", model_type(m, type->name)->symbol);
        return;
    case SCHEMA_ENUM:
        evt_buf_printf(buf, "enum %s ", model_type(m, type->name)->symbol);
        return;
    /* Refused by the rules, or written by whoever knows the field. */
    case SCHEMA_NULL:
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
    case SCHEMA_UNION:
        break;
    }
    EVT_BUG_ON(true);
}

bool emit_has_flag(const struct schema_field *field)
{
    return types_optional(field->type) && types_value(field->type)->kind != SCHEMA_STRING;
}

bool emit_has_count(const struct schema_field *field)
{
    enum schema_kind kind = types_value(field->type)->kind;
    return kind == SCHEMA_ARRAY || kind == SCHEMA_MAP;
}

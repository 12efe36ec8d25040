/* Types: see types.h. */
#include "types.h"

#include "names.h"

#include <string.h>

/* One C name and who has it. Tags (struct, enum) do not meet ordinary names. */
struct taken {
    const char *name, *owner;
    bool tag;
};

struct collector {
    struct model *m;
    struct list taken;
};

const struct schema *types_value(const struct schema *type)
{
    return types_optional(type) ? type->branches.items[1] : type;
}

bool types_optional(const struct schema *type)
{
    return type->kind == SCHEMA_UNION;
}

char *types_item_symbol(struct model *m, const struct named *record, const char *field)
{
    return text_printf(&m->arena, "%s_%s_item", record->symbol, field);
}

static void take(struct collector *c, const struct named *type, bool tag, char *name)
{
    struct place at = place_file(type->path);
    for (size_t i = 0; i < c->taken.n; i++) {
        const struct taken *other = c->taken.items[i];
        if (other->tag == tag && !strcmp(other->name, name)) {
            refuse(&c->m->refusals, &at, "%s and %s would both be %s in C", other->owner,
                   type->schema->name, name);
            return;
        }
    }
    struct taken *taken = arena_zalloc(&c->m->arena, sizeof(*taken));
    *taken = (struct taken){.name = name, .owner = type->schema->name, .tag = tag};
    list_add(&c->m->arena, &c->taken, taken);
}

static void take_names(struct collector *c, const struct named *type)
{
    static const char *const functions[] = {"type",       "fn",   "init",  "encode", "decode",
                                            "decode_new", "free", "print", "parse",  "send"};
    struct evt_arena *arena = &c->m->arena;
    const struct schema *schema = type->schema;
    take(c, type, true, text_dup(arena, type->symbol));
    if (schema->kind == SCHEMA_ENUM) {
        take(c, type, false, text_printf(arena, "%s_str", type->symbol));
        for (size_t i = 0; i < schema->symbols.n; i++)
            take(c, type, false,
                 text_printf(arena, "%s_%s", name_upper(arena, type->symbol),
                             (char *)schema->symbols.items[i]));
        return;
    }
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        take(c, type, false, text_printf(arena, "%s_%s", type->symbol, functions[i]));
    for (size_t i = 0; i < schema->fields.n; i++) {
        const struct schema_field *field = schema->fields.items[i];
        if (types_value(field->type)->kind == SCHEMA_MAP)
            take(c, type, true, types_item_symbol(c->m, type, field->name));
    }
}

static void collect(struct collector *c, const struct message *msg, const struct schema *schema);

static void collect_parts(struct collector *c, const struct message *msg,
                          const struct schema *schema)
{
    if (schema->items)
        collect(c, msg, schema->items);
    for (size_t i = 0; i < schema->branches.n; i++)
        collect(c, msg, schema->branches.items[i]);
    for (size_t i = 0; i < schema->fields.n; i++) {
        const struct schema_field *field = schema->fields.items[i];
        collect(c, msg, field->type);
    }
}

static void collect(struct collector *c, const struct message *msg, const struct schema *schema)
{
    struct model *m = c->m;
    bool is_message = schema == msg->today->schema;
    const struct named *had = schema->name ? model_type(m, schema->name) : NULL;
    struct place at = place_file(msg->today->path);
    if (had) {
        if (!schema_same(had->schema, schema))
            refuse(&m->refusals, &at, "the type %s differs from the one in %s", schema->name,
                   had->path);
        return;
    }
    if (!is_message && schema->name && model_message(m, schema->name)) {
        refuse(&m->refusals, &at, "the nested type %s has the name of a message", schema->name);
        return;
    }
    collect_parts(c, msg, schema);
    if (schema->kind != SCHEMA_RECORD && schema->kind != SCHEMA_ENUM &&
        schema->kind != SCHEMA_FIXED)
        return;
    struct named *type = arena_zalloc(&m->arena, sizeof(*type));
    type->schema = schema;
    type->folder = msg->folder;
    type->path = msg->today->path;
    type->message = is_message ? msg : NULL;
    type->symbol = text_printf(&m->arena, "%s_%s", msg->folder,
                               name_snake(&m->arena, name_last(schema->name)));
    list_add(&m->arena, &m->types, type);
    if (schema->kind != SCHEMA_FIXED)
        take_names(c, type);
}

void types_collect(struct model *m)
{
    struct collector c = {.m = m};
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        collect(&c, msg, msg->today->schema);
    }
}

/* Schema: see schema.h. */
#include "schema.h"

#include "default.h"
#include "names.h"
#include "parser.h"

#include <evt/mem.h>
#include <string.h>

static struct schema *parse(struct parser *p, const struct place *at, const json_t *json,
                            const char *space);

static const char *const kinds[] = {
    [SCHEMA_NULL] = "null",   [SCHEMA_BOOLEAN] = "boolean", [SCHEMA_INT] = "int",
    [SCHEMA_LONG] = "long",   [SCHEMA_FLOAT] = "float",     [SCHEMA_DOUBLE] = "double",
    [SCHEMA_BYTES] = "bytes", [SCHEMA_STRING] = "string",   [SCHEMA_RECORD] = "record",
    [SCHEMA_ENUM] = "enum",   [SCHEMA_FIXED] = "fixed",     [SCHEMA_ARRAY] = "array",
    [SCHEMA_MAP] = "map",     [SCHEMA_UNION] = "union",
};

const char *schema_kind_str(enum schema_kind kind)
{
    return kinds[kind];
}

bool schema_is_named(enum schema_kind kind)
{
    return kind == SCHEMA_RECORD || kind == SCHEMA_ENUM || kind == SCHEMA_FIXED;
}

/* A reader finds a writer's field by name or alias, so both share one set of names. */
static void add_field(struct parser *p, const struct place *at, struct schema *record,
                      struct schema_field *field)
{
    struct place name_at = place_key(at, "name"), aliases_at = place_key(at, "aliases");
    for (size_t i = 0; i < record->fields.n; i++) {
        const struct schema_field *other = record->fields.items[i];
        if (!strcmp(other->name, field->name))
            refuse(p->refusals, &name_at, "the field \"%s\" is given twice", field->name);
        if (parser_has(&other->aliases, field->name))
            refuse(p->refusals, &name_at, "\"%s\" is an alias of the field \"%s\"", field->name,
                   other->name);
        for (size_t j = 0; j < field->aliases.n; j++) {
            const char *alias = field->aliases.items[j];
            if (!strcmp(other->name, alias) || parser_has(&other->aliases, alias))
                refuse(p->refusals, &aliases_at, "\"%s\" already names the field \"%s\"", alias,
                       other->name);
        }
    }
    if (parser_has(&field->aliases, field->name))
        refuse(p->refusals, &aliases_at, "\"%s\" already names the field \"%s\"", field->name,
               field->name);
    list_add(p->arena, &record->fields, field);
}

static void parse_field(struct parser *p, const struct place *at, struct schema *record,
                        const json_t *json, const char *space)
{
    struct schema_field *field = arena_zalloc(p->arena, sizeof(*field));
    struct place type_at = place_key(at, "type"), default_at = place_key(at, "default");
    struct place name_at = place_key(at, "name");
    const json_t *type = json_object_get(json, "type");
    if (!json_is_object(json)) {
        refuse(p->refusals, at, "must be an object");
        return;
    }
    field->json = json;
    field->name = parser_text(p, at, json, "name", true);
    field->doc = parser_text(p, at, json, "doc", false);
    field->dflt = json_object_get(json, "default");
    parser_texts(p, at, json, "aliases", NULL, &field->aliases);
    if (!type)
        refuse(p->refusals, at, "\"type\" is missing");
    if (!type || !field->name)
        return;
    if (!name_is_avro(field->name)) {
        refuse(p->refusals, &name_at, "\"%s\" is not a name", field->name);
        return;
    }
    field->type = parse(p, &type_at, type, space);
    if (!field->type)
        return;
    if (field->dflt)
        default_check(p->refusals, &default_at, field->type, field->dflt);
    add_field(p, at, record, field);
}

static void parse_record(struct parser *p, const struct place *at, struct schema *schema)
{
    struct place fields_at = place_key(at, "fields");
    const json_t *fields = json_object_get(schema->json, "fields");
    const char *space = parser_namespace(p, schema->name);
    if (!json_is_array(fields)) {
        refuse(p->refusals, &fields_at, "must be the list of the record's fields");
        return;
    }
    schema->open = true;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        struct place field_at = place_index(&fields_at, i);
        parse_field(p, &field_at, schema, json_array_get(fields, i), space);
    }
    schema->open = false;
}

static void parse_enum(struct parser *p, const struct place *at, struct schema *schema)
{
    struct place symbols_at = place_key(at, "symbols"), default_at = place_key(at, "default");
    parser_texts(p, at, schema->json, "symbols", NULL, &schema->symbols);
    if (!schema->symbols.n)
        refuse(p->refusals, &symbols_at, "an enum needs symbols");
    schema->fallback = parser_text(p, at, schema->json, "default", false);
    if (schema->fallback && !parser_has(&schema->symbols, schema->fallback))
        refuse(p->refusals, &default_at, "\"%s\" is not one of the enum's symbols",
               schema->fallback);
}

static void parse_fixed(struct parser *p, const struct place *at, struct schema *schema)
{
    struct place size_at = place_key(at, "size");
    const json_t *size = json_object_get(schema->json, "size");
    schema->size = json_integer_value(size);
    if (!json_is_integer(size) || schema->size < 1)
        refuse(p->refusals, &size_at, "must be a number of bytes, from 1");
}

static void parse_items(struct parser *p, const struct place *at, struct schema *schema,
                        const char *key, const char *space)
{
    struct place items_at = place_key(at, key);
    const json_t *items = json_object_get(schema->json, key);
    if (!items)
        refuse(p->refusals, at, "\"%s\" is missing", key);
    else
        schema->items = parse(p, &items_at, items, space);
}

static struct schema *parse_object(struct parser *p, const struct place *at, const json_t *json,
                                   const char *space)
{
    size_t before = p->refusals->n, kind = 0;
    struct schema *schema = arena_zalloc(p->arena, sizeof(*schema));
    struct place type_at = place_key(at, "type");
    const char *type = parser_text(p, at, json, "type", true);
    if (!type)
        return NULL;
    while (kind < SCHEMA_UNION && strcmp(type, kinds[kind]) != 0)
        kind++;
    if (kind == SCHEMA_UNION) {
        refuse(p->refusals, &type_at, "\"%s\" is not a kind of Avro type", type);
        return NULL;
    }
    schema->kind = (enum schema_kind)kind;
    schema->json = json;
    schema->logical = parser_text(p, at, json, "logicalType", false);
    if (schema_is_named(schema->kind) && !parser_named(p, at, schema, space))
        return NULL;
    if (schema->kind == SCHEMA_RECORD)
        parse_record(p, at, schema);
    else if (schema->kind == SCHEMA_ENUM)
        parse_enum(p, at, schema);
    else if (schema->kind == SCHEMA_FIXED)
        parse_fixed(p, at, schema);
    else if (schema->kind == SCHEMA_ARRAY)
        parse_items(p, at, schema, "items", space);
    else if (schema->kind == SCHEMA_MAP)
        parse_items(p, at, schema, "values", space);
    return p->refusals->n == before ? schema : NULL;
}

/* A branch is told by its name, or by its kind when it has none: neither may stand twice. */
static bool same_branch(const struct schema *a, const struct schema *b)
{
    return a->kind == b->kind && (!a->name || !b->name || !strcmp(a->name, b->name));
}

static struct schema *parse_union(struct parser *p, const struct place *at, const json_t *json,
                                  const char *space)
{
    size_t before = p->refusals->n;
    struct schema *schema = arena_zalloc(p->arena, sizeof(*schema));
    schema->kind = SCHEMA_UNION;
    schema->json = json;
    if (!json_array_size(json))
        refuse(p->refusals, at, "a union needs branches");
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct place branch_at = place_index(at, i);
        struct schema *branch = parse(p, &branch_at, json_array_get(json, i), space);
        if (!branch)
            continue;
        if (branch->kind == SCHEMA_UNION)
            refuse(p->refusals, &branch_at, "a union cannot hold a union");
        for (size_t j = 0; j < schema->branches.n; j++) {
            if (same_branch(schema->branches.items[j], branch))
                refuse(p->refusals, &branch_at, "the branch %s is given twice",
                       branch->name ? branch->name : kinds[branch->kind]);
        }
        list_add(p->arena, &schema->branches, branch);
    }
    return p->refusals->n == before ? schema : NULL;
}

static struct schema *parse_reference(struct parser *p, const struct place *at, const char *text,
                                      const char *space)
{
    struct schema *named;
    for (size_t kind = 0; kind <= SCHEMA_STRING; kind++) {
        if (!strcmp(kinds[kind], text)) {
            named = arena_zalloc(p->arena, sizeof(*named));
            named->kind = (enum schema_kind)kind;
            return named;
        }
    }
    named = parser_find(p, parser_full_name(p, text, space));
    if (!named)
        refuse(p->refusals, at, "the type \"%s\" is not defined before, in this file", text);
    else if (named->open)
        named->recursive = true;
    return named;
}

static struct schema *parse(struct parser *p, const struct place *at, const json_t *json,
                            const char *space)
{
    if (json_is_string(json))
        return parse_reference(p, at, json_string_value(json), space);
    if (json_is_array(json))
        return parse_union(p, at, json, space);
    if (json_is_object(json))
        return parse_object(p, at, json, space);
    refuse(p->refusals, at, "must be a type: a name, an object or a list of branches");
    return NULL;
}

struct schema *schema_parse(struct evt_arena *arena, struct refusals *refusals,
                            const struct place *at, const json_t *json)
{
    struct parser p = {.arena = arena, .refusals = refusals};
    EVT_BUG_ON(!refusals);
    return parse(&p, at, json, "");
}

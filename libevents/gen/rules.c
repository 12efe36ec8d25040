/* Rules: see rules.h. */
#include "rules.h"

#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct rules {
    struct refusals *refusals;
    const char *folder;
    struct evt_arena arena;
    struct list walked; /* struct schema: named types whose definition was checked */
};

static void check_type(struct rules *r, const struct place *at, const struct schema *schema,
                       int depth);

static bool one_of(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

/* A misspelt attribute would be passed over by every Avro library. */
static void check_attributes(struct rules *r, const struct place *at, const json_t *json,
                             const char *const *known)
{
    for (void *iter = json_object_iter((json_t *)json); iter;
         iter = json_object_iter_next((json_t *)json, iter)) {
        if (!one_of(json_object_iter_key(iter), known))
            refuse(r->refusals, at, "unknown attribute \"%s\"", json_object_iter_key(iter));
    }
}

static void check_kind_attributes(struct rules *r, const struct place *at,
                                  const struct schema *schema)
{
    static const char *const record[] = {"type",    "name",   "namespace", "doc",
                                         "aliases", "fields", NULL};
    static const char *const enumeration[] = {"type",    "name",    "namespace", "doc",
                                              "aliases", "symbols", "default",   NULL};
    static const char *const fixed[] = {"type",    "name", "namespace", "doc",
                                        "aliases", "size", NULL};
    static const char *const array[] = {"type", "items", NULL};
    static const char *const map[] = {"type", "values", NULL};
    static const char *const scalar[] = {"type", "logicalType", NULL};
    if (json_is_object(schema->json))
        check_attributes(r, at, schema->json,
                         schema->kind == SCHEMA_RECORD  ? record
                         : schema->kind == SCHEMA_ENUM  ? enumeration
                         : schema->kind == SCHEMA_FIXED ? fixed
                         : schema->kind == SCHEMA_ARRAY ? array
                         : schema->kind == SCHEMA_MAP   ? map
                                                        : scalar);
}

static void check_doc(struct rules *r, const struct place *at, const char *doc, const char *what)
{
    if (!doc)
        refuse(r->refusals, at, "%s needs a \"doc\"", what);
    else if (!doc[strspn(doc, " \t\r\n")])
        refuse(r->refusals, at, "the \"doc\" is empty");
}

/* Both libraries and people know only the name: the unit must be right. */
static void check_logical(struct rules *r, const struct place *at, const struct schema *schema)
{
    struct place logical_at = place_key(at, "logicalType");
    if (!schema->logical)
        return;
    if (!strcmp(schema->logical, "timestamp-millis")) {
        if (schema->kind != SCHEMA_LONG)
            refuse(r->refusals, &logical_at, "timestamp-millis stands on a long");
    } else if (!strcmp(schema->logical, "uuid")) {
        if (schema->kind != SCHEMA_STRING)
            refuse(r->refusals, &logical_at, "uuid stands on a string");
    } else {
        refuse(r->refusals, &logical_at,
               "\"%s\" is not used here: only timestamp-millis and uuid are", schema->logical);
    }
}

static void check_name(struct rules *r, const struct place *at, const struct schema *schema)
{
    char space[96];
    struct place name_at = place_key(at, "name"), aliases_at = place_key(at, "aliases");
    size_t len = (size_t)snprintf(space, sizeof(space), RULES_NAMESPACE, r->folder);
    const char *last = name_last(schema->name);
    if (!name_is_pascal(last))
        refuse(r->refusals, &name_at, "\"%s\" is not PascalCase", last);
    if ((size_t)(last - schema->name) != len + 1 || memcmp(schema->name, space, len) != 0)
        refuse(r->refusals, &name_at, "%s is not in the namespace %s of its folder", schema->name,
               space);
    for (size_t i = 0; i < schema->aliases.n; i++) {
        if (!strcmp(schema->aliases.items[i], schema->name))
            refuse(r->refusals, &aliases_at, "a type is no alias of itself");
    }
}

static void check_enum(struct rules *r, const struct place *at, const struct schema *schema)
{
    struct place symbols_at = place_key(at, "symbols");
    for (size_t i = 0; i < schema->symbols.n; i++) {
        struct place symbol_at = place_index(&symbols_at, i);
        const char *symbol = schema->symbols.items[i];
        if (!name_is_upper_snake(symbol))
            refuse(r->refusals, &symbol_at, "\"%s\" is not UPPER_CASE", symbol);
    }
    if (!schema->fallback)
        refuse(r->refusals, at,
               "an enum needs a \"default\", for symbols that a reader does not know");
}

/* ["null", T] with default null is "there or not there"; C has no simple struct for other unions.
 */
static const struct schema *check_optional(struct rules *r, const struct place *at,
                                           const struct schema *schema)
{
    const struct schema *first = schema->branches.items[0];
    if (schema->branches.n != 2 || first->kind != SCHEMA_NULL) {
        refuse(r->refusals, at, "the only union that is used here is [\"null\", T]");
        return NULL;
    }
    return schema->branches.items[1];
}

static bool is_walked(struct rules *r, const struct schema *schema)
{
    for (size_t i = 0; i < r->walked.n; i++) {
        if (r->walked.items[i] == schema)
            return true;
    }
    list_add(&r->arena, &r->walked, (void *)schema);
    return false;
}

static void check_field_name(struct rules *r, const struct place *at, const struct schema *record,
                             const struct schema_field *field)
{
    struct place name_at = place_key(at, "name");
    bool optional = field->type->kind == SCHEMA_UNION;
    if (!name_is_snake(field->name))
        refuse(r->refusals, &name_at, "\"%s\" is not snake_case", field->name);
    else if (name_is_reserved(field->name))
        refuse(r->refusals, &name_at, "\"%s\" means something else in C or C++", field->name);
    /* The C struct has has_<field> for optional ones and <field>_n for arrays and maps. */
    for (size_t i = 0; i < record->fields.n; i++) {
        const struct schema_field *other = record->fields.items[i];
        size_t len = strlen(field->name);
        if (optional && !strncmp(other->name, "has_", 4) && !strcmp(other->name + 4, field->name))
            refuse(r->refusals, &name_at, "the struct says with \"%s\" whether \"%s\" is there",
                   other->name, field->name);
        if (!strncmp(other->name, field->name, len) && !strcmp(other->name + len, "_n"))
            refuse(r->refusals, &name_at, "\"%s\" is the struct's name for a count of \"%s\"",
                   other->name, field->name);
    }
}

static void check_field(struct rules *r, const struct place *at, const struct schema *record,
                        const struct schema_field *field, int depth)
{
    static const char *const known[] = {"name", "type", "doc", "default", "aliases", NULL};
    struct place type_at = place_key(at, "type"), branch_at = place_index(&type_at, 1);
    const struct schema *type = field->type;
    check_attributes(r, at, field->json, known);
    check_doc(r, at, field->doc, "a field");
    check_field_name(r, at, record, field);
    if (type->kind != SCHEMA_UNION) {
        check_type(r, &type_at, type, depth);
        return;
    }
    type = check_optional(r, &type_at, type);
    if (!type)
        return;
    if (!json_is_null(field->dflt))
        refuse(r->refusals, at, "an optional field has the \"default\" null");
    check_type(r, &branch_at, type, depth);
}

static void check_record(struct rules *r, const struct place *at, const struct schema *schema,
                         int depth)
{
    struct place fields_at = place_key(at, "fields");
    if (schema->recursive)
        refuse(r->refusals, at, "%s holds itself: messages have an end", schema->name);
    if (!schema->fields.n)
        refuse(r->refusals, &fields_at, "a record needs a field");
    for (size_t i = 0; i < schema->fields.n; i++) {
        struct place field_at = place_index(&fields_at, i);
        check_field(r, &field_at, schema, schema->fields.items[i], depth);
    }
}

static void check_items(struct rules *r, const struct place *at, const struct schema *schema,
                        int depth)
{
    struct place items_at = place_key(at, schema->kind == SCHEMA_ARRAY ? "items" : "values");
    enum schema_kind kind = schema->items->kind;
    if (kind == SCHEMA_ARRAY || kind == SCHEMA_MAP)
        refuse(r->refusals, &items_at, "an item that is an array or map goes into a record");
    else if (kind == SCHEMA_UNION)
        refuse(r->refusals, &items_at, "an item that is optional goes into a record");
    else
        check_type(r, &items_at, schema->items, depth);
}

static void check_named(struct rules *r, const struct place *at, const struct schema *schema,
                        int depth)
{
    if (is_walked(r, schema))
        return;
    check_name(r, at, schema);
    check_doc(r, at, schema->doc,
              schema->kind == SCHEMA_RECORD ? "a record"
              : schema->kind == SCHEMA_ENUM ? "an enum"
                                            : "a fixed");
    if (schema->kind == SCHEMA_RECORD)
        check_record(r, at, schema, depth + 1);
    else if (schema->kind == SCHEMA_ENUM)
        check_enum(r, at, schema);
}

static void check_type(struct rules *r, const struct place *at, const struct schema *schema,
                       int depth)
{
    if (depth > RULES_DEPTH_MAX) {
        refuse(r->refusals, at, "nested more than %d deep", RULES_DEPTH_MAX);
        return;
    }
    check_kind_attributes(r, at, schema);
    check_logical(r, at, schema);
    if (schema_is_named(schema->kind))
        check_named(r, at, schema, depth);
    else if (schema->kind == SCHEMA_ARRAY || schema->kind == SCHEMA_MAP)
        check_items(r, at, schema, depth + 1);
    else if (schema->kind == SCHEMA_FLOAT || schema->kind == SCHEMA_DOUBLE)
        refuse(r->refusals, at, "no %s: money is a long of minor units, and decisions are exact",
               schema_kind_str(schema->kind));
    else if (schema->kind == SCHEMA_NULL)
        refuse(r->refusals, at, "null alone says nothing");
}

void rules_check(struct refusals *refusals, const struct place *at, const struct schema *schema,
                 const char *folder, const char *record)
{
    struct rules r = {.refusals = refusals, .folder = folder};
    struct place name_at = place_key(at, "name");
    if (schema->kind != SCHEMA_RECORD) {
        refuse(refusals, at, "a message is a record");
        return;
    }
    if (strcmp(name_last(schema->name), record) != 0)
        refuse(refusals, &name_at, "\"%s\" does not fit the file's name", name_last(schema->name));
    check_type(&r, at, schema, 0);
    evt_arena_release(&r.arena);
}

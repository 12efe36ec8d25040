/* Compat: see compat.h. */
#include "compat.h"

#include "names.h"

#include <string.h>

/* Pairs that are being compared further up: a type that holds itself is as good as its rest. */
struct pair {
    const struct pair *up;
    const struct schema *reader, *writer;
};

struct look {
    enum compat_rules rules;
    struct refusals *refusals;
    const struct pair *pairs;
};

static bool can_read(struct look look, const struct place *at, const struct schema *reader,
                     const struct schema *writer);

static const char *word(const struct schema *schema)
{
    return schema->name ? schema->name : schema_kind_str(schema->kind);
}

/* Avro compares the names without their namespaces, or an alias of the reader with the whole. */
static bool same_name(struct look look, const struct place *at, const struct schema *reader,
                      const struct schema *writer)
{
    if (!strcmp(name_last(reader->name), name_last(writer->name)))
        return true;
    for (size_t i = 0; i < reader->aliases.n; i++) {
        if (!strcmp(reader->aliases.items[i], writer->name))
            return true;
    }
    refuse(look.refusals, at, "the writer's type is named %s", writer->name);
    return false;
}

static const struct schema_field *field_of(const struct schema *record, const char *name)
{
    for (size_t i = 0; i < record->fields.n; i++) {
        const struct schema_field *field = record->fields.items[i];
        if (!strcmp(field->name, name))
            return field;
    }
    return NULL;
}

static const struct schema_field *writers_field(const struct schema *writer,
                                                const struct schema_field *field)
{
    const struct schema_field *found = field_of(writer, field->name);
    for (size_t i = 0; !found && i < field->aliases.n; i++)
        found = field_of(writer, field->aliases.items[i]);
    return found;
}

static bool read_record(struct look look, const struct place *at, const struct schema *reader,
                        const struct schema *writer)
{
    struct place fields_at = place_key(at, "fields");
    bool ok = true;
    for (size_t i = 0; i < reader->fields.n; i++) {
        const struct schema_field *field = reader->fields.items[i];
        const struct schema_field *theirs = writers_field(writer, field);
        struct place field_at = place_index(&fields_at, i), type_at = place_key(&field_at, "type");
        if (theirs) {
            ok = can_read(look, &type_at, field->type, theirs->type) && ok;
        } else if (!field->dflt) {
            refuse(look.refusals, &field_at,
                   "the writer lacks the field \"%s\", which has no default", field->name);
            ok = false;
        }
    }
    return ok;
}

static bool read_enum(struct look look, const struct place *at, const struct schema *reader,
                      const struct schema *writer)
{
    struct place symbols_at = place_key(at, "symbols");
    for (size_t i = 0; !reader->fallback && i < writer->symbols.n; i++) {
        bool known = false;
        for (size_t j = 0; j < reader->symbols.n; j++)
            known = known || !strcmp(reader->symbols.items[j], writer->symbols.items[i]);
        if (!known) {
            refuse(look.refusals, &symbols_at,
                   "the writer's symbol %s is unknown, and there is no default",
                   (const char *)writer->symbols.items[i]);
            return false;
        }
    }
    return true;
}

static bool read_fixed(struct look look, const struct place *at, const struct schema *reader,
                       const struct schema *writer)
{
    struct place size_at = place_key(at, "size");
    if (reader->size != writer->size)
        refuse(look.refusals, &size_at, "the writer's has %lld bytes", (long long)writer->size);
    return reader->size == writer->size;
}

static bool promotes(enum compat_rules rules, enum schema_kind from, enum schema_kind to)
{
    return (from == SCHEMA_INT &&
            (to == SCHEMA_LONG || to == SCHEMA_FLOAT || to == SCHEMA_DOUBLE)) ||
           (from == SCHEMA_LONG && (to == SCHEMA_FLOAT || to == SCHEMA_DOUBLE)) ||
           (from == SCHEMA_FLOAT && to == SCHEMA_DOUBLE) ||
           (from == SCHEMA_STRING && to == SCHEMA_BYTES) ||
           (from == SCHEMA_BYTES && to == SCHEMA_STRING && rules == COMPAT_AVRO);
}

/* Whatever branch the writer chose, there must be a reader for it. */
static bool read_from_union(struct look look, const struct place *at, const struct schema *reader,
                            const struct schema *writer)
{
    bool ok = true;
    for (size_t i = 0; i < writer->branches.n; i++)
        ok = can_read(look, at, reader, writer->branches.items[i]) && ok;
    return ok;
}

static bool read_into_union(struct look look, const struct place *at, const struct schema *reader,
                            const struct schema *writer)
{
    struct look quiet = {.rules = look.rules, .pairs = look.pairs};
    for (size_t i = 0; i < reader->branches.n; i++) {
        if (can_read(quiet, at, reader->branches.items[i], writer))
            return true;
    }
    refuse(look.refusals, at, "no branch takes the writer's %s", word(writer));
    return false;
}

static bool read_same_kind(struct look look, const struct place *at, const struct schema *reader,
                           const struct schema *writer)
{
    struct place items_at = place_key(at, reader->kind == SCHEMA_ARRAY ? "items" : "values");
    if (schema_is_named(reader->kind) && !same_name(look, at, reader, writer))
        return false;
    if (reader->kind == SCHEMA_RECORD)
        return read_record(look, at, reader, writer);
    if (reader->kind == SCHEMA_ENUM)
        return read_enum(look, at, reader, writer);
    if (reader->kind == SCHEMA_FIXED)
        return read_fixed(look, at, reader, writer);
    if (reader->items)
        return can_read(look, &items_at, reader->items, writer->items);
    return true;
}

static bool can_read(struct look look, const struct place *at, const struct schema *reader,
                     const struct schema *writer)
{
    struct pair pair = {.up = look.pairs, .reader = reader, .writer = writer};
    for (const struct pair *up = look.pairs; up; up = up->up) {
        if (up->reader == reader && up->writer == writer)
            return true;
    }
    look.pairs = &pair;
    if (writer->kind == SCHEMA_UNION)
        return read_from_union(look, at, reader, writer);
    if (reader->kind == SCHEMA_UNION)
        return read_into_union(look, at, reader, writer);
    if (reader->kind == writer->kind)
        return read_same_kind(look, at, reader, writer);
    if (promotes(look.rules, writer->kind, reader->kind))
        return true;
    refuse(look.refusals, at, "%s does not read the writer's %s", word(reader), word(writer));
    return false;
}

bool compat_can_read(enum compat_rules rules, struct refusals *refusals, const struct place *at,
                     const struct schema *reader, const struct schema *writer)
{
    return can_read((struct look){.rules = rules, .refusals = refusals}, at, reader, writer);
}

/* Project: what becomes of a writer's values in the reader's C struct, decided once per schema.
 *
 * Fields meet by name, then by the reader's aliases. Numbers widen, string and bytes take each
 * other, enums meet by symbol, and a union gives whichever of its branches the reader can take:
 * which one a message has is known only then, so a bad branch is refused there, a field that fits
 * in no case is refused here. */
#include "codec_internal.h"

/* A writer's record and a reader's struct that have their steps. */
struct pair {
    struct pair *next;
    avro_schema_t schema;
    const struct evt_fields *fields;
    uint32_t first;
};

struct project {
    struct evt__plan *plan;
    struct evt__fault *fault;
    struct pair *pairs;
};

/* Where the reader wants a value. */
struct place {
    const struct evt_value *value;
    size_t offset, count_offset, set_offset;
    bool optional, has_default;
};

static enum evt_err value_project(struct project *project, avro_schema_t schema, uint32_t node,
                                  const struct place *place, uint32_t at);

static const char *simple_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

static bool name_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(simple_name(*names), name) == 0)
            return true;
    return false;
}

/* Names of types meet without their namespace, as Avro says. */
static bool type_name_fits(const char *reader, const char *const *aliases, avro_schema_t schema)
{
    const char *writer = simple_name(avro_schema_name(schema));

    return strcmp(simple_name(reader), writer) == 0 || name_listed(aliases, writer);
}

static enum evt_err mismatch(struct project *project, avro_schema_t schema)
{
    return evt__fault_set(project->fault, EVT_E_AVRO_RESOLVE, "%s does not fit",
                          avro_schema_type_name(schema));
}

static size_t field_find(const struct evt_fields *fields, avro_schema_t schema, const char *name)
{
    size_t i;

    for (i = 0; i < fields->fields_n; i++)
        if (strcmp(fields->fields[i].name, name) == 0)
            return i;
    for (i = 0; i < fields->fields_n; i++)
        if (name_listed(fields->fields[i].aliases, name) &&
            avro_schema_record_field_get_index(schema, fields->fields[i].name) < 0)
            return i;
    return fields->fields_n;
}

static enum evt_err field_project(struct project *project, avro_schema_t schema, uint32_t node,
                                  const struct evt_field *field, uint32_t at)
{
    const struct place place = {.value = field->value,
                                .offset = field->offset,
                                .count_offset = field->count_offset,
                                .set_offset = field->set_offset,
                                .optional = field->optional,
                                .has_default = field->has_default};
    enum evt_err code = value_project(project, schema, node, &place, at);

    if (code)
        evt__fault_field(project->fault, field->name);
    return code;
}

static bool writer_has(const struct evt_fields *fields, avro_schema_t schema, size_t at)
{
    size_t i, n = avro_schema_record_size(schema);

    for (i = 0; i < n; i++)
        if (field_find(fields, schema, avro_schema_record_field_name(schema, (int)i)) == at)
            return true;
    return false;
}

static enum evt_err fields_project(struct project *project, avro_schema_t schema, uint32_t nodes,
                                   const struct evt_fields *fields, uint32_t steps)
{
    size_t n = avro_schema_record_size(schema), i, at;
    enum evt_err code;

    for (i = 0; i < n; i++) {
        at = field_find(fields, schema, avro_schema_record_field_name(schema, (int)i));
        project->plan->steps[steps + i].node = nodes + (uint32_t)i;
        if (at == fields->fields_n)
            continue; /* SKIP, which is zero */
        code = field_project(project, avro_schema_record_field_get_by_index(schema, (int)i),
                             nodes + (uint32_t)i, fields->fields + at, steps + (uint32_t)i);
        if (code)
            return code;
    }
    for (i = 0; i < fields->fields_n; i++)
        if (!fields->fields[i].has_default && !writer_has(fields, schema, i)) {
            code = evt__fault_set(project->fault, EVT_E_AVRO_RESOLVE,
                                  "the writer has no such field, the reader no default");
            evt__fault_field(project->fault, fields->fields[i].name);
            return code;
        }
    return EVT_OK;
}

static enum evt_err record_project(struct project *project, avro_schema_t schema, uint32_t node,
                                   const struct evt_fields *fields, uint32_t at)
{
    struct evt__plan *plan = project->plan;
    uint32_t n = plan->nodes[node].n, first;
    struct pair *before = project->pairs, *pair;
    enum evt_err code;

    if (!is_avro_record(schema) || !type_name_fits(fields->name, fields->aliases, schema))
        return mismatch(project, schema);
    plan->steps[at].op = EVT__TO_RECORD;
    plan->steps[at].record = fields;
    plan->steps[at].n = n;
    for (pair = before; pair; pair = pair->next)
        if (pair->schema == schema && pair->fields == fields) {
            plan->steps[at].first = pair->first;
            return EVT_OK;
        }
    first = evt__plan_steps(plan, n);
    plan->steps[at].first = first;
    pair = evt__plan_note(plan, sizeof(*pair));
    *pair = (struct pair){before, schema, fields, first};
    project->pairs = pair;
    code = fields_project(project, schema, plan->nodes[node].first, fields, first);
    if (code)
        project->pairs = before; /* half-made steps are not for another place to find */
    return code;
}

static enum evt_err items_project(struct project *project, avro_schema_t schema, uint32_t node,
                                  const struct evt_value *value, uint32_t at)
{
    struct evt__plan *plan = project->plan;
    bool map = value->shape == EVT_SHAPE_MAP;
    /* An array within an array is its pointer with its count right behind. */
    const struct place item = {.value = value->item,
                               .offset = map ? value->item_offset : 0,
                               .count_offset =
                                   (map ? value->item_offset : 0) + sizeof(const void *)};
    size_t size = (value->item_size + EVT__ALIGN - 1) / EVT__ALIGN * EVT__ALIGN;
    uint32_t first = evt__plan_steps(plan, 1);

    if (size > plan->item_size)
        plan->item_size = size;
    plan->steps[at].op = map ? EVT__TO_MAP : EVT__TO_ARRAY;
    plan->steps[at].first = first;
    plan->steps[at].n = 1;
    plan->steps[at].item_size = value->item_size;
    return value_project(project,
                         map ? avro_schema_map_values(schema) : avro_schema_array_items(schema),
                         plan->nodes[node].first, &item, first);
}

static enum evt_err enum_project(struct project *project, avro_schema_t schema,
                                 const struct evt_symbols *symbols, uint32_t at)
{
    struct evt__plan *plan = project->plan;
    int n = avro_schema_enum_number_of_symbols(schema), i;
    int32_t *map;
    size_t j;

    if (!type_name_fits(symbols->name, NULL, schema))
        return mismatch(project, schema);
    map = evt__plan_note(plan, (size_t)n * sizeof(*map));
    for (i = 0; i < n; i++) {
        map[i] = symbols->fallback;
        for (j = 0; j < symbols->symbols_n; j++)
            if (strcmp(symbols->symbols[j], avro_schema_enum_get(schema, i)) == 0)
                map[i] = (int32_t)j;
    }
    plan->steps[at].op = EVT__TO_ENUM;
    plan->steps[at].symbols = map;
    return EVT_OK;
}

/* The step for a writer's and a reader's simple type; SKIP: they do not fit. */
static enum evt__op simple_op(avro_type_t writer, const struct evt_value *value)
{
    bool whole = writer == AVRO_INT32 || writer == AVRO_INT64;

    switch (value->shape) {
    case EVT_SHAPE_BOOLEAN:
        return writer == AVRO_BOOLEAN ? EVT__TO_BOOLEAN : EVT__SKIP;
    case EVT_SHAPE_INT:
        return writer == AVRO_INT32 ? EVT__TO_INT : EVT__SKIP;
    case EVT_SHAPE_LONG:
        return whole ? EVT__TO_LONG : EVT__SKIP;
    case EVT_SHAPE_FLOAT:
        return whole ? EVT__LONG_TO_FLOAT : writer == AVRO_FLOAT ? EVT__TO_FLOAT : EVT__SKIP;
    case EVT_SHAPE_DOUBLE:
        if (writer == AVRO_FLOAT)
            return EVT__FLOAT_TO_DOUBLE;
        return whole ? EVT__LONG_TO_DOUBLE : writer == AVRO_DOUBLE ? EVT__TO_DOUBLE : EVT__SKIP;
    case EVT_SHAPE_STRING:
        return writer == AVRO_STRING  ? EVT__TO_STRING
               : writer == AVRO_BYTES ? EVT__BYTES_TO_STRING
                                      : EVT__SKIP;
    case EVT_SHAPE_BYTES:
        return writer == AVRO_BYTES || writer == AVRO_STRING ? EVT__TO_BYTES : EVT__SKIP;
    case EVT_SHAPE_FIXED:
    case EVT_SHAPE_ENUM:
    case EVT_SHAPE_RECORD:
    case EVT_SHAPE_ARRAY:
    case EVT_SHAPE_MAP:
        break;
    }
    return EVT__SKIP;
}

static enum evt_err union_project(struct project *project, avro_schema_t schema, uint32_t node,
                                  const struct place *place, uint32_t at)
{
    struct evt__plan *plan = project->plan;
    uint32_t n = plan->nodes[node].n, i, first = evt__plan_steps(plan, n), fits = 0;

    plan->steps[at].op = EVT__FROM_UNION;
    plan->steps[at].n = n;
    plan->steps[at].first = first;
    for (i = 0; i < n; i++) {
        if (value_project(project, avro_schema_union_branch(schema, (int)i),
                          plan->nodes[node].first + i, place, first + i))
            plan->steps[first + i].op = EVT__REFUSE;
        else
            fits++;
    }
    return fits ? EVT_OK : mismatch(project, schema);
}

static enum evt_err op_project(struct project *project, avro_schema_t schema, uint32_t node,
                               const struct place *place, uint32_t at)
{
    const struct evt_value *value = place->value;
    struct evt__step *step = project->plan->steps + at;

    if (is_avro_union(schema))
        return union_project(project, schema, node, place, at);
    if (is_avro_null(schema)) {
        step->op = place->optional ? EVT__ABSENT : EVT__DEFAULT;
        return place->optional || place->has_default ? EVT_OK : mismatch(project, schema);
    }
    if (value->shape == EVT_SHAPE_RECORD)
        return record_project(project, schema, node, value->record, at);
    if ((value->shape == EVT_SHAPE_ARRAY && is_avro_array(schema)) ||
        (value->shape == EVT_SHAPE_MAP && is_avro_map(schema)))
        return items_project(project, schema, node, value, at);
    if (value->shape == EVT_SHAPE_ENUM && is_avro_enum(schema))
        return enum_project(project, schema, value->symbols, at);
    if (value->shape == EVT_SHAPE_FIXED && is_avro_fixed(schema) &&
        avro_schema_fixed_size(schema) == (int64_t)value->fixed_len)
        step->op = EVT__TO_FIXED;
    else
        step->op = simple_op(avro_typeof(schema), value);
    return step->op == EVT__SKIP ? mismatch(project, schema) : EVT_OK;
}

static enum evt_err value_project(struct project *project, avro_schema_t schema, uint32_t node,
                                  const struct place *place, uint32_t at)
{
    struct evt__step *step = project->plan->steps + at;
    enum evt_err code;

    step->node = node;
    step->offset = place->offset;
    step->count_offset = place->count_offset;
    step->set_offset = place->set_offset;
    step->has_set = place->optional && place->value->shape != EVT_SHAPE_STRING;
    code = op_project(project, evt__schema_target(schema), node, place, at);
    step = project->plan->steps + at; /* they may have moved */
    step->sets = step->has_set && step->op >= EVT__TO_BOOLEAN;
    return code;
}

enum evt_err evt__project(struct evt__plan *plan, avro_schema_t schema, struct evt__fault *fault)
{
    struct project project = {.plan = plan, .fault = fault};
    const struct evt_fields *fields = plan->fields;
    uint32_t at = evt__plan_steps(plan, 1);

    return record_project(&project, schema, 0, fields, at);
}

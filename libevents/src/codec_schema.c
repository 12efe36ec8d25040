/* Schema: avro-c's parsed schema to the guard's nodes.
 *
 * A record's fields lie side by side. A type that is named again points to the nodes it had the
 * first time, so recursive types end, and the guard's depth limit ends their values. */
#include "codec_internal.h"

#include <evt/mem.h>

/* Types nested deeper than a value may be are refused here already; this also bounds our stack. */
#define TYPES_DEPTH_MAX 64

/* A record that has its nodes. */
struct made {
    struct made *next;
    avro_schema_t schema;
    uint32_t first;
};

struct compile {
    struct evt__plan *plan;
    struct evt__fault *fault;
    struct made *made;
    unsigned depth;
};

static enum evt_err value_compile(struct compile *compile, avro_schema_t schema, uint32_t at);

avro_schema_t evt__schema_target(avro_schema_t schema)
{
    while (is_avro_link(schema))
        schema = avro_schema_link_target(schema);
    return schema;
}

static enum evt_err record_compile(struct compile *compile, avro_schema_t schema, uint32_t at)
{
    struct evt__plan *plan = compile->plan;
    size_t n = avro_schema_record_size(schema), i;
    struct made *made;
    enum evt_err code;
    uint32_t first;

    plan->nodes[at].n = (uint32_t)n;
    for (made = compile->made; made; made = made->next)
        if (made->schema == schema) {
            plan->nodes[at].first = made->first;
            return EVT_OK;
        }
    first = evt__plan_nodes(plan, n);
    plan->nodes[at].first = first;
    made = evt__plan_note(plan, sizeof(*made));
    *made = (struct made){compile->made, schema, first};
    compile->made = made;
    for (i = 0; i < n; i++) {
        const char *name = avro_schema_record_field_name(schema, (int)i);

        plan->nodes[first + i].name =
            memcpy(evt__plan_note(plan, strlen(name) + 1), name, strlen(name) + 1);
        code = value_compile(compile, avro_schema_record_field_get_by_index(schema, (int)i),
                             first + (uint32_t)i);
        if (code) {
            evt__fault_field(compile->fault, name);
            return code;
        }
    }
    return EVT_OK;
}

static enum evt_err union_compile(struct compile *compile, avro_schema_t schema, uint32_t at)
{
    size_t n = avro_schema_union_size(schema), i;
    uint32_t first = evt__plan_nodes(compile->plan, n);
    enum evt_err code;

    compile->plan->nodes[at].n = (uint32_t)n;
    compile->plan->nodes[at].first = first;
    for (i = 0; i < n; i++) {
        code =
            value_compile(compile, avro_schema_union_branch(schema, (int)i), first + (uint32_t)i);
        if (code)
            return code;
    }
    return EVT_OK;
}

static enum evt_err item_compile(struct compile *compile, avro_schema_t item, uint32_t at)
{
    uint32_t first = evt__plan_nodes(compile->plan, 1);

    compile->plan->nodes[at].first = first;
    return value_compile(compile, item, first);
}

static enum evt_err kind_compile(struct compile *compile, avro_schema_t schema, uint32_t at)
{
    struct evt__node *node = compile->plan->nodes + at;

    switch (avro_typeof(schema)) {
    case AVRO_NULL:
        node->kind = EVT__NULL;
        return EVT_OK;
    case AVRO_BOOLEAN:
        node->kind = EVT__BOOLEAN;
        return EVT_OK;
    case AVRO_INT32:
        node->kind = EVT__INT;
        return EVT_OK;
    case AVRO_INT64:
        node->kind = EVT__LONG;
        return EVT_OK;
    case AVRO_FLOAT:
        node->kind = EVT__FLOAT;
        return EVT_OK;
    case AVRO_DOUBLE:
        node->kind = EVT__DOUBLE;
        return EVT_OK;
    case AVRO_STRING:
        node->kind = EVT__STRING;
        return EVT_OK;
    case AVRO_BYTES:
        node->kind = EVT__BYTES;
        return EVT_OK;
    case AVRO_FIXED:
        node->kind = EVT__FIXED;
        node->n = (uint32_t)avro_schema_fixed_size(schema);
        return EVT_OK;
    case AVRO_ENUM:
        node->kind = EVT__ENUM;
        node->n = (uint32_t)avro_schema_enum_number_of_symbols(schema);
        return EVT_OK;
    case AVRO_RECORD:
        node->kind = EVT__RECORD;
        return record_compile(compile, schema, at);
    case AVRO_ARRAY:
        node->kind = EVT__ARRAY;
        return item_compile(compile, avro_schema_array_items(schema), at);
    case AVRO_MAP:
        node->kind = EVT__MAP;
        return item_compile(compile, avro_schema_map_values(schema), at);
    case AVRO_UNION:
        node->kind = EVT__UNION;
        return union_compile(compile, schema, at);
    case AVRO_LINK: /* evt__schema_target has followed it */
    default:        /* avro-c 1.12 has an AVRO_INVALID */
        EVT_BUG_ON(true);
    }
}

static enum evt_err value_compile(struct compile *compile, avro_schema_t schema, uint32_t at)
{
    enum evt_err code;

    if (++compile->depth > TYPES_DEPTH_MAX)
        return evt__fault_set(compile->fault, EVT_E_AVRO_RESOLVE, "types nest too deeply");
    code = kind_compile(compile, evt__schema_target(schema), at);
    compile->depth--;
    return code;
}

enum evt_err evt__schema_compile(struct evt__plan *plan, avro_schema_t schema,
                                 struct evt__fault *fault)
{
    struct compile compile = {.plan = plan, .fault = fault};

    if (!is_avro_record(schema))
        return evt__fault_set(fault, EVT_E_AVRO_RESOLVE, "the writer's schema is not a record");
    return value_compile(&compile, schema, evt__plan_nodes(plan, 1));
}

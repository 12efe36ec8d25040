/* Schema: an Avro schema as a tree, and the parser that demands what Avro's specification does.
 *
 * The parser takes the whole of Avro, because foreign schemas and old versions are compared with
 * ours; what we allow ourselves is much less, and is checked by rules.h. */
#ifndef GEN_SCHEMA_H
#define GEN_SCHEMA_H

#include "list.h"
#include "place.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum schema_kind {
    SCHEMA_NULL,
    SCHEMA_BOOLEAN,
    SCHEMA_INT,
    SCHEMA_LONG,
    SCHEMA_FLOAT,
    SCHEMA_DOUBLE,
    SCHEMA_BYTES,
    SCHEMA_STRING,
    SCHEMA_RECORD,
    SCHEMA_ENUM,
    SCHEMA_FIXED,
    SCHEMA_ARRAY,
    SCHEMA_MAP,
    SCHEMA_UNION
};
const char *schema_kind_str(enum schema_kind kind); /* as Avro writes it */

struct schema {
    enum schema_kind kind;
    const char *name;     /* full; NULL when the kind has none */
    const char *doc;      /* NULL: none */
    const char *logical;  /* NULL: none */
    struct list aliases;  /* const char *, full */
    struct list fields;   /* RECORD: struct schema_field */
    struct list symbols;  /* ENUM: const char * */
    const char *fallback; /* ENUM: its default; NULL: none */
    int64_t size;         /* FIXED */
    struct schema *items; /* ARRAY, MAP */
    struct list branches; /* UNION: struct schema */
    bool open;            /* while it is parsed */
    bool recursive;       /* it holds itself */
    const json_t *json;   /* NULL for a kind that is just named */
};

struct schema_field {
    const char *name;
    const char *doc;
    struct list aliases;
    struct schema *type;
    const json_t *dflt; /* NULL: none */
    const json_t *json;
};

/* The tree points into `json`, which must stay. NULL: it was refused. */
struct schema *schema_parse(struct evt_arena *arena, struct refusals *refusals,
                            const struct place *at, const json_t *json);

bool schema_is_named(enum schema_kind kind); /* record, enum, fixed */
/* Both say the same in every respect, docs and defaults included. */
bool schema_same(const struct schema *a, const struct schema *b);

#endif

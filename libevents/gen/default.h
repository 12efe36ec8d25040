/* Default: whether a JSON value is one of a type. avro-c takes anything, and fails when it is used.
 */
#ifndef GEN_DEFAULT_H
#define GEN_DEFAULT_H

#include "place.h"
#include "schema.h"

/* A union's default is one of its first branch. */
bool default_check(struct refusals *refusals, const struct place *at, const struct schema *type,
                   const json_t *json);
/* Avro writes bytes as text whose characters U+0000 to U+00FF stand for the bytes. False: others.
 */
bool default_bytes(const json_t *json, struct evt_buf *ret_bytes);

#endif

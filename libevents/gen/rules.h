/* Rules: what we allow ourselves of Avro. Each keeps a promise: of the C struct (no general unions,
 * no recursion), of reading old and new (enum defaults), of determinism and money (no float), or to
 * people (docs, names that fit). */
#ifndef GEN_RULES_H
#define GEN_RULES_H

#include "place.h"
#include "schema.h"

#define RULES_NAMESPACE "shop.%s.v1"
#define RULES_DEPTH_MAX 8 /* records, arrays and maps within each other; the guard allows 16 */

/* `schema` stands in <folder>/<record>.avsc. */
void rules_check(struct refusals *refusals, const struct place *at, const struct schema *schema,
                 const char *folder, const char *record);

#endif

/* Compat: whether a reader's schema can read what a writer's wrote, by Avro's rules of resolution
 * (names or aliases, defaults for what the writer lacks, enum defaults, int to long and the like).
 */
#ifndef GEN_COMPAT_H
#define GEN_COMPAT_H

#include "place.h"
#include "schema.h"

#include <stdbool.h>

enum compat_rules {
    COMPAT_AVRO,
    COMPAT_VALUES /* … and for every value: bytes are not taken for a string, they may be no text */
};
/* `at` is the reader; every reason names its place. NULL `refusals`: only the verdict. */
bool compat_can_read(enum compat_rules rules, struct refusals *refusals, const struct place *at,
                     const struct schema *reader, const struct schema *writer);

#endif

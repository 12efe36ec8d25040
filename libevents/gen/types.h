/* Types: the records and enums of all messages as C will know them: each once, what a type needs
 * before it, no two under one C name. */
#ifndef GEN_TYPES_H
#define GEN_TYPES_H

#include "model.h"

void types_collect(struct model *m);

/* The C name of a map's item, "product_offer_prices_item". */
char *types_item_symbol(struct model *m, const struct named *record, const char *field);
/* The type inside an optional's union; the type itself otherwise. */
const struct schema *types_value(const struct schema *type);
bool types_optional(const struct schema *type);

#endif

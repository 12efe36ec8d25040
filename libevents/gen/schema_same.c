/* Schema: whether two trees say the same (see schema.h). A named type may be written out in one
 * file and be known from before in another, so trees are compared, not texts. */
#include "schema.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_texts(const struct list *a, const struct list *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return a->n == b->n;
}

static bool same_json(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal((json_t *)a, (json_t *)b));
}

static bool same_field(const struct schema_field *a, const struct schema_field *b)
{
    return !strcmp(a->name, b->name) && same_text(a->doc, b->doc) &&
           same_texts(&a->aliases, &b->aliases) && same_json(a->dflt, b->dflt) &&
           schema_same(a->type, b->type);
}

bool schema_same(const struct schema *a, const struct schema *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->size != b->size || a->fields.n != b->fields.n ||
        a->branches.n != b->branches.n || !same_text(a->name, b->name) ||
        !same_text(a->doc, b->doc) || !same_text(a->logical, b->logical) ||
        !same_text(a->fallback, b->fallback) || !same_texts(&a->aliases, &b->aliases) ||
        !same_texts(&a->symbols, &b->symbols))
        return false;
    if (a->items && !schema_same(a->items, b->items))
        return false;
    for (size_t i = 0; i < a->branches.n; i++) {
        if (!schema_same(a->branches.items[i], b->branches.items[i]))
            return false;
    }
    /* Rules refuse a record that holds itself before anyone compares it. */
    for (size_t i = 0; i < a->fields.n; i++) {
        if (!same_field(a->fields.items[i], b->fields.items[i]))
            return false;
    }
    return true;
}

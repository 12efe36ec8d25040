/* Parser: what the parser of schemas knows on its way through a file, and how it reads texts and
 * names. Whatever is wrong is refused at its place. */
#ifndef GEN_PARSER_H
#define GEN_PARSER_H

#include "schema.h"

struct parser {
    struct evt_arena *arena;
    struct refusals *refusals;
    struct list names; /* struct schema: the named types of this file so far */
};

/* NULL: absent, or refused. */
const char *parser_text(struct parser *p, const struct place *up, const json_t *object,
                        const char *key, bool required);
/* The texts of a list such as "aliases" or "symbols", each once, each a name: a full one in
 * `space`, or a simple one when that is NULL. */
void parser_texts(struct parser *p, const struct place *up, const json_t *object, const char *key,
                  const char *space, struct list *ret_texts);
bool parser_has(const struct list *texts, const char *text);

/* A name without a dot belongs to the namespace around it. */
const char *parser_full_name(struct parser *p, const char *name, const char *space);
const char *parser_namespace(struct parser *p, const char *full);
struct schema *parser_find(const struct parser *p, const char *name);
/* Name, namespace, aliases and doc of a record, enum or fixed, which is known from here on. */
bool parser_named(struct parser *p, const struct place *at, struct schema *schema,
                  const char *space);

#endif

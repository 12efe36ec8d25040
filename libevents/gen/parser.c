/* Parser: see parser.h. */
#include "parser.h"

#include "names.h"

#include <string.h>

const char *parser_text(struct parser *p, const struct place *up, const json_t *object,
                        const char *key, bool required)
{
    const json_t *value = json_object_get(object, key);
    struct place at = place_key(up, key);
    if (!value) {
        if (required)
            refuse(p->refusals, up, "\"%s\" is missing", key);
        return NULL;
    }
    if (!json_is_string(value)) {
        refuse(p->refusals, &at, "must be a text");
        return NULL;
    }
    return json_string_value(value);
}

struct schema *parser_find(const struct parser *p, const char *name)
{
    for (size_t i = 0; i < p->names.n; i++) {
        struct schema *named = p->names.items[i];
        if (!strcmp(named->name, name))
            return named;
    }
    return NULL;
}

const char *parser_full_name(struct parser *p, const char *name, const char *space)
{
    return strchr(name, '.') || !*space ? name : text_printf(p->arena, "%s.%s", space, name);
}

static bool valid_full_name(struct parser *p, const char *name)
{
    char *part = text_dup(p->arena, name), *dot;
    for (; (dot = strchr(part, '.')); part = dot + 1) {
        *dot = '\0';
        if (!name_is_avro(part))
            return false;
    }
    return name_is_avro(part);
}

bool parser_has(const struct list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (!strcmp(list->items[i], text))
            return true;
    }
    return false;
}

void parser_texts(struct parser *p, const struct place *up, const json_t *object, const char *key,
                  const char *space, struct list *ret_texts)
{
    struct place at = place_key(up, key);
    const json_t *array = json_object_get(object, key);
    if (!array)
        return;
    if (!json_is_array(array)) {
        refuse(p->refusals, &at, "must be a list of names");
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct place here = place_index(&at, i);
        const char *text = json_string_value(json_array_get(array, i));
        if (!text || !(space ? valid_full_name(p, text) : name_is_avro(text))) {
            refuse(p->refusals, &here, "must be a name");
            continue;
        }
        text = space ? parser_full_name(p, text, space) : text;
        if (parser_has(ret_texts, text))
            refuse(p->refusals, &here, "\"%s\" is given twice", text);
        else
            list_add(p->arena, ret_texts, (void *)text);
    }
}

const char *parser_namespace(struct parser *p, const char *full)
{
    const char *dot = strrchr(full, '.');
    return dot ? evt_arena_strndup(p->arena, full, (size_t)(dot - full)) : "";
}

bool parser_named(struct parser *p, const struct place *at, struct schema *schema,
                  const char *space)
{
    struct place name_at = place_key(at, "name"), space_at = place_key(at, "namespace");
    const char *name = parser_text(p, at, schema->json, "name", true);
    const char *own = parser_text(p, at, schema->json, "namespace", false);
    if (!name)
        return false;
    if (own && *own && !valid_full_name(p, own)) {
        refuse(p->refusals, &space_at, "\"%s\" is not a namespace", own);
        return false;
    }
    schema->name = parser_full_name(p, name, own ? own : space);
    if (!valid_full_name(p, schema->name)) {
        refuse(p->refusals, &name_at, "\"%s\" is not a name", name);
        return false;
    }
    if (parser_find(p, schema->name)) {
        refuse(p->refusals, &name_at, "the type %s is defined twice in this file", schema->name);
        return false;
    }
    schema->doc = parser_text(p, at, schema->json, "doc", false);
    parser_texts(p, at, schema->json, "aliases", parser_namespace(p, schema->name),
                 &schema->aliases);
    list_add(p->arena, &p->names, schema);
    return true;
}

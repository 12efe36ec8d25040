/* Model: see model.h. */
#include "model.h"

#include <errno.h>
#include <string.h>

struct message *model_message(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->messages.n; i++) {
        struct message *msg = m->messages.items[i];
        if (!strcmp(msg->name, name))
            return msg;
    }
    return NULL;
}

struct service *model_service(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->services.n; i++) {
        struct service *service = m->services.items[i];
        if (!strcmp(service->name, name))
            return service;
    }
    return NULL;
}

struct named *model_type(const struct model *m, const char *name)
{
    for (size_t i = 0; i < m->types.n; i++) {
        struct named *type = m->types.items[i];
        if (!strcmp(type->schema->name, name))
            return type;
    }
    return NULL;
}

const struct schema_field *model_key(struct model *m, const struct place *at,
                                     const struct message *msg, const char *name)
{
    const struct schema *record = msg->today->schema;
    for (size_t i = 0; i < record->fields.n; i++) {
        const struct schema_field *field = record->fields.items[i];
        if (strcmp(field->name, name) != 0)
            continue;
        if (field->type->kind == SCHEMA_STRING)
            return field;
        refuse(&m->refusals, at, "the key \"%s\" of %s must be a string, not optional", name,
               msg->name);
        return NULL;
    }
    refuse(&m->refusals, at, "%s has no field \"%s\" to be its key", msg->name, name);
    return NULL;
}

json_t *model_json(struct model *m, const char *path, const char *bytes, size_t len)
{
    struct place at = place_file(path);
    json_error_t error;
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    enum json_error_code code = json ? json_error_unknown : json_error_code(&error);
    /* It could stand in a default of bytes, but a schema with it is beyond avro-c. */
    if (code == json_error_null_character || code == json_error_null_byte_in_key)
        refuse(&m->refusals, &at, "line %d: no U+0000 in schemas: avro-c does not read it",
               error.line);
    else if (!json)
        refuse(&m->refusals, &at, "line %d: %s", error.line, error.text);
    else
        list_add(&m->arena, &m->documents, json);
    return json;
}

struct source *model_source(struct model *m, const char *path)
{
    struct place at = place_file(path);
    struct evt_buf content = {0};
    if (!file_read(path, &content)) {
        refuse(&m->refusals, &at, "%s", strerror(errno));
        return NULL;
    }
    struct source *source = arena_zalloc(&m->arena, sizeof(*source));
    source->path = path;
    source->bytes = evt_arena_strndup(&m->arena, evt_buf_text(&content), content.len);
    source->len = content.len;
    file_sha256(source->bytes, source->len, source->sha256);
    evt_buf_release(&content);
    json_t *json = model_json(m, path, source->bytes, source->len);
    if (json)
        source->schema = schema_parse(&m->arena, &m->refusals, &at, json);
    return source;
}

void model_release(struct model *m)
{
    for (size_t i = 0; i < m->documents.n; i++)
        json_decref(m->documents.items[i]);
    evt_buf_release(&m->refusals.text);
    evt_arena_release(&m->arena);
}

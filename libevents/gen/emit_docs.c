/* Emit: docs/events.md, for people: every message, who sends and takes it, its fields. */
#include "emit.h"

#include "names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A table's cell ends at "|" or at the line's end. */
static void add_cell(struct evt_buf *buf, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            evt_buf_add_text(buf, "\\|");
        else
            evt_buf_add_byte(buf, *text == '\n' ? ' ' : (uint8_t)*text);
    }
}

static void add_type(struct evt_buf *buf, const struct schema *type)
{
    const struct schema *value = types_value(type);
    if (value->kind == SCHEMA_ARRAY || value->kind == SCHEMA_MAP) {
        evt_buf_printf(buf, "%s of ", schema_kind_str(value->kind));
        add_type(buf, value->items);
    } else if (value->kind == SCHEMA_FIXED) {
        evt_buf_printf(buf, "%s (%" PRId64 " bytes)", name_last(value->name), value->size);
    } else {
        evt_buf_add_text(buf, value->name ? name_last(value->name) : schema_kind_str(value->kind));
    }
    if (value->logical)
        evt_buf_printf(buf, " (%s)", value->logical);
    if (types_optional(type))
        evt_buf_add_text(buf, ", optional");
}

static void add_default(struct evt_buf *buf, const struct schema_field *field)
{
    if (!field->dflt || types_optional(field->type))
        return;
    char *text = json_dumps(field->dflt, JSON_ENCODE_ANY | JSON_COMPACT);
    evt_buf_add_text(buf, ", default ");
    add_cell(buf, text ? text : "");
    free(text);
}

static void add_fields(struct evt_buf *buf, const struct schema *record)
{
    evt_buf_add_text(buf, "| field | type | |\n|---|---|---|\n");
    for (size_t i = 0; i < record->fields.n; i++) {
        const struct schema_field *field = record->fields.items[i];
        evt_buf_printf(buf, "| `%s` | ", field->name);
        add_type(buf, field->type);
        add_default(buf, field);
        evt_buf_add_text(buf, " | ");
        add_cell(buf, field->doc);
        evt_buf_add_text(buf, " |\n");
    }
    evt_buf_add_text(buf, "\n");
}

static void add_nested(const struct model *m, const char *folder, struct evt_buf *buf)
{
    bool any = false;
    for (size_t i = 0; i < m->types.n; i++) {
        const struct named *type = m->types.items[i];
        const struct schema *schema = type->schema;
        if (type->message || strcmp(type->folder, folder) != 0)
            continue;
        if (!any)
            evt_buf_add_text(buf, "### Types within\n\n");
        any = true;
        evt_buf_printf(buf, "**%s** (%s): %s\n\n", name_last(schema->name),
                       schema_kind_str(schema->kind), schema->doc);
        if (schema->kind == SCHEMA_RECORD)
            add_fields(buf, schema);
        for (size_t j = 0; j < schema->symbols.n; j++)
            evt_buf_printf(buf, "%s`%s`", j ? ", " : "", (char *)schema->symbols.items[j]);
        if (schema->symbols.n)
            evt_buf_printf(buf, "; for one that a reader does not know: `%s`\n\n",
                           schema->fallback);
    }
}

static void add_way(const struct message *msg, struct evt_buf *buf)
{
    static const char *const kinds[] = {"Command", "Reply", "Fact", "System message"};
    evt_buf_printf(buf, "%s", kinds[msg->kind]);
    for (size_t i = 0; i < msg->senders.n; i++)
        evt_buf_printf(buf, "%s%s", i ? ", " : " from ", (char *)msg->senders.items[i]);
    if (msg->taker)
        evt_buf_printf(buf, " to %s", msg->taker->name);
    if (msg->topic)
        evt_buf_printf(buf, ", on `%s`, key `%s`", msg->topic->name, msg->key);
    evt_buf_add_text(buf, ". Schema ");
    for (size_t i = 0; i < msg->versions.n; i++) {
        const struct version *version = msg->versions.items[i];
        evt_buf_printf(buf, "%sversion %" PRIu32 " (id %" PRIu32 ")", i ? ", " : "",
                       version->number, version->id);
    }
    evt_buf_add_text(buf, ".\n\n");
}

static void add_message(const struct message *msg, struct evt_buf *buf)
{
    evt_buf_printf(buf, "### %s\n\n%s\n\n", msg->record, msg->today->schema->doc);
    add_way(msg, buf);
    add_fields(buf, msg->today->schema);
}

static void add_services(const struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf, "## Services\n\n");
    for (size_t i = 0; i < m->services.n; i++) {
        const struct service *service = m->services.items[i];
        evt_buf_printf(buf, "* **%s**: %s", service->name, service->doc);
        for (size_t j = 0; j < service->subscriptions.n; j++) {
            const struct subscription *sub = service->subscriptions.items[j];
            evt_buf_printf(buf, " Subscribes to `%s` by `%s`", sub->source->events->name, sub->key);
            for (size_t k = 0; k < sub->keys.n; k++) {
                const struct subscription_key *own = sub->keys.items[k];
                evt_buf_printf(buf, ", %s by `%s`", name_last(own->type), own->field);
            }
            evt_buf_add_text(buf, ".");
        }
        evt_buf_printf(buf, " At most %" PRId64 " records are parked per held stream.\n",
                       service->parked_max);
    }
    evt_buf_add_text(buf, "\n");
}

static void add_topics(const struct model *m, struct evt_buf *buf)
{
    static const char *const holds[] = {"all that is addressed to", "public facts of",
                                        "dead letters of"};
    evt_buf_add_text(buf, "## Topics\n\n| topic | partitions | retention | compression | holds |\n"
                          "|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->topics.n; i++) {
        const struct evt_topic *topic = m->topics.items[i];
        evt_buf_printf(buf, "| `%s` | %" PRId32 " | ", topic->name, topic->partitions);
        if (topic->retention_ms < 0)
            evt_buf_add_text(buf, "for ever");
        else
            evt_buf_printf(buf, "%" PRId64 " ms", topic->retention_ms);
        evt_buf_printf(buf, " | %s | %s %s |\n", topic->compression, holds[topic->kind],
                       topic->service);
    }
    evt_buf_add_text(buf, "\n");
}

void emit_docs(struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf,
                     "# Messages and topics\n\n"
                     "Written by `make schemas` from `schemas/`: do not edit. `schemas/README.md` "
                     "says how a message is added or changed.\n\n");
    add_services(m, buf);
    add_topics(m, buf);
    for (size_t i = 0; i < m->folders.n; i++) {
        const char *folder = m->folders.items[i];
        evt_buf_printf(buf, "## shop.%s.v1\n\n", folder);
        for (size_t j = 0; j < m->messages.n; j++) {
            const struct message *msg = m->messages.items[j];
            if (!strcmp(msg->folder, folder))
                add_message(msg, buf);
        }
        add_nested(m, folder, buf);
    }
    /* One line's end at the file's. */
    buf->len--;
    buf->data[buf->len] = '\0';
}

/* Emit: the registry over all messages, topics, subscriptions and declarations. */
#include "emit.h"

#include "messages.h"

#include <evt/hash.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const scalars[][3] = {
    {"boolean", "BOOLEAN", "bool"},
    {"int", "INT", "int32_t"},
    {"long", "LONG", "int64_t"},
    {"string", "STRING", "const char *"},
    {"bytes", "BYTES", "struct evt_bytes"},
};
#define SCALARS (sizeof(scalars) / sizeof(*scalars))

void emit_registry_header(struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf, "/* Written by evt-gen: what the generated sources share. Services use\n"
                          " * evt_registry, of evt/type.h. */\n"
                          "#ifndef EVENTS_REGISTRY_H\n#define EVENTS_REGISTRY_H\n\n"
                          "#include <evt/codec.h>\n\n");
    evt_buf_printf(buf, "extern const struct evt_topic evt__topics[%zu];\n", m->topics.n);
    for (size_t i = 0; i < SCALARS; i++)
        evt_buf_printf(buf, "extern const struct evt_value evt__value_%s;\n", scalars[i][0]);
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        evt_buf_printf(buf, "extern const struct evt_schema evt__%s_schemas[%zu];\n", msg->symbol,
                       msg->versions.n);
    }
    evt_buf_add_text(buf, "\n#endif\n");
}

static size_t topic_index(const struct model *m, const struct evt_topic *topic)
{
    size_t i = 0;
    while (m->topics.items[i] != topic)
        i++;
    return i;
}

static void add_topics(const struct model *m, struct evt_buf *buf)
{
    static const char *const kinds[] = {"INBOX", "EVENTS", "DLT"};
    evt_buf_printf(buf, "const struct evt_topic evt__topics[%zu] = {\n", m->topics.n);
    for (size_t i = 0; i < m->topics.n; i++) {
        const struct evt_topic *topic = m->topics.items[i];
        evt_buf_printf(
            buf,
            "    {.name = \"%s\", .stream = \"%s\", .service = \"%s\", .kind = EVT_TOPIC_%s,\n"
            "     .partitions = %" PRId32 ", .retention_ms = INT64_C(%" PRId64
            "), .compression = \"%s\"},\n",
            topic->name, topic->stream, topic->service, kinds[topic->kind], topic->partitions,
            topic->retention_ms, topic->compression);
    }
    evt_buf_add_text(buf, "};\n\n");
}

static void add_types(const struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf, "static const struct evt_type *const types[] = {\n");
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        evt_buf_printf(buf, "    &%s_type,\n", msg->symbol);
    }
    evt_buf_add_text(buf, "};\n\n");
}

struct ref {
    const struct message *msg;
    size_t index;
    uint32_t id;
};

static int by_id(const void *a, const void *b)
{
    const struct ref *const *x = a, *const *y = b;
    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static size_t add_refs(struct model *m, struct evt_buf *buf)
{
    struct list refs = {0};
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        for (size_t j = 0; j < msg->versions.n; j++) {
            const struct version *version = msg->versions.items[j];
            struct ref *ref = arena_zalloc(&m->arena, sizeof(*ref));
            *ref = (struct ref){.msg = msg, .index = j, .id = version->id};
            list_add(&m->arena, &refs, ref);
        }
    }
    list_sort(&refs, by_id);
    evt_buf_add_text(buf, "static const struct evt_schema_ref refs[] = {\n");
    for (size_t i = 0; i < refs.n; i++) {
        const struct ref *ref = refs.items[i];
        evt_buf_printf(buf,
                       "    {.id = %" PRIu32
                       ", .type = &%s_type, .schema = &evt__%s_schemas[%zu]},\n",
                       ref->id, ref->msg->symbol, ref->msg->symbol, ref->index);
    }
    evt_buf_add_text(buf, "};\n\n");
    return refs.n;
}

static void add_subscription(const struct model *m, const struct subscription *sub,
                             struct evt_buf *buf)
{
    size_t n = 0;
    evt_buf_printf(
        buf,
        "    {.name = \"%s\", .service = \"%s\",\n     .source = &evt__topics[%zu], "
        ".inbox = &evt__topics[%zu],\n     .keys = (const struct evt_subscription_key[]){\n",
        sub->name, sub->service->name, topic_index(m, sub->source->events),
        topic_index(m, sub->service->inbox));
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *fact = m->messages.items[i];
        if (fact->kind != EVT_KIND_FACT || fact->topic != sub->source->events)
            continue;
        evt_buf_printf(buf, "         {.type = &%s_type, .field = \"%s\"},\n", fact->symbol,
                       messages_subscription_key(sub, fact));
        n++;
    }
    evt_buf_printf(buf, "         {0}},\n     .keys_n = %zu},\n", n);
}

/* ---- declarations ---- */

static bool takes(const struct service *service, const struct message *msg)
{
    if (msg->taker == service)
        return true;
    for (size_t i = 0; msg->kind == EVT_KIND_FACT && i < service->subscriptions.n; i++) {
        const struct subscription *sub = service->subscriptions.items[i];
        if (msg->topic == sub->source->events)
            return true;
    }
    return false;
}

static const char *key_taken(const struct service *service, const struct message *msg)
{
    for (size_t i = 0; msg->taker != service && i < service->subscriptions.n; i++) {
        const struct subscription *sub = service->subscriptions.items[i];
        if (msg->topic == sub->source->events)
            return messages_subscription_key(sub, msg);
    }
    return msg->key;
}

static void add_text(struct evt_sip *sip, const char *text)
{
    evt_sip_add_field(sip, text, strlen(text));
}

uint64_t emit_declaration_hash(const struct model *m, const struct service *service)
{
    struct evt_sip sip;
    evt_sip_init(&sip);
    add_text(&sip, service->name);
    evt_sip_add_u64(&sip, (uint64_t)service->parked_max);
    for (size_t i = 0; i < m->messages.n; i++) {
        const struct message *msg = m->messages.items[i];
        if (!takes(service, msg) && msg->kind != EVT_KIND_SYSTEM)
            continue;
        add_text(&sip, msg->name);
        add_text(&sip, msg->today->sha256);
        if (msg->kind == EVT_KIND_SYSTEM) /* every inbox takes them, from whoever */
            continue;
        add_text(&sip, key_taken(service, msg)); /* what another key would reject, this one takes */
        evt_sip_add_u64(&sip, msg->senders.n);
        for (size_t j = 0; j < msg->senders.n; j++)
            add_text(&sip, msg->senders.items[j]);
    }
    return evt_sip_end(&sip);
}

static void add_declarations(const struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf, "static const struct evt_declaration declarations[] = {\n");
    for (size_t i = 0; i < m->services.n; i++) {
        const struct service *service = m->services.items[i];
        evt_buf_printf(buf,
                       "    {.service = \"%s\", .hash = UINT64_C(0x%016" PRIx64
                       "), .parked_max = %" PRId64 ",\n     .generation = %" PRId64 "},\n",
                       service->name, emit_declaration_hash(m, service), service->parked_max,
                       service->generation);
    }
    evt_buf_add_text(buf, "};\n\n");
}

static void add_includes(const struct model *m, struct evt_buf *buf)
{
    evt_buf_add_text(buf, "/* Written by evt-gen: all that the schemas declare. */\n"
                          "#include \"events/registry.h\"\n\n");
    for (size_t i = 0; i < m->folders.n; i++)
        evt_buf_printf(buf, "#include \"events/%s.h\"\n", (char *)m->folders.items[i]);
    evt_buf_add_text(buf, "\n");
    for (size_t i = 0; i < SCALARS; i++)
        evt_buf_printf(
            buf,
            "const struct evt_value evt__value_%s = {.shape = EVT_SHAPE_%s, .size = sizeof(%s)};\n",
            scalars[i][0], scalars[i][1], scalars[i][2]);
    evt_buf_add_text(buf, "\n");
}

void emit_registry(struct model *m, struct evt_buf *buf)
{
    add_includes(m, buf);
    add_topics(m, buf);
    add_types(m, buf);
    size_t refs = add_refs(m, buf);
    if (m->subscriptions.n) {
        evt_buf_add_text(buf, "static const struct evt_subscription subscriptions[] = {\n");
        for (size_t i = 0; i < m->subscriptions.n; i++)
            add_subscription(m, m->subscriptions.items[i], buf);
        evt_buf_add_text(buf, "};\n\n");
    }
    add_declarations(m, buf);
    evt_buf_printf(
        buf,
        "const struct evt_registry evt_registry = {\n"
        "    .types = types,\n    .types_n = %zu,\n    .refs = refs,\n    .refs_n = %zu,\n"
        "    .topics = evt__topics,\n    .topics_n = %zu,\n",
        m->messages.n, refs, m->topics.n);
    if (m->subscriptions.n)
        evt_buf_printf(buf, "    .subscriptions = subscriptions,\n    .subscriptions_n = %zu,\n",
                       m->subscriptions.n);
    evt_buf_printf(buf, "    .declarations = declarations,\n    .declarations_n = %zu,\n};\n",
                   m->services.n);
}

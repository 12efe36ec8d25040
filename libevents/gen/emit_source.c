/* Emit: a folder's source: tables, types and the thin functions that call the codec. */
#include "emit.h"

#include <inttypes.h>
#include <string.h>

static void add_schemas(const struct message *msg, struct evt_buf *buf)
{
    evt_buf_printf(buf, "const struct evt_schema evt__%s_schemas[%zu] = {\n", msg->symbol,
                   msg->versions.n);
    for (size_t i = 0; i < msg->versions.n; i++) {
        const struct version *version = msg->versions.items[i];
        evt_buf_printf(buf,
                       "    {.id = %" PRIu32 ", .version = %" PRIu32 ", .json_len = %zu,\n"
                       "     .sha256 = \"%s\",\n     .json = ",
                       version->id, version->number, version->source->len, version->source->sha256);
        emit_literal(buf, version->source->bytes, version->source->len, "             ");
        evt_buf_add_text(buf, "},\n");
    }
    evt_buf_add_text(buf, "};\n");
}

static void add_type(const struct model *m, const struct message *msg, struct evt_buf *buf)
{
    static const char *const kinds[] = {"COMMAND", "REPLY", "FACT", "SYSTEM"};
    const char *s = msg->symbol;
    size_t topic = 0;
    evt_buf_printf(
        buf,
        "static enum evt_err %s_call(void (*fn)(void), struct evt_ctx *ctx, const void *msg,\n"
        "    struct evt_error *err)\n{\n"
        "    return ((%s_fn *)fn)(ctx, msg, err);\n}\n\n",
        s, s);
    add_schemas(msg, buf);
    evt_buf_printf(buf,
                   "const struct evt_type %s_type = {\n    .name = \"%s\",\n    .symbol = \"%s\",\n"
                   "    .kind = EVT_KIND_%s,\n",
                   s, msg->name, s, kinds[msg->kind]);
    if (msg->taker)
        evt_buf_printf(buf, "    .taker = \"%s\",\n", msg->taker->name);
    while (msg->topic && m->topics.items[topic] != msg->topic)
        topic++;
    if (msg->topic)
        evt_buf_printf(buf, "    .topic = &evt__topics[%zu], /* %s */\n", topic, msg->topic->name);
    if (msg->key)
        evt_buf_printf(buf, "    .key_field = \"%s\",\n", msg->key);
    evt_buf_add_text(buf, "    .senders = (const char *const[]){");
    for (size_t i = 0; i < msg->senders.n; i++)
        evt_buf_printf(buf, "\"%s\", ", (char *)msg->senders.items[i]);
    evt_buf_printf(
        buf,
        "NULL},\n    .schemas = evt__%s_schemas,\n    .schemas_n = %zu,\n"
        "    .fields = &%s_fields,\n    .size = sizeof(struct %s),\n    .call = %s_call,\n};\n\n",
        s, msg->versions.n, s, s, s);
}

static void add_codec(const struct message *msg, struct evt_buf *buf)
{
    const char *s = msg->symbol;
    evt_buf_printf(
        buf,
        "enum evt_err %s_encode(const struct %s *msg, struct evt_buf *buf, struct evt_error *err)\n"
        "{\n    return evt_type_encode(&%s_type, msg, buf, err);\n}\n\n",
        s, s, s);
    evt_buf_printf(
        buf,
        "enum evt_err %s_decode(const void *value, size_t len, struct evt_arena *arena,\n"
        "    struct %s *msg, struct evt_error *err)\n"
        "{\n    return evt_type_decode(&evt_registry, &%s_type, value, len, arena, msg, "
        "err);\n}\n\n",
        s, s, s);
    evt_buf_printf(
        buf,
        "enum evt_err %s_decode_new(const void *value, size_t len, struct %s **ret_msg,\n"
        "    struct evt_error *err)\n{\n    void *msg;\n"
        "    enum evt_err rc = evt_type_decode_new(&evt_registry, &%s_type, value, len, &msg, "
        "err);\n"
        "    if (rc == EVT_OK)\n        *ret_msg = msg;\n    return rc;\n}\n\n",
        s, s, s);
    evt_buf_printf(buf, "void %s_free(struct %s *msg)\n{\n    evt_type_free(msg);\n}\n\n", s, s);
}

static void add_functions(const struct message *msg, struct evt_buf *buf)
{
    const char *s = msg->symbol;
    evt_buf_printf(buf, "void %s_init(struct %s *msg)\n{\n    evt_type_init(&%s_type, msg);\n}\n\n",
                   s, s, s);
    add_codec(msg, buf);
    evt_buf_printf(buf,
                   "void %s_print(const struct %s *msg, struct evt_buf *buf)\n"
                   "{\n    evt_type_print(&%s_type, msg, buf);\n}\n\n",
                   s, s, s);
    evt_buf_printf(buf,
                   "enum evt_err %s_parse(const char *json, size_t len, struct evt_arena *arena,\n"
                   "    struct %s *msg, struct evt_error *err)\n"
                   "{\n    return evt_type_parse(&%s_type, json, len, arena, msg, err);\n}\n\n",
                   s, s, s);
    if (msg->kind != EVT_KIND_SYSTEM)
        evt_buf_printf(buf,
                       "enum evt_err %s_send(struct evt_ctx *ctx, const struct %s *msg, struct "
                       "evt_error *err)\n"
                       "{\n    return evt_send(ctx, &%s_type, msg, err);\n}\n\n",
                       s, s, s);
}

void emit_source(struct model *m, const char *folder, struct evt_buf *buf)
{
    evt_buf_printf(buf, "/* Written by evt-gen from the schemas of %s. */\n", folder);
    evt_buf_printf(buf, "#include \"events/%s.h\"\n\n#include \"events/registry.h\"\n\n", folder);
    evt_buf_add_text(buf, "/* A schema's text may be longer than C demands of compilers. */\n"
                          "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\n");
    for (size_t i = 0; i < m->types.n; i++) {
        const struct named *type = m->types.items[i];
        if (strcmp(type->folder, folder) != 0)
            continue;
        emit_tables(m, type, buf);
        if (type->message) {
            add_type(m, type->message, buf);
            add_functions(type->message, buf);
        } else if (type->schema->kind == SCHEMA_RECORD) {
            evt_buf_printf(buf, "void %s_init(struct %s *msg)\n{\n    *msg = %s_defaults;\n}\n\n",
                           type->symbol, type->symbol, type->symbol);
        }
    }
}

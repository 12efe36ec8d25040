/* Core: the records that are thrown at the shard. */
#include "test/lib/core.h"

#include <evt/codec.h>

#include <stdio.h>
#include <string.h>

#define HEADERS_MAX 64
#define KEYS        16 /* more than a test names in one expression */

static const struct evt_send *make(struct core *core, const char *source, const char *id,
                                   const struct evt_type *type, const char *key,
                                   const struct evt_buf *value)
{
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, strlen(id)},
        {"ce_source", source, strlen(source)},
        {"ce_type", type->name, strlen(type->name)},
    };
    const struct evt_send send = {
        .topic = core->opt.topic->name,
        .partition = CORE_PARTITION,
        .key = key,
        .key_len = strlen(key),
        .value = value->data,
        .value_len = value->len,
        .headers = headers,
        .headers_n = sizeof(headers) / sizeof(*headers),
    };

    return evt_sim_log_keep(core->log, &send);
}

static const char *key_of(const struct evt_type *type, const void *msg)
{
    return type->key_field ? evt_type_text(type, msg, type->key_field) : "any";
}

void core_sender(struct core *core, struct core_sender *sender, const char *service)
{
    const char *stream = core->opt.topic->stream;

    evt_source_print(sender->source, sizeof(sender->source), service, 0, "00000000000000aa");
    sender->number = 0;
    sender->chain = evt_chain_first(sender->source, strlen(sender->source), stream, strlen(stream),
                                    CORE_PARTITION);
}

const struct evt_send *core_number_as(struct core *core, struct core_sender *sender,
                                      const char *key, const struct evt_type *type, const void *msg)
{
    const struct evt_send *send;
    struct evt_buf value = {0};
    char id[128];

    core_ok(core, evt_type_encode(type, msg, &value, &core->err));
    sender->number++;
    sender->chain = evt_chain_next(sender->chain, type->name, strlen(type->name), key, strlen(key),
                                   value.data + EVT_FRAME_LEN, value.len - EVT_FRAME_LEN);
    evt_message_id_print(id, sizeof(id), core->opt.topic->stream, CORE_PARTITION, sender->number,
                         sender->chain);
    send = make(core, sender->source, id, type, key, &value);
    evt_buf_release(&value);
    return send;
}

const struct evt_send *core_number(struct core *core, struct core_sender *sender,
                                   const struct evt_type *type, const void *msg)
{
    return core_number_as(core, sender, key_of(type, msg), type, msg);
}

const struct evt_send *core_outside(struct core *core, const char *source, const char *id,
                                    const struct evt_type *type, const void *msg)
{
    const struct evt_send *send;
    struct evt_buf value = {0};

    core_ok(core, evt_type_encode(type, msg, &value, &core->err));
    send = make(core, source, id, type, key_of(type, msg), &value);
    evt_buf_release(&value);
    return send;
}

const struct evt_send *core_boundary(struct core *core, const char *id, int32_t generation)
{
    const struct evt_generation_begins msg = {generation, "v"};

    return core_outside(core, "/cli/upgrade", id, &evt_generation_begins_type, &msg);
}

const struct evt_send *core_with_header(struct core *core, const struct evt_send *send,
                                        const char *name, const char *value)
{
    struct evt_header headers[HEADERS_MAX];
    struct evt_send copy = *send;
    size_t n = 0;

    for (size_t i = 0; i < send->headers_n; i++)
        if (strcmp(send->headers[i].name, name) != 0)
            headers[n++] = send->headers[i];
    if (value)
        headers[n++] = (struct evt_header){name, value, strlen(value)};
    ck_assert_uint_lt(n, HEADERS_MAX);
    copy.headers = headers;
    copy.headers_n = n;
    return evt_sim_log_keep(core->log, &copy);
}

const struct evt_send *core_with_key(struct core *core, const struct evt_send *send,
                                     const char *key)
{
    struct evt_send copy = *send;

    copy.key = key;
    copy.key_len = key ? strlen(key) : 0;
    return evt_sim_log_keep(core->log, &copy);
}

const struct evt_send *core_with_value(struct core *core, const struct evt_send *send,
                                       const void *value, size_t len)
{
    struct evt_send copy = *send;

    copy.value = value;
    copy.value_len = len;
    return evt_sim_log_keep(core->log, &copy);
}

int64_t core_append(struct core *core, const struct evt_send *send)
{
    return evt_sim_log_append(core->log, core->part, send, core->now_ms++)->offset;
}

const char *core_key(const struct core *core, const char *prefix, bool here)
{
    static char keys[KEYS][320];
    static unsigned next;
    char *key = keys[next++ % KEYS];
    int32_t partitions = core->opt.topic->partitions;

    snprintf(key, sizeof(keys[0]), "%s", prefix);
    for (int i = 1; (evt_partition_of(key, strlen(key), partitions) == CORE_PARTITION) != here; i++)
        snprintf(key, sizeof(keys[0]), "%s-%d", prefix, i);
    return key;
}

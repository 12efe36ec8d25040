/* Main's boundaries: the records at which a generation begins, found in a log and appended to it.
 */
#include "main_internal.h"
#include "replay_internal.h"

#include <evt/clock.h>
#include <evt/envelope.h>
#include <events/evt.h>

#include <stdio.h>
#include <string.h>

#define SEND_MS 30000
#define LOOK_MS 20

static bool boundary_of(const struct evt_record *rec, uint32_t *ret_generation)
{
    struct evt_arena arena = {0};
    struct evt_generation_begins boundary;
    struct evt_error ignored;
    const bool is = evt_text_is(evt_envelope_type(rec), evt_generation_begins_type.name) &&
                    evt_generation_begins_decode(rec->value, rec->value_len, &arena, &boundary,
                                                 &ignored) == EVT_OK &&
                    boundary.generation > 0;

    if (is)
        *ret_generation = (uint32_t)boundary.generation;
    evt_arena_release(&arena);
    return is;
}

enum evt_err evt__boundary_find(const struct evt_kafka *kafka, const struct evt_topic *topic,
                                int32_t partition, int64_t from, uint32_t above, int silence_ms,
                                int64_t *ret_offset, uint32_t *ret_generation,
                                struct evt_error *err)
{
    const struct evt_replay_options opt = {.kafka = *kafka, .partition = partition};
    struct replay rp = {.opt = &opt, .topic = topic};
    enum evt_err rc = evt__replay_connect(&rp, silence_ms, err);

    if (rc == EVT_OK)
        rc = evt__replay_consume(&rp, from, err);
    *ret_offset = -1;
    while (rc == EVT_OK && *ret_offset < 0 && !rp.done) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(rp.queue, LOOK_MS);

        if (message && !message->err)
            rp.silent_ms = 0;
        else if (evt__replay_silent(&rp, silence_ms))
            rc = evt_fail(err, EVT_E_AWAY, "%s/%d does not answer", topic->name, (int)partition);
        if (!message) {
            evt__replay_wake(&rp);
            continue;
        }
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            rp.done = message->offset >= rp.end;
        } else if (!message->err) {
            evt_kafka_record_set(&rp.rec, message);
            if (boundary_of(&rp.rec.rec, ret_generation) && *ret_generation > above)
                *ret_offset = message->offset;
        }
        rd_kafka_message_destroy(message);
    }
    evt__replay_stop(&rp);
    evt_kafka_record_release(&rp.rec);
    return rc;
}

enum evt_err evt__boundary_append(const struct evt_kafka *kafka, const struct evt_topic *topic,
                                  int32_t partition, uint32_t generation, int64_t *ret_offset,
                                  struct evt_error *err)
{
    static const char source[] = "/cli/upgrade", key[] = "boundary";
    const char *const type = evt_generation_begins_type.name;
    const struct evt_generation_begins word = {.generation = (int32_t)generation,
                                               .version = EVT_VERSION};
    struct evt_buf value = {0};
    rd_kafka_t *sender = NULL;
    char id[64];
    struct evt_header headers[4] = {{"ce_specversion", "1.0", 3},
                                    {"ce_source", source, strlen(source)},
                                    {"ce_type", type, strlen(type)}};
    struct evt_send send = {.topic = topic->name,
                            .partition = partition,
                            .key = key,
                            .key_len = strlen(key),
                            .headers = headers,
                            .headers_n = 4};
    enum evt_err rc = evt_type_encode(&evt_generation_begins_type, &word, &value, err);

    snprintf(id, sizeof(id), "generation-%u", (unsigned)generation);
    headers[3] = (struct evt_header){"ce_id", id, strlen(id)};
    send.value = value.data;
    send.value_len = value.len;
    if (rc == EVT_OK)
        rc = evt_kafka_sender(kafka, &sender, err);
    if (rc == EVT_OK)
        rc = evt_kafka_send_all(sender, &send, 1, SEND_MS, ret_offset, err);
    if (sender)
        rd_kafka_destroy(sender);
    evt_buf_release(&value);
    return rc;
}

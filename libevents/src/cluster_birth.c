/* Cluster, births: the first record of every partition says which log it is. All partitions are
 * read at once, from offset 0. */
#include "cluster_internal.h"

#include <evt/clock.h>
#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/mem.h>
#include <events/evt.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SOURCE   "/cli/topics"
#define NUDGE_MS 10

/* ---- reading ---- */

static bool is_birth(const struct evt_record *rec)
{
    struct evt_log_begins *birth = NULL;
    bool is;

    if (rec->offset != 0 || !evt_text_is(evt_envelope_type(rec), evt_log_begins_type.name))
        return false;
    is = evt_log_begins_decode_new(rec->value, rec->value_len, &birth, NULL) == EVT_OK;
    evt_log_begins_free(birth);
    return is;
}

static struct evt__topic_state *state_of(struct evt__topic_state *states, size_t n,
                                         const rd_kafka_message_t *message)
{
    for (size_t i = 0; message->rkt && i < n; i++)
        if (states[i].births && message->partition >= 0 &&
            message->partition < states[i].partitions &&
            strcmp(states[i].topic->name, rd_kafka_topic_name(message->rkt)) == 0)
            return &states[i];
    return NULL;
}

#define NOT_SEEN ((enum evt__birth)(-1))

/* A question to the leader: a fetch is no answer, see evt_kafka_ends. */
static bool is_empty(const struct evt_cluster *cluster, const char *topic, int32_t partition)
{
    struct evt_error ignored;
    int64_t low, high;

    return evt_kafka_ends(cluster->rk, topic, partition, EVT__ASK_MS, &low, &high, &ignored) ==
               EVT_OK &&
           high == 0;
}

/* What one message says of its partition; false: nothing. */
static bool judge(const struct evt_cluster *cluster, const rd_kafka_message_t *message,
                  struct evt_kafka_record *scratch, enum evt__birth *ret_birth)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        evt_kafka_record_set(scratch, message);
        *ret_birth = is_birth(&scratch->rec) ? EVT__BIRTH_THERE : EVT__BIRTH_STRANGER;
        return true;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset == 0) {
            *ret_birth = EVT__BIRTH_EMPTY;
            return is_empty(cluster, rd_kafka_topic_name(message->rkt), message->partition);
        }
        *ret_birth = EVT__BIRTH_STRANGER; /* behind holes only */
        return true;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        *ret_birth = EVT__BIRTH_GONE;
        return true;
    default:
        return false;
    }
}

/* The leader of a partition that has not been seen is asked, which wakes it. True: it is empty. */
static bool nudge(const struct evt_cluster *cluster, const struct evt__topic_state *states,
                  size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int32_t p = 0; states[i].births && p < states[i].partitions; p++)
            if (states[i].births[p] == NOT_SEEN) {
                if (!is_empty(cluster, states[i].topic->name, p))
                    return false;
                states[i].births[p] = EVT__BIRTH_EMPTY;
                return true;
            }
    return false;
}

static enum evt_err read_all(struct evt_cluster *cluster, struct evt__topic_state *states, size_t n,
                             size_t left, struct evt_error *err)
{
    const int64_t end_ms = evt_clock_ms() + EVT__ASK_MS;
    struct evt_kafka_record scratch = {0};
    rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR__TIMED_OUT;
    char what[64];

    while (left > 0 && evt_clock_ms() < end_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(cluster->rk, NUDGE_MS);
        struct evt__topic_state *state = message ? state_of(states, n, message) : NULL;
        enum evt__birth birth;

        if (state && judge(cluster, message, &scratch, &birth)) {
            if (state->births[message->partition] == NOT_SEEN) {
                state->births[message->partition] = birth;
                left--;
            }
        } else if (message && message->err) {
            last = message->err;
        }
        if (message)
            rd_kafka_message_destroy(message);
        else
            left -= nudge(cluster, states, n);
    }
    evt_kafka_record_release(&scratch);
    snprintf(what, sizeof(what), "read the births of %zu partitions", left);
    return left == 0 ? EVT_OK : evt__cluster_fail(err, last, NULL, what, "Read");
}

/* The client keeps what it learned of a topic as long as somebody holds the topic. */
static void hold(const struct evt_cluster *cluster, rd_kafka_topic_t **held,
                 const struct evt__topic_state *states, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (states[i].births)
            held[i] = rd_kafka_topic_new(cluster->rk, states[i].topic->name, NULL);
}

static size_t list_births(struct evt__topic_state *states, size_t n,
                          rd_kafka_topic_partition_list_t *list)
{
    evt__cluster_forget(states, n);
    for (size_t i = 0; i < n; i++) {
        if (states[i].partitions == 0 || states[i].partitions != states[i].topic->partitions)
            continue;
        states[i].births = evt_alloc((size_t)states[i].partitions * sizeof(*states[i].births));
        for (int32_t p = 0; p < states[i].partitions; p++) {
            states[i].births[p] = NOT_SEEN;
            rd_kafka_topic_partition_list_add(list, states[i].topic->name, p)->offset = 0;
        }
    }
    return (size_t)list->cnt;
}

enum evt_err evt__cluster_look_births(struct evt_cluster *cluster, struct evt__topic_state *states,
                                      size_t n, struct evt_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    rd_kafka_topic_t **held = evt_zalloc((n + 1) * sizeof(rd_kafka_topic_t *));
    const size_t left = list_births(states, n, list);
    rd_kafka_resp_err_t code;
    enum evt_err rc = EVT_OK;

    if (left == 0)
        goto out;
    hold(cluster, held, states, n);
    code = rd_kafka_assign(cluster->rk, list);
    rc = code == RD_KAFKA_RESP_ERR_NO_ERROR ? read_all(cluster, states, n, left, err)
                                            : evt_kafka_fail(err, code, "read the births");
    rd_kafka_assign(cluster->rk, NULL);
out:
    for (size_t i = 0; i < n; i++)
        if (held[i])
            rd_kafka_topic_destroy(held[i]);
    evt_free(held);
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

/* ---- writing ---- */

/* One that no log had before: whoever meets it under an old name sees that it is another. */
static enum evt_err lineage_make(char ret_lineage[EVT_LINEAGE_LEN + 1], struct evt_error *err)
{
    uint64_t chance;

    if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
        return evt_fail(err, EVT_E_IO, "the system gives no random numbers");
    snprintf(ret_lineage, EVT_LINEAGE_LEN + 1, "%016" PRIx64, chance);
    return EVT_OK;
}

/* An inbox belongs to a generation of its taker; events and dead letters have none. */
static int32_t generation_of(const struct evt_registry *registry, const struct evt_topic *topic)
{
    const struct evt_declaration *declared = evt_registry_declaration(registry, topic->service);

    return topic->kind == EVT_TOPIC_INBOX && declared && declared->generation
               ? (int32_t)declared->generation
               : 1;
}

#define HEADERS 4

/* All that a birth record is made of lives in `arena`. */
static enum evt_err make(struct evt_arena *arena, const struct evt_registry *registry,
                         const struct evt_topic *topic, int32_t partition,
                         struct evt_send *ret_send, struct evt_error *err)
{
    struct evt_header *headers = evt_arena_alloc(arena, HEADERS * sizeof(*headers));
    char *id = evt_arena_alloc(arena, EVT_LINEAGE_LEN + 8);
    char lineage[EVT_LINEAGE_LEN + 1];
    const struct evt_log_begins birth = {.lineage = lineage,
                                         .generation = generation_of(registry, topic)};
    struct evt_buf value = {0};
    enum evt_err rc = lineage_make(lineage, err);

    if (rc == EVT_OK)
        rc = evt_log_begins_encode(&birth, &value, err);
    if (rc != EVT_OK)
        return rc;
    snprintf(id, EVT_LINEAGE_LEN + 8, "birth-%s", lineage);
    headers[0] = (struct evt_header){"ce_specversion", "1.0", 3};
    headers[1] = (struct evt_header){"ce_id", id, strlen(id)};
    headers[2] = (struct evt_header){"ce_source", SOURCE, strlen(SOURCE)};
    headers[3] =
        (struct evt_header){"ce_type", evt_log_begins_type.name, strlen(evt_log_begins_type.name)};
    *ret_send = (struct evt_send){
        .topic = topic->name,
        .partition = partition,
        .key = "birth",
        .key_len = 5,
        .value = evt_arena_memdup(arena, value.data, value.len),
        .value_len = value.len,
        .headers = headers,
        .headers_n = HEADERS,
    };
    evt_buf_release(&value);
    return EVT_OK;
}

static size_t count_empty(const struct evt__topic_state *states, size_t n)
{
    size_t empty = 0;

    for (size_t i = 0; i < n; i++)
        for (int32_t p = 0; states[i].births && p < states[i].partitions; p++)
            empty += states[i].births[p] == EVT__BIRTH_EMPTY;
    return empty;
}

/* The first message to a topic that the producer has not asked for waits for up to a second. */
static enum evt_err meet_topics(rd_kafka_t *sender, const struct evt_send *sends, size_t n,
                                rd_kafka_topic_t **held, struct evt_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < n; i++)
        held[i] = rd_kafka_topic_new(sender, sends[i].topic, NULL);
    code = rd_kafka_metadata(sender, 0, NULL, &metadata, EVT__ASK_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return evt_kafka_fail(err, code, "ask for the topics' leaders");
    rd_kafka_metadata_destroy(metadata);
    return EVT_OK;
}

static enum evt_err send_all(const struct evt_cluster *cluster, const struct evt_send *sends,
                             size_t n, struct evt_error *err)
{
    rd_kafka_topic_t **held = evt_zalloc((n + 1) * sizeof(rd_kafka_topic_t *));
    /* One that has not met the topics before: of one that was deleted it would remember numbers. */
    rd_kafka_t *sender = NULL;
    enum evt_err rc = evt_kafka_sender(&cluster->kafka, &sender, err);

    if (rc == EVT_OK)
        rc = meet_topics(sender, sends, n, held, err);
    if (rc == EVT_OK)
        rc = evt_kafka_send_all(sender, sends, n, EVT__ASK_MS, NULL, err);
    for (size_t i = 0; i < n; i++)
        if (held[i])
            rd_kafka_topic_destroy(held[i]);
    evt_free(held);
    if (sender)
        rd_kafka_destroy(sender);
    return rc;
}

enum evt_err evt__births_write(struct evt_cluster *cluster, const struct evt_registry *registry,
                               struct evt__topic_state *states, size_t n, size_t *ret_written,
                               struct evt_error *err)
{
    const size_t empty = count_empty(states, n);
    struct evt_send *sends;
    struct evt_arena arena = {0};
    size_t made = 0;
    enum evt_err rc = EVT_OK;

    *ret_written = empty;
    if (empty == 0)
        return EVT_OK;
    sends = evt_zalloc(empty * sizeof(*sends));
    for (size_t i = 0; rc == EVT_OK && i < n; i++)
        for (int32_t p = 0; rc == EVT_OK && states[i].births && p < states[i].partitions; p++)
            if (states[i].births[p] == EVT__BIRTH_EMPTY)
                rc = make(&arena, registry, states[i].topic, p, &sends[made++], err);
    if (rc == EVT_OK)
        rc = send_all(cluster, sends, made, err);
    evt_free(sends);
    evt_arena_release(&arena);
    return rc == EVT_OK ? evt__cluster_look_births(cluster, states, n, err) : rc;
}

/* Cluster: what it has, and how that differs from what is declared. One question about all topics
 * is one request, so that a service asks at every start without being late. */
#include "cluster_internal.h"

#include <evt/buf.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* librdkafka names its mock cluster so. */
#define STAND_IN "mockCluster"

enum evt_err evt__cluster_fail(struct evt_error *err, rd_kafka_resp_err_t code, const char *why,
                               const char *what, const char *needs)
{
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        return evt_fail(err, EVT_E_DENIED, "%s: allow this user %s there, by Kafka's ACLs", what,
                        needs);
    if (why && *why)
        return evt_fail(err, EVT_E_AWAY, "%s: %s", what, why);
    return evt_kafka_fail(err, code, "%s", what);
}

static enum evt_err meet(struct evt_cluster *cluster, int timeout_ms, struct evt_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    /* The id alone would be waited for up to a second longer. */
    rd_kafka_resp_err_t code = rd_kafka_metadata(cluster->rk, 0, NULL, &metadata, timeout_ms);
    char *id = NULL;

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        cluster->brokers = metadata->broker_cnt;
        rd_kafka_metadata_destroy(metadata);
        id = rd_kafka_clusterid(cluster->rk, timeout_ms);
    }
    if (!id)
        return evt_fail(err, EVT_E_AWAY,
                        "no broker answered at %s within %d ms: start one there, or say where it is"
                        " (KAFKA_BOOTSTRAP_SERVERS)",
                        cluster->kafka.brokers, timeout_ms);
    cluster->stand_in = strncmp(id, STAND_IN, strlen(STAND_IN)) == 0;
    rd_kafka_mem_free(cluster->rk, id);
    return EVT_OK;
}

enum evt_err evt_cluster_meet(const struct evt_kafka *kafka, struct evt_kafka_reader *reader,
                              int timeout_ms, struct evt_cluster **ret_cluster,
                              struct evt_error *err)
{
    struct evt_cluster *cluster = evt_zalloc(sizeof(*cluster));
    enum evt_err rc;

    cluster->kafka = *kafka;
    cluster->rk = evt_kafka_reader_client(reader);
    rc = meet(cluster, timeout_ms, err);
    if (rc != EVT_OK) {
        evt_cluster_close(cluster);
        return rc;
    }
    *ret_cluster = cluster;
    return EVT_OK;
}

enum evt_err evt_cluster_open(const struct evt_kafka *kafka, int timeout_ms,
                              struct evt_cluster **ret_cluster, struct evt_error *err)
{
    struct evt_kafka_reader *reader;
    enum evt_err rc = evt_kafka_reader_new(kafka, &reader, err);

    if (rc != EVT_OK)
        return rc;
    rc = evt_cluster_meet(kafka, reader, timeout_ms, ret_cluster, err);
    if (rc != EVT_OK)
        evt_kafka_reader_free(reader);
    else
        (*ret_cluster)->reader = reader;
    return rc;
}

void evt_cluster_close(struct evt_cluster *cluster)
{
    if (!cluster)
        return;
    evt_kafka_reader_free(cluster->reader);
    evt_free(cluster);
}

bool evt_cluster_is_stand_in(const struct evt_cluster *cluster)
{
    return cluster->stand_in;
}

/* ---- what is there ---- */

static void take_metadata(struct evt__topic_state *state, const struct rd_kafka_metadata *metadata)
{
    state->partitions = 0;
    state->led = false;
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];

        if (strcmp(topic->topic, state->topic->name) != 0 ||
            topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            continue;
        state->partitions = topic->partition_cnt;
        state->led = topic->partition_cnt > 0;
        for (int p = 0; p < topic->partition_cnt; p++)
            if (topic->partitions[p].leader < 0)
                state->led = false;
        return;
    }
}

enum evt_err evt__cluster_look_topics(struct evt_cluster *cluster, struct evt__topic_state *states,
                                      size_t n, struct evt_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    /* All topics: asked for one that is missing, the stand-in would create it. */
    rd_kafka_resp_err_t code = rd_kafka_metadata(cluster->rk, 1, NULL, &metadata, EVT__ASK_MS);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return evt__cluster_fail(err, code, NULL, "ask for all topics", "Describe");
    for (size_t i = 0; i < n; i++)
        take_metadata(&states[i], metadata);
    rd_kafka_metadata_destroy(metadata);
    return EVT_OK;
}

void evt__cluster_let_go(struct evt_cluster *cluster, const struct evt_topic *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(cluster->rk, topic->name, NULL);
    const struct rd_kafka_metadata *metadata = NULL;

    if (rd_kafka_metadata(cluster->rk, 0, handle, &metadata, EVT__ASK_MS) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
}

void evt__cluster_forget(struct evt__topic_state *states, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        evt_free(states[i].births);
        states[i].births = NULL;
    }
}

enum evt_err evt__cluster_look(struct evt_cluster *cluster, const struct evt_topic *const *topics,
                               size_t n, struct evt__topic_state *states, struct evt_error *err)
{
    enum evt_err rc;

    for (size_t i = 0; i < n; i++)
        states[i] = (struct evt__topic_state){.topic = topics[i]};
    rc = evt__cluster_look_topics(cluster, states, n, err);
    if (rc == EVT_OK)
        rc = evt__cluster_look_births(cluster, states, n, err);
    if (rc != EVT_OK)
        evt__cluster_forget(states, n);
    return rc;
}

/* ---- differences ---- */

struct telling {
    void (*each)(void *arg, const struct evt_topic_difference *d);
    void *arg;
};

static void tell(const struct telling *to, const struct evt_topic *topic,
                 enum evt_topic_trouble trouble, const struct evt_buf *text)
{
    const struct evt_topic_difference d = {topic, trouble, evt_buf_text(text)};

    to->each(to->arg, &d);
}

static void tell_setting(void *arg, const struct evt_topic *topic,
                         const struct evt__setting *wanted, const char *found)
{
    struct evt_buf text = {0};

    evt_buf_printf(&text, "%s: %s is %s, not %s: run `evt topics apply`, it sets it", topic->name,
                   wanted->name, found, wanted->value);
    tell(arg, topic, EVT_TOPIC_SETTING, &text);
    evt_buf_release(&text);
}

static void tell_topic(const struct telling *to, const struct evt_cluster *cluster,
                       const struct evt__topic_state *state)
{
    const struct evt_topic *topic = state->topic;
    struct evt_buf text = {0};

    if (state->partitions == 0) {
        evt_buf_printf(&text, "%s: is missing: %s", topic->name,
                       cluster->stand_in ? "stop `evt broker` and start it again, it creates its"
                                           " topics itself"
                                         : "run `evt topics apply`, it creates it");
        tell(to, topic, EVT_TOPIC_MISSING, &text);
    } else if (state->partitions != topic->partitions) {
        evt_buf_printf(&text,
                       "%s: has %" PRId32 " partitions, topics.json says %" PRId32
                       ": a partition count never changes; if nothing in the topic is needed,"
                       " delete it and run `evt topics apply`, else correct topics.json",
                       topic->name, state->partitions, topic->partitions);
        tell(to, topic, EVT_TOPIC_PARTITIONS, &text);
    }
    evt_buf_release(&text);
}

static void tell_births(const struct telling *to, const struct evt__topic_state *state)
{
    for (int32_t p = 0; state->births && p < state->partitions; p++) {
        struct evt_buf text = {0};

        if (state->births[p] == EVT__BIRTH_EMPTY)
            evt_buf_printf(&text,
                           "%s/%" PRId32 ": is empty, without its birth record: run `evt topics"
                           " apply`, it writes it",
                           state->topic->name, p);
        else if (state->births[p] == EVT__BIRTH_STRANGER)
            evt_buf_printf(&text,
                           "%s/%" PRId32 ": does not begin with a birth record, so no shard takes"
                           " it: delete the topic and run `evt topics apply`",
                           state->topic->name, p);
        if (text.len)
            tell(to, state->topic, EVT_TOPIC_NO_BIRTH, &text);
        evt_buf_release(&text);
    }
}

enum evt_err evt_cluster_diff(struct evt_cluster *cluster, const struct evt_topic *const *topics,
                              size_t n,
                              void (*each)(void *arg, const struct evt_topic_difference *d),
                              void *arg, struct evt_error *err)
{
    struct evt__topic_state *states = evt_zalloc((n + 1) * sizeof(*states));
    struct telling to = {each, arg};
    enum evt_err rc = evt__cluster_look(cluster, topics, n, states, err);

    for (size_t i = 0; rc == EVT_OK && i < n; i++)
        tell_topic(&to, cluster, &states[i]);
    if (rc == EVT_OK && !cluster->stand_in)
        rc = evt__admin_settings(cluster, states, n, tell_setting, &to, err);
    for (size_t i = 0; rc == EVT_OK && i < n; i++)
        tell_births(&to, &states[i]);
    evt__cluster_forget(states, n);
    evt_free(states);
    return rc;
}

/* ---- a service's ---- */

static bool sends(const struct evt_type *type, const char *service)
{
    for (const char *const *s = type->senders; s && *s; s++)
        if (strcmp(*s, service) == 0)
            return true;
    return false;
}

/* A sender is told what was rejected, in its own inbox. */
static bool hears_from(const struct evt_registry *registry, const char *service, const char *sender)
{
    for (size_t i = 0; i < registry->types_n; i++) {
        const struct evt_type *type = registry->types[i];

        if (type->taker && strcmp(type->taker, service) == 0 && sends(type, sender))
            return true;
    }
    return false;
}

static bool writes_or_reads(const struct evt_registry *registry, const char *service,
                            const struct evt_topic *topic)
{
    if (strcmp(topic->service, service) == 0)
        return true;
    for (size_t i = 0; i < registry->types_n; i++)
        if (registry->types[i]->topic == topic && sends(registry->types[i], service))
            return true;
    if (topic->kind == EVT_TOPIC_INBOX && hears_from(registry, service, topic->service))
        return true;
    for (size_t i = 0; i < registry->subscriptions_n; i++) {
        const struct evt_subscription *sub = &registry->subscriptions[i];

        if (sub->source == topic && strcmp(sub->service, service) == 0)
            return true;
    }
    return false;
}

size_t evt_cluster_topics_of(const struct evt_registry *registry, const char *service,
                             const struct evt_topic **ret_topics)
{
    size_t n = 0;

    for (size_t i = 0; i < registry->topics_n; i++)
        if (writes_or_reads(registry, service, &registry->topics[i]))
            ret_topics[n++] = &registry->topics[i];
    return n;
}

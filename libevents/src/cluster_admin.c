/* Cluster, its requests to the controller: topics created and deleted, settings asked and set. */
#include "cluster_internal.h"

#include <evt/codec.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a batch may have: Kafka's default. A record of a person's that is far over our limit of a
 * value still gets in, and to the dead letters, with the headers that say why. */
#define BATCH_MAX 1048588

void evt__topic_settings(const struct evt_topic *topic,
                         struct evt__setting ret_settings[EVT__SETTINGS])
{
    const int64_t batch_max = BATCH_MAX + (topic->kind == EVT_TOPIC_DLT ? EVT_VALUE_MAX : 0);
    struct evt__setting settings[EVT__SETTINGS] = {
        {"cleanup.policy", "delete"}, {"compression.type", "producer"},
        {"max.message.bytes", ""},    {"message.timestamp.type", "LogAppendTime"},
        {"retention.ms", ""},         {"unclean.leader.election.enable", "false"},
    };

    snprintf(settings[2].value, sizeof(settings[2].value), "%" PRId64, batch_max);
    snprintf(settings[4].value, sizeof(settings[4].value), "%" PRId64, topic->retention_ms);
    memcpy(ret_settings, settings, sizeof(settings));
}

/* ---- asking and waiting ---- */

struct request {
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event; /* the answer */
    const char *needs;       /* what Kafka must allow us for it */
};

static void request_begin(struct request *request, struct evt_cluster *cluster,
                          rd_kafka_admin_op_t op, const char *needs)
{
    char why[128];

    request->options = rd_kafka_AdminOptions_new(cluster->rk, op);
    request->queue = rd_kafka_queue_new(cluster->rk);
    request->event = NULL;
    request->needs = needs;
    rd_kafka_AdminOptions_set_request_timeout(request->options, EVT__ASK_MS, why, sizeof(why));
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS || op == RD_KAFKA_ADMIN_OP_DELETETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(request->options, EVT__ASK_MS, why,
                                                    sizeof(why));
}

static void request_end(struct request *request)
{
    if (request->event)
        rd_kafka_event_destroy(request->event);
    rd_kafka_queue_destroy(request->queue);
    rd_kafka_AdminOptions_destroy(request->options);
}

static enum evt_err request_wait(struct request *request, const char *what, struct evt_error *err)
{
    rd_kafka_resp_err_t code;

    request->event = rd_kafka_queue_poll(request->queue, 2 * EVT__ASK_MS);
    if (!request->event)
        return evt_kafka_fail(err, RD_KAFKA_RESP_ERR__TIMED_OUT, "%s", what);
    code = rd_kafka_event_error(request->event);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return evt__cluster_fail(err, code, rd_kafka_event_error_string(request->event), what,
                                 request->needs);
    return EVT_OK;
}

static enum evt_err result_of(const rd_kafka_topic_result_t *const *results, size_t n,
                              const char *what, const char *needs, const struct evt_topic *topic,
                              rd_kafka_resp_err_t but, bool *ret_done, struct evt_error *err)
{
    const rd_kafka_topic_result_t *result = n ? results[0] : NULL;
    rd_kafka_resp_err_t code =
        result ? rd_kafka_topic_result_error(result) : RD_KAFKA_RESP_ERR__FAIL;
    const char *why = result ? rd_kafka_topic_result_error_string(result) : NULL;
    char text[300];

    *ret_done = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (*ret_done || code == but)
        return EVT_OK;
    snprintf(text, sizeof(text), "%s %s", what, topic->name);
    return evt__cluster_fail(err, code, why, text, needs);
}

/* ---- topics ---- */

static enum evt_err new_topic(const struct evt_cluster *cluster, const struct evt_topic *topic,
                              rd_kafka_NewTopic_t **ret_topic, struct evt_error *err)
{
    struct evt__setting settings[EVT__SETTINGS];
    char why[128];
    const int copies = cluster->brokers < 3 ? cluster->brokers : 3;
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(topic->name, topic->partitions, copies, why, sizeof(why));

    if (!made)
        return evt_fail(err, EVT_E_USAGE, "create %s: %s", topic->name, why);
    evt__topic_settings(topic, settings);
    for (size_t i = 0; i < EVT__SETTINGS; i++)
        EVT_BUG_ON(rd_kafka_NewTopic_set_config(made, settings[i].name, settings[i].value) !=
                   RD_KAFKA_RESP_ERR_NO_ERROR);
    *ret_topic = made;
    return EVT_OK;
}

enum evt_err evt__admin_create(struct evt_cluster *cluster, const struct evt_topic *topic,
                               bool *ret_created, struct evt_error *err)
{
    rd_kafka_NewTopic_t *made = NULL;
    struct request request;
    enum evt_err rc = new_topic(cluster, topic, &made, err);

    if (rc != EVT_OK)
        return rc;
    request_begin(&request, cluster, RD_KAFKA_ADMIN_OP_CREATETOPICS, "Create");
    rd_kafka_CreateTopics(cluster->rk, &made, 1, request.options, request.queue);
    rc = request_wait(&request, "create topics", err);
    if (rc == EVT_OK) {
        size_t n = 0;
        const rd_kafka_topic_result_t **results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(request.event),
                                                &n);

        rc = result_of(results, n, "create", request.needs, topic,
                       RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, ret_created, err);
    }
    request_end(&request);
    rd_kafka_NewTopic_destroy(made);
    return rc;
}

enum evt_err evt__admin_delete(struct evt_cluster *cluster, const struct evt_topic *topic,
                               struct evt_error *err)
{
    rd_kafka_DeleteTopic_t *gone = rd_kafka_DeleteTopic_new(topic->name);
    struct request request;
    enum evt_err rc;
    bool done;

    request_begin(&request, cluster, RD_KAFKA_ADMIN_OP_DELETETOPICS, "Delete");
    rd_kafka_DeleteTopics(cluster->rk, &gone, 1, request.options, request.queue);
    rc = request_wait(&request, "delete topics", err);
    if (rc == EVT_OK) {
        size_t n = 0;
        const rd_kafka_topic_result_t **results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(request.event),
                                                &n);

        rc = result_of(results, n, "delete", request.needs, topic,
                       RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, &done, err);
    }
    request_end(&request);
    rd_kafka_DeleteTopic_destroy(gone);
    return rc;
}

/* ---- settings ---- */

static enum evt_err describe(struct evt_cluster *cluster, const struct evt_topic *const *topics,
                             size_t n, struct request *request, struct evt_error *err)
{
    rd_kafka_ConfigResource_t **asked = evt_zalloc((n + 1) * sizeof(rd_kafka_ConfigResource_t *));

    for (size_t i = 0; i < n; i++)
        asked[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i]->name);
    request_begin(request, cluster, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "DescribeConfigs");
    rd_kafka_DescribeConfigs(cluster->rk, asked, n, request->options, request->queue);
    rd_kafka_ConfigResource_destroy_array(asked, n);
    evt_free(asked);
    return request_wait(request, "ask for the topics' settings", err);
}

static const char *value_of(const rd_kafka_ConfigEntry_t *const *entries, size_t n,
                            const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

struct comparing {
    void (*each)(void *arg, const struct evt_topic *topic, const struct evt__setting *wanted,
                 const char *found);
    void *arg;
};

static enum evt_err compare(const struct comparing *to, const struct evt_topic *topic,
                            const rd_kafka_ConfigResource_t *found, struct evt_error *err)
{
    struct evt__setting settings[EVT__SETTINGS];
    const rd_kafka_ConfigEntry_t **entries;
    const rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(found);
    char what[300];
    size_t n = 0;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        snprintf(what, sizeof(what), "settings of %s", topic->name);
        return evt__cluster_fail(err, code, rd_kafka_ConfigResource_error_string(found), what,
                                 "DescribeConfigs");
    }
    entries = rd_kafka_ConfigResource_configs(found, &n);
    evt__topic_settings(topic, settings);
    for (size_t i = 0; i < EVT__SETTINGS; i++) {
        const char *value = value_of(entries, n, settings[i].name);

        if (!value || strcmp(value, settings[i].value) != 0)
            to->each(to->arg, topic, &settings[i], value ? value : "unknown");
    }
    return EVT_OK;
}

enum evt_err evt__admin_settings(struct evt_cluster *cluster, const struct evt__topic_state *states,
                                 size_t n,
                                 void (*each)(void *arg, const struct evt_topic *topic,
                                              const struct evt__setting *wanted, const char *found),
                                 void *arg, struct evt_error *err)
{
    const struct evt_topic **topics = evt_zalloc((n + 1) * sizeof(const struct evt_topic *));
    const struct comparing to = {each, arg};
    struct request request;
    size_t there = 0;
    enum evt_err rc;

    for (size_t i = 0; i < n; i++)
        if (states[i].partitions > 0)
            topics[there++] = states[i].topic;
    if (there == 0) {
        evt_free(topics);
        return EVT_OK;
    }
    rc = describe(cluster, topics, there, &request, err);
    if (rc == EVT_OK) {
        size_t found_n = 0;
        const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(request.event), &found_n);

        for (size_t i = 0; rc == EVT_OK && i < there && i < found_n; i++)
            rc = compare(&to, topics[i], found[i], err);
    }
    request_end(&request);
    evt_free(topics);
    return rc;
}

static bool is_ours(const struct evt__setting *settings, const char *name)
{
    for (size_t i = 0; i < EVT__SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return true;
    return false;
}

/* The request replaces all that was set for the topic, so it carries the rest of it, too. */
static void keep_others(rd_kafka_ConfigResource_t *to, const rd_kafka_ConfigResource_t *from,
                        const struct evt__setting *settings)
{
    size_t n = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(from, &n);

    for (size_t i = 0; i < n; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);

        if (rd_kafka_ConfigEntry_source(entries[i]) ==
                RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
            value && !is_ours(settings, name))
            rd_kafka_ConfigResource_set_config(to, name, value);
    }
}

static enum evt_err alter(struct evt_cluster *cluster, const struct evt_topic *topic,
                          rd_kafka_ConfigResource_t *wanted, struct evt_error *err)
{
    struct request request;
    char what[300];
    enum evt_err rc;

    request_begin(&request, cluster, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, "AlterConfigs");
    rd_kafka_AlterConfigs(cluster->rk, &wanted, 1, request.options, request.queue);
    rc = request_wait(&request, "set the topics' settings", err);
    if (rc == EVT_OK) {
        size_t n = 0;
        const rd_kafka_ConfigResource_t **results = rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(request.event), &n);

        const rd_kafka_resp_err_t code =
            n == 1 ? rd_kafka_ConfigResource_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;

        snprintf(what, sizeof(what), "set the settings of %s", topic->name);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            rc = evt__cluster_fail(err, code,
                                   n == 1 ? rd_kafka_ConfigResource_error_string(results[0]) : NULL,
                                   what, request.needs);
    }
    request_end(&request);
    return rc;
}

enum evt_err evt__admin_set(struct evt_cluster *cluster, const struct evt_topic *topic,
                            struct evt_error *err)
{
    rd_kafka_ConfigResource_t *wanted =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic->name);
    struct evt__setting settings[EVT__SETTINGS];
    struct request request;
    enum evt_err rc = describe(cluster, &topic, 1, &request, err);

    if (rc == EVT_OK) {
        size_t n = 0;
        const rd_kafka_ConfigResource_t **found = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(request.event), &n);

        evt__topic_settings(topic, settings);
        if (n == 1)
            keep_others(wanted, found[0], settings);
        for (size_t i = 0; i < EVT__SETTINGS; i++)
            rd_kafka_ConfigResource_set_config(wanted, settings[i].name, settings[i].value);
        rc = alter(cluster, topic, wanted, err);
    }
    request_end(&request);
    rd_kafka_ConfigResource_destroy(wanted);
    return rc;
}

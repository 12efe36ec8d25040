/* Stand-in: the mock cluster of librdkafka. Topics can only be made by the process that holds it,
 * so they are made here, and their births with them. */
#include <evt/stand_in.h>

#include <evt/cluster.h>
#include <evt/mem.h>

#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#define BROKERS   1
#define ANSWER_MS 10000
/* The mock's thread takes one order, answers, and goes to sleep; an order that comes in between
 * wakes it only a second later. */
#define PAUSE_US  3000

struct evt_stand_in {
    rd_kafka_t *rk; /* a client that does nothing but hold the mock cluster */
    rd_kafka_mock_cluster_t *mock;
};

static enum evt_err create_topics(struct evt_stand_in *stand_in,
                                  const struct evt_registry *registry, struct evt_error *err)
{
    for (size_t i = 0; i < registry->topics_n; i++) {
        const struct evt_topic *topic = &registry->topics[i];
        rd_kafka_resp_err_t code =
            rd_kafka_mock_topic_create(stand_in->mock, topic->name, topic->partitions, BROKERS);

        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return evt_kafka_fail(err, code, "create %s", topic->name);
        usleep(PAUSE_US);
    }
    return EVT_OK;
}

static enum evt_err give_birth(const struct evt_stand_in *stand_in,
                               const struct evt_registry *registry, struct evt_error *err)
{
    const struct evt_topic **topics =
        evt_zalloc((registry->topics_n + 1) * sizeof(const struct evt_topic *));
    const struct evt_kafka kafka = {.brokers = evt_stand_in_brokers(stand_in),
                                    .client = "evt-broker"};
    struct evt_cluster *cluster = NULL;
    enum evt_err rc = evt_cluster_open(&kafka, ANSWER_MS, &cluster, err);

    for (size_t i = 0; i < registry->topics_n; i++)
        topics[i] = &registry->topics[i];
    if (rc == EVT_OK)
        rc = evt_cluster_apply(cluster, registry, topics, registry->topics_n, NULL, NULL, err);
    evt_cluster_close(cluster);
    evt_free(topics);
    return rc;
}

enum evt_err evt_stand_in_new(const struct evt_registry *registry,
                              struct evt_stand_in **ret_stand_in, struct evt_error *err)
{
    struct evt_stand_in *stand_in = evt_zalloc(sizeof(*stand_in));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[160];
    enum evt_err rc;

    rd_kafka_conf_set_log_cb(conf, NULL); /* of a cluster that it talks to there is none */
    stand_in->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (!stand_in->rk) {
        rd_kafka_conf_destroy(conf);
        evt_free(stand_in);
        return evt_fail(err, EVT_E_USAGE, "Kafka client: %s", why);
    }
    stand_in->mock = rd_kafka_mock_cluster_new(stand_in->rk, BROKERS);
    if (!stand_in->mock) {
        evt_stand_in_free(stand_in);
        return evt_fail(err, EVT_E_IO, "the stand-in cannot listen on loopback");
    }
    rc = create_topics(stand_in, registry, err);
    if (rc == EVT_OK)
        rc = give_birth(stand_in, registry, err);
    if (rc != EVT_OK) {
        evt_stand_in_free(stand_in);
        return rc;
    }
    *ret_stand_in = stand_in;
    return EVT_OK;
}

const char *evt_stand_in_brokers(const struct evt_stand_in *stand_in)
{
    return rd_kafka_mock_cluster_bootstraps(stand_in->mock);
}

struct rd_kafka_mock_cluster_s *evt_stand_in_mock(struct evt_stand_in *stand_in)
{
    return stand_in->mock;
}

void evt_stand_in_free(struct evt_stand_in *stand_in)
{
    if (!stand_in)
        return;
    if (stand_in->mock)
        rd_kafka_mock_cluster_destroy(stand_in->mock);
    if (stand_in->rk)
        rd_kafka_destroy(stand_in->rk);
    evt_free(stand_in);
}

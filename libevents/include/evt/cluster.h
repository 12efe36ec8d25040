/* Cluster: the topics as topics.json declares them against those that a Kafka cluster has.
 *
 * Creates what is missing, with a birth record in every partition; says in words what differs and
 * what to do about it. Used by `evt topics`, by every service at its start, and by `evt doctor`. */
#ifndef EVT_CLUSTER_H
#define EVT_CLUSTER_H

#include <evt/kafka.h>
#include <evt/type.h>
#include <stdbool.h>

enum evt_topic_trouble {
    EVT_TOPIC_MISSING,
    EVT_TOPIC_PARTITIONS, /* another count: nothing can mend that */
    EVT_TOPIC_SETTING,    /* apply mends it */
    EVT_TOPIC_NO_BIRTH    /* apply mends it while the partition is empty */
};
struct evt_topic_difference {
    const struct evt_topic *topic;
    enum evt_topic_trouble trouble;
    const char *text; /* "shop.order.inbox.v1: retention.ms is 604800000, not -1" */
};

struct evt_cluster;
/* Waits up to `timeout_ms` for the cluster to answer. */
EVT_MUST_USE enum evt_err evt_cluster_open(const struct evt_kafka *kafka, int timeout_ms,
                                           struct evt_cluster **ret_cluster, struct evt_error *err);
/* The same by a reader that the caller has, and keeps: a client that is let go of lasts to the end
 * of its process, so who tries again and again does it with one. */
EVT_MUST_USE enum evt_err evt_cluster_meet(const struct evt_kafka *kafka,
                                           struct evt_kafka_reader *reader, int timeout_ms,
                                           struct evt_cluster **ret_cluster, struct evt_error *err);
void evt_cluster_close(struct evt_cluster *cluster); /* NULL is fine */
/* librdkafka's stand-in has no settings: they are neither asked for nor checked. */
bool evt_cluster_is_stand_in(const struct evt_cluster *cluster);

/* Calls `each` with every difference of these topics. */
EVT_MUST_USE enum evt_err
evt_cluster_diff(struct evt_cluster *cluster, const struct evt_topic *const *topics, size_t n,
                 void (*each)(void *arg, const struct evt_topic_difference *d), void *arg,
                 struct evt_error *err);
/* Creates and mends; `each` is told what is done, in words. What cannot be mended is an error. */
EVT_MUST_USE enum evt_err evt_cluster_apply(struct evt_cluster *cluster,
                                            const struct evt_registry *registry,
                                            const struct evt_topic *const *topics, size_t n,
                                            void (*each)(void *arg, const char *text), void *arg,
                                            struct evt_error *err);
/* The topics that a service reads and writes, by its declaration: its own three, the inboxes of all
 * who take what it sends, the sources of its subscriptions. Returns how many; `ret_topics` holds
 * `registry->topics_n`. */
size_t evt_cluster_topics_of(const struct evt_registry *registry, const char *service,
                             const struct evt_topic **ret_topics);

#endif

/* Cluster, between its files:
 *
 *   cluster.c          open, what the cluster has, how it differs from what is declared
 *   cluster_admin.c    the requests: create, delete, settings asked and set
 *   cluster_birth.c    the first record of every partition, read and written
 *   cluster_apply.c    makes the cluster as declared */
#ifndef EVT_CLUSTER_INTERNAL_H
#define EVT_CLUSTER_INTERNAL_H

#include <evt/cluster.h>

#define EVT__ASK_MS 15000 /* one question to a cluster that has answered before */

struct evt_cluster {
    struct evt_kafka kafka;
    struct evt_kafka_reader *reader; /* to be freed; NULL: the caller's */
    rd_kafka_t *rk;                  /* the reader's */
    int brokers;
    bool stand_in;
};

/* How a partition begins. */
enum evt__birth {
    EVT__BIRTH_THERE,
    EVT__BIRTH_EMPTY,    /* the partition is: one can be written */
    EVT__BIRTH_STRANGER, /* another record is the first */
    EVT__BIRTH_GONE      /* retention has removed the beginning: nothing can be said */
};

/* A declared topic as the cluster has it. */
struct evt__topic_state {
    const struct evt_topic *topic;
    int32_t partitions;      /* 0: it is missing */
    bool led;                /* every partition has a leader */
    enum evt__birth *births; /* one per partition, when the count is as declared; else NULL */
};
/* With births; `states` has a place per topic. */
EVT_MUST_USE enum evt_err evt__cluster_look(struct evt_cluster *cluster,
                                            const struct evt_topic *const *topics, size_t n,
                                            struct evt__topic_state *states, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__cluster_look_births(struct evt_cluster *cluster,
                                                   struct evt__topic_state *states, size_t n,
                                                   struct evt_error *err);
/* Partitions only. */
EVT_MUST_USE enum evt_err evt__cluster_look_topics(struct evt_cluster *cluster,
                                                   struct evt__topic_state *states, size_t n,
                                                   struct evt_error *err);
/* Of a topic that was deleted, before it is created anew. librdkafka up to 2.8 frees what it keeps
 * of a topic by its id when it sees another id under the same name, and goes on using it; told that
 * there is no such topic it lets go of it in time. Nobody who answers is no harm: then nothing is
 * created, either. */
void evt__cluster_let_go(struct evt_cluster *cluster, const struct evt_topic *topic);
void evt__cluster_forget(struct evt__topic_state *states, size_t n); /* their births */

/* `what` failed: what Kafka does not allow us is refused, with what it must allow; all else may
 * pass. `why`: the broker's own words, NULL: the code's. */
enum evt_err evt__cluster_fail(struct evt_error *err, rd_kafka_resp_err_t code, const char *why,
                               const char *what, const char *needs);

/* A topic's settings as topics.json and the rules want them. */
#define EVT__SETTINGS 6
struct evt__setting {
    const char *name;
    char value[24];
};
void evt__topic_settings(const struct evt_topic *topic,
                         struct evt__setting ret_settings[EVT__SETTINGS]);

/* Admin requests. Of topics that are not there yet, or there already, nothing is said. */
EVT_MUST_USE enum evt_err evt__admin_create(struct evt_cluster *cluster,
                                            const struct evt_topic *topic, bool *ret_created,
                                            struct evt_error *err);
EVT_MUST_USE enum evt_err evt__admin_delete(struct evt_cluster *cluster,
                                            const struct evt_topic *topic, struct evt_error *err);
/* Calls `each` with every setting that differs. */
EVT_MUST_USE enum evt_err
evt__admin_settings(struct evt_cluster *cluster, const struct evt__topic_state *states, size_t n,
                    void (*each)(void *arg, const struct evt_topic *topic,
                                 const struct evt__setting *wanted, const char *found),
                    void *arg, struct evt_error *err);
/* Sets ours and leaves what else was set for this topic. */
EVT_MUST_USE enum evt_err evt__admin_set(struct evt_cluster *cluster, const struct evt_topic *topic,
                                         struct evt_error *err);

/* Writes what is missing, and looks again where each lies. */
EVT_MUST_USE enum evt_err evt__births_write(struct evt_cluster *cluster,
                                            const struct evt_registry *registry,
                                            struct evt__topic_state *states, size_t n,
                                            size_t *ret_written, struct evt_error *err);

#endif

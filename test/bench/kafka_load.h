/* Kafka bench, the load: one way from a command to what comes back, paced or as fast as it goes.
 * The service and each floor is such a way, so what is measured is measured alike. */
#ifndef KAFKA_LOAD_H
#define KAFKA_LOAD_H

#include "kafka_client.h"
#include "kafka_order.h"
#include "kafka_topics.h"

#define KAFKA_PACED_MAX 16384   /* commands of which the latency is kept */
#define KAFKA_ALL_MAX   4194304 /* commands of one way, all rounds together */

struct kafka_way {
    const char *to, *back; /* topics */
    bool by_order;         /* see kafka_command_send */
    bool raw;              /* records are only counted: the same ones go out again and again */
    const char *lineage;
    uint8_t prefix[KAFKA_PREFIX]; /* of what has to come back */

    struct kafka_order order;
    struct kafka_watch watch;
    atomic_size_t answered, duplicates;
    size_t sent;
    _Atomic double last_us; /* when the last answer came */
    uint8_t *seen;          /* which were answered */
    double *intended_us, *latency_us;
};

/* `to` and `back` must exist; from here on what comes back is received. */
void kafka_way_open(struct kafka_way *way, const struct evt_kafka *kafka);
void kafka_way_close(struct kafka_way *way);

/* `n` commands, one each `every_us`, sent when it is their time whatever came back until then;
 * waits for all answers. A latency counts from the time at which a command was to be sent. */
void kafka_paced(struct kafka_way *way, struct kafka_sender *sender, size_t n, double every_us);
/* All of the commands, `times` over (once but for a raw way), with a bounded number under way.
 * `tick` is called now and then. Returns the seconds from the first command to the last answer. */
double kafka_burst(struct kafka_way *way, struct kafka_sender *sender,
                   const struct kafka_command *commands, size_t n, size_t times,
                   void (*tick)(void *arg), void *arg);

#endif

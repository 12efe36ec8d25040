/* Saga bench, the way over topics: PlaceOrder as a command from outside, and the order's facts. It
 * hears the facts of all orders, also of those that were placed over HTTP. */
#ifndef SAGA_TOPICS_H
#define SAGA_TOPICS_H

#include "kafka_client.h"
#include "kafka_topics.h"
#include "saga_load.h"
#include "saga_order.h"
#include "saga_tally.h"

struct saga_topics {
    struct saga_tally *tally;
    struct saga_load *load; /* whose orders these are; NULL: nobody's */
    struct kafka_sender sender;
    struct kafka_outside client;
    struct kafka_watch watch;
    uint8_t confirmed[KAFKA_PREFIX], rejected[KAFKA_PREFIX], answered[KAFKA_PREFIX];
    uint64_t numbers[KAFKA_SHARDS][KAFKA_SHARDS]; /* the last of each stream */
};
void saga_topics_open(struct saga_topics *topics, const struct evt_kafka *kafka,
                      struct saga_tally *tally);
void saga_topics_close(struct saga_topics *topics);
struct saga_way saga_topics_way(struct saga_topics *topics);

#endif

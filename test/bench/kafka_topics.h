/* Kafka bench, the broker's side: topics, and a port for who listens. */
#ifndef KAFKA_TOPICS_H
#define KAFKA_TOPICS_H

#include <evt/kafka.h>
#include <evt/type.h>

#define KAFKA_PREFIX 5 /* of a value: its schema */

void kafka_prefix_of(const struct evt_type *type, uint8_t ret_prefix[KAFKA_PREFIX]);

/* The shop's topics and `floors`, which have the settings of the inbox `like`; NULL ends them. */
void kafka_topics_make(const struct evt_kafka *kafka, const char *like, const char *const *floors);

/* One that nobody listens at on this machine; 0, and it was said: there is none. */
int kafka_port(void);

#endif

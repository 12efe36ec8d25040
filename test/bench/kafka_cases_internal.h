/* Kafka bench, inside the cases: one world for all of them. The log grows from case to case, and a
 * rebuild reads all of it.
 *
 *   kafka_cases.c        set-up, and in which order
 *   kafka_cases_load.c   command to reply where a person waits, and as fast as it goes
 *   kafka_cases_store.c  start, memory, rebuild */
#ifndef KAFKA_CASES_INTERNAL_H
#define KAFKA_CASES_INTERNAL_H

#include "kafka_load.h"
#include "kafka_process.h"
#include "kafka_usage.h"

#define KAFKA_INBOX   "shop.product.inbox.v1"
#define KAFKA_REPLIES "shop.order.inbox.v1"
#define KAFKA_THERE   "bench.there.v1" /* floors: */
#define KAFKA_BACK    "bench.back.v1"
#define KAFKA_RAW     "bench.raw.v1"

struct cases {
    struct evt_kafka paced;  /* where a person waits: nothing lingers */
    struct evt_kafka bursts; /* under load */
    struct kafka_service product;
    struct kafka_way service, two_hops, raw;
    struct kafka_sender sender;
    struct kafka_memory most; /* seen in this case */
};

void kafka_look_at_memory(void *cases);
const char *kafka_ok(bool is_ok);

void kafka_case_reply(struct cases *cases);
void kafka_case_sustained(struct cases *cases);
void kafka_case_start(struct cases *cases);
void kafka_case_idle(struct cases *cases);
void kafka_case_rebuild(struct cases *cases);
void kafka_case_replay(struct cases *cases);

#endif

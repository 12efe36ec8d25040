/* Saga bench, the floor: what bare clients need for as many records in as many hops.
 *
 * Two processes hand each record on to each other until it has made its hops; then it goes to the
 * client. With each hop a share of the records leaves that a saga has beside its longest path:
 * these are received and dropped. No store, no decision, nothing decoded. */
#ifndef SAGA_RING_H
#define SAGA_RING_H

#include "kafka_client.h"
#include "saga_load.h"

/* Of a confirmed order with two lines; README.md has them by name. */
#define SAGA_RING_HOPS    10
#define SAGA_RING_RECORDS 24

#define SAGA_RING_THERE "bench.saga-there.v1"
#define SAGA_RING_BACK  "bench.saga-back.v1"
#define SAGA_RING_END   "bench.saga-end.v1"

/* The second and the third process: `from` is one of the first two topics. */
int saga_ring_hand_on(const struct evt_kafka *kafka, const char *from);

struct saga_ring {
    struct saga_load *load;
    struct kafka_sender sender;
    struct kafka_watch watch;
    pid_t pids[2];
    atomic_uint tried; /* partitions through which a record came */
};
/* `linger_ms` is the bare clients' to choose, as the services choose theirs by the batch. */
void saga_ring_open(struct saga_ring *ring, const char *brokers, const char *linger_ms);
void saga_ring_close(struct saga_ring *ring);
struct saga_way saga_ring_way(struct saga_ring *ring);

#endif

/* Traffic: an in-memory log of svc-product's inbox, as the order service and people fill it.
 *
 * Deterministic: the same calls make the same log. Log time advances by a millisecond a record. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <evt/sim_log.h>
#include <evt/sim_rand.h>
#include <evt/type.h>

#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_SENDERS  2 /* partitions of the order service */
#define TRAFFIC_PRODUCTS 1000
#define TRAFFIC_OPEN_MAX 1024 /* order lines that wait for what becomes of them */

struct traffic_sender {
    char source[128];
    uint64_t number, chain;
};

struct traffic_line {
    char order_id[37];
    int32_t line;
    const char *sku;
};

struct traffic {
    struct evt_sim_log *log;
    struct evt_sim_partition *part; /* of product's inbox */
    struct traffic_sender senders[TRAFFIC_SENDERS];
    struct evt_sim_rand rand;
    int64_t now_ms;
    int64_t deadline_ms; /* from now */
    uint64_t commands, orders;
    char skus[TRAFFIC_PRODUCTS][16];
    struct traffic_line open[TRAFFIC_OPEN_MAX];
    size_t open_n;
};

/* A log with its birth record. Heap: it is large. */
struct traffic *traffic_new(int64_t deadline_ms);
void traffic_free(struct traffic *traffic);

void traffic_products(struct traffic *traffic); /* each created and stocked: 2 records */
void traffic_reserve(struct traffic *traffic);  /* a ReserveStock of the next order's line */
/* One record of a shop's day: reservations, most of them committed later, some released, some left
 * to their deadline; now and then a price changes or goods arrive. */
void traffic_mixed(struct traffic *traffic);
/* What the shard itself publishes to its inbox. */
void traffic_own(struct traffic *traffic, const struct evt_send *send);

#endif

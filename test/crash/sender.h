/* Sender: somebody who publishes to the product service's inbox, as a service's process does that
 * never crashes: what was handed over is sent until it is acknowledged, in its order, whatever the
 * broker goes through. It plays both shards of an order service, whose messages are numbered and
 * chained, and a client from outside. */
#ifndef CRASH_SENDER_H
#define CRASH_SENDER_H

#include <evt/kafka.h>
#include <evt/type.h>

#define SENDER_SHARDS 2  /* of order, as topics.json has it */
#define SENDER_ID_MAX 96 /* bytes of a ce_id, with its end */

struct sender;

/* `lineage` is of order's own logs: all streams begin at 1. */
EVT_MUST_USE enum evt_err sender_open(const char *brokers, const char *lineage,
                                      struct sender **ret_sender, struct evt_error *err);
void sender_close(struct sender *sender); /* NULL is fine */

/* `id` gets the message's ce_id. Order's shard is that of `order_id`. */
void sender_number(struct sender *sender, const char *order_id, const struct evt_type *type,
                   const void *msg, char id[SENDER_ID_MAX]);
/* From outside; `id` is the caller's. */
void sender_outside(struct sender *sender, const char *id, const struct evt_type *type,
                    const void *msg);
/* Sends the last `n` messages once more, as a sender does that crashed before it had noted that
 * they were acknowledged. */
void sender_again(struct sender *sender, size_t n);

/* Serves reports for `ms`, and makes the producer anew after a fatal error. */
EVT_MUST_USE enum evt_err sender_tend(struct sender *sender, int ms, struct evt_error *err);
size_t sender_unacknowledged(const struct sender *sender);
size_t sender_repeated(const struct sender *sender); /* messages that were sent once more */

#endif

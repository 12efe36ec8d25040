/* Kafka bench, the order service's part: ReserveStock commands, numbered and chained as a shard of
 * it would send them, each for a line of its own, spread over many products. */
#ifndef KAFKA_ORDER_H
#define KAFKA_ORDER_H

#include "kafka_outside.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KAFKA_COMMAND_SIZE 128

struct kafka_order {
    char source[128];
    struct {
        uint64_t number, chain;
    } streams[KAFKA_SHARDS];
    uint64_t orders;
    int64_t deadline_ms;
};

struct kafka_command {
    char order_id[KAFKA_KEY_LEN + 1];
    char sku[KAFKA_KEY_LEN + 1];
    char id[80];
    int32_t partition; /* of the sku */
    uint8_t value[KAFKA_COMMAND_SIZE];
    size_t value_len;
    const char *source;
};

/* `lineage`: 16 hexadecimal characters, a stream begins with each. */
void kafka_order_init(struct kafka_order *order, const char *lineage);
void kafka_order_next(struct kafka_order *order, struct kafka_command *ret_command);

/* As a record of `topic`, keyed by the sku; by the order id it is a floor's, whose echo must be
 * recognised by the key. `headers` must live as long. */
struct evt_send kafka_command_send(const struct kafka_command *command, const char *topic,
                                   bool by_order, struct evt_header headers[KAFKA_HEADERS]);

#endif

/* Kafka bench, the order service's part. */
#include "kafka_order.h"

#include "bench.h"

#include "events/product.h"

#include <evt/clock.h>
#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM      "product.inbox"
#define DEADLINE_MS (30LL * 24 * 60 * 60 * 1000) /* no reservation ends while we measure */

void kafka_order_init(struct kafka_order *order, const char *lineage)
{
    *order = (struct kafka_order){.deadline_ms = evt_clock_wall_ms() + DEADLINE_MS};
    evt_source_print(order->source, sizeof(order->source), "order", 0, lineage);
    for (int32_t p = 0; p < KAFKA_SHARDS; p++)
        order->streams[p].chain =
            evt_chain_first(order->source, strlen(order->source), STREAM, strlen(STREAM), p);
}

static void encode(const struct evt_type *type, const void *msg, struct evt_buf *buf)
{
    struct evt_error err;

    bench_need(evt_type_encode(type, msg, buf, &err), &err);
}

void kafka_order_next(struct kafka_order *order, struct kafka_command *ret_command)
{
    const struct evt_type *type = &product_reserve_stock_type;
    struct kafka_command *command = ret_command;
    const struct product_reserve_stock msg = {
        .order_id = command->order_id,
        .line = 1,
        .sku = command->sku,
        .quantity = 1,
        .deadline = order->deadline_ms,
    };
    const uint64_t i = order->orders++;
    struct evt_buf value = {0};
    uint64_t *chain;

    /* Neighbours are for other products: a prime step through all of them. */
    kafka_sku(command->sku, i * 37 % KAFKA_PRODUCTS);
    kafka_order_id(command->order_id, i);
    command->partition = kafka_shard_of(command->sku);
    command->source = order->source;
    encode(type, &msg, &value);
    EVT_BUG_ON(value.len > sizeof(command->value));
    memcpy(command->value, value.data, value.len);
    command->value_len = value.len;
    evt_buf_release(&value);
    chain = &order->streams[command->partition].chain;
    *chain = evt_chain_next(*chain, type->name, strlen(type->name), command->sku, KAFKA_KEY_LEN,
                            command->value + EVT_FRAME_LEN, command->value_len - EVT_FRAME_LEN);
    evt_message_id_print(command->id, sizeof(command->id), STREAM, command->partition,
                         ++order->streams[command->partition].number, *chain);
}

struct evt_send kafka_command_send(const struct kafka_command *command, const char *topic,
                                   bool by_order, struct evt_header headers[KAFKA_HEADERS])
{
    const char *type = product_reserve_stock_type.name;
    const char *key = by_order ? command->order_id : command->sku;

    headers[0] = (struct evt_header){"ce_specversion", "1.0", 3};
    headers[1] = (struct evt_header){"ce_id", command->id, strlen(command->id)};
    headers[2] = (struct evt_header){"ce_source", command->source, strlen(command->source)};
    headers[3] = (struct evt_header){"ce_type", type, strlen(type)};
    return (struct evt_send){
        .topic = topic,
        .partition = by_order ? kafka_shard_of(key) : command->partition,
        .key = key,
        .key_len = KAFKA_KEY_LEN,
        .value = command->value,
        .value_len = command->value_len,
        .headers = headers,
        .headers_n = KAFKA_HEADERS,
    };
}

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
#define ORDER_SIGN  "-7000-8000-"                /* in the middle of our order ids */
#define STOCK       1000000000

static void print_sku(char ret_sku[KAFKA_KEY_LEN + 1], uint64_t i)
{
    snprintf(ret_sku, KAFKA_KEY_LEN + 1, "5c0ffee5-0000-4000-8000-%012" PRIx64, i & 0xffffffffffff);
}

static int32_t shard_of(const char *key)
{
    return evt_partition_of(key, strlen(key), KAFKA_SHARDS);
}

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
    print_sku(command->sku, i * 37 % KAFKA_PRODUCTS);
    snprintf(command->order_id, sizeof(command->order_id), "0193a1b2-c3d4" ORDER_SIGN "%012" PRIx64,
             i & 0xffffffffffff);
    command->partition = shard_of(command->sku);
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

bool kafka_order_index(const void *key, size_t len, uint64_t *ret_index)
{
    char text[KAFKA_KEY_LEN + 1];

    if (len != KAFKA_KEY_LEN || memcmp((const char *)key + 13, ORDER_SIGN, 11) != 0)
        return false;
    memcpy(text, key, len);
    text[len] = '\0';
    *ret_index = strtoull(text + 24, NULL, 16);
    return true;
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
        .partition = by_order ? shard_of(key) : command->partition,
        .key = key,
        .key_len = KAFKA_KEY_LEN,
        .value = command->value,
        .value_len = command->value_len,
        .headers = headers,
        .headers_n = KAFKA_HEADERS,
    };
}

struct outside {
    const char *topic;
    void (*send)(void *arg, const struct evt_send *send);
    void *arg;
    uint64_t commands;
};

static void command(struct outside *out, const struct evt_type *type, const char *sku,
                    const void *msg)
{
    struct evt_buf value = {0};
    char id[32];
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, (size_t)snprintf(id, sizeof(id), "command-%" PRIu64, ++out->commands)},
        {"ce_source", "/cli/bench", 10},
        {"ce_type", type->name, strlen(type->name)},
    };
    struct evt_send send = {.topic = out->topic,
                            .partition = shard_of(sku),
                            .key = sku,
                            .key_len = KAFKA_KEY_LEN,
                            .headers = headers,
                            .headers_n = sizeof(headers) / sizeof(*headers)};

    encode(type, msg, &value);
    send.value = value.data;
    send.value_len = value.len;
    out->send(out->arg, &send);
    evt_buf_release(&value);
}

void kafka_products(const char *topic, void (*send)(void *arg, const struct evt_send *send),
                    void *arg)
{
    struct outside out = {.topic = topic, .send = send, .arg = arg};

    for (uint64_t i = 0; i < KAFKA_PRODUCTS; i++) {
        char sku[KAFKA_KEY_LEN + 1];

        print_sku(sku, i);
        command(&out, &product_create_product_type, sku,
                &(const struct product_create_product){.sku = sku,
                                                       .name = "Espresso beans, one kilogram",
                                                       .price_minor = 1999,
                                                       .currency = "EUR"});
        command(&out, &product_receive_stock_type, sku,
                &(const struct product_receive_stock){.sku = sku, .quantity = STOCK});
    }
}

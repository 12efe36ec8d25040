/* Kafka bench, a client from outside. */
#include "kafka_outside.h"

#include "bench.h"

#include "events/product.h"

#include <evt/codec.h>
#include <evt/hash.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_SIGN "-7000-8000-" /* in the middle of our order ids */

void kafka_sku(char ret_sku[KAFKA_KEY_LEN + 1], uint64_t i)
{
    snprintf(ret_sku, KAFKA_KEY_LEN + 1, "5c0ffee5-0000-4000-8000-%012" PRIx64, i & 0xffffffffffff);
}

int32_t kafka_shard_of(const char *key)
{
    return evt_partition_of(key, strlen(key), KAFKA_SHARDS);
}

void kafka_order_id(char ret_id[KAFKA_KEY_LEN + 1], uint64_t i)
{
    snprintf(ret_id, KAFKA_KEY_LEN + 1, "0193a1b2-c3d4" ORDER_SIGN "%012" PRIx64,
             i & 0xffffffffffff);
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

void kafka_command(const struct kafka_outside *out, const struct evt_type *type, const char *key,
                   const void *msg, uint64_t number)
{
    struct evt_buf value = {0};
    struct evt_error err;
    char id[48];
    const struct evt_header headers[KAFKA_HEADERS] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, (size_t)snprintf(id, sizeof(id), "%.20s-%" PRIu64, out->name, number)},
        {"ce_source", "/cli/bench", 10},
        {"ce_type", type->name, strlen(type->name)},
    };
    struct evt_send send = {.topic = type->topic->name,
                            .partition = kafka_shard_of(key),
                            .key = key,
                            .key_len = strlen(key),
                            .headers = headers,
                            .headers_n = KAFKA_HEADERS};

    bench_need(evt_type_encode(type, msg, &value, &err), &err);
    send.value = value.data;
    send.value_len = value.len;
    out->send(out->arg, &send);
    evt_buf_release(&value);
}

void kafka_catalogue(const struct kafka_outside *out)
{
    for (uint64_t i = 0; i < KAFKA_PRODUCTS; i++) {
        char sku[KAFKA_KEY_LEN + 1];

        kafka_sku(sku, i);
        kafka_command(out, &product_create_product_type, sku,
                      &(const struct product_create_product){.sku = sku,
                                                             .name = "Espresso beans, one kilogram",
                                                             .price_minor = KAFKA_PRICE,
                                                             .currency = KAFKA_CURRENCY},
                      2 * i);
        kafka_command(out, &product_receive_stock_type, sku,
                      &(const struct product_receive_stock){.sku = sku, .quantity = KAFKA_STOCK},
                      2 * i + 1);
    }
}

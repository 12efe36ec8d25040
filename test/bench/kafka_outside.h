/* Kafka bench, a client from outside: commands with ids of its own, and the catalogue that it fills
 * before anything is measured. */
#ifndef KAFKA_OUTSIDE_H
#define KAFKA_OUTSIDE_H

#include <evt/record.h>
#include <evt/type.h>

#include <stdbool.h>
#include <stdint.h>

#define KAFKA_PRODUCTS 1000
#define KAFKA_PRICE    1999 /* of each */
#define KAFKA_CURRENCY "EUR"
#define KAFKA_STOCK    1000000000
#define KAFKA_SHARDS   2  /* of each service, as topics.json has them */
#define KAFKA_KEY_LEN  36 /* skus and order ids, both of a UUID's form */
#define KAFKA_HEADERS  4  /* those that are required from anyone */

void kafka_sku(char ret_sku[KAFKA_KEY_LEN + 1], uint64_t i);
/* In the order of time, as clients make them. */
void kafka_order_id(char ret_id[KAFKA_KEY_LEN + 1], uint64_t i);
/* Which one it is; false for a key that is no order id of ours. */
bool kafka_order_index(const void *key, size_t len, uint64_t *ret_index);
int32_t kafka_shard_of(const char *key);

struct kafka_outside {
    void (*send)(void *arg, const struct evt_send *send);
    void *arg;
    const char *name; /* its ids begin with it, and are its alone */
};
/* `number` makes the id: another one for each command. Any thread may call it if `send` allows. */
void kafka_command(const struct kafka_outside *out, const struct evt_type *type, const char *key,
                   const void *msg, uint64_t number);
/* Every product created and stocked. */
void kafka_catalogue(const struct kafka_outside *out);

#endif

/* Second: avro-c's generic values as the second opinion on our codec's bytes. */
#ifndef TEST_SECOND_H
#define TEST_SECOND_H

#include <avro.h>
#include <evt/buf.h>
#include <evt/type.h>
#include <stdbool.h>

/* A small generator: the same seed gives the same numbers everywhere. */
struct second_rand {
    uint64_t state;
};
uint64_t second_next(struct second_rand *rand);
uint64_t second_below(struct second_rand *rand, uint64_t n);

struct second {
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value;
};
void second_open(struct second *second, const char *json, size_t len);
void second_close(struct second *second);
/* Appends a random valid value, without framing. */
void second_random(struct second *second, struct second_rand *rand, struct evt_buf *buf);
/* Reads bytes into the generic value and appends what it writes of them; false: it refuses them. */
bool second_rewrite(struct second *second, const uint8_t *bytes, size_t len, struct evt_buf *buf);

#endif

/* Hashes: SipHash-2-4 for everything that we hash ourselves, murmur2 for Kafka's partitions.
 *
 * Both are part of the wire format: a change is a new generation of everything. */
#ifndef EVT_HASH_H
#define EVT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Incremental SipHash-2-4 with a fixed key; equal input in any pieces gives an equal hash. */
struct evt_sip {
    uint64_t v0, v1, v2, v3, tail;
    size_t len;
};
void evt_sip_init(struct evt_sip *sip);
void evt_sip_add(struct evt_sip *sip, const void *bytes, size_t len);
void evt_sip_add_u64(struct evt_sip *sip, uint64_t number); /* eight bytes, little-endian */
void evt_sip_add_field(struct evt_sip *sip, const void *bytes, size_t len); /* length, then bytes */
uint64_t evt_sip_end(struct evt_sip *sip);
/* SipHash-2-4 of one piece under a key of 16 bytes (the reference's test vectors run through it).
 */
uint64_t evt_sip_keyed(const uint8_t key[16], const void *bytes, size_t len);

/* Kafka's Java client: toPositive(murmur2(key)) mod partitions. */
uint32_t evt_murmur2(const void *bytes, size_t len);
int32_t evt_partition_of(const void *key, size_t len, int32_t partitions);

#endif

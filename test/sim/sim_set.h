/* Sim set: hashes with what they stand for, and the hashes that records and places are known by. */
#ifndef SIM_SET_H
#define SIM_SET_H

#include <evt/record.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_entry {
    uint64_t hash;
    const void *what; /* NULL: nothing is here */
};
/* A zeroed struct is an empty set. */
struct sim_set {
    struct sim_entry *entries;
    size_t cap, n;
};

/* What stands for the hash; NULL: it is not in. */
const void *sim_set_get(const struct sim_set *set, uint64_t hash);
/* False: it was in, and stays as it was. */
bool sim_set_add(struct sim_set *set, uint64_t hash, const void *what);
void sim_set_put(struct sim_set *set, uint64_t hash, const void *what); /* or takes its place */
void sim_set_release(struct sim_set *set);

/* A message as its taker knows it, a place in a log, a stream to a partition. */
uint64_t sim_message_hash(const char *topic, int32_t partition, const void *source,
                          size_t source_len, const void *id, size_t id_len);
uint64_t sim_place_hash(const char *topic, size_t topic_len, int32_t partition, int64_t offset);

#endif

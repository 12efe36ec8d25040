/* Record: one entry of a log partition, as every driver hands it to the core.
 *
 * All memory is borrowed for the call. `key` and `value` are NULL when the record has none. */
#ifndef EVT_RECORD_H
#define EVT_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct evt_header {
    const char *name;
    const void *value; /* NULL when the header has none */
    size_t len;
};

struct evt_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t time_ms; /* the log's timestamp */
    const void *key;
    size_t key_len;
    const void *value;
    size_t value_len;
    const struct evt_header *headers;
    size_t headers_n;
};

/* What the join check compares: every part of the record that a decision may depend on. */
uint64_t evt_record_hash(const struct evt_record *rec);

/* A message on its way out: the partition is chosen, the envelope is written. */
struct evt_send {
    const char *topic;
    int32_t partition;
    const void *key;
    size_t key_len;
    const void *value;
    size_t value_len;
    const struct evt_header *headers;
    size_t headers_n;
};

#endif

/* Request hash: what a command from outside asks for, as a number. The shard stores it with the
 * answer, the edge compares a retry with it, so that both tell the same request from another. */
#ifndef EVT_REQUEST_HASH_H
#define EVT_REQUEST_HASH_H

#include <evt/record.h>

int64_t evt__request_hash(const struct evt_record *rec); /* of its ce_type, key and value */

#endif

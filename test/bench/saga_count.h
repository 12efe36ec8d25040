/* Saga bench, what was done: the effects as the services' stores have them, against what clients
 * were told. */
#ifndef SAGA_COUNT_H
#define SAGA_COUNT_H

#include "saga_shop.h"
#include "saga_tally.h"

#include <evt/kafka.h>

/* Waits until nothing is under way in the shop any more: every inbox is applied to its end, and no
 * outside call is pending. The program ends with words when that does not come. */
void saga_wait_quiet(const struct saga_shop *shop, const struct evt_kafka *kafka);
/* All cases up to now together. False: something differs, and it was said what. */
bool saga_count(const struct saga_shop *shop, const struct evt_kafka *kafka,
                const struct saga_tally *tally);
/* How many records all topics of the shop hold. */
size_t saga_records(const struct evt_kafka *kafka);

#endif

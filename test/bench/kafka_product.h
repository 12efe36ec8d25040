/* Kafka bench, the store of svc-product: lost, and built again by `replay`. */
#ifndef KAFKA_PRODUCT_H
#define KAFKA_PRODUCT_H

#include "kafka_process.h"

#include <stdint.h>

void kafka_product_remove_store(const struct kafka_service *product);
/* `svc-product replay` of one shard beside its store; the seconds are those that it says, the
 * CPU time all of its own. Its verdict must be "equal". */
double kafka_product_replay(const struct kafka_service *product, int32_t partition,
                            double *ret_cpu_us);

#endif

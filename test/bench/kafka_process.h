/* Kafka bench, the processes: svc-product as people start it, and the floor's echo. They end with
 * the bench, however that ends. */
#ifndef KAFKA_PROCESS_H
#define KAFKA_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kafka_product {
    const char *program; /* build/svc-product */
    const char *brokers;
    const char *folder; /* its data and its log */
    pid_t pid;          /* 0: does not run */
};

/* Both wait until it is done, and return how long that took, in seconds. */
double kafka_product_start(struct kafka_product *product); /* until it is ready */
double kafka_product_stop(struct kafka_product *product);
void kafka_product_remove_store(const struct kafka_product *product);
/* `svc-product replay` of one shard beside its store; the seconds are those that it says, the
 * CPU time all of its own. Its verdict must be "equal". */
double kafka_product_replay(const struct kafka_product *product, int32_t partition,
                            double *ret_cpu_us);

/* This program with other words. */
pid_t kafka_process_self(const char *const args[]);
void kafka_process_end(pid_t pid);

#endif

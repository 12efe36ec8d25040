/* Saga bench, the shop: its four services as people start them, with provider and mail server
 * answered inside, and what they use together. */
#ifndef SAGA_SHOP_H
#define SAGA_SHOP_H

#include "kafka_process.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SAGA_PRODUCT, SAGA_ORDER, SAGA_PAYMENT, SAGA_NOTIFY, SAGA_SERVICES_N };

struct saga_shop {
    struct kafka_service services[SAGA_SERVICES_N];
    char programs[SAGA_SERVICES_N][BENCH_PATH_MAX];
    char http[32];    /* where svc-order listens */
    pid_t broker_pid; /* 0: unknown */
};
/* `build` has the programs; `folder` gets data and logs, and holds the broker's in "kafka". */
void saga_shop_open(struct saga_shop *shop, const char *build, const char *brokers,
                    const char *folder);
void saga_shop_close(struct saga_shop *shop);

/* What they used between two looks. */
struct saga_usage {
    double cpu_us[SAGA_SERVICES_N], broker_us, client_us;
};
void saga_shop_usage(const struct saga_shop *shop, struct saga_usage *ret_usage);

/* Looks at their memory now and then, on a thread of its own. */
struct saga_memory {
    const struct saga_shop *shop;
    double most_mb, sum_mb; /* Pss of all services together */
    size_t looks;
    pthread_t thread;
    atomic_bool stop;
};
void saga_memory_begin(struct saga_memory *memory, const struct saga_shop *shop);
void saga_memory_end(struct saga_memory *memory);

#endif

/* Kafka bench, the processes: services as people start them, and the floors' own. They end with the
 * bench, however that ends. */
#ifndef KAFKA_PROCESS_H
#define KAFKA_PROCESS_H

#include "bench.h"

#include <sys/types.h>

struct kafka_service {
    const char *name;    /* "product" */
    const char *program; /* build/svc-product */
    const char *brokers;
    const char *folder; /* its data and its log */
    const char *http;   /* where it listens; NULL: anywhere */
    pid_t pid;          /* 0: does not run */
};

/* Both wait until it is done, and return how long that took, in seconds. */
double kafka_service_start(struct kafka_service *service); /* until it is ready */
double kafka_service_stop(struct kafka_service *service);
void kafka_service_path(const struct kafka_service *service, const char *name,
                        char ret_path[BENCH_PATH_MAX]);

/* Until it ends, which must be a success. What it says is added to the file `out`. */
void kafka_process_run(const char *program, const char *const args[], const char *out);

/* This program with other words. */
pid_t kafka_process_self(const char *const args[]);
void kafka_process_end(pid_t pid);

#endif

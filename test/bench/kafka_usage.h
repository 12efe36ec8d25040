/* Kafka bench, what processes use. CPU time hardly changes on a busy machine, where rates do. */
#ifndef KAFKA_USAGE_H
#define KAFKA_USAGE_H

#include <sys/types.h>

struct kafka_memory {
    double pss_mb, rss_mb;
};
struct kafka_memory kafka_memory(pid_t pid);
double kafka_cpu_us(pid_t pid);  /* used since it began */
double kafka_ended_cpu_us(void); /* by all children that have ended */

#endif

/* Kafka bench, what processes use, as the kernel tells it. */
#include "kafka_usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void die(const char *path)
{
    fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
    exit(EXIT_FAILURE);
}

struct kafka_memory kafka_memory(pid_t pid)
{
    struct kafka_memory memory = {0};
    char path[64], line[256];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "r");
    if (!file)
        die(path);
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "Pss:", 4) == 0)
            memory.pss_mb = strtod(line + 4, NULL) / 1024;
        if (strncmp(line, "Rss:", 4) == 0)
            memory.rss_mb = strtod(line + 4, NULL) / 1024;
    }
    fclose(file);
    return memory;
}

/* Its name may hold anything, but not the last bracket; user and system time are the 12th and 13th
 * behind that. */
double kafka_cpu_us(pid_t pid)
{
    char path[64], line[1024] = "";
    double ticks = 0;
    char *at;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file || !fgets(line, sizeof(line), file))
        die(path);
    fclose(file);
    at = strrchr(line, ')');
    for (int i = 1; at && i <= 13; i++) {
        at = strchr(at + 1, ' ');
        if (at && i >= 12)
            ticks += strtod(at, NULL);
    }
    return ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

double kafka_ended_cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

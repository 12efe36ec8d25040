/* Kafka bench, the store of svc-product. */
#include "kafka_product.h"

#include "kafka_usage.h"

#include <evt/fs.h>
#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void remove_file(void *arg, const char *name)
{
    char path[BENCH_PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", (const char *)arg, name);
    (void)unlink(path);
}

void kafka_product_remove_store(const struct kafka_service *product)
{
    char path[BENCH_PATH_MAX];
    struct evt_error err;

    kafka_service_path(product, "data/product", path);
    bench_need(evt_fs_posix.list(evt_fs_posix.self, path, remove_file, path, &err), &err);
}

/* "rebuilt … in 1.23 s" */
static double said_seconds(const char *path)
{
    FILE *file = fopen(path, "r");
    double seconds = 0;
    char line[512];

    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    while (seconds <= 0 && fgets(line, sizeof(line), file)) {
        const char *at = strncmp(line, "rebuilt ", 8) == 0 ? strstr(line, " in ") : NULL;

        if (at)
            seconds = strtod(at + 4, NULL);
    }
    fclose(file);
    EVT_BUG_ON(seconds <= 0);
    return seconds;
}

double kafka_product_replay(const struct kafka_service *product, int32_t partition,
                            double *ret_cpu_us)
{
    char data[BENCH_PATH_MAX], out[BENCH_PATH_MAX], said[BENCH_PATH_MAX], number[16];
    const char *const args[] = {"replay",
                                "--kafka-bootstrap-servers",
                                product->brokers,
                                "--data-dir",
                                data,
                                "--partition",
                                number,
                                "--out",
                                out,
                                NULL};
    const double cpu_us = kafka_ended_cpu_us();

    kafka_service_path(product, "data", data);
    kafka_service_path(product, "replayed.db", out);
    kafka_service_path(product, "replay.log", said);
    snprintf(number, sizeof(number), "%d", (int)partition);
    (void)unlink(said);
    (void)unlink(out);
    kafka_process_run(product->program, args, said);
    *ret_cpu_us = kafka_ended_cpu_us() - cpu_us;
    return said_seconds(said);
}

/* Saga bench, the shop. */
#include "saga_shop.h"

#include "kafka_topics.h"
#include "kafka_usage.h"

#include <evt/mem.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_US  500000
#define SLICE_US 50000

static const char *const names[SAGA_SERVICES_N] = {"product", "order", "payment", "notify"};

static pid_t broker_of(const char *folder)
{
    char path[BENCH_PATH_MAX], text[32];
    FILE *file;
    pid_t pid = 0;

    snprintf(path, sizeof(path), "%s/kafka/pid", folder);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (fgets(text, sizeof(text), file))
        pid = (pid_t)strtol(text, NULL, 10);
    fclose(file);
    return pid;
}

void saga_shop_open(struct saga_shop *shop, const char *build, const char *brokers,
                    const char *folder)
{
    const int port = kafka_port();

    if (!port)
        exit(EXIT_FAILURE);
    *shop = (struct saga_shop){.broker_pid = broker_of(folder)};
    snprintf(shop->http, sizeof(shop->http), "127.0.0.1:%d", port);
    setenv("PSP_URL", "inside", 1);
    setenv("MAIL_URL", "inside", 1);
    for (size_t i = 0; i < SAGA_SERVICES_N; i++) {
        snprintf(shop->programs[i], sizeof(shop->programs[i]), "%s/svc-%s", build, names[i]);
        shop->services[i] = (struct kafka_service){.name = names[i],
                                                   .program = shop->programs[i],
                                                   .brokers = brokers,
                                                   .folder = folder,
                                                   .http = i == SAGA_ORDER ? shop->http : NULL};
        (void)kafka_service_start(&shop->services[i]);
    }
}

void saga_shop_close(struct saga_shop *shop)
{
    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        (void)kafka_service_stop(&shop->services[i]);
}

void saga_shop_usage(const struct saga_shop *shop, struct saga_usage *ret_usage)
{
    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        ret_usage->cpu_us[i] = kafka_cpu_us(shop->services[i].pid);
    ret_usage->broker_us = shop->broker_pid ? kafka_cpu_us(shop->broker_pid) : 0;
    ret_usage->client_us = kafka_cpu_us(getpid());
}

static void look(struct saga_memory *memory)
{
    double mb = 0;

    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        mb += kafka_memory(memory->shop->services[i].pid).pss_mb;
    if (mb > memory->most_mb)
        memory->most_mb = mb;
    memory->sum_mb += mb;
    memory->looks++;
}

static void *run(void *arg)
{
    struct saga_memory *memory = arg;

    while (!atomic_load(&memory->stop)) {
        look(memory);
        for (int us = 0; us < LOOK_US && !atomic_load(&memory->stop); us += SLICE_US)
            usleep(SLICE_US);
    }
    return NULL;
}

void saga_memory_begin(struct saga_memory *memory, const struct saga_shop *shop)
{
    *memory = (struct saga_memory){.shop = shop};
    EVT_BUG_ON(pthread_create(&memory->thread, NULL, run, memory) != 0);
}

void saga_memory_end(struct saga_memory *memory)
{
    atomic_store(&memory->stop, true);
    pthread_join(memory->thread, NULL);
}

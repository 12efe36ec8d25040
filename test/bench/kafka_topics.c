/* Kafka bench, the broker's side. */
#include "kafka_topics.h"

#include "bench.h"

#include <evt/cluster.h>
#include <evt/mem.h>

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ASK_MS     10000
#define TOPICS_MAX 64
#define PORT_FIRST 21092 /* below those that the kernel gives to anyone */
#define PORT_LAST  21192

void kafka_prefix_of(const struct evt_type *type, uint8_t ret_prefix[KAFKA_PREFIX])
{
    const uint32_t id = type->schemas[type->schemas_n - 1].id;

    for (int i = 0; i < KAFKA_PREFIX; i++)
        ret_prefix[i] = (uint8_t)(i == 0 ? 0 : id >> (8 * (4 - i)));
}

void kafka_topics_make(const struct evt_kafka *kafka, const char *like, const char *const *floors)
{
    const struct evt_topic *topics[TOPICS_MAX];
    struct evt_topic made[TOPICS_MAX];
    struct evt_cluster *cluster;
    struct evt_error err;
    size_t n = 0;

    for (; n < evt_registry.topics_n && n < TOPICS_MAX; n++)
        topics[n] = &evt_registry.topics[n];
    for (; *floors; floors++, n++) {
        EVT_BUG_ON(n >= TOPICS_MAX);
        made[n] = *evt_registry_topic(&evt_registry, like);
        made[n].name = *floors;
        topics[n] = &made[n];
    }
    bench_need(evt_cluster_open(kafka, ASK_MS, &cluster, &err), &err);
    bench_need(evt_cluster_apply(cluster, &evt_registry, topics, n, NULL, NULL, &err), &err);
    evt_cluster_close(cluster);
}

int kafka_port(void)
{
    for (int number = PORT_FIRST; number <= PORT_LAST; number++) {
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t)number),
                                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool is_free =
            fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

        close(fd);
        if (is_free)
            return number;
    }
    fprintf(stderr, "bench: no port from %d to %d is free\n", PORT_FIRST, PORT_LAST);
    return 0;
}

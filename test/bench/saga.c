/* Saga bench: orders from checkout to their end through svc-product, svc-order, svc-payment and
 * svc-notify on a real broker, beside bare clients that move as many records in as many hops.
 *
 *     saga brokers [CASE …]                        the kinds of broker that these cases need
 *     saga run BUILD BROKERS FOLDER KIND [CASE …]  FOLDER is empty but for the broker's own
 * "kafka", and the caller's to remove; KIND is 0, or 1 for a broker that fsyncs each append saga
 * ring BROKERS TOPIC LINGER_MS            a process of the floor, started by `run` saga port a port
 * for the broker */
#include "kafka_topics.h"
#include "saga_cases.h"
#include "saga_ring.h"

#include <evt/command.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ring(const char *brokers, const char *topic, const char *linger_ms)
{
    char linger[32];
    const char *const properties[] = {linger, NULL};

    snprintf(linger, sizeof(linger), "linger.ms=%.16s", linger_ms);
    return saga_ring_hand_on(&(const struct evt_kafka){.brokers = brokers,
                                                       .client = "ring",
                                                       .properties = properties},
                             topic);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "port") == 0) {
        const int number = kafka_port();

        if (number)
            printf("%d\n", number);
        return number ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (argc == 5 && strcmp(argv[1], "ring") == 0)
        return ring(argv[2], argv[3], argv[4]);
    if (argc >= 2 && strcmp(argv[1], "brokers") == 0) {
        saga_cases_brokers(argv + 2);
        return EXIT_SUCCESS;
    }
    if (argc >= 6 && strcmp(argv[1], "run") == 0)
        evt_program_exit(
            saga_cases_run(argv[2], argv[3], argv[4], strcmp(argv[5], "1") == 0, argv + 6)
                ? EXIT_SUCCESS
                : EXIT_FAILURE);
    fprintf(stderr, "usage: saga brokers [CASE ...] | run BUILD BROKERS FOLDER 0|1 [CASE ...]\n");
    return 2;
}

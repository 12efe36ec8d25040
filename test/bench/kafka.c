/* Kafka bench: svc-product on a real broker beside raw librdkafka on the same one. Each figure and
 * its floor come from rounds that take turns, after a warm-up.
 *
 *     kafka run PROGRAM BROKERS FOLDER CASE…  FOLDER is empty, and the caller's to remove
 *     kafka echo BROKERS                      the floor's second hop, started by `run`
 *     kafka port                              a port for the broker
 *
 * The floor of a reply is two raw hops: the same record with the same headers to a topic, from
 * there by a process that only hands it on to a second topic. The floor of the sustained rate is
 * one raw hop, sent and received by this process. That of a rebuild is a consumer that only counts.
 */
#include "bench.h"
#include "kafka_cases.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 21092 /* below those that the kernel gives to anyone */
#define PORT_LAST  21192

static int port(void)
{
    for (int number = PORT_FIRST; number <= PORT_LAST; number++) {
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t)number),
                                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool is_free =
            fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

        close(fd);
        if (is_free) {
            printf("%d\n", number);
            return EXIT_SUCCESS;
        }
    }
    fprintf(stderr, "bench: no port from %d to %d is free\n", PORT_FIRST, PORT_LAST);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "port") == 0)
        return port();
    if (argc == 3 && strcmp(argv[1], "echo") == 0)
        return kafka_cases_echo(argv[2]);
    if (argc < 5 || strcmp(argv[1], "run") != 0) {
        fprintf(stderr, "usage: kafka run PROGRAM BROKERS FOLDER [CASE ...]\n");
        return 2;
    }
    kafka_cases_run(argv[2], argv[3], argv[4], argv + 5);
    return EXIT_SUCCESS;
}

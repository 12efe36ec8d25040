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
#include "kafka_cases.h"
#include "kafka_topics.h"

#include <evt/command.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int port(void)
{
    const int number = kafka_port();

    if (number)
        printf("%d\n", number);
    return number ? EXIT_SUCCESS : EXIT_FAILURE;
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
    evt_program_exit(EXIT_SUCCESS);
}

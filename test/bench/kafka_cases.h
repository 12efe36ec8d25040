/* Kafka bench, the cases: what is measured, in which order, against which bars. */
#ifndef KAFKA_CASES_H
#define KAFKA_CASES_H

int kafka_cases_echo(const char *brokers);
void kafka_cases_run(const char *program, const char *brokers, const char *folder);

#endif

/* Kafka bench, the cases: what is measured, in which order, against which bars. */
#ifndef KAFKA_CASES_H
#define KAFKA_CASES_H

int kafka_cases_echo(const char *brokers);
/* `picked` ends with NULL: reply sustained start idle rebuild replay; none is all. */
void kafka_cases_run(const char *program, const char *brokers, const char *folder,
                     char *const *picked);

#endif

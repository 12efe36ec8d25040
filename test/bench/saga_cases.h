/* Saga bench, the cases: which there are, which of them need a broker that fsyncs, and what one of
 * them prints. */
#ifndef SAGA_CASES_H
#define SAGA_CASES_H

#include <stdbool.h>

/* `picked` ends with NULL; none is all. Prints the kinds of broker that these cases need, one a
 * line: "0", "1" for one that fsyncs each append. */
void saga_cases_brokers(char *const *picked);
/* Of those picked the ones for this kind of broker. False: the check of one of them failed. */
bool saga_cases_run(const char *build, const char *brokers, const char *folder, bool fsync,
                    char *const *picked);

#endif

/* Faults: what a service finds wrong with its own options. */
#ifndef TEST_FAULTS_H
#define TEST_FAULTS_H

#include <evt/service.h>

/* With these words on its command line, and secrets in the environment; a line each. The text lives
 * until the next one is asked for. */
const char *faults_of(const struct evt_service *service, const char *const *words);
#define FAULTS_OF(service, ...) faults_of(service, (const char *const[]){__VA_ARGS__, NULL})

#endif

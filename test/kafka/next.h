/* Next: a service as a later version of it would be built, for tests of deploys: another
 * generation, which NEXT_GENERATION says, in the code and in topics.json; NEXT_FORGOTTEN: it is
 * forgotten in topics.json. */
#ifndef TEST_NEXT_H
#define TEST_NEXT_H

#include <evt/main.h>

/* evt_service_main of `service` in that generation; `sagas`: its definitions by then, NULL: as they
 * are. */
int next_main(int argc, char **argv, const struct evt_service *service,
              const struct evt_saga *const *sagas);

#endif

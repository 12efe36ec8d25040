/* Main: a service as a program: run, upgrade, replay, resend, describe, check. */
#ifndef EVT_MAIN_H
#define EVT_MAIN_H

#include <evt/command.h>
#include <evt/service.h>

/* Of libevents and of what is released with it; a boundary record names it, for people. */
#define EVT_VERSION "0.1.0"

/* main.c of a service is one line: return evt_service_main(argc, argv, &product_service); */
int evt_service_main(int argc, char **argv, const struct evt_service *service);

#endif

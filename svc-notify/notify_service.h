/* The notify service as data: what its process runs, and what tests and the simulator drive. */
#ifndef NOTIFY_SERVICE_H
#define NOTIFY_SERVICE_H

#include <evt/service.h>

extern const struct evt_service notify_service;

#endif

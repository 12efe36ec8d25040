/* The order service as data: what its process runs, and what tests and the simulator drive. */
#ifndef ORDER_SERVICE_H
#define ORDER_SERVICE_H

#include <evt/service.h>

extern const struct evt_service order_service;

#endif

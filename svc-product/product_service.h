/* The product service as data: what its process runs, and what tests and the simulator drive. */
#ifndef PRODUCT_SERVICE_H
#define PRODUCT_SERVICE_H

#include <evt/service.h>

extern const struct evt_service product_service;

#endif

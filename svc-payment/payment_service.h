/* The payment service as data: what its process runs, and what tests and the simulator drive. */
#ifndef PAYMENT_SERVICE_H
#define PAYMENT_SERVICE_H

#include <evt/service.h>

extern const struct evt_service payment_service;

#endif

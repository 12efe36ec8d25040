/* Fake order: takes the replies of product and, by its subscription order.product, product's facts.
 * Its handlers note what came. */
#ifndef TEST_FAKE_ORDER_H
#define TEST_FAKE_ORDER_H

#include "test/lib/fake_registry.h"

#include <evt/service.h>

extern const struct evt_service fake_order;

#endif

/* Handlers: one per message that the service takes, each in a file of its name. Answers of other
 * services are the saga's: order_saga.c. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "events/order.h"

#include <evt/service.h>

order_place_order_fn handle_place_order;
order_cancel_order_fn handle_cancel_order;

#endif

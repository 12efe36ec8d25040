/* Saga bench, an order: two lines, a payment token that says whether the bank declines, and a mail
 * address. Which end it must have follows from its number. */
#ifndef SAGA_ORDER_H
#define SAGA_ORDER_H

#include "kafka_outside.h"

#include "events/order.h"

#include <evt/buf.h>

#define SAGA_LINES          2
#define SAGA_TOTAL          (SAGA_LINES * KAFKA_PRICE)
#define SAGA_DECLINE_OF_100 3 /* those that svc-payment's provider inside declines */

bool saga_order_is_declined(uint64_t i);

/* The texts that an order refers to. */
struct saga_order {
    char id[KAFKA_KEY_LEN + 1];
    char skus[SAGA_LINES][KAFKA_KEY_LEN + 1];
    char token[32];
    char email[64];
    struct order_order_line lines[SAGA_LINES];
};
/* The message is valid as long as `order` is. */
struct order_place_order saga_order_message(struct saga_order *order, uint64_t i);
/* The same as the HTTP side takes it. */
void saga_order_body(uint64_t i, struct evt_buf *body);

#endif

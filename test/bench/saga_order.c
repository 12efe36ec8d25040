/* Saga bench, an order. */
#include "saga_order.h"

#include <inttypes.h>
#include <stdio.h>

#define CUSTOMERS 10000

bool saga_order_is_declined(uint64_t i)
{
    return i % 100 < SAGA_DECLINE_OF_100;
}

struct order_place_order saga_order_message(struct saga_order *order, uint64_t i)
{
    kafka_order_id(order->id, i);
    for (uint64_t line = 0; line < SAGA_LINES; line++) {
        /* Neighbours are for other products: prime steps through all of them. */
        kafka_sku(order->skus[line], (i * 37 + line * 419) % KAFKA_PRODUCTS);
        order->lines[line] = (struct order_order_line){.sku = order->skus[line], .quantity = 1};
    }
    snprintf(order->token, sizeof(order->token), "tok_%06" PRIu64, i);
    snprintf(order->email, sizeof(order->email), "customer%" PRIu64 "@example.org", i % CUSTOMERS);
    return (struct order_place_order){
        .order_id = order->id,
        .lines = order->lines,
        .lines_n = SAGA_LINES,
        .total_minor = SAGA_TOTAL,
        .currency = KAFKA_CURRENCY,
        .payment_token = order->token,
        .email = order->email,
        .address = {.name = "Ada Lovelace",
                    .street = "Main Street 1",
                    .postcode = "12345",
                    .city = "London",
                    .country = "GB"},
    };
}

void saga_order_body(uint64_t i, struct evt_buf *body)
{
    struct saga_order order;
    const struct order_place_order msg = saga_order_message(&order, i);

    evt_buf_add_text(body, "{\"lines\":[");
    for (size_t line = 0; line < msg.lines_n; line++)
        evt_buf_printf(body, "%s{\"sku\":\"%s\",\"quantity\":%" PRId64 "}", line ? "," : "",
                       msg.lines[line].sku, msg.lines[line].quantity);
    evt_buf_printf(body,
                   "],\"total\":{\"amount\":%" PRId64 ",\"currency\":\"%s\"},"
                   "\"payment\":{\"token\":\"%s\"},\"email\":\"%s\",\"address\":{"
                   "\"name\":\"%s\",\"street\":\"%s\",\"postcode\":\"%s\",\"city\":\"%s\","
                   "\"country\":\"%s\"}}",
                   msg.total_minor, msg.currency, msg.payment_token, msg.email, msg.address.name,
                   msg.address.street, msg.address.postcode, msg.address.city, msg.address.country);
}

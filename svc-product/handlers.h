/* Handlers: one per message that the service takes, each in a file of its name. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "events/product.h"

#include <evt/service.h>

/* From outside: the catalogue. */
product_create_product_fn handle_create_product;
product_change_price_fn handle_change_price;
product_receive_stock_fn handle_receive_stock;
product_withdraw_product_fn handle_withdraw_product;
/* From order: one line of an order. */
product_reserve_stock_fn handle_reserve_stock;
product_release_stock_fn handle_release_stock;
product_commit_stock_fn handle_commit_stock;
/* A reservation's timer. */
enum evt_err handle_reservation_deadline(struct evt_ctx *ctx, const struct evt_timer *timer,
                                         struct evt_error *err);

#endif

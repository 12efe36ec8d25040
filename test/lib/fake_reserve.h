/* Fake reserve: a handler that does what its message's sku says, and what it shares with the
 * others. */
#ifndef TEST_FAKE_RESERVE_H
#define TEST_FAKE_RESERVE_H

#include <events/product.h>

/* Statements of the fake product. */
enum { FAKE_NOTE, FAKE_TAKE, FAKE_TIMER_KEEP, FAKE_TIMER_GET };

product_reserve_stock_fn fake_reserve;

/* A row of notes. */
EVT_MUST_USE enum evt_err fake_note(struct evt_ctx *ctx, struct evt_error *err, const char *fmt,
                                    ...) EVT_PRINTF(3, 4);
/* A StockReserved. */
EVT_MUST_USE enum evt_err fake_reply(struct evt_ctx *ctx, const char *order_id, const char *sku,
                                     struct evt_error *err);
bool fake_begins(const char *text, const char *prefix);

#endif

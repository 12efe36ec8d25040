/* Fake product: a service that takes what topics.json says product takes, with tiny handlers whose
 * behaviour the message chooses, so that a test of the core says what a handler does.
 *
 * ReserveStock: its sku begins with reject (writes, sends, sets a timer, makes calls, then
 * refuses), busy (the same, then fails while fake_product_busy is not 0), fatal, taken (the second
 * breaks a constraint), timer, call, uuid, look (notes all that a ctx shows), mute (sends nothing),
 * long, nokey, longkey and foreign (send what must not be sent); any other is noted and answered.
 * CreateProduct: its name begins with reject, refuse, detail or long. A timer or call whose ref
 * begins with reject refuses. */
#ifndef TEST_FAKE_PRODUCT_H
#define TEST_FAKE_PRODUCT_H

#include "test/lib/fake_registry.h"

#include <evt/service.h>

extern const struct evt_service fake_product; /* generation 1 */
extern const struct evt_service
    fake_product_2;           /* generation 2: a further table and its migration */
extern int fake_product_busy; /* how often "busy" still fails */

#endif

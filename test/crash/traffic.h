/* Traffic: which commands a round sends: orders that reserve, commit and release lines of a few
 * products, and goods that arrive. The choices follow from a seed. All that is sent is written to a
 * ledger, one line each, fields separated by tabs:
 *
 *     order    <ce_id> <type> <sku> <order_id> <line> <quantity> <short>
 *     outside  <ce_id> <type> <sku> <quantity>
 *
 * <short> is 1 for a line whose deadline may come within the round. A quantity of 0 breaks an
 * invariant, so the message must come back as rejected. Goods that arrive have an odd quantity of
 * at least TRAFFIC_RECEIVE_MIN that no other command about the product has: the effect of each can
 * be told from all others. */
#ifndef CRASH_TRAFFIC_H
#define CRASH_TRAFFIC_H

#include "test/crash/sender.h"

#include <stdio.h>

#define TRAFFIC_SKUS        6    /* r<round>-0 to r<round>-5 */
#define TRAFFIC_RECEIVE_MIN 1000 /* more than any line's quantity */

struct traffic;

struct traffic *traffic_new(struct sender *sender, unsigned round, uint64_t seed, FILE *ledger);
void traffic_free(struct traffic *traffic); /* NULL is fine */

/* One more command, and now and then a few of the last ones once more. The first ones create the
 * products. */
void traffic_send(struct traffic *traffic);
size_t traffic_sent(const struct traffic *traffic);

#endif

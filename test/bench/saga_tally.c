/* Saga bench, what clients saw. */
#include "saga_tally.h"

#include "saga_order.h"

#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>

#define SAY_MAX 10

void saga_tally_init(struct saga_tally *tally)
{
    *tally = (struct saga_tally){.seen = evt_zalloc(SAGA_ORDERS_MAX)};
}

void saga_tally_release(struct saga_tally *tally)
{
    evt_free(tally->seen);
}

void saga_tally_wrong(struct saga_tally *tally, uint64_t order, const char *what)
{
    if (atomic_fetch_add(&tally->wrong, 1) < SAY_MAX)
        fprintf(stderr, "bench: order %" PRIu64 ": %s\n", order, what);
}

bool saga_tally_end(struct saga_tally *tally, uint64_t order, bool confirmed)
{
    EVT_BUG_ON(order >= SAGA_ORDERS_MAX);
    if (tally->seen[order]) {
        saga_tally_wrong(tally, order, "it ended a second time");
        return false;
    }
    tally->seen[order] = 1;
    atomic_fetch_add(confirmed ? &tally->confirmed : &tally->rejected, 1);
    if (confirmed == saga_order_is_declined(order))
        saga_tally_wrong(tally, order,
                         confirmed ? "it was confirmed, though the bank declines"
                                   : "it was rejected, though the bank accepts");
    return true;
}

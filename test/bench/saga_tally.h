/* Saga bench, what clients saw: each order has one end, and the one that its number says. */
#ifndef SAGA_TALLY_H
#define SAGA_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAGA_ORDERS_MAX 16777216 /* of one run, all cases together */

struct saga_tally {
    uint8_t *seen;                                 /* by order */
    uint64_t placed;                               /* in the cases that are over */
    uint64_t over_topics;                          /* of those: by commands on the topic */
    atomic_size_t confirmed, rejected;             /* ends, each order's once */
    atomic_size_t answered;                        /* CommandAnswered on the topic */
    atomic_size_t facts_confirmed, facts_rejected; /* on the topic, whoever placed the order */
    atomic_size_t wrong; /* a second end, another one than it must have, none at all */
};
void saga_tally_init(struct saga_tally *tally);
void saga_tally_release(struct saga_tally *tally);

/* False: it had one already. From one thread at a time. */
bool saga_tally_end(struct saga_tally *tally, uint64_t order, bool confirmed);
/* It ended in no way that there should be; the words are said for the first few. */
void saga_tally_wrong(struct saga_tally *tally, uint64_t order, const char *what);

#endif

/* Lived: svc-product's shard on a store, fed from an in-memory log in batches of a given size. What
 * it sends is acknowledged at once: the bench is of the core, not of a broker. */
#ifndef LIVED_H
#define LIVED_H

#include <evt/shard.h>
#include <evt/sim_log.h>

#include <stddef.h>
#include <stdint.h>

struct lived {
    struct evt_shard *shard;
    const struct evt_sim_partition *part;
};

/* Opens, or creates, the store `name` of the bench's folder, and joins the log. */
void lived_open(struct lived *lived, const char *name, const struct evt_sim_partition *part);
void lived_close(struct lived *lived);
/* Applies the next `n` records, `batch` a transaction. */
void lived_apply(struct lived *lived, size_t n, size_t batch);
void lived_catch_up(struct lived *lived, size_t batch); /* all that there are */

/* The content hash of a closed store. */
uint64_t lived_hash(const char *name);

#endif

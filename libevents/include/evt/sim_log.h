/* Sim log: topics of partitions of records, in memory, as a broker keeps them.
 *
 * Offsets may have holes, times may go back a little, a tail may be lost and filled again, a topic
 * may be created anew: everything that a shard must notice or bear. It belongs to the world, not to
 * a process: what was appended stays whoever dies. */
#ifndef EVT_SIM_LOG_H
#define EVT_SIM_LOG_H

#include <evt/record.h>
#include <evt/type.h>
#include <stdbool.h>

struct evt_sim_log;

struct evt_sim_partition {
    const struct evt_topic *topic;
    int32_t partition;
    struct evt_record **records; /* by offset, holes left out */
    size_t n, cap;
    int64_t next;   /* offset of the next record */
    int64_t low;    /* first offset that is kept */
    uint32_t epoch; /* counts lost tails and recreations: readers must join again */
};

struct evt_sim_log *evt_sim_log_new(void);
void evt_sim_log_free(struct evt_sim_log *log);
/* No topics; memory is kept for the next history. */
void evt_sim_log_reset(struct evt_sim_log *log);
void evt_sim_log_create(struct evt_sim_log *log, const struct evt_topic *topic);
/* NULL: no such topic or partition. */
struct evt_sim_partition *evt_sim_log_find(struct evt_sim_log *log, const char *topic,
                                           int32_t partition);
/* The `i`th of all partitions; NULL after the last. */
struct evt_sim_partition *evt_sim_log_nth(struct evt_sim_log *log, size_t i);

/* Copies; `send`'s topic and partition are not looked at. */
const struct evt_record *evt_sim_log_append(struct evt_sim_log *log, struct evt_sim_partition *part,
                                            const struct evt_send *send, int64_t time_ms);
/* Memory, and a copy of a send, that live as long as the history. */
void *evt_sim_log_memory(struct evt_sim_log *log, size_t size);
struct evt_send *evt_sim_log_keep(struct evt_sim_log *log, const struct evt_send *send);
/* The record at `offset`, or the first after it; NULL: the end. */
const struct evt_record *evt_sim_log_from(const struct evt_sim_partition *part, int64_t offset);
/* The record at `offset` and nothing else. */
const struct evt_record *evt_sim_log_at(const struct evt_sim_partition *part, int64_t offset);
/* What a foreign transactional producer leaves. */
void evt_sim_log_hole(struct evt_sim_partition *part, int64_t offsets);
/* Loses everything from `offset` on; the next record gets that offset. */
void evt_sim_log_truncate(struct evt_sim_partition *part, int64_t offset);
/* Deletes and creates it anew. */
void evt_sim_log_recreate(struct evt_sim_partition *part);

#endif

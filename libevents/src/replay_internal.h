/* Replay, inside.
 *
 *   replay.c          a rebuild from its begin to its hash
 *   replay_log.c      where it begins, and the consumer that it reads with
 *   replay_content.c  what a store holds, for comparing */
#ifndef EVT_REPLAY_INTERNAL_H
#define EVT_REPLAY_INTERNAL_H

#include <evt/replay.h>
#include <evt/shard.h>

struct replay {
    const struct evt_replay_options *opt;
    const struct evt_topic *topic;
    struct evt_replay_result result;
    struct evt_kafka_reader *reader;
    struct evt_shard *sh;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    struct evt_kafka_record rec;
    int64_t end;  /* the log's, when it was asked last */
    int64_t last; /* the offset to reach */
    bool done;
};

/* replay.c */
enum evt_err evt__replay_read(struct replay *rp, int64_t offset, const struct evt_record **ret_rec,
                              int64_t *ret_low, struct evt_error *err);

/* replay_log.c */
/* Puts the snapshot of this generation in the place of the store, where the log alone is not of
 * this generation from its start. */
enum evt_err evt__replay_begin(struct replay *rp, struct evt_error *err);
enum evt_err evt__replay_consume(struct replay *rp, int64_t offset, struct evt_error *err);
/* The newest snapshot of the generation beside a store; -1: there is none, nor perhaps a folder. */
enum evt_err evt__replay_snapshot(const char *path, uint32_t generation, int64_t *ret_offset,
                                  struct evt_error *err);
/* The generation that a log's first record begins; 0: it is no birth. */
uint32_t evt__replay_birth(const struct evt_record *rec);
/* When nothing comes: librdkafka 2.0.2's broker thread notices a new assignment, or room in a queue
 * that was full, only when it wakes, up to a second later. A question makes it look. */
void evt__replay_wake(struct replay *rp);
void evt__replay_stop(struct replay *rp);

/* replay_content.c */
enum evt_err evt__content_of(struct evt_store *st, struct evt_content *ret_content,
                             struct evt_error *err);

#endif

/* Replay, inside.
 *
 *   replay.c          a rebuild from its begin to its hash
 *   replay_log.c      where it begins, and the consumer that it reads with
 *   replay_content.c  what a store holds, for comparing */
#ifndef EVT_REPLAY_INTERNAL_H
#define EVT_REPLAY_INTERNAL_H

#include <evt/replay.h>
#include <evt/shard.h>

#include <stdatomic.h>

struct replay {
    const struct evt_replay_options *opt;
    const struct evt_topic *topic;
    struct evt_replay_result result;
    struct evt_kafka_reader *reader;
    struct evt_shard *sh;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    struct evt_kafka_link *link; /* the consumer's */
    uint64_t joined;                  /* as many there were at the join */
    int32_t broker;                   /* that the last message came from; -1: none since the join */
    struct evt_kafka_record rec;
    int64_t end;               /* the log's, when it was asked last */
    int64_t last;              /* the offset to reach */
    int64_t silent_ms;         /* since when no record comes; 0: one did */
    rd_kafka_resp_err_t heard; /* what was said meanwhile */
    bool done;
};

/* replay.c */
enum evt_err evt__replay_read(struct replay *rp, int64_t offset, const struct evt_record **ret_rec,
                              int64_t *ret_low, struct evt_error *err);

/* replay_log.c */
/* Puts the snapshot of this generation in the place of the store, where the log alone is not of
 * this generation from its start. */
enum evt_err evt__replay_begin(struct replay *rp, struct evt_error *err);
/* A consumer with its connections made, so that a join behind it holds for what it fetches. */
enum evt_err evt__replay_connect(struct replay *rp, int timeout_ms, struct evt_error *err);
enum evt_err evt__replay_consume(struct replay *rp, int64_t offset, struct evt_error *err);
/* A turn without a record. True: that has been so for `most_ms`. Whatever else comes is no reason
 * to wait longer: a broker can say for ever why it gives nothing. */
bool evt__replay_silent(struct replay *rp, int most_ms);
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

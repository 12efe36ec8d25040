/* Shard: the core. A deterministic state machine over one log partition: records in, rows and sends
 * out. It knows no threads, no Kafka and no clock; a driver (Kafka, the simulator, a replay) feeds
 * it.
 *
 * A driver's life:
 *
 *     evt_shard_open
 *     while (evt_shard_join_next(sh, &offset)) evt_shard_join(sh, <record there, or NULL>, …)
 *     for each record from evt_shard_next_offset on:
 *         evt_shard_apply                    (opens a transaction with the batch's first)
 *         when the batch is full or nothing waits:
 *             send evt_shard_sends, wait until all are acknowledged
 *             evt_shard_commit
 *     at the partition's end: evt_shard_caught_up; from then on evt_due_* fires timers and calls
 *     after a reconnect: evt_shard_reconnected, and the join again
 *     on any RETRY: evt_shard_rollback, back off, apply the same records again
 *     on FATAL: say the words, stop
 *     when evt_shard_superseded: commit, evt_shard_close, exit 6 */
#ifndef EVT_SHARD_H
#define EVT_SHARD_H

#include <evt/envelope.h>
#include <evt/record.h>
#include <evt/service.h>
#include <evt/store.h>

#define EVT_BATCH_MAX   1000 /* messages a transaction; a driver also ends it after 20 ms */
#define EVT_CHAINS_KEPT 32   /* per stream: how far back a fork is told from a duplicate */
#define EVT_SUBSCRIPTION_PARKED_MAX                                                                \
    10000 /* per held stream; it has no generation that could change it */
#define EVT_ANSWERS_KEPT_MS (30LL * 24 * 60 * 60 * 1000) /* how long a command id is remembered */

struct evt_shard;

/* What happened, for metrics and for traces. */
enum evt_outcome {
    EVT_APPLIED,   /* by its handler */
    EVT_REJECTED,  /* to the dead letters */
    EVT_DUPLICATE, /* had before: dropped */
    EVT_PARKED,    /* gap, fork or unknown type: the stream is held */
    EVT_DRAINED,   /* parked once, applied now */
    EVT_IGNORED,   /* a fact without a handler, a timer or outcome that is not pending any more */
    EVT_CONTROL,   /* birth, boundary */
    EVT_DROPPED, /* would have been parked, but the stream's bound is reached: resend brings it back
                  */
    EVT_OUTCOMES
};
const char *evt_outcome_str(enum evt_outcome outcome);

struct evt_shard_options {
    const struct evt_service *service; /* or, for a subscription, the service that subscribes … */
    const struct evt_subscription *subscription; /* … and what; else NULL */
    const struct evt_topic
        *topic; /* the log that it reads: its inbox, or the subscription's source */
    int32_t partition;
    struct evt_store_options store; /* fs, path and knobs; the rest is filled in */
    /* Told of each record; `reason` is NULL or the words of a refusal. May be NULL. */
    void (*observe)(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                    const char *reason);
    /* Told of each saga that has got an outcome, and how long it took. May be NULL. */
    void (*saga_ended)(void *arg, const char *saga, const char *outcome, int64_t took_ms);
    void *observe_arg;
};

/* Opens the store and decides from which generation it may go on. A refusal changes nothing;
 * whether the log fits (EVT_E_GENERATION_OLD, EVT_E_GENERATION_NEW) shows in the join and with its
 * records. */
EVT_MUST_USE enum evt_err evt_shard_open(const struct evt_shard_options *opt,
                                         struct evt_shard **ret_sh, struct evt_error *err);
void evt_shard_close(struct evt_shard *sh); /* rolls back what is open; NULL is fine */

/* The join check. True: the driver must read the record at `ret_offset` again (-1: the first that
 * the partition holds) and hand it to evt_shard_join before anything fetched since is applied. */
bool evt_shard_join_next(const struct evt_shard *sh, int64_t *ret_offset);
/* `rec` NULL: nothing is there. `low`: the first offset that the log still has. The open
 * transaction's last record is checked first, and the transaction rolled back. */
EVT_MUST_USE enum evt_err evt_shard_join(struct evt_shard *sh, const struct evt_record *rec,
                                         int64_t low, struct evt_error *err);
void evt_shard_reconnected(struct evt_shard *sh);

/* Applies one record within the batch's transaction. RETRY: the driver rolls back, backs off, and
 * makes batches of one until the record has passed, so that what came before it is not held up with
 * it. A boundary of a newer generation is not applied: see evt_shard_superseded. */
EVT_MUST_USE enum evt_err evt_shard_apply(struct evt_shard *sh, const struct evt_record *rec,
                                          struct evt_error *err);
int64_t
evt_shard_next_offset(const struct evt_shard *sh); /* after the open transaction's last record */
int64_t evt_shard_position(const struct evt_shard *sh); /* committed; -1: none */
size_t evt_shard_batch(const struct evt_shard *sh);     /* records in the open transaction */

/* What the open batch sends, in order; borrowed until commit or rollback. */
size_t evt_shard_sends(const struct evt_shard *sh, const struct evt_send **ret_sends);
/* The driver says which of them were acknowledged; only then may it commit. */
void evt_shard_acknowledged(struct evt_shard *sh, size_t count);
EVT_MUST_USE enum evt_err evt_shard_commit(struct evt_shard *sh, struct evt_error *err);
void evt_shard_rollback(struct evt_shard *sh);

/* What a driver keeps as metadata of the group's offset, after a commit: it shows which log was
 * applied, and that all sends up to the position were acknowledged. False: some were withheld on a
 * proof that has not been reached yet, so nothing may be said; the group's offset stays as it is.
 */
#define EVT_PROOF_LEN 64
bool evt_shard_proof(const struct evt_shard *sh, char ret_proof[EVT_PROOF_LEN]);
/* Rebuilding: sends up to `offset` are withheld, because the proof shows that they were
 * acknowledged if the log is still the same one. If it turns out not to be (EVT_E_PROOF_DIFFERS,
 * from apply or caught_up), the driver removes the store and rebuilds it without. */
EVT_MUST_USE enum evt_err evt_shard_hold_back(struct evt_shard *sh, int64_t offset,
                                              const char *proof, struct evt_error *err);
/* The driver reached the end of the partition (holes are no records): from now on timers and calls
 * are carried out. */
EVT_MUST_USE enum evt_err evt_shard_caught_up(struct evt_shard *sh, struct evt_error *err);
bool evt_shard_is_caught_up(const struct evt_shard *sh);

/* True once a boundary of a newer generation is next: everything before it is applied. After the
 * commit the boundary's snapshot is taken by evt_shard_supersede. */
bool evt_shard_superseded(const struct evt_shard *sh, uint32_t *ret_generation,
                          int64_t *ret_offset);
EVT_MUST_USE enum evt_err evt_shard_supersede(struct evt_shard *sh, struct evt_error *err);

/* The last message of every stream, to be sent again at start, after a reconnect and daily, so that
 * a lost tail shows though nothing follows. Calls `each` with sends borrowed for the call. */
EVT_MUST_USE enum evt_err evt_shard_probes(struct evt_shard *sh,
                                           void (*each)(void *arg, const struct evt_send *send),
                                           void *arg, struct evt_error *err);

/* A held stream: what is wrong with it and how much waits. */
struct evt_held {
    const char *source;
    uint64_t mark;
    uint64_t chain;
    int64_t parked;
    uint64_t next; /* the smallest number that waits above the mark; 0: none */
    uint64_t chains[EVT_CHAINS_KEPT];
};
/* The chain with which `number` was taken; 0: it is not remembered. Where it is no longer what the
 * sender says, the streams part: the number before is what an operator may accept. */
uint64_t evt_held_chain(const struct evt_held *held, uint64_t number);
EVT_MUST_USE enum evt_err evt_shard_held(struct evt_shard *sh,
                                         void (*each)(void *arg, const struct evt_held *held),
                                         void *arg, struct evt_error *err);

const char *
evt_shard_source(const struct evt_shard *sh); /* its ce_source; "" before the birth record */
struct evt_store *evt_shard_store(struct evt_shard *sh);

#endif

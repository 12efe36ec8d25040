/* The parts of the shard core, as they see each other.
 *
 *   shard.c          life: open, join, commit, rollback, what a driver asks
 *   shard_apply.c    the order of work of one record
 *   shard_marks.c    what was taken of each numbered stream to here; parking and draining
 *   shard_streams.c  numbering and queueing what goes out
 *   shard_outside.c  commands from outside: ids, answers, CommandAnswered
 *   shard_reject.c   dead letters and Rejected replies
 *   shard_control.c  birth, boundary, accept
 *   shard_wait.c     timers and outside calls: rows, and taking their outcomes
 *   ctx.c            what a handler may ask for */
#ifndef EVT_SHARD_INTERNAL_H
#define EVT_SHARD_INTERNAL_H

#include "store_internal.h"

#include <evt/arena.h>
#include <evt/buf.h>
#include <evt/shard.h>

#define EVT_SOURCE_MAX 192 /* "/shop/<name>/<partition>/<lineage>" and a NUL */
#define EVT_EARLY_MAX  32
#define EVT_ID_MAX     128 /* "<stream>.<partition>.<number>-<chain>" and a NUL */

/* The stream of one source to this partition. */
struct evt_mark {
    char *source;
    size_t source_len;
    uint64_t number;                  /* taken last */
    uint64_t chain;                   /* of that one */
    uint64_t chains[EVT_CHAINS_KEPT]; /* by number modulo; 0: not known */
    int64_t parked;                   /* the stream is held while this is not 0 */
    bool dirty;
};

/* Our stream to one partition. */
struct evt_stream {
    const struct evt_topic *topic;
    int32_t partition;
    uint64_t number, chain;
    ptrdiff_t last; /* the batch's last message of it, an index of `sends`; -1: none */
};

/* How to take a queued message back when its handler fails. */
struct evt_unsend {
    ptrdiff_t stream; /* -1: a dead letter, which has no number */
    uint64_t number, chain;
    ptrdiff_t last;
};

enum evt_join { EVT_JOIN_BATCH, EVT_JOIN_STORE, EVT_JOINED };

struct evt__saga;

struct evt_ctx {
    struct evt_shard *sh;
    const struct evt_record *rec; /* a parked one while draining */
    struct evt_envelope env;
    const char *key, *source, *id; /* copies with a NUL; set before a handler runs */
    struct evt_text trace;         /* that what is sent continues */
    int answer;                    /* enum evt_command_outcome of the generated code */
    const char *reason, *detail;
    size_t answer_size; /* of the two */
    char sent_id[EVT_ID_MAX];
    const struct evt_type *sent_type; /* of that */
    struct evt__saga *saga;           /* whose functions run; NULL: none */
};

struct evt_shard {
    struct evt_shard_options opt;
    const struct evt_service *service;
    const struct evt_subscription *subscription;
    const struct evt_registry *registry;
    const struct evt_topic *topic;
    const struct evt_topic *dlt, *events;
    const struct evt_declaration *declaration;
    const char *name; /* the service's or the subscription's */
    int32_t partition;
    char source[EVT_SOURCE_MAX];     /* of what it sends; "" before the birth record */
    char own_source[EVT_SOURCE_MAX]; /* of its timers and outcomes */

    struct evt_store *st;
    struct evt_meta meta;      /* with the open transaction */
    struct evt_meta committed; /* without */
    bool stale;                /* a rollback: read the store again before going on */
    bool failed;               /* nothing but rollback, join or close */
    bool torn;                 /* within a record: `meta` is of no record */

    struct evt_mark **marks;
    size_t marks_n, marks_cap;
    struct evt_stream *streams;
    size_t streams_n, streams_cap;

    struct evt_send *sends;
    struct evt_unsend *unsends;
    size_t sends_n, sends_cap;
    size_t withheld; /* of those, how many of the first are held back */
    size_t acknowledged;
    size_t batch;
    struct evt_arena batch_arena; /* what is sent */
    struct evt_arena msg_arena;   /* what is being handled */
    struct evt_arena park_arena;  /* a parked record on its way back */
    struct evt_buf scratch;
    uint32_t ordinal; /* of outside calls within one record */

    enum evt_join join;
    bool caught_up;
    bool awaiting; /* the store is of an older generation: only the boundary may come */
    bool superseded;
    uint32_t next_generation;
    int64_t boundary;
    char proof[EVT_PROOF_LEN];
    /* Timers that were fired too early, by a clock that runs ahead of the log's, and by how much.
     */
    struct evt_early {
        int64_t id, by_ms;
    } early[EVT_EARLY_MAX]; /* the driver takes them; of more it finds out by itself */
    size_t early_n;
    uint64_t waits_version; /* counts changes of timers and calls, for evt_due */
    struct evt_ctx ctx;
};

static inline bool evt__is_reject(enum evt_err rc)
{
    return rc != EVT_OK && evt_err_class(rc) == EVT_CLASS_REJECT;
}

/* Of a ring of chains up to `mark`: that of `number`; 0: not remembered. */
static inline uint64_t evt__chain_at(const uint64_t chains[EVT_CHAINS_KEPT], uint64_t mark,
                                     uint64_t number)
{
    if (number == 0 || number > mark || mark - number >= EVT_CHAINS_KEPT)
        return 0;
    return chains[number % EVT_CHAINS_KEPT];
}

static inline void evt__observe(struct evt_shard *sh, const struct evt_record *rec,
                                enum evt_outcome outcome, const char *reason)
{
    if (sh->opt.observe)
        sh->opt.observe(sh->opt.observe_arg, rec, outcome, reason);
}

/* shard.c */
EVT_MUST_USE enum evt_err evt__shard_reread(struct evt_shard *sh, struct evt_error *err);
void evt__shard_name(struct evt_shard *sh); /* its sources, once the lineage is known */

/* shard_apply.c */
void evt__ctx_begin(struct evt_shard *sh, struct evt_ctx *ctx, const struct evt_record *rec);
void evt__ctx_name(struct evt_ctx *ctx);
/* A numbered message whose turn it is, or one that was parked: handled or rejected. */
EVT_MUST_USE enum evt_err evt__take_turn(struct evt_ctx *ctx, enum evt_outcome outcome,
                                         struct evt_error *err);
/* Runs `fn` in a savepoint: on a REJECT what it wrote and sent is undone. */
typedef enum evt_err evt__guarded_fn(struct evt_ctx *ctx, void *arg, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__guarded(struct evt_ctx *ctx, evt__guarded_fn *fn, void *arg,
                                       struct evt_error *err);
/* Type, taker, sender, key; then decodes and calls the handler. */
EVT_MUST_USE enum evt_err evt__handle(struct evt_ctx *ctx, bool *ret_ignored,
                                      struct evt_error *err);

/* shard_marks.c */
EVT_MUST_USE enum evt_err evt__marks_take(struct evt_ctx *ctx, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__marks_drain_all(struct evt_shard *sh, struct evt_error *err);
/* Sets the mark as an operator says; false: it does not stand where the operator believes. */
EVT_MUST_USE enum evt_err evt__marks_accept(struct evt_shard *sh, const char *source,
                                            uint64_t expected, uint64_t number, uint64_t chain,
                                            bool *ret_accepted, uint64_t *ret_mark,
                                            struct evt_error *err);
EVT_MUST_USE enum evt_err evt__marks_write(struct evt_shard *sh, struct evt_error *err);
void evt__marks_forget(struct evt_shard *sh);

/* shard_park.c: a record as a row. */
EVT_MUST_USE enum evt_err evt__park_put(struct evt_shard *sh, const struct evt_record *rec,
                                        const struct evt_envelope *env, bool *ret_had,
                                        struct evt_error *err);
struct evt_parked {
    uint64_t number, chain;
    struct evt_record rec; /* in park_arena */
};
/* The first of `source` with a number `from` … `to` for which `wanted` says so; false: none. */
EVT_MUST_USE enum evt_err evt__park_find(struct evt_shard *sh, const char *source, uint64_t from,
                                         uint64_t to,
                                         bool (*wanted)(void *arg, const struct evt_parked *parked),
                                         void *arg, struct evt_parked *ret_parked, bool *ret_found,
                                         struct evt_error *err);
EVT_MUST_USE enum evt_err evt__park_delete(struct evt_shard *sh, int64_t offset,
                                           struct evt_error *err);

/* shard_streams.c */
EVT_MUST_USE enum evt_err evt__queue(struct evt_ctx *ctx, const struct evt_topic *topic,
                                     int32_t partition, struct evt_text type, struct evt_text key,
                                     const void *value, size_t value_len, struct evt_error *err);
void evt__queue_dead(struct evt_ctx *ctx, const struct evt_send *send);
void evt__unqueue(struct evt_shard *sh, size_t count); /* back to `count` messages */
EVT_MUST_USE enum evt_err evt__streams_write(struct evt_shard *sh, struct evt_error *err);
void evt__streams_forget(struct evt_shard *sh);
/* Our five headers, in `arena`. */
const struct evt_header *evt__headers(struct evt_arena *arena, const char *source, const char *id,
                                      struct evt_text type, const char *trace);

/* shard_outside.c */
EVT_MUST_USE enum evt_err evt__outside_take(struct evt_ctx *ctx, struct evt_error *err);

/* shard_reject.c */
EVT_MUST_USE enum evt_err evt__reject(struct evt_ctx *ctx, enum evt_err code,
                                      const struct evt_error *why, struct evt_error *err);
/* The record's key where it is one; else its id, for what must have some key. */
struct evt_text evt__key_or_id(const struct evt_ctx *ctx);

/* shard_control.c */
EVT_MUST_USE enum evt_err
evt__control_check_birth(struct evt_shard *sh, const struct evt_record *rec, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__control_birth(struct evt_ctx *ctx, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__control_boundary(struct evt_ctx *ctx, uint32_t generation,
                                                struct evt_error *err);
bool evt__control_is_boundary(const struct evt_ctx *ctx, uint32_t *ret_generation);
EVT_MUST_USE enum evt_err evt__control_accept(struct evt_ctx *ctx, struct evt_error *err);

/* shard_wait.c */
/* For libevents' own timers, under any key. */
EVT_MUST_USE enum evt_err evt__timer_set(struct evt_ctx *ctx, const char *name, const char *key,
                                         int64_t due_ms, const char *ref, int64_t *ret_id,
                                         struct evt_error *err);
EVT_MUST_USE enum evt_err evt__wait_timer(struct evt_ctx *ctx, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__wait_call(struct evt_ctx *ctx, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__wait_settle(struct evt_ctx *ctx, struct evt_error *err);

/* subscription.c */
EVT_MUST_USE enum evt_err evt__forward(struct evt_ctx *ctx, bool *ret_ignored,
                                       struct evt_error *err);

#endif

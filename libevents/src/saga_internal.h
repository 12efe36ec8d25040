/* The parts of the saga engine, as they see each other.
 *
 *   saga.c        what starts and what cancels an instance
 *   saga_take.c   answers, its timer, refusals, an operator's word
 *   saga_go.c     where that leads: forward and back
 *   saga_ask.c    asking and undoing one part, and what an answer means for it
 *   saga_parts.c  what was asked so far, as text
 *   saga_store.c  an instance as a row, its timer, its history
 *   saga_show.c   both, for those who only read
 *   saga_check.c  does a definition make sense? */
#ifndef EVT_SAGA_INTERNAL_H
#define EVT_SAGA_INTERNAL_H

#include "shard_internal.h"

#include <evt/saga.h>

#define EVT__SAGA_TIMER "evt.saga" /* one per instance: when a part has waited long enough */

#define EVT__SAGA_PHASE_MAP(X)                                                                     \
    X(FORWARD, "forward")                                                                          \
    X(UNDOING, "undoing")                                                                          \
    X(COMPLETED, "completed")                                                                      \
    X(UNDONE, "undone")

enum evt__saga_phase {
#define EVT__SAGA_PHASE_ENUM(phase, text) EVT__SAGA_##phase,
    EVT__SAGA_PHASE_MAP(EVT__SAGA_PHASE_ENUM)
#undef EVT__SAGA_PHASE_ENUM
};

#define EVT__PART_MAP(X)                                                                           \
    X(ASKED, "asked") /* or waits to be asked again */                                             \
    X(DONE, "done")                                                                                \
    X(REFUSED, "refused") /* nothing of it was done */                                             \
    X(PARKED, "parked")   /* asked in vain too often: a person's */                                \
    X(UNDOING, "undoing") /* or waits to be undone again */                                        \
    X(UNDONE, "undone")                                                                            \
    X(STUCK, "stuck")     /* undone in vain too often: a person's */                               \
    X(DROPPED, "dropped") /* nobody waits for it any more, and there is nothing to undo */

enum evt__part_state {
#define EVT__PART_ENUM(state, text) EVT__PART_##state,
    EVT__PART_MAP(EVT__PART_ENUM)
#undef EVT__PART_ENUM
};

/* What was asked about one item of one step. What was never asked has none. */
struct evt__saga_part {
    int step;
    int32_t item;
    enum evt__part_state state;
    int32_t tries;    /* of asking, or of undoing */
    int64_t next_ms;  /* when to try again; 0: it waits for nothing */
    const char *sent; /* the ce_id of what was sent last and is not answered; "" */
};

struct evt__saga {
    struct evt_saga_run run; /* what the service's functions see */
    struct evt_ctx *ctx;
    int64_t id;
    enum evt__saga_phase phase;
    int32_t stage; /* forward: the one that is asked; undoing: the one that is undone */
    struct evt__saga_part *parts;
    size_t parts_n, parts_cap;
    int32_t history_n;
    bool closed; /* nothing of it is open: it is forgotten in time */
    int64_t timer_id, timer_ms;
    int64_t not_before_ms;   /* its timer is set to no earlier moment; 0: to any */
    const char *trace;       /* of all that it sends */
    const char *because;     /* by the function that was called last; NULL */
    bool turn_back;          /* so was this */
    struct evt__saga *outer; /* whose functions called these; NULL: none */
};

const char *evt__saga_phase_str(enum evt__saga_phase phase);
const char *evt__part_str(enum evt__part_state state);

static inline const struct evt_saga_step *evt__part_step(const struct evt__saga *saga,
                                                         const struct evt__saga_part *part)
{
    return &saga->run.saga->steps[part->step];
}

/* saga_parts.c */
void evt__parts_print(const struct evt__saga *saga, struct evt_buf *buf);
EVT_MUST_USE enum evt_err evt__parts_parse(struct evt__saga *saga, const char *text,
                                           struct evt_error *err);
/* NULL: never asked. Borrowed until the next one is added. */
struct evt__saga_part *evt__parts_find(struct evt__saga *saga, int step, int32_t item);
EVT_MUST_USE enum evt_err evt__parts_add(struct evt__saga *saga, int step, int32_t item,
                                         struct evt__saga_part **ret_part, struct evt_error *err);

/* saga_store.c */
const struct evt_saga *evt__saga_definition(const struct evt_service *service, const char *name,
                                            uint32_t number); /* 0: the newest; NULL: none */
/* NULL: there is no such instance. Without what the service's own `load` finds. */
EVT_MUST_USE enum evt_err evt__saga_find(struct evt_ctx *ctx, const char *name, const char *ref,
                                         struct evt__saga **ret_saga, struct evt_error *err);
/* The same, with it. */
EVT_MUST_USE enum evt_err evt__saga_get(struct evt_ctx *ctx, const char *name, const char *ref,
                                        struct evt__saga **ret_saga, struct evt_error *err);
/* The one that waits for the answer to the message with this ce_id, which the record at hand is
 * about: it is found by the record's key, or by its trace. */
EVT_MUST_USE enum evt_err evt__saga_get_by_sent(struct evt_ctx *ctx, const char *sent,
                                                struct evt__saga **ret_saga, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__saga_add(struct evt__saga *saga, struct evt_error *err);
/* Those that ended long enough ago, by the log's time, the oldest first. */
EVT_MUST_USE enum evt_err evt__saga_forget(struct evt_shard *sh, int at_most,
                                           struct evt_error *err);
/* Writes it, and sets its timer to the first moment at which something is to be done. */
EVT_MUST_USE enum evt_err evt__saga_put(struct evt__saga *saga, struct evt_error *err);
/* `step` "" for the saga as a whole; `item` 0: all of them. */
EVT_MUST_USE enum evt_err evt__saga_note(struct evt__saga *saga, const char *step, int32_t item,
                                         const char *what, const char *why, struct evt_error *err);

/* saga_ask.c */
/* The deadline holds as long as the pivot was not asked for; 0: it has no meaning any more. */
int64_t evt__saga_deadline_ms(const struct evt__saga *saga);
EVT_MUST_USE enum evt_err evt__part_ask(struct evt__saga *saga, int step, int32_t item,
                                        struct evt_error *err);
EVT_MUST_USE enum evt_err evt__part_undo(struct evt__saga *saga, struct evt__saga_part *part,
                                         struct evt_error *err);
/* An answer; `why` may be "". Whether the instance turns back for it is in `ret_refused`. */
EVT_MUST_USE enum evt_err evt__part_take(struct evt__saga *saga, struct evt__saga_part *part,
                                         enum evt_saga_word word, const char *why, bool for_good,
                                         bool *ret_refused, struct evt_error *err);
/* Its time has come. */
EVT_MUST_USE enum evt_err evt__part_late(struct evt__saga *saga, struct evt__saga_part *part,
                                         bool *ret_refused, struct evt_error *err);
/* Would an answer of this kind change it? */
bool evt__part_heeds(const struct evt__saga_part *part, enum evt_saga_word word);
bool evt__part_is_parked(const struct evt__saga_part *part); /* it waits for a person */
bool evt__part_is_open(const struct evt__saga_part *part); /* an answer or a person is waited for */

/* saga_go.c */
#define EVT__SAGA_TOO_LATE "it took too long"
/* What is sent while its functions run goes under its key and its trace. */
struct evt__saga_before {
    const char *key;
    struct evt_text trace;
    struct evt__saga *saga;
};
struct evt__saga_before evt__saga_enter(struct evt__saga *saga);
void evt__saga_leave(struct evt__saga *saga, const struct evt__saga_before *before);
bool evt__saga_is_too_late(const struct evt__saga *saga);
EVT_MUST_USE enum evt_err evt__saga_ask_stage(struct evt__saga *saga, int32_t stage,
                                              struct evt_error *err);
/* Undoes from the stage that was reached. */
EVT_MUST_USE enum evt_err evt__saga_turn_back(struct evt__saga *saga, const char *why,
                                              struct evt_error *err);
/* As far as it can, and writes it. */
EVT_MUST_USE enum evt_err evt__saga_go_on(struct evt__saga *saga, struct evt_error *err);

/* saga_take.c: what the shard core hands over. */
bool evt__saga_takes(const struct evt_service *service, const struct evt_type *type);
EVT_MUST_USE enum evt_err evt__saga_take(struct evt_ctx *ctx, const struct evt_type *type,
                                         const void *msg, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__saga_timer(struct evt_ctx *ctx, const struct evt_timer *timer,
                                          struct evt_error *err);
/* One of the service's functions rejected while that ran, and all that it did is undone: it comes
 * again after a pause. */
EVT_MUST_USE enum evt_err evt__saga_timer_again(struct evt_ctx *ctx, const struct evt_timer *timer,
                                                const char *why, struct evt_error *err);
struct evt_rejected;
EVT_MUST_USE enum evt_err evt__saga_rejected(struct evt_ctx *ctx, const struct evt_rejected *msg,
                                             bool *ret_taken, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__saga_retry(struct evt_ctx *ctx, struct evt_error *err);
EVT_MUST_USE enum evt_err evt__saga_settle(struct evt_ctx *ctx, struct evt_error *err);

/* saga_check.c */
EVT_MUST_USE enum evt_err evt__saga_check(const struct evt_service *service, struct evt_error *err);
/* Has every instance of the store its definition still? Of those that will be forgotten before
 * `now_ms` nobody asks; 0: of all. */
EVT_MUST_USE enum evt_err evt__saga_check_instances(struct evt_store *st,
                                                    const struct evt_service *service,
                                                    int64_t now_ms, struct evt_error *err);
/* The hash of a declaration, with what the service's sagas decide by their tables. */
uint64_t evt__saga_declared(const struct evt_service *service, uint64_t declaration_hash);

#endif

/* Saga: a process over several services, as a table: what is asked of whom, in which stages, what
 * each answer means, and how it is undone. The engine keeps every instance in the shard's store and
 * drives it by messages and timers alone, so it is as deterministic as any handler.
 *
 *     forward --all stages are done--> completed --cancel--> undoing
 *        '----a step refused, too late, cancelled----> undoing --all is undone--> undone
 *
 * Going forward, the steps of a stage are asked together and the next stage begins when all of them
 * are done. Undoing goes back stage by stage, and undoes what was asked for and nothing else: a
 * step whose answer is not known yet is undone, too, and a success that is told afterwards is
 * answered with the compensation. From the pivot on nothing turns back by itself: what fails is
 * asked again. What fails too often is parked for a person, counted and listed, and taken up by
 * RetrySaga, or ended by SettleSaga: the person knows how it ended.
 *
 * The service's functions need not reject; should one do, all that its message would have changed
 * is undone and the message is a dead letter, as with any handler. Of a saga's own timer (something
 * waited too long) the history notes `failed` with the reason, too, and it comes again: a minute
 * later, then after ever longer, to an hour. Any answer in between sets it anew: to the first
 * moment for which something waits, which may be at once. */
#ifndef EVT_SAGA_H
#define EVT_SAGA_H

#include <evt/ctx.h>
#include <evt/type.h>
#include <stdbool.h>
#include <stdint.h>

#define EVT_SAGA_STEPS_MAX 16
#define EVT_SAGA_PARTS_MAX 256 /* of one instance: a step counts once for each of its items */
#define EVT_SAGA_REF_MAX   64  /* bytes */
#define EVT_SAGA_WHY_MAX   200 /* bytes; longer words are cut */

/* An instance, as the service's functions see it. */
struct evt_saga_run {
    const struct evt_saga *saga; /* the definition with which it began */
    const char *ref;             /* the service's own id: the key of all messages about it */
    void *data;                  /* what `load` found; NULL without one */
    int64_t started_ms;
    int64_t deadline_ms; /* the pivot is asked for before, or never */
    bool pivoted;        /* the pivot was done, whatever became of it afterwards */
    bool cancelled;      /* it was turned back by evt_saga_cancel */
    const char *why;     /* it was turned back; "" before */
};

/* Sends exactly one message about item `item`, the same whenever it is called for it again. */
typedef enum evt_err evt_saga_ask_fn(struct evt_ctx *ctx, const struct evt_saga_run *run,
                                     int32_t item, struct evt_error *err);

enum evt_saga_flag {
    EVT_SAGA_PIVOT = 1,      /* once it is asked for, the saga's deadline has no meaning; once it is
                                done, only cancelling and TURNS_BACK undo */
    EVT_SAGA_DETACHED = 2,   /* nothing waits for it: it is retried, then given up, and noted */
    EVT_SAGA_TURNS_BACK = 4, /* behind the pivot: its refusal undoes all, the pivot included */
};

/* After everything is undone: such a step is asked then, and is detached. */
#define EVT_SAGA_AFTER_UNDO INT32_MAX

/* What a message says of a step. */
enum evt_saga_word {
    EVT_SAGA_DONE,
    EVT_SAGA_REFUSED, /* definitely not done, nothing to undo */
    EVT_SAGA_UNDONE,
    EVT_SAGA_NOT_UNDONE, /* the compensation was refused: tried again, then parked */
    EVT_SAGA_NOTED       /* changes nothing: for the history */
};

struct evt_saga_step {
    const char *name; /* [a-z-]+ */
    int32_t stage;    /* from 1, in order; steps of one stage run in parallel */
    unsigned flags;   /* enum evt_saga_flag */
    int32_t (*items)(const struct evt_saga_run *run); /* asked once for each, from 1; NULL: one */
    evt_saga_ask_fn *ask;
    const struct evt_type *asks; /* what `ask` sends */
    evt_saga_ask_fn *undo;       /* NULL: there is nothing to undo */
    const struct evt_type *undoes;
    int64_t wait_ms;     /* for an answer, then it is asked again; the pause doubles … */
    int64_t wait_ms_max; /* … up to here */
    int32_t tries;       /* asked so often it counts as failed; from the pivot on it is parked */
    int32_t undo_tries;  /* undone in vain so often it is parked */
    /* Of a detached step alone: it was refused, or is never answered; why. NULL: nothing. */
    enum evt_err (*failed)(struct evt_ctx *ctx, const char *why, struct evt_error *err);
    /* A person said how it ended, DONE, REFUSED or UNDONE, so `took` is not called: keeps what that
     * would. NULL: nothing. */
    enum evt_err (*settled)(struct evt_ctx *ctx, int32_t item, enum evt_saga_word word,
                            struct evt_error *err);
};

struct evt_saga_reply {
    const struct evt_type *type;
    int step; /* index of the definition's steps */
    enum evt_saga_word word;
    const char *item;   /* its int field that names the item; NULL: item 1 */
    void (*took)(void); /* keeps what it says; called when it changes the instance; NULL: nothing */
    bool (*fits)(const void *msg); /* of several for one type the first that fits; NULL: any */
};
/* EVT_SAGA_ON(product_stock_reserved, RESERVE, EVT_SAGA_DONE, "line", took_reserved): like EVT_ON,
 * the compiler compares the function with the type's own. */
#define EVT_SAGA_ON_IF(fits_, symbol, step_, word_, item_, function)                               \
    {                                                                                              \
        .type = &symbol##_type, .step = (step_), .word = (word_), .item = (item_),                 \
        .took = (void (*)(void))(1 ? (function) : (symbol##_fn *)0), .fits = (fits_)               \
    }
#define EVT_SAGA_ON(symbol, step_, word_, item_, function)                                         \
    {                                                                                              \
        .type = &symbol##_type, .step = (step_), .word = (word_), .item = (item_),                 \
        .took = (void (*)(void))(1 ? (function) : (symbol##_fn *)0)                                \
    }

enum evt_saga_outcome { EVT_SAGA_COMPLETED, EVT_SAGA_TURNED_BACK };

struct evt_saga {
    const char *name;                     /* [a-z-]+ */
    uint32_t number;                      /* of the definition, from 1: instances keep theirs */
    const struct evt_saga_step *steps;    /* by stage, those AFTER_UNDO last; ends with {0} */
    const struct evt_saga_reply *replies; /* ends with {0} */
    int64_t within_ms;                    /* for all before the pivot */
    int64_t kept_ms;                      /* an instance that has ended is forgotten after this */
    /* What the other functions need, once a message; in evt_ctx_alloc's memory. NULL: nothing. */
    enum evt_err (*load)(struct evt_ctx *ctx, const char *ref, void **ret_data,
                         struct evt_error *err);
    /* All of `stage` is done; evt_saga_turn_back says that it goes no further. NULL: it goes on. */
    enum evt_err (*joined)(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                           struct evt_error *err);
    /* It has an outcome; a completed one that is cancelled comes a second time. NULL: nothing. */
    enum evt_err (*ended)(struct evt_ctx *ctx, const struct evt_saga_run *run,
                          enum evt_saga_outcome outcome, struct evt_error *err);
};

/* Begins an instance by the service's newest definition of that name. `data` is what `load` would
 * find. EVT_E_INVARIANT: there is one with this ref, or the ref, as a key, belongs to another
 * partition than this shard's. */
EVT_MUST_USE enum evt_err evt_saga_start(struct evt_ctx *ctx, const char *name, const char *ref,
                                         void *data, struct evt_error *err);
/* Undoes it, wherever it stands. False: it is undone or being undone already, or not known.
 * EVT_E_INVARIANT: it is called by its own functions, which say evt_saga_turn_back. */
EVT_MUST_USE enum evt_err evt_saga_cancel(struct evt_ctx *ctx, const char *name, const char *ref,
                                          const char *why, bool *ret_cancelled,
                                          struct evt_error *err);

/* Within the saga's functions. */
const struct evt_saga_run *evt_saga_current(const struct evt_ctx *ctx); /* NULL: in no saga's */
/* Of `took`: the reason that goes with the step into the history, and into a refusal. */
void evt_saga_because(struct evt_ctx *ctx, const char *fmt, ...) EVT_PRINTF(2, 3);
/* Of `joined`, and of `took` going forward: it is undone, for this reason. */
void evt_saga_turn_back(struct evt_ctx *ctx, const char *fmt, ...) EVT_PRINTF(2, 3);

#endif

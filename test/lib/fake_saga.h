/* Fake saga: a service `order` whose sagas a test makes up of steps a to f. Every message says by
 * its sku which step it is about, and by its line which item:
 *
 *     ReserveStock asks, ReleaseStock undoes
 *     StockReserved done, StockRefused refused, StockReleased undone, StockGone not undone,
 *     StockCommitted noted
 *
 * CancelOrder from outside with the reason "start" begins the saga "trip" under that order id, with
 * "start REF" under another; any other reason cancels it. How an instance ends is noted in the
 * table `notes`. */
#ifndef TEST_FAKE_SAGA_H
#define TEST_FAKE_SAGA_H

#include <evt/saga.h>
#include <evt/service.h>

#define FAKE_SAGA_STEPS 6

/* Without sagas and of generation 1: a test copies it. */
extern const struct evt_service fake_saga_service;
/* How many items each step has; a test sets them before its shard opens. */
extern int32_t fake_saga_items[FAKE_SAGA_STEPS];
/* The stage at which `joined` says that it goes no further; 0: none. */
extern int32_t fake_saga_last_stage;
/* What the five messages say of each of the first `steps_n` steps. */
const struct evt_saga_reply *fake_saga_replies(int steps_n);

/* Of the functions of a step. */
extern int32_t (*const fake_saga_items_of[FAKE_SAGA_STEPS])(const struct evt_saga_run *run);
extern evt_saga_ask_fn *const fake_saga_ask[FAKE_SAGA_STEPS],
    *const fake_saga_undo[FAKE_SAGA_STEPS];

enum evt_err fake_saga_load(struct evt_ctx *ctx, const char *ref, void **ret_data,
                            struct evt_error *err);
enum evt_err fake_saga_joined(struct evt_ctx *ctx, const struct evt_saga_run *run, int32_t stage,
                              struct evt_error *err);
enum evt_err fake_saga_ended(struct evt_ctx *ctx, const struct evt_saga_run *run,
                             enum evt_saga_outcome outcome, struct evt_error *err);

#endif

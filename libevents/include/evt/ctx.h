/* Ctx: all that a handler sees besides its message: the store, log time, ids, and what it may ask
 * for (send, answer, timer, call). Handlers are pure: no clock, randomness, I/O or static state. */
#ifndef EVT_CTX_H
#define EVT_CTX_H

#include <evt/err.h>
#include <evt/type.h>
#include <stdint.h>

struct evt_ctx;
struct evt_store;

/* The log's time of the message, never going back: for what is stored and said. */
int64_t evt_now_ms(const struct evt_ctx *ctx);
/* The log's time as it is: for timer arithmetic, so that one wrong record cannot delay all others.
 */
int64_t evt_time_ms(const struct evt_ctx *ctx);
const char *evt_key(const struct evt_ctx *ctx); /* the message's key, "" for none */
/* The ce_source and ce_id of the message; a reply's sender asks for its own. */
const char *evt_source(const struct evt_ctx *ctx);
const char *evt_id(const struct evt_ctx *ctx);
struct evt_store *evt_ctx_store(const struct evt_ctx *ctx);
void *evt_ctx_alloc(struct evt_ctx *ctx, size_t size); /* zeroed, until the message is handled */
/* A new id, time-ordered, in UUIDv7's form, made from the shard's own counter. */
#define EVT_UUID_LEN 36
void evt_uuid(struct evt_ctx *ctx, char ret_uuid[EVT_UUID_LEN + 1]);

/* Queues a message; it leaves when the batch does, or never if the handler fails. The generated
 * <type>_send calls it. */
EVT_MUST_USE enum evt_err evt_send(struct evt_ctx *ctx, const struct evt_type *type,
                                   const void *msg, struct evt_error *err);
/* The ce_id that the last evt_send gave its message: sagas keep it to know a Rejected again. */
const char *evt_sent_id(const struct evt_ctx *ctx);

#define EVT_ANSWER_MAX (16 * 1024) /* bytes of reason and detail together */
/* The answer to a command from outside: stored under its command id, and published as the fact
 * CommandAnswered when it did not come from our own edge. Without one the answer is "done". A
 * command from another service is answered by a reply, and this does nothing. */
void evt_answer_done(struct evt_ctx *ctx, const char *detail); /* JSON, or NULL */
void evt_answer_refused(struct evt_ctx *ctx, const char *reason, const char *detail);

/* Refuses the message as breaking an invariant: it goes to the dead letters, and what the handler
 * wrote and sent is undone. A business "no" is a reply instead. */
EVT_MUST_USE enum evt_err evt_reject(struct evt_error *err, const char *fmt, ...) EVT_PRINTF(2, 3);

/* A timer is a row. It comes back through the inbox when the log's time has reached `due_ms`, and
 * is handled by the service's timer handler of that name; ids are never reused. */
EVT_MUST_USE enum evt_err evt_timer_set(struct evt_ctx *ctx, const char *name, int64_t due_ms,
                                        const char *ref, int64_t *ret_id, struct evt_error *err);
EVT_MUST_USE enum evt_err evt_timer_cancel(struct evt_ctx *ctx, int64_t id, struct evt_error *err);

/* An outside call is a row. The driver carries it out after COMMIT, under a key that a repetition
 * of this message would choose again, until its outcome is definite. */
EVT_MUST_USE enum evt_err evt_call(struct evt_ctx *ctx, const char *name, const char *ref,
                                   struct evt_bytes request, int64_t *ret_id,
                                   struct evt_error *err);

#endif

/* Due: the part of a driver that carries out a shard's timers and outside calls, without a clock or
 * a thread of its own: it is told the time and says what to do.
 *
 * Timers and calls are rows that handlers wrote. After COMMIT, and only once the shard has caught
 * up, the driver publishes a due timer to the shard's own inbox; it carries a call out and
 * publishes its outcome the same way; and does either again, with backoff, while the row is
 * pending. What it remembers here may be lost at any time: the rows are the truth. */
#ifndef EVT_DUE_H
#define EVT_DUE_H

#include <evt/shard.h>

#define EVT_FIRE_AGAIN_MS     5000 /* a timer or outcome was published, its row is still pending */
#define EVT_CALL_AGAIN_MS     500  /* first pause after an unknown outcome; doubled each time … */
#define EVT_CALL_AGAIN_MS_MAX 60000                   /* … up to here */
#define EVT_CALL_MEMORY_MS    (23LL * 60 * 60 * 1000) /* so long a provider knows a key */
/* Of a provider's response so much is published: with its key it must fit a message. */
#define EVT_CALL_RESPONSE_MAX (32 * 1024)

struct evt_due;

struct evt_call_request {
    int64_t id;
    const char *name;
    const char *key; /* idempotency key: always the same for this call */
    const char *ref;
    struct evt_bytes request;
    int attempt; /* from 1; grows, but not always by one */
};

struct evt_due *evt_due_new(struct evt_shard *sh, uint64_t jitter_seed);
void evt_due_free(struct evt_due *due);
/* When evt_due_run has something to do; INT64_MAX: not before the rows change, which a commit or a
 * rollback may do. */
int64_t evt_due_next_ms(const struct evt_due *due, int64_t now_ms);

/* Publishes what is due: `publish` queues a record for the own inbox partition (any failure is
 * repeated later); `call` begins an outside call. Either is borrowed for the call only. */
struct evt_due_driver {
    void *self;
    void (*publish)(void *self, const struct evt_send *send);
    void (*call)(void *self, const struct evt_call_request *request);
};
EVT_MUST_USE enum evt_err evt_due_run(struct evt_due *due, int64_t now_ms,
                                      const struct evt_due_driver *driver, struct evt_error *err);

/* The driver says how a call ended; an unknown end makes it be called again, after a pause; one
 * that cannot be made is parked, as is one past its provider's memory. A response of more than
 * EVT_CALL_RESPONSE_MAX bytes is cut there: whatever a provider says, the end is known. */
void evt_due_call_ended(struct evt_due *due, int64_t id, enum evt_call_end end,
                        struct evt_bytes response, int64_t now_ms);

#endif

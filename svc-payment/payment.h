/* Payment: what became of the money for one order, from the first word about it to its end.
 *
 *     none --authorise--> authorising --> authorised --capture--> capturing --> captured
 *      |                       |              |                       |            |  ^
 *      |                       v              | void                  v            v  | refused
 *      |                   declined           |<--void-- capture-refused       refunding
 *      |                                      v                                    |
 *      '--anything else--> voided <-------- voiding                            refunded
 *
 * Each state in -ing is an outside call whose end is not known yet. What is asked for meanwhile is
 * remembered and done when it is known. Nothing leads back: what was declined, voided or refunded
 * stays so, and a repeated command gets the answer that holds for it. Pure: no store, no messages.
 */
#ifndef PAYMENT_H
#define PAYMENT_H

#include "events/payment.h"

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

#define PAYMENT_ORDER_ID_MAX 64 /* a UUID has 36 */
#define PAYMENT_AMOUNT_MAX   900000000000LL
#define PAYMENT_CURRENCY_LEN 3
#define PAYMENT_TOKEN_MAX    200
#define PAYMENT_INTENT_MAX   255 /* as long as Stripe says that its ids may be */
#define PAYMENT_CODE_MAX     64
#define PAYMENT_CODE_TAKEN   "captured" /* why there was nothing to be given up */
#define PAYMENT_REASON_MAX   200

#define PAYMENT_STATE_MAP(X)                                                                       \
    X(NONE, "")                                                                                    \
    X(AUTHORISING, "authorising")                                                                  \
    X(AUTHORISED, "authorised")                                                                    \
    X(DECLINED, "declined")                                                                        \
    X(CAPTURING, "capturing")                                                                      \
    X(CAPTURED, "captured")                                                                        \
    X(CAPTURE_REFUSED, "capture-refused")                                                          \
    X(VOIDING, "voiding")                                                                          \
    X(VOIDED, "voided")                                                                            \
    X(REFUNDING, "refunding")                                                                      \
    X(REFUNDED, "refunded")

enum payment_state {
#define PAYMENT_STATE_ENUM(state, text) PAYMENT_##state,
    PAYMENT_STATE_MAP(PAYMENT_STATE_ENUM)
#undef PAYMENT_STATE_ENUM
        PAYMENT_STATES_N
};
const char *payment_state_str(enum payment_state state);
bool payment_state_parse(const char *text, enum payment_state *ret_state);

/* A zeroed one was never heard of. */
struct payment {
    int64_t id; /* the store's key; 0: not stored yet */
    enum payment_state state;
    int64_t amount_minor; /* 0: it was never asked to be authorised */
    char currency[PAYMENT_CURRENCY_LEN + 1];
    char intent[PAYMENT_INTENT_MAX + 1]; /* the provider's id of it, from the authorisation on */
    char code[PAYMENT_CODE_MAX + 1];     /* of a refusal: declined, or the capture; else "" */
    char reason[PAYMENT_REASON_MAX + 1];
    bool closed; /* a capture that comes is refused */
    /* When the call that is under way has ended. Of what is captured, or on its way back, the void
     * is wanted as long as the refund takes its place. */
    bool void_wanted;
    bool refund_wanted;
};

enum payment_call {
    PAYMENT_CALL_NONE,
    PAYMENT_CALL_AUTHORISE,
    PAYMENT_CALL_CAPTURE,
    PAYMENT_CALL_VOID,
    PAYMENT_CALL_REFUND
};
const char *payment_call_str(enum payment_call call); /* as the service's tables name it */

enum payment_answer { /* flags: there may be several, each to a command of its own */
                      PAYMENT_ANSWER_AUTHORISED = 1,
                      PAYMENT_ANSWER_DECLINED = 2,
                      PAYMENT_ANSWER_CAPTURED = 4,
                      PAYMENT_ANSWER_CAPTURE_REFUSED = 8,
                      PAYMENT_ANSWER_REFUNDED = 16,
                      PAYMENT_ANSWER_REFUND_REFUSED = 32,
                      PAYMENT_ANSWER_VOIDED = 64,
};

/* What is to be done next: at most one call, and what is answered. */
struct payment_next {
    enum payment_call call;
    unsigned answers; /* enum payment_answer */
};

/* How a call ended: the provider's words for it. */
struct payment_end {
    bool ok;
    char code[PAYMENT_INTENT_MAX + 1]; /* of an authorisation that is ok: the provider's id of it */
    char reason[PAYMENT_REASON_MAX + 1];
};

/* The form of what a message says. Rejects. */
EVT_MUST_USE enum evt_err payment_order_id_check(const char *order_id, struct evt_error *err);
EVT_MUST_USE enum evt_err payment_authorise_check(const struct payment_authorise_payment *msg,
                                                  struct evt_error *err);
/* One order never changes what it costs, so anything else is the sender's mistake. Rejects. */
EVT_MUST_USE enum evt_err payment_same_check(const struct payment *payment, int64_t amount_minor,
                                             const char *currency, struct evt_error *err);

/* Whether it is a provider's id, which may stand in a path. */
bool payment_intent_is(const char *text);

/* The commands, each in any state. */
struct payment_next payment_authorise(struct payment *payment, int64_t amount_minor,
                                      const char *currency);
struct payment_next payment_capture(struct payment *payment);
struct payment_next payment_void(struct payment *payment);
struct payment_next payment_refund(struct payment *payment);

/* The ends of calls, each in the state that began it. */
struct payment_next payment_authorise_ended(struct payment *payment, const struct payment_end *end);
struct payment_next payment_capture_ended(struct payment *payment, const struct payment_end *end);
struct payment_next payment_void_ended(struct payment *payment, const struct payment_end *end);
struct payment_next payment_refund_ended(struct payment *payment, const struct payment_end *end);

/* What a refusal says: of the authorisation, of the capture. Borrowed from `payment`. */
struct payment_words {
    const char *code, *reason;
};
struct payment_words payment_declined_words(const struct payment *payment);
struct payment_words payment_capture_refused_words(const struct payment *payment);

/* For how long a row in this state is remembered; 0: for ever, something may still come of it. */
int64_t payment_kept_ms(enum payment_state state);

#endif

/* Mail: what becomes of one mail, from when it was asked for to its end. Pure: no store, no
 * messages.
 *
 *     none --> sending --> sent
 *               |  ^ '---> given-up   refused for good, or deferred for four days
 *               v  |
 *             deferred                the pauses stretch like a mail server's
 *
 * There is one for each order and kind: asked for again it is answered again, and not sent. */
#ifndef MAIL_H
#define MAIL_H

#include "events/notify.h"

#include <evt/err.h>
#include <stdbool.h>
#include <stdint.h>

#define MAIL_RECIPIENT_MAX 254
#define MAIL_ORDER_ID_MAX  64
#define MAIL_EMAIL_MAX     254
#define MAIL_NAME_MAX      100
#define MAIL_LINES_MAX     200
#define MAIL_SKU_MAX       40
#define MAIL_REASON_MAX    500 /* bytes, of why the order ended so; and of a server's last words */

#define MAIL_STATE_MAP(X)                                                                          \
    X(NONE, "")                                                                                    \
    X(SENDING, "sending")                                                                          \
    X(DEFERRED, "deferred")                                                                        \
    X(SENT, "sent")                                                                                \
    X(GIVEN_UP, "given-up")

enum mail_state {
#define MAIL_STATE_ENUM(state, text) MAIL_##state,
    MAIL_STATE_MAP(MAIL_STATE_ENUM)
#undef MAIL_STATE_ENUM
        MAIL_STATES_N
};
const char *mail_state_str(enum mail_state state);
bool mail_state_parse(const char *text, enum mail_state *ret_state);

/* A zeroed one was never asked for. */
struct mail {
    int64_t id; /* the store's key; 0: not stored yet */
    enum mail_state state;
    int32_t deferrals;
    int64_t accepted_ms;              /* log time */
    int64_t timer_id;                 /* of a deferred one: it is tried again; else 0 */
    const char *content;              /* SendMail as JSON, until it has ended; then "" */
    char reason[MAIL_REASON_MAX + 1]; /* what the last server said, that deferred or refused it */
};

/* The form of what is asked for. What would end a header's line is refused here, and once more
 * where headers are written. Rejects. */
EVT_MUST_USE enum evt_err mail_check(const struct notify_send_mail *msg, struct evt_error *err);

/* Who reads an order's mail state need not know its address: of a server's words `to` has all but
 * what looks like an address, and the name in front of this one's `@`. */
void mail_reason_hide(char to[MAIL_REASON_MAX + 1], const char *words, const char *email);

/* How an attempt ended. */
enum mail_end { MAIL_END_SENT, MAIL_END_REFUSED, MAIL_END_DEFERRED };
/* Of a mail that is being sent; a deferred one is to be tried again at `ret_again_ms`. */
void mail_ended(struct mail *mail, enum mail_end end, int64_t now_ms, int64_t *ret_again_ms);

#endif

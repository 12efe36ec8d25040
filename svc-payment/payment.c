/* Payment: the decisions. */
#include "payment.h"

#include <evt/ctx.h>
#include <evt/mem.h>
#include <evt/utf8.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ASCII, spelled out: the C library's classes ask the locale. */
#define UPPER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ID_CHARS   UPPER_CASE "abcdefghijklmnopqrstuvwxyz0123456789_-"

#define DAY_MS           (24LL * 60 * 60 * 1000)
/* As long as a command id: no command can be repeated that libevents would still know and we would
 * not. */
#define ENDED_KEPT_MS    (30 * DAY_MS)
/* What was taken may be asked back: the order service knows an order for 30 days after its last
 * change, and a refund that was parked for a person may take a while longer. */
#define CAPTURED_KEPT_MS (400 * DAY_MS)

static const char *const state_texts[] = {
#define STATE_TEXT(state, text) [PAYMENT_##state] = text,
    PAYMENT_STATE_MAP(STATE_TEXT)
#undef STATE_TEXT
};

static const char *const call_texts[] = {
    [PAYMENT_CALL_NONE] = "",           [PAYMENT_CALL_AUTHORISE] = "authorise",
    [PAYMENT_CALL_CAPTURE] = "capture", [PAYMENT_CALL_VOID] = "void",
    [PAYMENT_CALL_REFUND] = "refund",
};

const char *payment_state_str(enum payment_state state)
{
    return state_texts[state];
}

bool payment_state_parse(const char *text, enum payment_state *ret_state)
{
    for (size_t i = 0; i < sizeof(state_texts) / sizeof(*state_texts); i++)
        if (strcmp(text, state_texts[i]) == 0) {
            *ret_state = (enum payment_state)i;
            return true;
        }
    return false;
}

const char *payment_call_str(enum payment_call call)
{
    return call_texts[call];
}

/* ---- what messages say ---- */

static enum evt_err check_text(const char *what, const char *text, size_t max,
                               struct evt_error *err)
{
    const size_t len = strlen(text);

    if (len == 0 || len > max)
        return evt_reject(err, "the %s is not 1 to %zu bytes", what, max);
    return EVT_OK;
}

enum evt_err payment_order_id_check(const char *order_id, struct evt_error *err)
{
    return check_text("order id", order_id, PAYMENT_ORDER_ID_MAX, err);
}

enum evt_err payment_authorise_check(const struct payment_authorise_payment *msg,
                                     struct evt_error *err)
{
    const enum evt_err rc = payment_order_id_check(msg->order_id, err);

    if (rc != EVT_OK)
        return rc;
    if (msg->amount_minor < 1 || msg->amount_minor > PAYMENT_AMOUNT_MAX)
        return evt_reject(err, "the amount is not 1 to %lld", PAYMENT_AMOUNT_MAX);
    if (strlen(msg->currency) != PAYMENT_CURRENCY_LEN ||
        strspn(msg->currency, UPPER_CASE) != PAYMENT_CURRENCY_LEN)
        return evt_reject(err, "the currency is not three upper-case letters");
    return check_text("token", msg->token, PAYMENT_TOKEN_MAX, err);
}

enum evt_err payment_same_check(const struct payment *payment, int64_t amount_minor,
                                const char *currency, struct evt_error *err)
{
    if (payment->amount_minor == 0 ||
        (payment->amount_minor == amount_minor && strcmp(payment->currency, currency) == 0))
        return EVT_OK;
    return evt_reject(err, "the order is known for %" PRId64 " %s, not %" PRId64 " %s",
                      payment->amount_minor, payment->currency, amount_minor, currency);
}

bool payment_intent_is(const char *text)
{
    const size_t len = strlen(text);

    return len > 0 && len <= PAYMENT_INTENT_MAX && strspn(text, ID_CHARS) == len;
}

/* ---- the commands ---- */

static struct payment_next answer(unsigned answers)
{
    return (struct payment_next){.answers = answers};
}

static struct payment_next nothing(void)
{
    return (struct payment_next){.call = PAYMENT_CALL_NONE};
}

static struct payment_next begin(struct payment *payment, enum payment_state state,
                                 enum payment_call call)
{
    payment->state = state;
    return (struct payment_next){.call = call};
}

/* Whatever comes later finds that nothing is held for this order, and nothing is going to be. */
static struct payment_next bury(struct payment *payment, unsigned answers)
{
    payment->state = PAYMENT_VOIDED;
    return answer(answers);
}

struct payment_next payment_authorise(struct payment *payment, int64_t amount_minor,
                                      const char *currency)
{
    switch (payment->state) {
    case PAYMENT_NONE:
        payment->amount_minor = amount_minor;
        snprintf(payment->currency, sizeof(payment->currency), "%s", currency);
        return begin(payment, PAYMENT_AUTHORISING, PAYMENT_CALL_AUTHORISE);
    case PAYMENT_AUTHORISING:
    case PAYMENT_VOIDING:
        return nothing();
    case PAYMENT_DECLINED:
    case PAYMENT_VOIDED:
        return answer(PAYMENT_ANSWER_DECLINED);
    case PAYMENT_AUTHORISED:
    case PAYMENT_CAPTURING:
    case PAYMENT_CAPTURED:
    case PAYMENT_CAPTURE_REFUSED:
    case PAYMENT_REFUNDING:
    case PAYMENT_REFUNDED:
        return answer(PAYMENT_ANSWER_AUTHORISED);
    case PAYMENT_STATES_N:
        break;
    }
    EVT_BUG_ON(true);
    return nothing();
}

struct payment_next payment_capture(struct payment *payment)
{
    switch (payment->state) {
    case PAYMENT_NONE:
        return bury(payment, PAYMENT_ANSWER_CAPTURE_REFUSED);
    case PAYMENT_AUTHORISING: /* who asks does not know yet that it may: it never will be */
        payment->closed = true;
        return answer(PAYMENT_ANSWER_CAPTURE_REFUSED);
    case PAYMENT_AUTHORISED:
        if (payment->closed)
            return answer(PAYMENT_ANSWER_CAPTURE_REFUSED);
        return begin(payment, PAYMENT_CAPTURING, PAYMENT_CALL_CAPTURE);
    case PAYMENT_CAPTURING:
        return nothing();
    case PAYMENT_CAPTURED:
    case PAYMENT_REFUNDING:
    case PAYMENT_REFUNDED:
        return answer(PAYMENT_ANSWER_CAPTURED);
    case PAYMENT_DECLINED:
    case PAYMENT_CAPTURE_REFUSED:
    case PAYMENT_VOIDING:
    case PAYMENT_VOIDED:
        return answer(PAYMENT_ANSWER_CAPTURE_REFUSED);
    case PAYMENT_STATES_N:
        break;
    }
    EVT_BUG_ON(true);
    return nothing();
}

struct payment_next payment_void(struct payment *payment)
{
    switch (payment->state) {
    case PAYMENT_NONE:
        return bury(payment, PAYMENT_ANSWER_VOIDED);
    case PAYMENT_AUTHORISING:
    case PAYMENT_CAPTURING:
        payment->void_wanted = true;
        return nothing();
    case PAYMENT_AUTHORISED:
    case PAYMENT_CAPTURE_REFUSED:
        payment->closed = true;
        return begin(payment, PAYMENT_VOIDING, PAYMENT_CALL_VOID);
    case PAYMENT_VOIDING:
        return nothing();
    case PAYMENT_CAPTURED:
        return payment->void_wanted ? payment_refund(payment) : answer(PAYMENT_ANSWER_VOIDED);
    case PAYMENT_REFUNDING:
        return payment->void_wanted ? nothing() : answer(PAYMENT_ANSWER_VOIDED);
    case PAYMENT_DECLINED:
    case PAYMENT_VOIDED:
    case PAYMENT_REFUNDED:
        return answer(PAYMENT_ANSWER_VOIDED);
    case PAYMENT_STATES_N:
        break;
    }
    EVT_BUG_ON(true);
    return nothing();
}

struct payment_next payment_refund(struct payment *payment)
{
    switch (payment->state) {
    case PAYMENT_NONE:
        return bury(payment, PAYMENT_ANSWER_REFUNDED);
    case PAYMENT_AUTHORISING:
    case PAYMENT_AUTHORISED:
    case PAYMENT_DECLINED:
    case PAYMENT_CAPTURE_REFUSED:
    case PAYMENT_VOIDING:
    case PAYMENT_VOIDED:
        payment->closed = true;
        return answer(PAYMENT_ANSWER_REFUNDED);
    case PAYMENT_CAPTURING:
        payment->refund_wanted = true;
        return nothing();
    case PAYMENT_CAPTURED:
        return begin(payment, PAYMENT_REFUNDING, PAYMENT_CALL_REFUND);
    case PAYMENT_REFUNDING:
        return nothing();
    case PAYMENT_REFUNDED:
        return answer(PAYMENT_ANSWER_REFUNDED);
    case PAYMENT_STATES_N:
        break;
    }
    EVT_BUG_ON(true);
    return nothing();
}

/* ---- the ends of calls ---- */

static void keep_refusal(struct payment *payment, const struct payment_end *end)
{
    const size_t len = strlen(end->code);
    const size_t cut = len > PAYMENT_CODE_MAX ? evt_utf8_cut(end->code, PAYMENT_CODE_MAX) : len;

    snprintf(payment->code, sizeof(payment->code), "%.*s", (int)cut, end->code);
    snprintf(payment->reason, sizeof(payment->reason), "%s", end->reason);
}

/* Each wish is taken up once. */
static bool take(bool *wish)
{
    const bool wished = *wish;

    *wish = false;
    return wished;
}

/* A person who settles a call by hand may leave out what was authorised. It could be neither taken
 * nor given up, so it counts as none: reconcile shows what the provider holds, and it lapses. */
static const struct payment_end nameless = {
    .code = "no_intent",
    .reason = "the provider's id of the authorisation is not known",
};

struct payment_next payment_authorise_ended(struct payment *payment, const struct payment_end *end)
{
    const bool void_it = take(&payment->void_wanted);

    EVT_BUG_ON(payment->state != PAYMENT_AUTHORISING);
    if (end->ok && !payment_intent_is(end->code))
        end = &nameless;
    if (!end->ok) {
        payment->state = PAYMENT_DECLINED;
        keep_refusal(payment, end);
        return answer(PAYMENT_ANSWER_DECLINED | (void_it ? PAYMENT_ANSWER_VOIDED : 0));
    }
    snprintf(payment->intent, sizeof(payment->intent), "%s", end->code);
    payment->state = PAYMENT_AUTHORISED;
    return void_it ? payment_void(payment) : answer(PAYMENT_ANSWER_AUTHORISED);
}

struct payment_next payment_capture_ended(struct payment *payment, const struct payment_end *end)
{
    const bool void_it = take(&payment->void_wanted), refund = take(&payment->refund_wanted);
    struct payment_next next;

    EVT_BUG_ON(payment->state != PAYMENT_CAPTURING);
    if (end->ok) {
        payment->state = PAYMENT_CAPTURED;
        next = refund ? payment_refund(payment) : answer(PAYMENT_ANSWER_CAPTURED);
    } else {
        payment->state = PAYMENT_CAPTURE_REFUSED;
        keep_refusal(payment, end);
        next = refund ? payment_refund(payment) : nothing();
        next.answers |= PAYMENT_ANSWER_CAPTURE_REFUSED;
    }
    if (void_it) { /* of what is captured there is nothing to be voided, so one call at most */
        const struct payment_next then = payment_void(payment);

        EVT_BUG_ON(next.call && then.call);
        next.call = then.call ? then.call : next.call;
        next.answers |= then.answers;
    }
    return next;
}

/* The provider did not: nobody is told, so it is asked for again. What it has taken, whoever asked
 * for that, is paid back instead; until it is, the void is wanted. */
struct payment_next payment_void_ended(struct payment *payment, const struct payment_end *end)
{
    EVT_BUG_ON(payment->state != PAYMENT_VOIDING);
    if (end->ok) {
        payment->state = PAYMENT_VOIDED;
        return answer(PAYMENT_ANSWER_VOIDED);
    }
    if (strcmp(end->code, PAYMENT_CODE_TAKEN) == 0) {
        payment->void_wanted = true;
        payment->state = PAYMENT_CAPTURED;
        return payment_refund(payment);
    }
    payment->state = payment->code[0] ? PAYMENT_CAPTURE_REFUSED : PAYMENT_AUTHORISED;
    return nothing();
}

struct payment_next payment_refund_ended(struct payment *payment, const struct payment_end *end)
{
    EVT_BUG_ON(payment->state != PAYMENT_REFUNDING);
    payment->state = end->ok ? PAYMENT_REFUNDED : PAYMENT_CAPTURED;
    if (payment->void_wanted) {
        payment->void_wanted = !end->ok;
        return end->ok ? answer(PAYMENT_ANSWER_VOIDED) : nothing();
    }
    return answer(end->ok ? PAYMENT_ANSWER_REFUNDED : PAYMENT_ANSWER_REFUND_REFUSED);
}

/* ---- what is answered, and for how long it is known ---- */

struct payment_words payment_declined_words(const struct payment *payment)
{
    if (payment->state == PAYMENT_DECLINED)
        return (struct payment_words){payment->code, payment->reason};
    return (struct payment_words){"voided", "it was given up before"};
}

struct payment_words payment_capture_refused_words(const struct payment *payment)
{
    if (payment->state != PAYMENT_DECLINED && payment->code[0])
        return (struct payment_words){payment->code, payment->reason};
    return (struct payment_words){"not_authorised", "nothing is held that may be taken"};
}

int64_t payment_kept_ms(enum payment_state state)
{
    switch (state) {
    case PAYMENT_DECLINED:
    case PAYMENT_VOIDED:
    case PAYMENT_REFUNDED:
        return ENDED_KEPT_MS;
    case PAYMENT_CAPTURED:
        return CAPTURED_KEPT_MS;
    case PAYMENT_NONE:
    case PAYMENT_AUTHORISING:
    case PAYMENT_AUTHORISED:
    case PAYMENT_CAPTURING:
    case PAYMENT_CAPTURE_REFUSED:
    case PAYMENT_VOIDING:
    case PAYMENT_REFUNDING:
    case PAYMENT_STATES_N:
        break;
    }
    return 0;
}

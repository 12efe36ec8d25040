/* Mail: the decisions. */
#include "mail.h"

#include <evt/buf.h>
#include <evt/ctx.h>
#include <evt/mem.h>
#include <evt/utf8.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ASCII, spelled out: the C library's classes ask the locale. */
#define UPPER_CASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define MINUTE_MS (60 * 1000LL)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* As RFC 5321 asks: half an hour at least, once it is more than a moment, and four to five days. */
static const int64_t pauses_ms[] = {5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS};
#define TRIED_FOR_MS (4 * DAY_MS)

static const char *const state_texts[] = {
#define STATE_TEXT(state, text) [MAIL_##state] = text,
    MAIL_STATE_MAP(STATE_TEXT)
#undef STATE_TEXT
};

const char *mail_state_str(enum mail_state state)
{
    return state_texts[state];
}

bool mail_state_parse(const char *text, enum mail_state *ret_state)
{
    for (size_t i = 0; i < sizeof(state_texts) / sizeof(*state_texts); i++)
        if (strcmp(text, state_texts[i]) == 0) {
            *ret_state = (enum mail_state)i;
            return true;
        }
    return false;
}

/* ---- what is asked for ---- */

static bool is_one_line(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static enum evt_err check_text(const char *what, const char *text, size_t min, size_t max,
                               struct evt_error *err)
{
    const size_t len = strlen(text);

    if (len < min || len > max)
        return evt_reject(err, "the %s is not %zu to %zu bytes", what, min, max);
    if (!is_one_line(text))
        return evt_reject(err, "the %s holds a control character", what);
    return EVT_OK;
}

static enum evt_err check_email(const char *email, struct evt_error *err)
{
    const char *at = strchr(email, '@');
    const enum evt_err rc = check_text("email", email, 3, MAIL_EMAIL_MAX, err);

    if (rc != EVT_OK)
        return rc;
    if (!at || at == email || !at[1] || strchr(at + 1, '@'))
        return evt_reject(err, "the email is not an address");
    if (strpbrk(email, " <>,;:\"()[]\\"))
        return evt_reject(err, "the email holds a character that no address has");
    return EVT_OK;
}

static enum evt_err check_lines(const struct notify_send_mail *msg, struct evt_error *err)
{
    enum evt_err rc = EVT_OK;

    if (msg->lines_n > MAIL_LINES_MAX)
        return evt_reject(err, "there are more than %d lines", MAIL_LINES_MAX);
    for (size_t i = 0; rc == EVT_OK && i < msg->lines_n; i++) {
        rc = check_text("sku", msg->lines[i].sku, 1, MAIL_SKU_MAX, err);
        if (rc == EVT_OK && msg->lines[i].quantity < 1)
            rc = evt_reject(err, "the quantity is not 1 or more");
        if (rc == EVT_OK && msg->lines[i].price_minor < -1)
            rc = evt_reject(err, "the price is not -1 or more");
    }
    return rc;
}

enum evt_err mail_check(const struct notify_send_mail *msg, struct evt_error *err)
{
    enum evt_err rc = check_text("recipient", msg->recipient, 1, MAIL_RECIPIENT_MAX, err);

    if (rc == EVT_OK)
        rc = check_text("order id", msg->order_id, 1, MAIL_ORDER_ID_MAX, err);
    if (rc == EVT_OK && msg->kind == NOTIFY_MAIL_KIND_OTHER)
        rc = evt_reject(err, "the kind is none that this version knows");
    if (rc == EVT_OK)
        rc = check_email(msg->email, err);
    if (rc == EVT_OK)
        rc = check_text("name", msg->name, 0, MAIL_NAME_MAX, err);
    if (rc == EVT_OK)
        rc = check_text("reason", msg->reason, 0, MAIL_REASON_MAX, err);
    if (rc == EVT_OK && msg->total_minor < 0)
        rc = evt_reject(err, "the total is not 0 or more");
    if (rc == EVT_OK && (strlen(msg->currency) != 3 || strspn(msg->currency, UPPER_CASE) != 3))
        rc = evt_reject(err, "the currency is not three upper-case letters");
    return rc == EVT_OK ? check_lines(msg, err) : rc;
}

/* ---- what is told of it ---- */

#define HIDDEN "(address)"

static bool is_of_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (unsigned char)c >= 0x80;
}

/* As long as what begins here and has an `@` between its ends; 0: nothing does. */
static size_t address_at(const char *at)
{
    const size_t len = strcspn(at, " \t<>()[]\"',;:");

    return memchr(at, '@', len) ? len : 0;
}

/* The name alone, as servers write it, too: whole, whatever the letters' case. */
static size_t name_at(const char *at, const char *name, size_t len)
{
    return len && strncasecmp(at, name, len) == 0 && !is_of_word(at[len]) ? len : 0;
}

void mail_reason_hide(char to[MAIL_REASON_MAX + 1], const char *words, const char *email)
{
    const size_t name_len = strcspn(email, "@");
    struct evt_buf told = {0};

    for (const char *at = words; *at;) {
        const bool begins = at == words || !is_of_word(at[-1]);
        size_t hidden = begins ? address_at(at) : 0;

        if (begins && !hidden)
            hidden = name_at(at, email, name_len);
        if (hidden)
            evt_buf_add_text(&told, HIDDEN);
        else
            evt_buf_add_byte(&told, (uint8_t)*at);
        at += hidden ? hidden : 1;
    }
    snprintf(to, MAIL_REASON_MAX + 1, "%.*s",
             (int)(told.len > MAIL_REASON_MAX ? evt_utf8_cut(evt_buf_text(&told), MAIL_REASON_MAX)
                                              : told.len),
             evt_buf_text(&told));
    evt_buf_release(&told);
}

/* ---- how it ends ---- */

static int64_t pause_ms(int32_t deferrals)
{
    const int32_t last = sizeof(pauses_ms) / sizeof(*pauses_ms) - 1;

    return pauses_ms[deferrals < last ? deferrals : last];
}

void mail_ended(struct mail *mail, enum mail_end end, int64_t now_ms, int64_t *ret_again_ms)
{
    const int64_t last_ms = mail->accepted_ms + TRIED_FOR_MS;

    EVT_BUG_ON(mail->state != MAIL_SENDING);
    if (end == MAIL_END_DEFERRED && now_ms < last_ms) {
        const int64_t again_ms = now_ms + pause_ms(mail->deferrals);

        mail->state = MAIL_DEFERRED;
        mail->deferrals++;
        *ret_again_ms = again_ms < last_ms ? again_ms : last_ms;
        return;
    }
    mail->state = end == MAIL_END_SENT ? MAIL_SENT : MAIL_GIVEN_UP;
    mail->content = "";
}

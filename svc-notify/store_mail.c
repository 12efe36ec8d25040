/* Mails in the store: rows to structs and back. */
#include "store_mail.h"

#include "statements.h"

#include <evt/mem.h>
#include <evt/store.h>

#include <stdio.h>
#include <string.h>

static bool is_ended(const struct mail *mail)
{
    return mail->state == MAIL_SENT || mail->state == MAIL_GIVEN_UP;
}

static bool holds(const struct mail *mail)
{
    return mail->state != MAIL_NONE && (mail->state == MAIL_DEFERRED) == (mail->timer_id != 0) &&
           is_ended(mail) == !mail->content[0];
}

static const char *text(struct evt_ctx *ctx, sqlite3_stmt *row, int column)
{
    const char *from = evt_row_text(row, column);
    const size_t size = strlen(from) + 1;

    return memcpy(evt_ctx_alloc(ctx, size), from, size);
}

enum evt_err store_mail_get(struct evt_ctx *ctx, const char *order_id, enum notify_mail_kind kind,
                            struct mail *ret_mail, struct evt_error *err)
{
    struct mail mail = {.content = ""};
    sqlite3_stmt *row;
    enum evt_err rc = evt_store_query(evt_ctx_store(ctx), STATEMENT_MAIL_GET, &row, err, "tt",
                                      order_id, notify_mail_kind_str(kind));

    if (rc != EVT_OK)
        return rc;
    if (row) {
        mail.id = sqlite3_column_int64(row, 0);
        EVT_BUG_ON(!mail_state_parse(evt_row_text(row, 1), &mail.state));
        mail.deferrals = sqlite3_column_int(row, 2);
        mail.accepted_ms = sqlite3_column_int64(row, 3);
        mail.timer_id = sqlite3_column_int64(row, 4);
        mail.content = text(ctx, row, 5);
        snprintf(mail.reason, sizeof(mail.reason), "%s", evt_row_text(row, 6));
        EVT_BUG_ON(!holds(&mail));
    }
    evt_store_done(row);
    *ret_mail = mail;
    return EVT_OK;
}

enum evt_err store_mail_add(struct evt_ctx *ctx, const struct notify_send_mail *msg,
                            const struct mail *mail, struct evt_error *err)
{
    EVT_BUG_ON(mail->id || !holds(mail));
    return evt_store_run(evt_ctx_store(ctx), STATEMENT_MAIL_ADD, err, "tttttl", msg->order_id,
                         notify_mail_kind_str(msg->kind), msg->recipient,
                         mail_state_str(mail->state), mail->content, mail->accepted_ms);
}

/* Nearly always nothing is old enough: asking first costs a fraction of a DELETE that finds
 * nothing. */
static enum evt_err forget(struct evt_store *st, int64_t time_ms, struct evt_error *err)
{
    sqlite3_stmt *row;
    bool is_due;
    enum evt_err rc = evt_store_query(st, STATEMENT_MAIL_OLD, &row, err, "l", time_ms);

    if (rc != EVT_OK)
        return rc;
    is_due = row != NULL;
    evt_store_done(row);
    if (!is_due)
        return EVT_OK;
    return evt_store_run(st, STATEMENT_MAIL_FORGET, err, "li", time_ms, STORE_MAIL_FORGET_MAX);
}

enum evt_err store_mail_put(struct evt_ctx *ctx, const struct mail *mail, struct evt_error *err)
{
    struct evt_store *st = evt_ctx_store(ctx);
    /* Raw log time, as for timers: one wrong record must not make us forget everything at once. */
    const int64_t time_ms = evt_time_ms(ctx);
    enum evt_err rc;

    EVT_BUG_ON(!mail->id || !holds(mail));
    rc = evt_store_run(st, STATEMENT_MAIL_PUT, err, "ltilttll", mail->id,
                       mail_state_str(mail->state), mail->deferrals, mail->timer_id, mail->content,
                       mail->reason, time_ms, is_ended(mail) ? time_ms + STORE_MAIL_KEPT_MS : 0);
    return rc == EVT_OK && is_ended(mail) ? forget(st, time_ms, err) : rc;
}

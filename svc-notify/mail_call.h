/* Mail call: the bytes that a handler gives to the outside call "mail", and those that come back.
 *
 *     request   "1700000000000 {"recipient": …}": when it was accepted, and SendMail as JSON
 *     ok        anything
 *     refused   "deferred 451 4.7.1 Try again later": it is tried again
 *               "550 5.1.1 No such user", or whatever else: it is given up with these words
 *
 * Names of one (the call's ref, the timer's): "ORDER_CONFIRMED o-1". */
#ifndef MAIL_CALL_H
#define MAIL_CALL_H

#include "mail.h"

#include <evt/arena.h>
#include <evt/buf.h>
#include <evt/service.h>

#define MAIL_CALL     "mail"
#define MAIL_DEFERRAL "deferred "

void mail_request_print(struct evt_buf *buf, int64_t accepted_ms, const char *content);
/* What `ret_msg` points to lives in `arena`. */
EVT_MUST_USE enum evt_err mail_request_parse(struct evt_bytes request, struct evt_arena *arena,
                                             int64_t *ret_accepted_ms,
                                             struct notify_send_mail *ret_msg,
                                             struct evt_error *err);

/* How an attempt ended, and what the server said: cut, and without what no text should hold. */
enum mail_end mail_end_read(const struct evt_call_result *result,
                            char ret_reason[MAIL_REASON_MAX + 1]);

#define MAIL_REF_SIZE (MAIL_ORDER_ID_MAX + 32)
void mail_ref_print(char buf[MAIL_REF_SIZE], enum notify_mail_kind kind, const char *order_id);
/* Returns the order's id, in `ref`. */
const char *mail_ref_parse(const char *ref, enum notify_mail_kind *ret_kind);

/* By its word; false: there is none. */
bool mail_kind_parse(const char *text, size_t len, enum notify_mail_kind *ret_kind);

#endif

/* Mail message: the whole of it, as it is handed to a server: headers, a part in text and one in
 * HTML, lines ended by CR LF. The same request always makes the same bytes. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "mail.h"

#include <evt/buf.h>

/* "o-1.confirmed": of order and kind alone, so that whoever is told it twice knows. It may stand in
 * a Message-ID and in a file's name. */
void mail_message_name(struct evt_buf *buf, const struct notify_send_mail *msg);
/* `from` is the shop's address; its domain is the Message-ID's. */
void mail_message_print(struct evt_buf *buf, const struct notify_send_mail *msg, const char *from,
                        int64_t accepted_ms);

/* Whether mail can be sent to it as it is: what is not ASCII would need an extension of SMTP that
 * every server on the way must have. */
bool mail_message_may_go_to(const char *address);
/* Whether it can be the shop's: "name@domain". */
bool mail_message_may_come_from(const char *address);

#endif

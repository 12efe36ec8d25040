/* Mail template: what a mail says, by its kind: a table of words, and two ways to set them. */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include "mail.h"

#include <evt/buf.h>

struct mail_template {
    const char *slug;    /* in a Message-ID and a file's name */
    const char *subject; /* the order's id follows */
    const char *opening;
    const char *total;  /* what the total is called */
    const char *reason; /* what goes before the reason, where there is one */
    const char *closing;
};
/* NULL: there is none for such a kind. */
const struct mail_template *mail_template_of(enum notify_mail_kind kind);

/* The subject, and the parts, their lines ended by \n. */
void mail_template_subject(const struct notify_send_mail *msg, struct evt_buf *buf);
void mail_template_text(const struct notify_send_mail *msg, struct evt_buf *buf);
void mail_template_html(const struct notify_send_mail *msg, struct evt_buf *buf);

#endif

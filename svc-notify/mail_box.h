/* Mail box: a Maildir folder on disk, in place of a server: each mail is a file in its `new`, which
 * any mail program reads. */
#ifndef MAIL_BOX_H
#define MAIL_BOX_H

#include <evt/err.h>
#include <stddef.h>

/* The folder is made when it is missing. One with this name that was delivered before stays as it
 * is, also when somebody has read it since. On the disk when it returns. */
EVT_MUST_USE enum evt_err mail_box_put(const char *folder, const char *name, const void *mail,
                                       size_t len, struct evt_error *err);

#endif

/* Mail caller: how mails leave: by SMTP, into a folder, or nowhere. */
#ifndef MAIL_CALLER_H
#define MAIL_CALLER_H

#include "mail.h"

#include <evt/buf.h>
#include <evt/caller.h>
#include <evt/conf.h>

extern const struct evt_caller mail_callers[];
extern const struct evt_option mail_options[];

enum mail_way { MAIL_WAY_NONE, MAIL_WAY_BOX, MAIL_WAY_SMTP, MAIL_WAY_INSIDE };
/* Of MAIL_URL, NULL: it is not set. */
enum mail_way mail_way_of(const char *url);

/* What an attempt's end means; `words` is what the handler is told (mail_call.h). `attempt` is its
 * number: what is not known at first is tried again soon, and then like what is deferred. */
enum evt_call_end mail_attempt_end(int status, const char *words, int attempt,
                                   struct evt_buf *told);

#endif

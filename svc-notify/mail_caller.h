/* Mail caller: how mails leave: by SMTP, into a folder, or nowhere. */
#ifndef MAIL_CALLER_H
#define MAIL_CALLER_H

#include "mail.h"

#include <evt/buf.h>
#include <evt/caller.h>

extern const struct evt_caller mail_callers[];

/* What an attempt's end means; `told` is what the handler is told (mail_call.h). `attempt` is its
 * number: what is not known at first is tried again soon, and then like what is deferred. */
enum evt_call_end mail_attempt_end(const struct evt_call_answer *answer, int attempt,
                                   struct evt_buf *told);

#endif

/* The notify service as data. */
#include "notify_service.h"

#include "handlers.h"
#include "mail_caller.h"
#include "mail_options.h"
#include "statements.h"

extern const struct evt_migration notify_sql[]; /* sql/, embedded by the build */

static const struct evt_handler handlers[] = {
    EVT_ON(notify_send_mail, handle_send_mail),
    {0},
};

static const struct evt_timer_handler timers[] = {
    {.name = MAIL_TIMER, .fn = handle_mail_again},
    {0},
};

static const struct evt_call_handler calls[] = {
    {.name = MAIL_CALL, .fn = handle_mail_ended},
    {0},
};

const struct evt_service notify_service = {
    .name = "notify",
    .generation = 1,
    .registry = &evt_registry,
    .handlers = handlers,
    .timers = timers,
    .calls = calls,
    .callers = mail_callers,
    .migrations = notify_sql,
    .statements = notify_statements,
    .options = mail_options,
    .check_options = mail_options_check,
};

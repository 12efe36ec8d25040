/* The payment service as data. */
#include "payment_service.h"

#include "handlers.h"
#include "payment_options.h"
#include "payment_psp.h"
#include "reconcile.h"
#include "statements.h"

#include <evt/command.h>

extern const struct evt_migration payment_sql[]; /* sql/, embedded by the build */

static const struct evt_handler handlers[] = {
    EVT_ON(payment_authorise_payment, handle_authorise_payment),
    EVT_ON(payment_capture_payment, handle_capture_payment),
    EVT_ON(payment_void_payment, handle_void_payment),
    EVT_ON(payment_refund_payment, handle_refund_payment),
    {0},
};

static const struct evt_call_handler calls[] = {
    {.name = "authorise", .fn = handle_authorise_ended},
    {.name = "capture", .fn = handle_capture_ended},
    {.name = "void", .fn = handle_void_ended},
    {.name = "refund", .fn = handle_refund_ended},
    {0},
};

static const struct evt_option reconcile_options[] = {
    {.name = "days",
     .value = "N",
     .fallback = "28",
     .help = "how far back; what ended is forgotten after 30 days, what was captured after 400",
     .min = 1,
     .max = RECONCILE_DAYS_MAX,
     .kind = EVT_OPTION_NUMBER,
     .flag_only = true},
    {.name = "json",
     .help = "for programs: one object",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};

static const struct evt_example reconcile_examples[] = {
    {"reconcile", "the stores in data against the provider on this machine"},
    {"reconcile --json | jq .differences", "for programs"},
    {0},
};

static const struct evt_command commands[] = {
    {.name = "reconcile",
     .operands = "",
     .summary = "compare our books with the provider's, both ways",
     .help =
         "Reads the stores in the data folder, while the service runs or not, and all that the\n"
         "provider has from these days; changes nothing. What changes meanwhile is in motion, and\n"
         "not compared. Exits 5 when they differ.",
     .options = reconcile_options,
     .examples = reconcile_examples,
     .run = reconcile_command},
    {0},
};

const struct evt_service payment_service = {
    .name = "payment",
    .generation = 1,
    .registry = &evt_registry,
    .handlers = handlers,
    .calls = calls,
    .callers = payment_callers,
    .migrations = payment_sql,
    .statements = payment_statements,
    .options = payment_options,
    .check_options = payment_options_check,
    .commands = commands,
};

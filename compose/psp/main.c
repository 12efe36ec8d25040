/* psp: a payment provider's stand-in as a program, as data. */
#include "commands.h"

#include <evt/main.h>

static const struct evt_command commands[] = {
    {.name = "run",
     .operands = "",
     .summary = "listen as a payment provider",
     .help = psp_run_help,
     .options = psp_run_options,
     .examples = psp_run_examples,
     .run = psp_command_run},
    {.name = "ledger",
     .operands = "",
     .summary = "show every movement of money, and the sums",
     .help = psp_ledger_help,
     .options = psp_ledger_options,
     .examples = psp_ledger_examples,
     .run = psp_command_ledger},
    {.name = "fault",
     .operands = "[NAME [FIELD=VALUE]... | clear]",
     .summary = "have something go wrong in one that runs",
     .help = psp_fault_help,
     .options = psp_fault_options,
     .examples = psp_fault_examples,
     .operands_max = -1,
     .run = psp_command_fault},
    {.name = "cards",
     .operands = "",
     .summary = "list the test cards",
     .options = psp_cards_options,
     .examples = psp_cards_examples,
     .run = psp_command_cards},
    {0},
};

int main(int argc, char **argv)
{
    static const struct evt_option none[] = {{0}};
    static const struct evt_program program = {
        .name = "psp",
        .summary = "a stand-in for a payment provider, in Stripe's shape, with faults to order",
        .version = EVT_VERSION,
        .commands = commands,
        .options = none,
    };

    return evt_program_main(&program, argc, argv);
}

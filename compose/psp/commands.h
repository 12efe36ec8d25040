/* Commands: the verbs of psp, one file each. */
#ifndef PSP_COMMANDS_H
#define PSP_COMMANDS_H

#include <evt/command.h>

#define PSP_ADDRESS  "127.0.0.1:12111" /* as Stripe's own mock has it */
#define PSP_DATA_DIR "data/psp"

int psp_command_run(const struct evt_conf *conf, void *arg);
int psp_command_ledger(const struct evt_conf *conf, void *arg);
int psp_command_fault(const struct evt_conf *conf, void *arg);
int psp_command_cards(const struct evt_conf *conf, void *arg);
extern const struct evt_option psp_run_options[], psp_ledger_options[], psp_fault_options[],
    psp_cards_options[];
extern const struct evt_example psp_run_examples[], psp_ledger_examples[], psp_fault_examples[],
    psp_cards_examples[];
extern const char psp_run_help[], psp_ledger_help[], psp_fault_help[];

/* "psp: …" on stderr; the exit status that fits the error. */
int psp_fail(const struct evt_error *err);
struct json_t;
/* JSON for people: indented. It takes the reference. */
void psp_print_json(struct json_t *json);

#endif

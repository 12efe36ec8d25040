/* Answer: what became of commands, from the events of the service that takes them. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "command_in.h"

struct cli_answers;
/* Before the commands are sent: looks from where the events end now. */
EVT_MUST_USE enum evt_err cli_answers_new(const struct evt_kafka *kafka,
                                          const struct cli_commands *commands,
                                          struct cli_answers **ret_answers, struct evt_error *err);
/* Waits for all; each is printed as it comes. Returns an exit status. */
int cli_answers_wait(struct cli_answers *answers, int64_t timeout_ms, bool json);

/* What verbs have that make a service obey a person. */
#define CLI_YES                                                                                    \
    {                                                                                              \
        .name = "yes", .letter = 'y', .help = "do not ask", .kind = EVT_OPTION_FLAG,               \
        .flag_only = true                                                                          \
    }
#define CLI_DRY_RUN                                                                                \
    {                                                                                              \
        .name = "dry-run", .letter = 'n', .help = "only say what would be published",              \
        .kind = EVT_OPTION_FLAG, .flag_only = true                                                 \
    }
#define CLI_ANSWER_TIMEOUT                                                                         \
    {                                                                                              \
        .name = "timeout", .value = "SECONDS", .fallback = "30",                                   \
        .help = "how long to wait for the answer", .kind = EVT_OPTION_NUMBER, .min = 1,            \
        .max = 86400, .flag_only = true                                                            \
    }
/* Sends all of them, says where each lies, and waits for their answers where the taker gives any (a
 * subscription has no events to answer on). Options: timeout, json. Returns an exit status. */
int cli_commands_obeyed(const struct evt_conf *conf, const struct cli_commands *commands,
                        bool answered);
void cli_answers_free(struct cli_answers *answers); /* NULL is fine */

#endif

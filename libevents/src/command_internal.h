/* Command, inside: command.c runs a verb, command_verb.c finds it or says that there is none,
 * command_help.c has the words of --help. */
#ifndef EVT_COMMAND_INTERNAL_H
#define EVT_COMMAND_INTERNAL_H

#include <evt/command.h>

/* What every program has; ends with {0}. */
extern const struct evt_option evt__command_options[];

void evt__command_help_all(const struct evt_program *program, FILE *out);
/* Only the verbs that begin with this word. */
void evt__command_help_group(const struct evt_program *program, const char *word, FILE *out);
void evt__command_help_one(const struct evt_program *program, const struct evt_command *command,
                           FILE *out);

/* Is `word` the first of this verb's two, or of any verb's? */
bool evt__command_in_group(const struct evt_command *command, const char *word);
bool evt__command_is_group(const struct evt_program *program, const char *word);
/* `two` may be NULL. */
const struct evt_command *evt__command_find(const struct evt_program *program, const char *one,
                                            const char *two, int *ret_words);
/* Usage errors: all return EVT_EXIT_USAGE. `verb` and `group` may be NULL: the program itself. */
int evt__command_usage(const struct evt_program *program, const char *verb,
                       const struct evt_error *err);
int evt__command_missing(const struct evt_program *program, const char *group);
int evt__command_unknown(const struct evt_program *program, const char *one, const char *two);

#endif

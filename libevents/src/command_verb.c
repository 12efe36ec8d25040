/* Command: which verb is meant, and what is said when there is none such. */
#include <evt/command.h>

#include "command_internal.h"
#include "conf_internal.h"

#include <evt/buf.h>
#include <string.h>

/* ---- which verb ---- */

bool evt__command_in_group(const struct evt_command *command, const char *word)
{
    size_t len = strlen(word);

    return strncmp(command->name, word, len) == 0 && command->name[len] == ' ';
}

bool evt__command_is_group(const struct evt_program *program, const char *word)
{
    for (const struct evt_command *command = program->commands; command->name; command++)
        if (evt__command_in_group(command, word))
            return true;
    return false;
}

const struct evt_command *evt__command_find(const struct evt_program *program, const char *one,
                                            const char *two, int *ret_words)
{
    for (const struct evt_command *command = program->commands; command->name; command++) {
        if (strcmp(command->name, one) == 0) {
            *ret_words = 1;
            return command;
        }
        if (two && evt__command_in_group(command, one) &&
            strcmp(command->name + strlen(one) + 1, two) == 0) {
            *ret_words = 2;
            return command;
        }
    }
    return NULL;
}

/* ---- usage errors ---- */

/* What evt_fail put before our words is said by the exit status. */
static const char *words_of(const struct evt_error *err)
{
    const char *class = evt_err_str(EVT_E_USAGE);
    size_t len = strlen(class);

    return strncmp(err->text, class, len) == 0 && err->text[len] == ':' ? err->text + len + 2
                                                                        : err->text;
}

int evt__command_usage(const struct evt_program *program, const char *verb,
                       const struct evt_error *err)
{
    const char *space = verb ? " " : "";

    if (!verb)
        verb = "";
    fprintf(stderr, "%s%s%s: %s\ntry: %s%s%s --help\n", program->name, space, verb, words_of(err),
            program->name, space, verb);
    return EVT_EXIT_USAGE;
}

int evt__command_missing(const struct evt_program *program, const char *group)
{
    struct evt_error err;
    struct evt_buf names = {0};

    for (const struct evt_command *command = program->commands; command->name; command++)
        if (!group || evt__command_in_group(command, group))
            evt_buf_printf(&names, "%s%s", names.len ? ", " : "",
                           group ? command->name + strlen(group) + 1 : command->name);
    (void)evt_fail(&err, EVT_E_USAGE, "a verb is missing, one of %s", evt_buf_text(&names));
    evt_buf_release(&names);
    return evt__command_usage(program, group, &err);
}

int evt__command_unknown(const struct evt_program *program, const char *one, const char *two)
{
    struct evt_error err;
    struct evt_buf words = {0};
    struct evt_near near = {.word = one}, near_two = {0};
    char shown[EVT__SHOWN_SIZE];
    bool group = false;

    evt_buf_printf(&words, "%s %s", one, two ? two : "");
    near_two.word = evt_buf_text(&words);
    for (const struct evt_command *command = program->commands; command->name; command++) {
        group = group || evt__command_in_group(command, one);
        evt_near_offer(strchr(command->name, ' ') ? &near_two : &near, command->name);
    }
    if (near_two.name && (!near.name || near_two.distance < near.distance))
        near.name = near_two.name;
    evt__conf_shown(group ? near_two.word : one, shown);
    if (near.name)
        (void)evt_fail(&err, EVT_E_USAGE, "'%s' is no verb; did you mean '%s'?", shown, near.name);
    else
        (void)evt_fail(&err, EVT_E_USAGE, "'%s' is no verb", shown);
    evt_buf_release(&words);
    return evt__command_usage(program, group ? one : NULL, &err);
}

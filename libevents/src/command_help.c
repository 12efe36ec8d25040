/* Command, the words of --help: of a program, of a group of verbs, of one verb. No colours: they
 * would have to be switched off for pipes, and headings stand out by their place. */
#include <evt/command.h>

#include "command_internal.h"
#include "conf_internal.h"

#include <string.h>

static void exit_statuses(FILE *out)
{
    fputs("\nExit status:\n"
          "  0 ok, 1 failure, 2 wrong use, 3 not found, 4 timeout, 5 a verdict is \"different\",\n"
          "  6 superseded by a newer generation\n",
          out);
}

static size_t left_width(const struct evt_command *command)
{
    return strlen(command->name) +
           (*command->operands ? 1 + evt__conf_columns(command->operands) : 0);
}

static void verbs(const struct evt_program *program, const char *group, FILE *out)
{
    size_t width = 0;

    for (const struct evt_command *command = program->commands; command->name; command++)
        if ((!group || evt__command_in_group(command, group)) && left_width(command) > width)
            width = left_width(command);
    for (const struct evt_command *command = program->commands; command->name; command++)
        if (!group || evt__command_in_group(command, group))
            fprintf(out, "  %s%s%s%*s  %s\n", command->name, *command->operands ? " " : "",
                    command->operands, (int)(width - left_width(command)), "", command->summary);
}

static void common_options(const struct evt_program *program, FILE *out)
{
    fputs("\nCommon options:\n", out);
    if (program->options)
        evt_conf_help(program->options, out);
    evt_conf_help(evt__command_options, out);
}

void evt__command_help_all(const struct evt_program *program, FILE *out)
{
    fprintf(out, "Usage: %s VERB [OPERAND]... [OPTION]...\n\n%s\n\nVerbs:\n", program->name,
            program->summary);
    verbs(program, NULL, out);
    common_options(program, out);
    exit_statuses(out);
    fprintf(out, "\n%s help VERB says more of one, with its options and examples.\n",
            program->name);
}

void evt__command_help_group(const struct evt_program *program, const char *word, FILE *out)
{
    fprintf(out, "Usage: %s %s VERB [OPERAND]... [OPTION]...\n\nVerbs:\n", program->name, word);
    verbs(program, word, out);
    fprintf(out, "\n%s help %s VERB says more of one, with its options and examples.\n",
            program->name, word);
}

void evt__command_help_one(const struct evt_program *program, const struct evt_command *command,
                           FILE *out)
{
    fprintf(out, "Usage: %s %s%s%s [OPTION]...\n\n%s\n", program->name, command->name,
            *command->operands ? " " : "", command->operands, command->summary);
    if (command->help) {
        size_t len = strlen(command->help);
        fprintf(out, "\n%s%s", command->help, len && command->help[len - 1] == '\n' ? "" : "\n");
    }
    if (command->options && command->options->name) {
        fputs("\nOptions:\n", out);
        evt_conf_help(command->options, out);
    }
    common_options(program, out);
    if (!command->examples || !command->examples->line)
        return;
    fputs("\nExamples:\n", out);
    for (const struct evt_example *example = command->examples; example->line; example++)
        fprintf(out, "  %s %s\n      %s\n", program->name, example->line, example->what);
}

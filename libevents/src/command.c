/* Command: takes the verb out of the command line, reads its options and runs it. */
#include <evt/command.h>

#include "command_internal.h"
#include "conf_internal.h"

#include <errno.h>
#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct evt_option evt__command_options[] = {
    {.name = "print-config",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true,
     .help = "show every option, its value and where that came from"},
    {.name = "help", .letter = 'h', .kind = EVT_OPTION_FLAG, .flag_only = true, .help = "this"},
    {.name = "version", .kind = EVT_OPTION_FLAG, .flag_only = true, .help = "show the version"},
    {0}};

/* `evt help tail`, `evt help stream list`, `evt help stream`, `evt help`. */
static int help_verb(const struct evt_program *program, const char *one, const char *two)
{
    const struct evt_command *command;
    int words;

    if (!one) {
        evt__command_help_all(program, stdout);
        return EVT_EXIT_OK;
    }
    command = evt__command_find(program, one, two, &words);
    if (command) {
        evt__command_help_one(program, command, stdout);
        return EVT_EXIT_OK;
    }
    if (two || !evt__command_is_group(program, one))
        return evt__command_unknown(program, one, two);
    evt__command_help_group(program, one, stdout);
    return EVT_EXIT_OK;
}

/* ---- running ---- */

static size_t count(const struct evt_option *options)
{
    size_t n = 0;

    while (options[n].name)
        n++;
    return n;
}

/* Two of one name would shadow each other. */
static void check_apart(const struct evt_option *options, const struct evt_option *others)
{
    for (; options->name; options++)
        EVT_BUG_ON(evt__conf_find(others, options->name, strlen(options->name)));
}

/* The verb's own options, the program's, and those of every program, in one table. */
static struct evt_option *options_of(const struct evt_program *program,
                                     const struct evt_command *command)
{
    static const struct evt_option none[] = {{0}};
    const struct evt_option *const tables[] = {command && command->options ? command->options
                                                                           : none,
                                               program->options ? program->options : none,
                                               evt__command_options};
    struct evt_option *all;
    size_t n = 0;

    check_apart(tables[0], tables[1]);
    check_apart(tables[0], tables[2]);
    check_apart(tables[1], tables[2]);
    all = evt_zalloc(sizeof(*all) * (count(tables[0]) + count(tables[1]) + count(tables[2]) + 1));
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (size_t i = 0; i < count(tables[t]); i++)
            all[n++] = tables[t][i];
    return all;
}

static enum evt_err check_operands(const struct evt_program *program,
                                   const struct evt_command *command, const struct evt_conf *conf,
                                   struct evt_error *err)
{
    const char *const *operands;
    size_t n = evt_conf_operands(conf, &operands);
    char shown[EVT__SHOWN_SIZE];

    if (n < (size_t)command->operands_min)
        return evt_fail(err, EVT_E_USAGE, "an operand is missing: %s %s %s", program->name,
                        command->name, command->operands);
    if (command->operands_max >= 0 && n > (size_t)command->operands_max)
        return evt_fail(err, EVT_E_USAGE, "'%s' is one operand too many: %s %s%s%s",
                        evt__conf_shown(operands[command->operands_max], shown), program->name,
                        command->name, *command->operands ? " " : "", command->operands);
    return EVT_OK;
}

static int run(const struct evt_program *program, const struct evt_command *command,
               const struct evt_conf *conf)
{
    struct evt_error err;
    int status = EVT_EXIT_OK;

    if (evt_conf_wants_help(conf)) {
        evt__command_help_one(program, command, stdout);
        return EVT_EXIT_OK;
    }
    if (evt_conf_flag(conf, "version")) {
        printf("%s %s\n", program->name, program->version);
        return EVT_EXIT_OK;
    }
    if (evt_conf_flag(conf, "print-config")) {
        evt_conf_print(conf, stdout);
        return EVT_EXIT_OK;
    }
    if (check_operands(program, command, conf, &err) != EVT_OK)
        return evt__command_usage(program, command->name, &err);
    if (program->begin)
        status = program->begin(conf, program->arg);
    return status == EVT_EXIT_OK ? command->run(conf, program->arg) : status;
}

/* What stands before the verb and behind it, as one command line. */
static int run_verb(const struct evt_program *program, const struct evt_command *command, int argc,
                    char **argv, int at, int words)
{
    struct evt_option *options = options_of(program, command);
    char **args = evt_alloc(sizeof(*args) * (size_t)(argc + 1));
    struct evt_conf *conf = NULL;
    struct evt_error err;
    int n = argc - words, status;

    args[0] = argv[0];
    for (int i = 1; i < n; i++)
        args[i] = argv[i < at ? i : i + words];
    args[n] = NULL;
    if (evt_conf_parse(options, n, args, &conf, &err) == EVT_OK)
        status = run(program, command, conf);
    else
        status = evt__command_usage(program, command->name, &err);
    evt_conf_free(conf);
    evt_free(args);
    evt_free(options);
    return status;
}

/* Where the verb stands, behind common options; 0: something before it is wrong. A NULL in argv
 * ends the search: there is none. */
static int find_place(const struct evt_program *program, int argc, char **argv)
{
    struct evt_option *options = options_of(program, NULL);
    char shown[EVT__SHOWN_SIZE];
    struct evt_error err;
    int at = 1, width = 1;

    while (width && at < argc && evt__conf_is_option(argv[at]) && strcmp(argv[at], "--") != 0) {
        width = evt__conf_width(options, argv[at]);
        at += width;
    }
    evt_free(options);
    if (width)
        return at < argc ? at : argc;
    (void)evt_fail(&err, EVT_E_USAGE,
                   "%s is no option of all verbs: a verb's own options stand behind it",
                   evt__conf_shown(argv[at], shown));
    evt__command_usage(program, NULL, &err);
    return 0;
}

static bool has(int argc, char **argv, int before, const char *name, const char *letter)
{
    for (int i = 1; i < before && i < argc; i++)
        if (strcmp(argv[i], name) == 0 || strcmp(argv[i], letter) == 0)
            return true;
    return false;
}

static int dispatch(const struct evt_program *program, int argc, char **argv)
{
    const struct evt_command *command;
    int at = find_place(program, argc, argv), words = 0;
    const char *one = at && at < argc ? argv[at] : NULL;
    const char *two = one && at + 1 < argc ? argv[at + 1] : NULL;

    if (!at)
        return EVT_EXIT_USAGE;
    if (has(argc, argv, at, "--help", "-h"))
        return help_verb(program, one, two);
    if (has(argc, argv, at, "--version", "--version")) {
        printf("%s %s\n", program->name, program->version);
        return EVT_EXIT_OK;
    }
    if (!one || strcmp(one, "--") == 0)
        return evt__command_missing(program, NULL);
    if (strcmp(one, "help") == 0)
        return help_verb(program, two, two && at + 2 < argc ? argv[at + 2] : NULL);
    command = evt__command_find(program, one, two, &words);
    if (command)
        return run_verb(program, command, argc, argv, at, words);
    if (!evt__command_is_group(program, one))
        return evt__command_unknown(program, one, two);
    if (two && (strcmp(two, "--help") == 0 || strcmp(two, "-h") == 0))
        return help_verb(program, one, NULL);
    return two && !evt__conf_is_option(two) ? evt__command_unknown(program, one, two)
                                            : evt__command_missing(program, one);
}

int evt_program_main(const struct evt_program *program, int argc, char **argv)
{
    int status = dispatch(program, argc, argv);

    /* A full disk behind `evt tail >file` would otherwise pass for success. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EVT_EXIT_OK) {
        fprintf(stderr, "%s: cannot write the output: %s\n", program->name, strerror(errno));
        status = EVT_EXIT_FAILURE;
    }
    return status;
}

_Noreturn void evt_program_exit(int status)
{
    fflush(NULL);
    quick_exit(status);
}

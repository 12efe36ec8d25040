/* Command: a program with verbs, as data: `evt tail`, `svc-order replay`. One table feeds the
 * parser, the help with its examples, and the usage errors. */
#ifndef EVT_COMMAND_H
#define EVT_COMMAND_H

#include <evt/conf.h>

/* Exit statuses, the same for every program. */
enum evt_exit {
    EVT_EXIT_OK = 0,
    EVT_EXIT_FAILURE = 1,
    EVT_EXIT_USAGE = 2,
    EVT_EXIT_NOT_FOUND = 3,
    EVT_EXIT_TIMEOUT = 4,
    EVT_EXIT_DIFFERENT = 5, /* a verdict */
    EVT_EXIT_SUPERSEDED = 6 /* by a newer generation */
};

struct evt_example {
    const char *line; /* what to type, after the program's name */
    const char *what; /* what it does */
};

struct evt_command {
    const char *name;                   /* "tail", or "stream list": two words */
    const char *operands;               /* "TOPIC [OFFSETS]"; "" for none */
    const char *summary;                /* one line, for the list of all */
    const char *help;                   /* some lines more, or NULL */
    const struct evt_option *options;   /* its own, ends with {0}; NULL: none */
    const struct evt_example *examples; /* ends with {0} */
    int operands_min, operands_max;     /* -1: any number */
    int (*run)(const struct evt_conf *conf, void *arg);
};

struct evt_program {
    const char *name;                   /* "evt" */
    const char *summary;                /* one line */
    const char *version;                /* shown by --version */
    const struct evt_command *commands; /* ends with {0} */
    const struct evt_option *options;   /* common to all commands, ends with {0} */
    /* Called before the command runs, to set up what its options ask for (the log). May be NULL.
     * Anything but EVT_EXIT_OK ends the program. */
    int (*begin)(const struct evt_conf *conf, void *arg);
    void *arg;
};

/* Parses, runs, returns the exit status. Common options may stand before the verb, too. Usage
 * errors go to stderr with what to type for help, and name the nearest verb or option when one was
 * mistyped. --print-config shows what holds and exits; --help, --version and `help VERB` are there
 * without being declared. When stdout could not be written, EVT_EXIT_OK becomes EVT_EXIT_FAILURE.
 */
int evt_program_main(const struct evt_program *program, int argc, char **argv);

/* What a program with Kafka clients ends with: libraries' exit handlers (OpenSSL has one) take away
 * what the threads of consumers that were left may be using. */
_Noreturn void evt_program_exit(int status);

#endif

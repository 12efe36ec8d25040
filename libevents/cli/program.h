/* Program: others of the project's programs, found beside this one and run in its place. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <evt/buf.h>
#include <stdbool.h>

#define CLI_ARGS_MAX 256

struct cli_args {
    const char *argv[CLI_ARGS_MAX + 1]; /* borrowed; ends with NULL */
    size_t n;
};
/* Too many are a refusal when the program is run. */
void cli_args_add(struct cli_args *args, const char *arg);

/* Its path: in the folder of this program, else as the PATH has it. */
void cli_program_path(const char *name, struct evt_buf *path);
/* Runs it to its end and returns its exit status; that it cannot be run is said. */
int cli_program_run(const char *path, const struct cli_args *args);

#endif

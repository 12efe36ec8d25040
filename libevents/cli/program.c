/* Program: running others. */
#include "program.h"

#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void cli_args_add(struct cli_args *args, const char *arg)
{
    if (args->n < CLI_ARGS_MAX)
        args->argv[args->n] = arg;
    args->n++;
}

void cli_program_path(const char *name, struct evt_buf *path)
{
    char self[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    const char *slash;

    if (len > 0) {
        self[len] = '\0';
        slash = strrchr(self, '/');
        evt_buf_printf(path, "%.*s/%s", (int)(slash - self), self, name);
        if (access(evt_buf_text(path), X_OK) == 0)
            return;
        evt_buf_clear(path);
    }
    evt_buf_add_text(path, name);
}

int cli_program_run(const char *path, const struct cli_args *args)
{
    const char *argv[CLI_ARGS_MAX + 2] = {path};
    pid_t pid;
    int rc, status = 0;

    if (args->n > CLI_ARGS_MAX)
        return cli_refuse(EVT_EXIT_USAGE, "%s: more than %d arguments", path, CLI_ARGS_MAX);
    memcpy(argv + 1, args->argv, args->n * sizeof(*argv));
    fflush(stdout);
    /* posix_spawn wants arguments that it may change, and does not. */
    rc = posix_spawnp(&pid, path, NULL, NULL, (char **)(uintptr_t)argv, environ);
    if (rc != 0)
        return cli_refuse(EVT_EXIT_FAILURE, "run %s: %s: build it, or say where it is", path,
                          strerror(rc));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return cli_refuse(EVT_EXIT_FAILURE, "run %s: %s", path, strerror(errno));
    if (WIFSIGNALED(status))
        return cli_refuse(EVT_EXIT_FAILURE, "%s was ended by signal %d", path, WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* Kafka bench, the processes. */
#include "kafka_process.h"

#include "bench.h"

#include <evt/mem.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX   16
#define READY_S    120 /* a rebuild may take its time */
#define NOTIFY_MAX 512

static void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

void kafka_service_path(const struct kafka_service *service, const char *name,
                        char ret_path[BENCH_PATH_MAX])
{
    EVT_BUG_ON(snprintf(ret_path, BENCH_PATH_MAX, "%s/%s", service->folder, name) >=
               BENCH_PATH_MAX);
}

/* What it says goes to the file `out`, added at its end; NULL: where ours goes. */
static pid_t spawn(const char *program, const char *const args[], const char *out)
{
    char *argv[ARGS_MAX] = {(char *)(uintptr_t)program};
    const pid_t parent = getpid();
    pid_t pid;

    for (size_t i = 0; args[i]; i++) {
        EVT_BUG_ON(i + 2 >= ARGS_MAX);
        argv[i + 1] = (char *)(uintptr_t)args[i];
    }
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    if (out) {
        const int fd = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    execv(program, argv);
    _exit(127);
}

static void wait_end(pid_t pid, const char *what, int want)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die(what);
    if (want >= 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != want)) {
        fprintf(stderr, "bench: %s ended with %d\n", what,
                WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
        exit(EXIT_FAILURE);
    }
}

/* ---- readiness: by systemd's protocol it is told at once, nothing has to ask ---- */

/* A name without a file, so that no folder's path is too long for it; "@" is its first byte, 0, as
 * the environment has it. */
static int notify_open(void)
{
    const struct timeval patience = {.tv_sec = 1};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[32];
    const int len = snprintf(name, sizeof(name), "@evt-bench-%d", (int)getpid());
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0)
        die(name);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void wait_ready(const struct kafka_service *service, int fd)
{
    char text[NOTIFY_MAX];

    for (int waited_s = 0; waited_s < READY_S;) {
        const ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

        if (len < 0) {
            waited_s++;
            if (waitpid(service->pid, NULL, WNOHANG) == service->pid)
                break;
            continue;
        }
        text[len] = '\0';
        if (strstr(text, "READY=1"))
            return;
    }
    fprintf(stderr, "bench: %s did not become ready; see %s/%s.log\n", service->program,
            service->folder, service->name);
    exit(EXIT_FAILURE);
}

double kafka_service_start(struct kafka_service *service)
{
    char data[BENCH_PATH_MAX], log[BENCH_PATH_MAX], file[32];
    const char *const args[] = {"run",
                                "--kafka-bootstrap-servers",
                                service->brokers,
                                "--data-dir",
                                data,
                                "--http-addr",
                                service->http ? service->http : "127.0.0.1:0",
                                NULL};
    const int fd = notify_open();
    double begin_us;

    kafka_service_path(service, "data", data);
    snprintf(file, sizeof(file), "%s.log", service->name);
    kafka_service_path(service, file, log);
    begin_us = bench_now_us();
    service->pid = spawn(service->program, args, log);
    wait_ready(service, fd);
    begin_us = bench_now_us() - begin_us;
    unsetenv("NOTIFY_SOCKET");
    close(fd);
    return begin_us / 1e6;
}

double kafka_service_stop(struct kafka_service *service)
{
    const double begin_us = bench_now_us();

    kill(service->pid, SIGTERM);
    wait_end(service->pid, service->program, EXIT_SUCCESS);
    service->pid = 0;
    return (bench_now_us() - begin_us) / 1e6;
}

void kafka_process_run(const char *program, const char *const args[], const char *out)
{
    wait_end(spawn(program, args, out), program, EXIT_SUCCESS);
}

pid_t kafka_process_self(const char *const args[])
{
    return spawn("/proc/self/exe", args, NULL);
}

void kafka_process_end(pid_t pid)
{
    kill(pid, SIGTERM);
    wait_end(pid, "this program", -1);
}

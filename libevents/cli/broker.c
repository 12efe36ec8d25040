/* evt broker: librdkafka's stand-in as a process of its own, for a first look without a JVM. */
#include "cli.h"

#include <evt/mem.h>
#include <evt/stand_in.h>

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct evt_example cli_broker_examples[] = {
    {"broker", "a stand-in for Kafka, until Ctrl-C"},
    {"broker --broker-file /tmp/second", "another one beside it; name the file to the others, too"},
    {0},
};

/* As mkdir -p of the folder that a file lies in. */
static enum evt_err make_folder(const char *path, struct evt_error *err)
{
    char folder[512];

    snprintf(folder, sizeof(folder), "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            return evt_fail(err, EVT_E_IO, "make the folder %s: %s", folder, strerror(errno));
        *slash = '/';
    }
    return EVT_OK;
}

/* Whole or not at all: somebody may read it at any moment. */
static enum evt_err write_address(const char *path, const char *brokers, struct evt_error *err)
{
    char scratch[544];
    FILE *file;
    enum evt_err rc = make_folder(path, err);

    if (rc != EVT_OK)
        return rc;
    snprintf(scratch, sizeof(scratch), "%s.%ld", path, (long)getpid());
    file = fopen(scratch, "we");
    if (!file)
        return evt_fail(err, EVT_E_IO, "write %s: %s", scratch, strerror(errno));
    if (fprintf(file, "%s\n", brokers) < 0)
        rc = evt_fail(err, EVT_E_IO, "write %s: %s", scratch, strerror(errno));
    if (fclose(file) != 0 && rc == EVT_OK)
        rc = evt_fail(err, EVT_E_IO, "write %s: %s", scratch, strerror(errno));
    if (rc == EVT_OK && rename(scratch, path) != 0)
        rc = evt_fail(err, EVT_E_IO, "write %s: %s", path, strerror(errno));
    if (rc != EVT_OK)
        unlink(scratch);
    return rc;
}

/* Removed at the end, unless it is another broker's by now. */
static void remove_address(const char *path, const char *brokers)
{
    char line[256] = "";
    FILE *file = fopen(path, "re");

    if (!file)
        return;
    if (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, brokers) == 0)
            unlink(path);
    }
    fclose(file);
}

int cli_broker(const struct evt_conf *conf, void *arg)
{
    const char *path = evt_conf_text(conf, "broker-file");
    struct evt_stand_in *stand_in = NULL;
    struct evt_error err;
    sigset_t ends;
    int signal;

    (void)arg;
    /* Before librdkafka's threads start, so that none of them takes the signal. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (evt_stand_in_new(&evt_registry, &stand_in, &err) != EVT_OK)
        return cli_fail(&err);
    if (write_address(path, evt_stand_in_brokers(stand_in), &err) != EVT_OK) {
        evt_stand_in_free(stand_in);
        return cli_fail(&err);
    }
    printf("%s\n", evt_stand_in_brokers(stand_in));
    fflush(stdout);
    fprintf(stderr,
            "evt: a stand-in for Kafka serves %zu topics on %s (written to %s).\n"
            "evt: it keeps nothing: start it with empty data folders. It holds 5 MiB a partition,\n"
            "evt: knows no settings, and what it measures says nothing about Kafka. Ctrl-C ends"
            " it.\n",
            evt_registry.topics_n, evt_stand_in_brokers(stand_in), path);
    sigwait(&ends, &signal);
    remove_address(path, evt_stand_in_brokers(stand_in));
    evt_stand_in_free(stand_in);
    return EVT_EXIT_OK;
}

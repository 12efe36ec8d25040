/* Cli: which cluster, and how failures are told. */
#include "cli.h"

#include <evt/mem.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FALLBACK "127.0.0.1:9092"

/* The first line of the broker's file; NULL: there is none. */
static const char *from_file(const char *path)
{
    static char line[256];
    FILE *file = fopen(path, "re");
    bool read;

    if (!file)
        return NULL;
    read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    if (!read)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return *line ? line : NULL;
}

struct evt_kafka cli_kafka(const struct evt_conf *conf)
{
    const char *brokers = evt_conf_text(conf, "kafka-bootstrap-servers");

    if (!brokers)
        brokers = from_file(evt_conf_text(conf, "broker-file"));
    return (struct evt_kafka){.brokers = brokers ? brokers : FALLBACK,
                              .properties = evt_conf_kafka(conf),
                              .client = "evt"};
}

enum evt_err cli_partitions(const struct evt_kafka *kafka, rd_kafka_t *rk, const char *topic,
                            int32_t *ret_partitions, struct evt_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 1, NULL, &metadata, CLI_ANSWER_MS);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return evt_fail(err, EVT_E_AWAY,
                        "no broker answered at %s within %d ms (%s): start one there, or say where"
                        " it is (-b HOST:PORT)",
                        kafka->brokers, CLI_ANSWER_MS, rd_kafka_err2str(code));
    *ret_partitions = 0;
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0 && !metadata->topics[i].err)
            *ret_partitions = metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return EVT_OK;
}

const char *cli_words(const struct evt_error *err)
{
    const char *class = evt_err_str(err->code);
    const size_t len = strlen(class);

    if ((err->code == EVT_E_USAGE || err->code == EVT_E_AWAY || err->code == EVT_E_JSON) &&
        strncmp(err->text, class, len) == 0 && err->text[len] == ':')
        return err->text + len + 2;
    return err->text;
}

int cli_fail(const struct evt_error *err)
{
    fprintf(stderr, "evt: %s\n", cli_words(err));
    return err->code == EVT_E_USAGE ? EVT_EXIT_USAGE : EVT_EXIT_FAILURE;
}

int cli_refuse(int status, const char *fmt, ...)
{
    va_list args;

    fputs("evt: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

bool cli_confirmed(const struct evt_conf *conf)
{
    char line[16] = "";

    if (evt_conf_flag(conf, "yes"))
        return true;
    if (!isatty(STDIN_FILENO))
        return false;
    fputs("This cannot be undone. Publish it? [y/N] ", stderr);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* evt saga retry: a person's word that what was parked is tried again. */
#include "cli.h"

#include "answer.h"
#include "sagas.h"

#include <events/evt.h>
#include <evt/envelope.h>

#include <stdio.h>
#include <string.h>

const struct evt_option cli_saga_retry_options[] = {
    {.name = "dry-run",
     .letter = 'n',
     .help = "only say what would be published",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {.name = "timeout",
     .value = "SECONDS",
     .fallback = "30",
     .help = "how long to wait for the answer",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = 86400,
     .flag_only = true},
    {0},
};
const struct evt_example cli_saga_retry_examples[] = {
    {"saga retry 0192f0c1-0000-7000-8000-000000000001", "its parked parts, from their first try"},
    {0},
};

struct retrying {
    char name[EVT_NAME_MAX + 1];
    const struct evt_topic *topic;
    int32_t partition, parked;
    size_t found;
};

static void find_one(void *arg, const struct cli_saga *saga)
{
    struct retrying *to = arg;

    snprintf(to->name, sizeof(to->name), "%s", saga->name);
    to->topic = saga->shard->topic;
    to->partition = saga->shard->partition;
    to->parked = saga->parked;
    to->found++;
}

static int retry(const struct evt_conf *conf, const struct retrying *to, const char *ref)
{
    struct cli_commands all = {.type = &evt_retry_saga_type, .topic = to->topic};
    const struct evt_retry_saga word = {.saga = to->name, .ref = ref};
    char id[CLI_UUID_LEN + 1];
    struct evt_error err;
    enum evt_err rc = cli_uuid(id, &err);
    int status;

    cli_source(all.source, sizeof(all.source));
    if (rc == EVT_OK)
        rc = cli_commands_add(&all, &word, ref, to->partition, id, NULL, &err);
    if (rc != EVT_OK) {
        status = cli_fail(&err);
    } else {
        fprintf(stderr, "evt: %d parked %s of %s %s, on %s.%d\n", (int)to->parked,
                to->parked == 1 ? "part" : "parts", to->name, ref, to->topic->stream,
                (int)to->partition);
        status =
            evt_conf_flag(conf, "dry-run") ? EVT_EXIT_OK : cli_command_obeyed(conf, &all, true);
    }
    cli_commands_release(&all);
    return status;
}

int cli_saga_retry(const struct evt_conf *conf, void *arg)
{
    struct retrying to = {.found = 0};
    const char *const *operands;
    size_t stores;
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = cli_sagas_each(evt_conf_text(conf, "data-dir"), "ref = ?1", operands[0], find_one, &to,
                            &stores);
    if (status != EVT_EXIT_OK)
        return status;
    if (to.found == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "none of %zu stores has a saga of %s", stores,
                          operands[0]);
    if (to.found > 1)
        return cli_refuse(EVT_EXIT_USAGE,
                          "%zu sagas have the reference %s: say whose stores (--data-dir)",
                          to.found, operands[0]);
    return retry(conf, &to, operands[0]);
}

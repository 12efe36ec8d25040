/* evt saga retry: a person's word that what was parked is tried again. */
#include "cli.h"

#include "answer.h"
#include "sagas.h"
#include "show.h"

#include <events/evt.h>
#include <evt/envelope.h>

#include <stdio.h>
#include <string.h>

const struct evt_option cli_saga_retry_options[] = {
    {.name = "parked",
     .help = "all of which something is parked",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    CLI_SAGA_OPTION,
    CLI_DRY_RUN,
    CLI_ANSWER_TIMEOUT,
    {0},
};
const struct evt_example cli_saga_retry_examples[] = {
    {"saga retry 0192f0c1-0000-7000-8000-000000000001", "its parked parts, from their first try"},
    {"saga retry --parked --dry-run", "which it would be"},
    {0},
};

static void say(const struct cli_saga_named *saga)
{
    struct evt_buf line = {0};

    evt_buf_printf(&line, "evt: %d parked %s of %s ", (int)saga->parked,
                   saga->parked == 1 ? "part" : "parts", saga->name);
    cli_show_plain(&line, saga->ref);
    fprintf(stderr, "%s, on %s.%d\n", evt_buf_text(&line), saga->topic->stream,
            (int)saga->partition);
    evt_buf_release(&line);
}

/* All that are taken by one topic; what was published is marked by having none any more. */
static int retry_of_topic(const struct evt_conf *conf, struct cli_sagas_named *named,
                          const struct evt_topic *topic)
{
    struct cli_commands all = {.type = &evt_retry_saga_type, .topic = topic};
    struct evt_error err;
    enum evt_err rc = EVT_OK;
    int status;

    cli_source(all.source, sizeof(all.source));
    for (size_t i = 0; rc == EVT_OK && i < named->n && all.n < CLI_COMMANDS_MAX; i++) {
        struct cli_saga_named *saga = &named->sagas[i];
        const struct evt_retry_saga word = {.saga = saga->name, .ref = saga->ref};
        char id[CLI_UUID_LEN + 1];

        if (saga->topic != topic)
            continue;
        saga->topic = NULL;
        rc = cli_uuid(id, &err);
        if (rc == EVT_OK)
            rc = cli_commands_add(&all, &word, saga->ref, saga->partition, id, NULL, &err);
    }
    status = rc == EVT_OK ? cli_commands_obeyed(conf, &all, true) : cli_fail(&err);
    cli_commands_release(&all);
    return status;
}

static int retry(const struct evt_conf *conf, struct cli_sagas_named *named)
{
    int status = EVT_EXIT_OK;

    for (size_t i = 0; i < named->n; i++)
        say(&named->sagas[i]);
    for (size_t i = 0; !evt_conf_flag(conf, "dry-run") && i < named->n; i++) {
        const int one =
            named->sagas[i].topic ? retry_of_topic(conf, named, named->sagas[i].topic) : status;

        status = status == EVT_EXIT_OK ? one : status;
    }
    return status;
}

int cli_saga_retry(const struct evt_conf *conf, void *arg)
{
    const bool parked = evt_conf_flag(conf, "parked");
    struct cli_sagas_named named = {0};
    const char *const *operands;
    const size_t n = evt_conf_operands(conf, &operands);
    int status = EVT_EXIT_OK;

    (void)arg;
    if (parked == (n > 0))
        return cli_refuse(EVT_EXIT_USAGE, "say which sagas: their references, or --parked for all"
                                          " of which something is parked");
    if (parked)
        status = cli_sagas_name(conf, NULL, &named);
    for (size_t i = 0; status == EVT_EXIT_OK && i < n; i++)
        status = cli_sagas_name(conf, operands[i], &named);
    if (status == EVT_EXIT_OK && named.n == 0)
        fprintf(stderr, "evt: nothing is parked\n");
    if (status == EVT_EXIT_OK)
        status = retry(conf, &named);
    cli_sagas_named_release(&named);
    return status;
}

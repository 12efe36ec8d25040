/* evt call settle: a person's word on what became of a parked outside call. */
#include "cli.h"

#include "answer.h"
#include "calls.h"
#include "show.h"

#include <events/evt.h>
#include <evt/due.h>
#include <evt/envelope.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const outcomes[] = {"ok", "refused", NULL};

const struct evt_option cli_call_settle_options[] = {
    {.name = "outcome",
     .value = "OUTCOME",
     .help = "what the provider's own books say",
     .kind = EVT_OPTION_CHOICE,
     .choices = outcomes,
     .flag_only = true},
    {.name = "response",
     .value = "TEXT",
     .help = "what its service would have been told, in the words of its README; else nothing",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    CLI_YES,
    CLI_DRY_RUN,
    CLI_ANSWER_TIMEOUT,
    {0},
};
const struct evt_example cli_call_settle_examples[] = {
    {"call settle 9f3a11c2d4e5b607-1 --outcome ok --response pi_3Nx",
     "the provider has the payment: the order goes on"},
    {"call settle 9f3a11c2d4e5b607-1 --outcome refused --response 'never_made Not in its books.'",
     "it never was: what depends on it is undone"},
    {0},
};
const char cli_call_settle_help[] =
    "A call is parked when nobody can know by asking again what became of it: its provider may\n"
    "have forgotten its key, and making it again could do it twice. Look into the provider's own\n"
    "books, under KEY or under what `evt call show` says, and tell the service what they say.";

struct settling {
    const struct evt_topic *topic;
    int32_t partition;
    int64_t id;
    bool parked;
    char service[EVT_NAME_MAX + 1], name[EVT_NAME_MAX + 1], key[EVT_KEY_MAX + 1], call_key[64];
    size_t found;
};

static void find_one(void *arg, const struct cli_call *call)
{
    struct settling *to = arg;

    to->topic = call->shard->topic;
    to->partition = call->shard->partition;
    to->id = call->id;
    to->parked = call->parked;
    snprintf(to->service, sizeof(to->service), "%s", call->shard->name);
    snprintf(to->name, sizeof(to->name), "%s", call->name);
    snprintf(to->key, sizeof(to->key), "%s", call->key);
    snprintf(to->call_key, sizeof(to->call_key), "%s", call->call_key);
    to->found++;
}

static void say(const struct settling *to, const char *outcome, const char *response)
{
    struct evt_buf told = {0};

    cli_show_text(&told, response, strlen(response));
    fprintf(stderr, "evt: %s shard %d is told that its %s of %s is %s: %s\n", to->service,
            (int)to->partition, to->name, to->key, outcome, evt_buf_text(&told));
    evt_buf_release(&told);
}

static int settle(const struct evt_conf *conf, const struct settling *to)
{
    struct cli_commands all = {.type = &evt_call_ended_type, .topic = to->topic};
    const char *outcome = evt_conf_text(conf, "outcome");
    const char *given = evt_conf_text(conf, "response"), *response = given ? given : "";
    const struct evt_call_ended word = {
        .call_id = to->id,
        .call_key = to->call_key,
        .outcome =
            strcmp(outcome, "ok") == 0 ? EVT_CALL_ENDED_OUTCOME_OK : EVT_CALL_ENDED_OUTCOME_REFUSED,
        .response = {(const uint8_t *)response, strlen(response)},
    };
    char id[CLI_UUID_LEN + 1];
    struct evt_error err;
    enum evt_err rc = cli_uuid(id, &err);
    int status;

    cli_source(all.source, sizeof(all.source));
    if (rc == EVT_OK)
        rc = cli_commands_add(&all, &word, to->key, to->partition, id, NULL, &err);
    if (rc != EVT_OK) {
        status = cli_fail(&err);
        goto out;
    }
    say(to, outcome, response);
    if (evt_conf_flag(conf, "dry-run"))
        status = EVT_EXIT_OK;
    else if (!cli_confirmed(conf))
        status = cli_refuse(EVT_EXIT_USAGE, "not published: it cannot be undone, say --yes");
    else
        status = cli_commands_obeyed(conf, &all, true);
out:
    cli_commands_release(&all);
    return status;
}

static int check_options(const struct evt_conf *conf)
{
    const char *response = evt_conf_text(conf, "response");

    if (!evt_conf_given(conf, "outcome"))
        return cli_refuse(EVT_EXIT_USAGE,
                          "say what the provider's books say: --outcome ok or --outcome refused");
    if (response && strlen(response) > EVT_CALL_RESPONSE_MAX)
        return cli_refuse(EVT_EXIT_USAGE, "--response has %zu bytes, %d may be", strlen(response),
                          EVT_CALL_RESPONSE_MAX);
    return EVT_EXIT_OK;
}

int cli_call_settle(const struct evt_conf *conf, void *arg)
{
    struct settling to = {.found = 0};
    const char *const *operands;
    size_t stores;
    int status = check_options(conf);

    (void)arg;
    evt_conf_operands(conf, &operands);
    if (status == EVT_EXIT_OK)
        status = cli_calls_each(evt_conf_text(conf, "data-dir"), CLI_CALLS_ALL, operands[0],
                                find_one, &to, &stores);
    if (status != EVT_EXIT_OK)
        return status;
    if (to.found == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND,
                          "none of %zu stores has a call %s that has not ended: see `evt call list"
                          " --parked`",
                          stores, operands[0]);
    if (to.found > 1)
        return cli_refuse(EVT_EXIT_USAGE,
                          "%zu stores have a call %s: say whose stores (--data-dir)", to.found,
                          operands[0]);
    if (!to.parked)
        return cli_refuse(EVT_EXIT_USAGE,
                          "the call %s is not parked: its service makes it again until its end is"
                          " known",
                          operands[0]);
    return settle(conf, &to);
}

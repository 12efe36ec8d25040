/* evt saga settle: a person's word on how a parked part of a saga ended. */
#include "cli.h"

#include "answer.h"
#include "sagas.h"
#include "show.h"

#include <events/evt.h>
#include <evt/envelope.h>
#include <evt/saga.h>

#include <stdio.h>
#include <string.h>

static const char *const outcomes[] = {"undone", "done", NULL};

const struct evt_option cli_saga_settle_options[] = {
    CLI_SAGA_OPTION,
    {.name = "step",
     .value = "STEP",
     .help = "which step, as `evt saga list` shows it",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "item",
     .value = "N",
     .fallback = "1",
     .help = "which item of the step",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = EVT_SAGA_PARTS_MAX,
     .flag_only = true},
    {.name = "outcome",
     .value = "OUTCOME",
     .help = "how it ended",
     .kind = EVT_OPTION_CHOICE,
     .choices = outcomes,
     .flag_only = true},
    {.name = "why",
     .value = "TEXT",
     .help = "how you know, for the saga's history; a customer may read it",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    CLI_YES,
    CLI_DRY_RUN,
    CLI_ANSWER_TIMEOUT,
    {0},
};
const struct evt_example cli_saga_settle_examples[] = {
    {"saga settle 0192f0c1-0000-7000-8000-000000000001 --step capture --outcome undone --why"
     " 'paid back by the bank'",
     "its refund is never asked for again, and the order ends"},
    {0},
};
const char cli_saga_settle_help[] =
    "Where asking again (`evt saga retry`) cannot help, because what is asked for was done, or "
    "undone,\n"
    "by hand. The saga takes it as the answer that never came. What is stuck is settled as "
    "undone;\n"
    "what is parked as done, or, where the saga may still turn back, as undone.";

/* Its line among the parts: "capture 1 stuck 8 …". */
static bool is_parked(const char *parts, const char *step, int64_t item)
{
    char parked[EVT_NAME_MAX + 40], stuck[EVT_NAME_MAX + 40];

    snprintf(parked, sizeof(parked), "%s %d parked ", step, (int)item);
    snprintf(stuck, sizeof(stuck), "%s %d stuck ", step, (int)item);
    for (; *parts; parts += strcspn(parts, "\n"), parts += *parts == '\n')
        if (strncmp(parts, parked, strlen(parked)) == 0 ||
            strncmp(parts, stuck, strlen(stuck)) == 0)
            return true;
    return false;
}

static void say(const struct cli_saga_named *saga, const struct evt_settle_saga *word)
{
    struct evt_buf line = {0};

    evt_buf_printf(&line, "evt: %s.%d is told that %s %d of %s ", saga->topic->stream,
                   (int)saga->partition, word->step, (int)word->item, saga->name);
    cli_show_plain(&line, saga->ref);
    evt_buf_printf(&line,
                   " is %s: ", word->outcome == EVT_SETTLE_SAGA_OUTCOME_DONE ? "done" : "undone");
    cli_show_plain(&line, word->why);
    fprintf(stderr, "%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

static int settle(const struct evt_conf *conf, const struct cli_saga_named *saga)
{
    struct cli_commands all = {.type = &evt_settle_saga_type, .topic = saga->topic};
    const struct evt_settle_saga word = {
        .saga = saga->name,
        .ref = saga->ref,
        .step = evt_conf_text(conf, "step"),
        .item = (int32_t)evt_conf_number(conf, "item"),
        .outcome = strcmp(evt_conf_text(conf, "outcome"), "done") == 0
                       ? EVT_SETTLE_SAGA_OUTCOME_DONE
                       : EVT_SETTLE_SAGA_OUTCOME_UNDONE,
        .why = evt_conf_text(conf, "why"),
    };
    char id[CLI_UUID_LEN + 1];
    struct evt_error err;
    enum evt_err rc;
    int status;

    if (!is_parked(saga->parts, word.step, word.item))
        return cli_refuse(EVT_EXIT_USAGE, "%s %d of %s is not parked: see `evt saga list --parked`",
                          word.step, (int)word.item, saga->ref);
    cli_source(all.source, sizeof(all.source));
    rc = cli_uuid(id, &err);
    if (rc == EVT_OK)
        rc = cli_commands_add(&all, &word, saga->ref, saga->partition, id, NULL, &err);
    if (rc != EVT_OK) {
        status = cli_fail(&err);
        goto out;
    }
    say(saga, &word);
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
    if (!evt_conf_given(conf, "step"))
        return cli_refuse(EVT_EXIT_USAGE,
                          "say which part: --step, and --item where it has several");
    if (!evt_conf_given(conf, "outcome"))
        return cli_refuse(EVT_EXIT_USAGE, "say how it ended: --outcome undone or --outcome done");
    if (!evt_conf_given(conf, "why") || !*evt_conf_text(conf, "why"))
        return cli_refuse(EVT_EXIT_USAGE, "say how you know, for the saga's history: --why TEXT");
    return EVT_EXIT_OK;
}

int cli_saga_settle(const struct evt_conf *conf, void *arg)
{
    struct cli_sagas_named named = {0};
    const char *const *operands;
    int status = check_options(conf);

    (void)arg;
    evt_conf_operands(conf, &operands);
    if (status == EVT_EXIT_OK)
        status = cli_sagas_name(conf, operands[0], &named);
    if (status == EVT_EXIT_OK)
        status = settle(conf, &named.sagas[0]);
    cli_sagas_named_release(&named);
    return status;
}

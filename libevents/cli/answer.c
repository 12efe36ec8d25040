/* Answer: CommandAnswered names the command by its source and id. */
#include "answer.h"

#include "cli.h"
#include "show.h"
#include "watch.h"

#include <events/evt.h>
#include <evt/clock.h>
#include <evt/envelope.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 200

struct cli_answers {
    const struct cli_commands *commands;
    struct cli_watch *watch;
    bool *answered;
    size_t left, first; /* all before the first are answered: they come about in order */
    bool refused;       /* one of them at least */
};

enum evt_err cli_answers_new(const struct evt_kafka *kafka, const struct cli_commands *commands,
                             struct cli_answers **ret_answers, struct evt_error *err)
{
    const struct evt_topic *events =
        evt_registry_service_topic(&evt_registry, commands->topic->service, EVT_TOPIC_EVENTS);
    struct cli_answers *answers = evt_zalloc(sizeof(*answers));
    int32_t partitions = 0;
    enum evt_err rc = cli_watch_new(kafka, &answers->watch, err);

    if (rc == EVT_OK)
        rc =
            cli_partitions(kafka, cli_watch_client(answers->watch), events->name, &partitions, err);
    if (rc == EVT_OK && partitions != events->partitions)
        rc = evt_fail(err, EVT_E_USAGE, "%s has %d partitions, not %d: see `evt topics diff`",
                      events->name, (int)partitions, (int)events->partitions);
    answers->commands = commands;
    answers->left = commands->n;
    answers->answered = evt_zalloc(commands->n + 1);
    for (int32_t p = 0; rc == EVT_OK && p < events->partitions; p++) {
        int64_t low = 0, high = 0;

        rc = evt_kafka_ends(cli_watch_client(answers->watch), events->name, p, CLI_ANSWER_MS, &low,
                            &high, err);
        cli_watch_add(answers->watch, events->name, p, high, -1);
    }
    if (rc == EVT_OK)
        rc = cli_watch_start(answers->watch, err);
    if (rc != EVT_OK) {
        cli_answers_free(answers);
        return rc;
    }
    *ret_answers = answers;
    return EVT_OK;
}

void cli_answers_free(struct cli_answers *answers)
{
    if (!answers)
        return;
    cli_watch_free(answers->watch);
    evt_free(answers->answered);
    evt_free(answers);
}

static void field(struct evt_buf *line, const char *name, const char *text)
{
    evt_buf_printf(line, ",\"%s\":", name);
    if (text)
        cli_show_text(line, text, strlen(text));
    else
        evt_buf_add_text(line, "null");
}

static bool is_json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    json_decref(value);
    return value != NULL;
}

static void show(const struct evt_command_answered *answer, bool json)
{
    const char *outcome = evt_command_outcome_str(answer->outcome);
    struct evt_buf line = {0};

    if (json) {
        evt_buf_add_text(&line, "{\"id\":");
        cli_show_text(&line, answer->command_id, strlen(answer->command_id));
        field(&line, "outcome", outcome);
        field(&line, "reason", answer->reason);
        if (answer->detail && is_json(answer->detail)) /* as the service wrote it */
            evt_buf_printf(&line, ",\"detail\":%s", answer->detail);
        else
            field(&line, "detail", answer->detail);
        evt_buf_add_byte(&line, '}');
    } else {
        evt_buf_printf(&line, "%s %s%s%s%s%s", answer->command_id, outcome,
                       answer->reason ? ": " : "", answer->reason ? answer->reason : "",
                       answer->detail ? " " : "", answer->detail ? answer->detail : "");
    }
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

static void take(struct cli_answers *answers, const struct evt_record *rec, bool json)
{
    struct evt_command_answered *answer = NULL;

    if (!evt_text_is(evt_envelope_type(rec), evt_command_answered_type.name) ||
        evt_command_answered_decode_new(rec->value, rec->value_len, &answer, NULL) != EVT_OK)
        return;
    while (answers->first < answers->commands->n && answers->answered[answers->first])
        answers->first++;
    for (size_t i = answers->first; i < answers->commands->n; i++) {
        if (answers->answered[i] ||
            strcmp(answers->commands->source, answer->command_source) != 0 ||
            strcmp(answers->commands->commands[i].id, answer->command_id) != 0)
            continue;
        answers->answered[i] = true;
        answers->left--;
        answers->refused |= answer->outcome != EVT_COMMAND_OUTCOME_DONE;
        show(answer, json);
        break;
    }
    evt_command_answered_free(answer);
}

int cli_answers_wait(struct cli_answers *answers, int64_t timeout_ms, bool json)
{
    const int64_t end_ms = evt_clock_ms() + timeout_ms;

    while (answers->left > 0 && evt_clock_ms() < end_ms) {
        struct cli_seen seen;
        struct evt_error err;

        if (cli_watch_next(answers->watch, LOOK_MS, &seen, &err) != EVT_OK)
            return cli_fail(&err);
        if (seen.rec)
            take(answers, seen.rec, json);
    }
    if (answers->left > 0)
        return cli_refuse(EVT_EXIT_TIMEOUT,
                          "%zu of %zu not answered within %lld s: is svc-%s running? What is"
                          " published stays, and is done once it runs; an id that was used before"
                          " is not answered again",
                          answers->left, answers->commands->n, (long long)timeout_ms / 1000,
                          answers->commands->topic->service);
    return answers->refused ? EVT_EXIT_FAILURE : EVT_EXIT_OK;
}

static void say_where(const struct cli_commands *commands, const int64_t *offsets, bool json)
{
    for (size_t i = 0; i < commands->n; i++)
        printf(json ? "{\"id\":\"%s\",\"stream\":\"%s\",\"partition\":%d,\"offset\":%" PRId64 "}\n"
                    : "%s %s.%d@%" PRId64 "\n",
               commands->commands[i].id, commands->topic->stream,
               (int)commands->commands[i].send.partition, offsets[i]);
    fflush(stdout);
}

int cli_commands_obeyed(const struct evt_conf *conf, const struct cli_commands *commands,
                        bool answered)
{
    const struct evt_kafka kafka = cli_kafka(conf);
    const bool json = evt_conf_flag(conf, "json");
    int64_t *offsets = evt_zalloc(commands->n * sizeof(*offsets));
    struct cli_answers *answers = NULL;
    struct evt_error err;
    enum evt_err rc = EVT_OK;
    int status = EVT_EXIT_OK;

    if (answered)
        rc = cli_answers_new(&kafka, commands, &answers, &err);
    if (rc == EVT_OK)
        rc = cli_commands_send(&kafka, commands, offsets, &err);
    if (rc == EVT_OK)
        say_where(commands, offsets, json);
    if (rc != EVT_OK)
        status = cli_fail(&err);
    else if (answers)
        status = cli_answers_wait(answers, evt_conf_number(conf, "timeout") * 1000, json);
    cli_answers_free(answers);
    evt_free(offsets);
    return status;
}

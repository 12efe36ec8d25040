/* evt publish: commands from the shell. */
#include "cli.h"

#include "answer.h"
#include "command_in.h"
#include "show.h"

#include <evt/codec.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct evt_option cli_publish_options[] = {
    {.name = "key",
     .letter = 'k',
     .value = "KEY",
     .help = "instead of the message's key field: to see it rejected",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "id",
     .value = "ID",
     .help = "the command's id; else a random UUID",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "source",
     .value = "URI",
     .help = "who says it; else /cli/<user>",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "traceparent",
     .value = "W3C",
     .help = "the trace that it belongs to",
     .kind = EVT_OPTION_TEXT,
     .flag_only = true},
    {.name = "wait",
     .letter = 'w',
     .help = "until it is answered, and show the answer",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {.name = "timeout",
     .value = "SECONDS",
     .fallback = "30",
     .help = "how long to wait",
     .kind = EVT_OPTION_NUMBER,
     .min = 1,
     .max = 86400,
     .flag_only = true},
    {.name = "dry-run",
     .letter = 'n',
     .help = "only check it, and show what would be sent",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_publish_examples[] = {
    {"publish CreateProduct '{\"sku\":\"tea\",\"name\":\"Tea\",\"price_minor\":450,"
     "\"currency\":\"EUR\"}' --wait",
     "create a product and see what became of it"},
    {"publish ReceiveStock - <stock.jsonl", "a command a line"},
    {"publish ReceiveStock '{\"sku\":\"tea\",\"quantity\":10}' --id delivery-4711",
     "may be said again: an id is obeyed once"},
    {"publish ReceiveStock '{\"sku\":\"tea\"}' --dry-run", "is it right, and where would it go"},
    {0},
};
const char cli_publish_help[] =
    "The topic follows from TYPE, which is a full name (shop.product.v1.ReceiveStock) or its last\n"
    "part where only one type has it. JSON is the message, - or nothing is stdin: one object or\n"
    "several, which are all checked before the first is sent. Fields that are left out get their\n"
    "default. With --wait it exits with 0 when it was done, 1 when it was refused or rejected, 4\n"
    "when no answer came in time.";

static void show_one(const struct cli_commands *all, size_t i, const int64_t *offsets, bool json)
{
    const struct evt_send *send = &all->commands[i].send;
    struct evt_buf line = {0};
    char where[40] = "";

    if (offsets)
        snprintf(where, sizeof(where), "%" PRId64, offsets[i]);
    if (json) {
        evt_buf_printf(&line, "{\"topic\":\"%s\",\"partition\":%" PRId32 ",\"offset\":%s,\"key\":",
                       send->topic, send->partition, offsets ? where : "null");
        cli_show_text(&line, send->key, send->key_len);
        evt_buf_printf(&line, ",\"type\":\"%s\",\"source\":", all->type->name);
        cli_show_text(&line, all->source, strlen(all->source));
        evt_buf_add_text(&line, ",\"id\":");
        cli_show_text(&line, all->commands[i].id, strlen(all->commands[i].id));
        evt_buf_add_byte(&line, '}');
    } else {
        evt_buf_printf(&line, "%s %s.%" PRId32 "%s%s key=", all->commands[i].id, all->topic->stream,
                       send->partition, offsets ? "@" : "", where);
        cli_show_text(&line, send->key, send->key_len);
    }
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

/* What would be sent, with the defaults in place. */
static void show_value(const struct cli_commands *all, size_t i)
{
    const struct evt_send *send = &all->commands[i].send;
    const struct evt_record rec = {.topic = send->topic,
                                   .value = send->value,
                                   .value_len = send->value_len,
                                   .headers = send->headers,
                                   .headers_n = send->headers_n};
    struct evt_buf value = {0};
    struct evt_error err;

    if (cli_show_value(&rec, &value, &err))
        printf("%s\n", evt_buf_text(&value));
    evt_buf_release(&value);
}

static bool is_outside(const struct evt_type *type)
{
    for (const char *const *s = type->senders; s && *s; s++)
        if (strcmp(*s, "outside") == 0)
            return true;
    return false;
}

static int send_all(const struct evt_conf *conf, const struct cli_commands *all)
{
    const struct evt_kafka kafka = cli_kafka(conf);
    const bool json = evt_conf_flag(conf, "json"), wait = evt_conf_flag(conf, "wait");
    int64_t *offsets = evt_zalloc((all->n + 1) * sizeof(*offsets));
    struct cli_answers *answers = NULL;
    struct evt_error err;
    enum evt_err rc = EVT_OK;
    int status = EVT_EXIT_OK;

    if (wait)
        rc = cli_answers_new(&kafka, all, &answers, &err);
    if (rc == EVT_OK)
        rc = cli_commands_send(&kafka, all, offsets, &err);
    for (size_t i = 0; rc == EVT_OK && i < all->n; i++)
        show_one(all, i, offsets, json);
    if (rc != EVT_OK)
        status = cli_fail(&err);
    else if (wait) {
        fflush(stdout);
        status = cli_answers_wait(answers, evt_conf_number(conf, "timeout") * 1000, json);
    }
    cli_answers_free(answers);
    evt_free(offsets);
    return status;
}

int cli_publish(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;
    const size_t n = evt_conf_operands(conf, &operands);
    const struct evt_type *type = cli_type(operands[0]);
    struct cli_commands all;
    int status;

    (void)arg;
    if (!type)
        return EVT_EXIT_NOT_FOUND;
    if (!type->topic)
        return cli_refuse(
            EVT_EXIT_USAGE,
            "%s is libevents' own: nobody publishes it by hand; for"
            " AcceptStream there is `evt stream accept`, for RetrySaga `evt saga retry`, for"
            " SettleSaga `evt saga settle`, for CallEnded `evt call settle`",
            type->name);
    if (type->kind == EVT_KIND_FACT)
        return cli_refuse(EVT_EXIT_USAGE, "%s is a fact: only %s says it", type->name,
                          type->senders[0]);
    if (!is_outside(type))
        fprintf(stderr, "evt: %s is not taken from outside: it will be rejected\n", type->name);
    status = cli_commands_read(conf, type, type->topic, n > 1 ? operands[1] : NULL, &all);
    if (status == EVT_EXIT_OK && evt_conf_flag(conf, "dry-run"))
        for (size_t i = 0; i < all.n; i++) {
            show_one(&all, i, NULL, evt_conf_flag(conf, "json"));
            if (!evt_conf_flag(conf, "json"))
                show_value(&all, i);
        }
    else if (status == EVT_EXIT_OK)
        status = send_all(conf, &all);
    cli_commands_release(&all);
    return status;
}

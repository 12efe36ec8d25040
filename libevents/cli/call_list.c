/* evt call list, evt call show: which outside calls are on their way, and which wait for a person.
 */
#include "cli.h"

#include "calls.h"
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct evt_option cli_call_list_options[] = {
    {.name = "parked",
     .help = "only those that wait for a person",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    {0},
};
const struct evt_example cli_call_list_examples[] = {
    {"call list", "what has not ended, the oldest of each shard first"},
    {"call list --parked --json", "for a script that calls somebody"},
    {0},
};
const struct evt_example cli_call_show_examples[] = {
    {"call show 9f3a11c2d4e5b607-1", "what was asked, of which a provider's books are to be read"},
    {0},
};
const char cli_call_help[] =
    "KEY is what the provider knows the call by, its Idempotency-Key: it is in the log, too.";

struct listing {
    bool json;
    size_t n;
};

static void add_text(struct evt_buf *line, const char *before, const char *text)
{
    evt_buf_add_text(line, before);
    cli_show_text(line, text, strlen(text));
}

static void add_json(struct evt_buf *line, const struct cli_call *call)
{
    evt_buf_printf(line, "{\"service\":\"%s\",\"partition\":%d,\"id\":%" PRId64, call->shard->name,
                   (int)call->shard->partition, call->id);
    add_text(line, ",\"name\":", call->name);
    add_text(line, ",\"call_key\":", call->call_key);
    add_text(line, ",\"key\":", call->key);
    add_text(line, ",\"ref\":", call->ref);
    evt_buf_printf(line, ",\"parked\":%s,\"created\":\"", call->parked ? "true" : "false");
    cli_show_time(line, call->created_ms);
    evt_buf_add_text(line, "\",\"request\":");
    cli_show_text(line, call->request.data, call->request.len);
    evt_buf_add_byte(line, '}');
}

static void add_line(struct evt_buf *line, const struct cli_call *call)
{
    cli_show_time(line, call->created_ms);
    evt_buf_printf(line, " %s.%d %s %s key=%s%s%s", call->shard->name, (int)call->shard->partition,
                   call->name, call->call_key, call->key, *call->ref ? " ref=" : "", call->ref);
    if (call->parked)
        evt_buf_printf(line,
                       " parked\n    once the provider's books say what became of it: evt call"
                       " settle %s --outcome ok|refused",
                       call->call_key);
}

static void list_one(void *arg, const struct cli_call *call)
{
    struct listing *to = arg;
    struct evt_buf line = {0};

    to->n++;
    if (to->json)
        add_json(&line, call);
    else
        add_line(&line, call);
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

int cli_call_list(const struct evt_conf *conf, void *arg)
{
    struct listing to = {.json = evt_conf_flag(conf, "json")};
    const enum cli_calls which = evt_conf_flag(conf, "parked") ? CLI_CALLS_PARKED : CLI_CALLS_ALL;
    size_t stores;
    const int status =
        cli_calls_each(evt_conf_text(conf, "data-dir"), which, NULL, list_one, &to, &stores);

    (void)arg;
    if (status == EVT_EXIT_OK && to.n == 0)
        fprintf(stderr, "evt: no such calls in %zu stores\n", stores);
    return status;
}

static void show_one(void *arg, const struct cli_call *call)
{
    const struct listing *to = arg;
    struct evt_buf line = {0};

    list_one(arg, call);
    if (to->json)
        return;
    evt_buf_add_text(&line, "    request ");
    cli_show_text(&line, call->request.data, call->request.len);
    printf("%s\n", evt_buf_text(&line));
    evt_buf_release(&line);
}

int cli_call_show(const struct evt_conf *conf, void *arg)
{
    struct listing to = {.json = evt_conf_flag(conf, "json")};
    const char *const *operands;
    size_t stores;
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = cli_calls_each(evt_conf_text(conf, "data-dir"), CLI_CALLS_ALL, operands[0], show_one,
                            &to, &stores);
    if (status == EVT_EXIT_OK && to.n == 0)
        return cli_refuse(EVT_EXIT_NOT_FOUND, "none of %zu stores has a call %s that has not ended",
                          stores, operands[0]);
    return status;
}

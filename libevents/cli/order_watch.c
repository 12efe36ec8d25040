/* evt order show, watch, cancel: an order as it is, as it goes on, and undone. */
#include "order.h"

#include <stdio.h>

const struct evt_option cli_order_show_options[] = {CLI_ORDER_URL, {0}};
const struct evt_option cli_order_watch_options[] = {CLI_ORDER_URL, CLI_TIMEOUT, {0}};
const struct evt_option cli_order_cancel_options[] = {
    CLI_ORDER_URL,
    CLI_TEXT("reason", "TEXT", "", "why"),
    CLI_TEXT("key", "TEXT", NULL, "the Idempotency-Key; else one that is new"),
    {.name = "no-watch",
     .help = "do not follow it to its end",
     .kind = EVT_OPTION_FLAG,
     .flag_only = true},
    CLI_TIMEOUT,
    {0}};
const struct evt_example cli_order_show_examples[] = {
    {"order show 0192f0c1-0000-7000-8000-000000000001", "as it is now"}, {0}};
const struct evt_example cli_order_watch_examples[] = {
    {"order watch 0192f0c1-0000-7000-8000-000000000001", "each step as it happens"}, {0}};
const struct evt_example cli_order_cancel_examples[] = {
    {"order cancel 0192f0c1-0000-7000-8000-000000000001 --reason 'too slow'",
     "undone, wherever it stands"},
    {0},
};

int cli_order_show(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;
    struct cli_web_answer answer;
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = cli_order_get(conf, operands[0], 0, &answer);
    if (status == EVT_EXIT_OK) {
        json_dumpf(answer.json, stdout,
                   evt_conf_flag(conf, "json") ? JSON_COMPACT : JSON_INDENT(2));
        putchar('\n');
    }
    cli_web_answer_release(&answer);
    return status;
}

int cli_order_watch(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;

    (void)arg;
    evt_conf_operands(conf, &operands);
    return cli_order_follow(&(const struct cli_order_watched){
        .conf = conf, .id = operands[0], .deadline_ms = cli_order_deadline(conf)});
}

int cli_order_cancel(const struct evt_conf *conf, void *arg)
{
    json_t *body = json_pack("{s:s}", "reason", evt_conf_text(conf, "reason"));
    const char *const *operands;
    struct evt_buf path = {0};
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    evt_buf_printf(&path, "/v1/orders/%s/cancellation", operands[0]);
    status =
        cli_order_post(conf, evt_buf_text(&path), body, " is being cancelled", "", operands[0]);
    evt_buf_release(&path);
    json_decref(body);
    return status;
}

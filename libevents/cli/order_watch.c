/* evt order show, watch, cancel: an order as it is, as it goes on, and undone. */
#include "order.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_S 10

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
static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

static void print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
}

/* A step of the saga, or the end. */
static bool show_event(void *arg, const char *name, const json_t *data)
{
    const bool *json = arg;
    const char *why = text_of(data, "why"), *step = text_of(data, "step");

    if (*json) {
        print_json(data);
    } else {
        printf("%s  %s", text_of(data, "time"), step);
        if (json_integer_value(json_object_get(data, "item")) > 0 && *step)
            printf(" %d", (int)json_integer_value(json_object_get(data, "item")));
        printf("%s%s%s%s\n", *step ? " " : "", text_of(data, "what"), *why ? ": " : "", why);
    }
    fflush(stdout);
    return strcmp(name, "end") != 0;
}

static int get_order(const struct evt_conf *conf, const char *id, struct cli_web_answer *answer)
{
    struct evt_buf path = {0};
    int status;

    evt_buf_printf(&path, "/v1/orders/%s", id);
    status = cli_web_ask(&(const struct cli_web_request){.method = "GET",
                                                         .base = evt_conf_text(conf, "order-url"),
                                                         .path = evt_buf_text(&path),
                                                         .timeout_s = ANSWER_S},
                         answer);
    evt_buf_release(&path);
    return status;
}

static bool is_wanted(const char *status, bool cancels)
{
    if (cancels)
        return strcmp(status, "cancelled") == 0 || strcmp(status, "refunded") == 0;
    return strcmp(status, "confirmed") == 0;
}

/* How it ended: the last line, and the exit status. */
static int show_end(const struct evt_conf *conf, const char *id, bool cancels)
{
    struct cli_web_answer answer;
    int status = get_order(conf, id, &answer);

    if (status == EVT_EXIT_OK) {
        const char *is = text_of(answer.json, "status"), *why = text_of(answer.json, "reason");

        if (evt_conf_flag(conf, "json"))
            print_json(answer.json);
        else
            printf("the order is %s%s%s\n", is, *why ? ": " : "", why);
        fflush(stdout);
        status = is_wanted(is, cancels) ? EVT_EXIT_OK : EVT_EXIT_FAILURE;
    }
    cli_web_answer_release(&answer);
    return status;
}

int cli_order_follow(const struct evt_conf *conf, const char *id, bool cancels)
{
    bool json = evt_conf_flag(conf, "json");
    struct cli_web_answer answer;
    struct evt_buf path = {0};
    int status;

    evt_buf_printf(&path, "/v1/orders/%s/events", id);
    status = cli_web_ask(&(const struct cli_web_request){.method = "GET",
                                                         .base = evt_conf_text(conf, "order-url"),
                                                         .path = evt_buf_text(&path),
                                                         .timeout_s =
                                                             (long)evt_conf_number(conf, "timeout"),
                                                         .event = show_event,
                                                         .arg = &json},
                         &answer);
    evt_buf_release(&path);
    cli_web_answer_release(&answer);
    return status == EVT_EXIT_OK ? show_end(conf, id, cancels) : status;
}

int cli_order_post(const struct evt_conf *conf, const char *path, const json_t *body,
                   const char *said, const char *id)
{
    const char *given = evt_conf_given(conf, "key") ? evt_conf_text(conf, "key") : NULL;
    const bool cancels = id != NULL;
    struct cli_web_answer answer = {0};
    char key[CLI_UUID_LEN + 1];
    struct evt_error err;
    int status;

    if (cli_uuid(key, &err) != EVT_OK)
        return cli_fail(&err);
    status =
        cli_web_ask(&(const struct cli_web_request){.method = "POST",
                                                    .base = evt_conf_text(conf, "order-url"),
                                                    .path = path,
                                                    .body = body,
                                                    .idempotency_key = given ? given : key,
                                                    .timeout_s =
                                                        (long)evt_conf_number(conf, "timeout")},
                    &answer);
    if (status == EVT_EXIT_OK && !id)
        id = strrchr(answer.location, '/') ? strrchr(answer.location, '/') + 1 : "";
    if (status == EVT_EXIT_OK && evt_conf_flag(conf, "json") && evt_conf_flag(conf, "no-watch"))
        print_json(answer.json);
    else if (status == EVT_EXIT_OK && !evt_conf_flag(conf, "json"))
        printf("order %s%s\n", id, said);
    fflush(stdout);
    if (status == EVT_EXIT_OK && !evt_conf_flag(conf, "no-watch"))
        status = cli_order_follow(conf, id, cancels);
    cli_web_answer_release(&answer);
    return status;
}

int cli_order_show(const struct evt_conf *conf, void *arg)
{
    const char *const *operands;
    struct cli_web_answer answer;
    int status;

    (void)arg;
    evt_conf_operands(conf, &operands);
    status = get_order(conf, operands[0], &answer);
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
    return cli_order_follow(conf, operands[0], false);
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
    status = cli_order_post(conf, evt_buf_text(&path), body, " is being cancelled", operands[0]);
    evt_buf_release(&path);
    json_decref(body);
    return status;
}

/* Following an order: its steps as they happen, and its end. */
#include "order.h"
#include "show.h"

#include <evt/clock.h>

#include <stdio.h>
#include <string.h>

#define ANSWER_MS 10000

static const char *text_of(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text ? text : "";
}

void cli_order_print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
}

/* Reasons are customers' words, and providers'. Releases `line`. */
static void print_plain(struct evt_buf *line)
{
    struct evt_buf plain = {0};

    cli_show_plain(&plain, evt_buf_text(line));
    puts(evt_buf_text(&plain));
    fflush(stdout);
    evt_buf_release(&plain);
    evt_buf_release(line);
}

/* A step of the saga, or the end. */
static bool show_event(void *arg, const char *name, const json_t *data)
{
    const bool *json = arg;
    const char *why = text_of(data, "why"), *step = text_of(data, "step");
    struct evt_buf line = {0};

    if (*json) {
        cli_order_print_json(data);
        return strcmp(name, "end") != 0;
    }
    evt_buf_printf(&line, "%s  %s", text_of(data, "time"), step);
    if (json_integer_value(json_object_get(data, "item")) > 0 && *step)
        evt_buf_printf(&line, " %d", (int)json_integer_value(json_object_get(data, "item")));
    evt_buf_printf(&line, "%s%s%s%s", *step ? " " : "", text_of(data, "what"), *why ? ": " : "",
                   why);
    print_plain(&line);
    return strcmp(name, "end") != 0;
}

int64_t cli_order_deadline(const struct evt_conf *conf)
{
    return evt_clock_ms() + 1000 * evt_conf_number(conf, "timeout");
}

int cli_order_get(const struct evt_conf *conf, const char *id, int64_t deadline_ms,
                  struct cli_web_answer *ret_answer)
{
    struct evt_buf path = {0};
    struct cli_web_request request = {.method = "GET",
                                      .base = evt_conf_text(conf, "order-url"),
                                      .timeout_ms = ANSWER_MS};
    int status;

    evt_buf_printf(&path, "/v1/orders/%s", id);
    request.path = evt_buf_text(&path);
    status = deadline_ms ? cli_web_insist(&request, deadline_ms, ret_answer)
                         : cli_web_ask(&request, ret_answer);
    evt_buf_release(&path);
    return status;
}

static int get_events(const struct cli_order_watched *watched)
{
    bool json = evt_conf_flag(watched->conf, "json");
    struct cli_web_events events = {.each = show_event, .arg = &json};
    struct cli_web_answer answer;
    struct evt_buf path = {0};
    int status;

    evt_buf_printf(&path, "/v1/orders/%s/events", watched->id);
    status = cli_web_insist(&(const struct cli_web_request){.method = "GET",
                                                            .base = evt_conf_text(watched->conf,
                                                                                  "order-url"),
                                                            .path = evt_buf_text(&path),
                                                            .events = &events,
                                                            .until_found = watched->placed},
                            watched->deadline_ms, &answer);
    evt_buf_release(&path);
    cli_web_answer_release(&answer);
    return status;
}

static bool is_wanted(const char *status, bool cancels)
{
    if (cancels)
        return strcmp(status, "cancelled") == 0 || strcmp(status, "refunded") == 0;
    return strcmp(status, "confirmed") == 0;
}

/* How it ended: the last line, and the exit status. */
static int show_end(const struct cli_order_watched *watched)
{
    struct cli_web_answer answer;
    struct evt_buf line = {0};
    int status = cli_order_get(watched->conf, watched->id, watched->deadline_ms, &answer);

    if (status == EVT_EXIT_OK) {
        const char *is = text_of(answer.json, "status"), *why = text_of(answer.json, "reason");

        if (evt_conf_flag(watched->conf, "json"))
            cli_order_print_json(answer.json);
        else {
            evt_buf_printf(&line, "the order is %s%s%s", is, *why ? ": " : "", why);
            print_plain(&line);
        }
        status = is_wanted(is, watched->cancels) ? EVT_EXIT_OK : EVT_EXIT_FAILURE;
    }
    cli_web_answer_release(&answer);
    return status;
}

int cli_order_follow(const struct cli_order_watched *watched)
{
    const bool elsewhere = evt_conf_given(watched->conf, "order-url");
    int status = get_events(watched);

    if (status == EVT_EXIT_OK)
        status = show_end(watched);
    if (status == EVT_EXIT_TIMEOUT)
        cli_refuse(0,
                   "no end of the order is known after %d s; to look on: evt order "
                   "watch %s%s%s",
                   (int)evt_conf_number(watched->conf, "timeout"), watched->id,
                   elsewhere ? " --order-url " : "",
                   elsewhere ? evt_conf_text(watched->conf, "order-url") : "");
    return status;
}

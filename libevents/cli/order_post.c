/* Posting what is about an order, under a key: however often it is made, it is done once. */
#include "order.h"

#include <stdio.h>
#include <string.h>

/* Nobody can say whether it was taken. */
static int unanswered(const struct evt_conf *conf, const char *same, const char *key)
{
    return cli_refuse(EVT_EXIT_TIMEOUT,
                      "no answer came within %d s, but perhaps it was done: type the same with%s "
                      "--key %s, which never does it twice",
                      (int)evt_conf_number(conf, "timeout"), same, key);
}

static void show_taken(const struct evt_conf *conf, const json_t *json, const char *id,
                       const char *said)
{
    if (!evt_conf_flag(conf, "json"))
        printf("order %s%s\n", id, said);
    else if (evt_conf_flag(conf, "no-watch"))
        cli_order_print_json(json);
    fflush(stdout);
}

int cli_order_post(const struct evt_conf *conf, const char *path, const json_t *body,
                   const char *said, const char *same, const char *id)
{
    struct cli_order_watched watched = {.conf = conf,
                                        .id = id,
                                        .deadline_ms = cli_order_deadline(conf),
                                        .cancels = id != NULL,
                                        .placed = id == NULL};
    struct cli_web_request request = {.method = "POST",
                                      .base = evt_conf_text(conf, "order-url"),
                                      .path = path,
                                      .body = body,
                                      .idempotency_key = evt_conf_text(conf, "key")};
    struct cli_web_answer answer;
    char key[CLI_UUID_LEN + 1];
    struct evt_error err;
    int status;

    if (!request.idempotency_key) {
        if (cli_uuid(key, &err) != EVT_OK)
            return cli_fail(&err);
        request.idempotency_key = key;
    }
    status = cli_web_insist(&request, watched.deadline_ms, &answer);
    if (status == EVT_EXIT_OK) {
        if (!id)
            watched.id = strrchr(answer.location, '/') ? strrchr(answer.location, '/') + 1 : "";
        show_taken(conf, answer.json, watched.id, said);
        if (!evt_conf_flag(conf, "no-watch"))
            status = cli_order_follow(&watched);
    } else if (status == EVT_EXIT_TIMEOUT) {
        status = unanswered(conf, same, request.idempotency_key);
    }
    cli_web_answer_release(&answer);
    return status;
}

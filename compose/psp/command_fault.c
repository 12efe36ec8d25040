/* psp fault: what goes wrong from now on, in one that runs. */
#include "client.h"
#include "commands.h"
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/_psp/faults"

const struct evt_option psp_fault_options[] = {
    {.name = "http-addr",
     .value = "HOST:PORT",
     .fallback = PSP_ADDRESS,
     .help = "where it listens",
     .kind = EVT_OPTION_TEXT},
    {0},
};
const char psp_fault_help[] =
    "  latency ms=20-80 [when=after]  before it is executed, or between that and the answer\n"
    "  error [status=503]             not executed\n"
    "  error keep=yes [done=yes]      its key answers that for good; executed all the same\n"
    "  timeout [ms=300000]            not executed, and the connection closed after that\n"
    "  lost                           executed, and the connection closed without an answer\n"
    "  decline [code=REASON]          the card says no; `psp cards` has the reasons\n"
    "  refuse                         a capture, cancel or refund is refused\n"
    "  rate_limit [retry_after=1]     429\n"
    "  down [how=refuse ms=3000]      503 to all; or nobody listens for so long\n"
    "and with each: on=create,capture,cancel,refund,read  count=3  p=0.1\n"
    "Without a name it shows what is set; `clear` sets none.";
const struct evt_example psp_fault_examples[] = {
    {"fault", "what is set, and how often it happened"},
    {"fault lost on=capture count=1", "the next capture is done, and its answer lost"},
    {"fault decline code=insufficient_funds p=0.03", "three cards of a hundred have no money"},
    {"fault clear", "all is well again"},
    {0},
};

static int ask(const struct evt_conf *conf, const char *method, const char *body)
{
    struct evt_buf answer = {0};
    struct evt_error err;
    int status = 0, code = EVT_EXIT_OK;
    json_t *json;

    if (psp_client_ask(evt_conf_text(conf, "http-addr"), method, PATH, body, &status, &answer,
                       &err) != EVT_OK)
        return psp_fail(&err);
    json = json_loads(evt_buf_text(&answer), 0, NULL);
    if (status == 200 && json) {
        psp_print_json(json_incref(json));
    } else {
        const char *why = json_string_value(json_object_get(json, "detail"));

        fprintf(stderr, "psp: %s\n", why ? why : "the answer is not one of psp's");
        code = status == 400 ? EVT_EXIT_USAGE : EVT_EXIT_FAILURE;
    }
    json_decref(json);
    evt_buf_release(&answer);
    return code;
}

int psp_command_fault(const struct evt_conf *conf, void *arg)
{
    const char *const *words;
    const size_t n = evt_conf_operands(conf, &words);
    struct evt_error err;
    json_t *json;
    char *body;
    int code;

    (void)arg;
    if (n == 0)
        return ask(conf, "GET", NULL);
    if (n == 1 && strcmp(words[0], "clear") == 0)
        return ask(conf, "DELETE", NULL);
    json = psp_fault_words(words, n, &err);
    if (!json)
        return psp_fail(&err);
    body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    code = ask(conf, "POST", body);
    free(body);
    return code;
}

/* Web: requests to the shop's HTTP edges. */
#ifndef CLI_WEB_H
#define CLI_WEB_H

#include <evt/buf.h>
#include <jansson.h>
#include <stdbool.h>

struct cli_web_request {
    const char *method;
    const char *base; /* "http://127.0.0.1:8082" */
    const char *path; /* "/v1/orders" */
    const json_t *body;
    const char *idempotency_key; /* NULL: none */
    long timeout_s;
    /* A stream of events is told one by one, instead of the body; false: no more is wanted. */
    bool (*event)(void *arg, const char *name, const json_t *data);
    void *arg;
};
struct cli_web_answer {
    long status; /* 0: there was no answer, and it was said why */
    json_t *json;
    char location[256];
};
/* Says itself why there is no answer, and what a problem says. Returns an exit status. */
int cli_web_ask(const struct cli_web_request *request, struct cli_web_answer *ret_answer);
void cli_web_answer_release(struct cli_web_answer *answer);

#endif

/* Web: requests to the shop's HTTP edges. */
#ifndef CLI_WEB_H
#define CLI_WEB_H

#include <evt/buf.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A stream of server-sent events, which may be asked for again where it broke off. */
struct cli_web_events {
    /* Told of each; false: no more is wanted. */
    bool (*each)(void *arg, const char *name, const json_t *data);
    void *arg;
    char last_id[64]; /* of the last one that was told, for Last-Event-ID; "": of none */
};

struct cli_web_request {
    const char *method;
    const char *base; /* "http://127.0.0.1:8082" */
    const char *path; /* "/v1/orders" */
    const json_t *body;
    const char *idempotency_key; /* NULL: none */
    int64_t timeout_ms;
    struct cli_web_events *events; /* instead of the answer's body; NULL: a body is wanted */
    bool until_found;              /* cli_web_insist: a 404 only means that it is not there yet */
};
struct cli_web_answer {
    long status; /* 0: there was no answer */
    json_t *json;
    char location[256];
    /* Why it is none that one can go on with, and after how long it is worth another try; -1:
     * never. */
    char why[512];
    int64_t again_ms;
};
/* Says itself why there is no answer, and what a problem says. Returns an exit status. */
int cli_web_ask(const struct cli_web_request *request, struct cli_web_answer *ret_answer);
/* The same without a word: it is in the answer. */
int cli_web_try(const struct cli_web_request *request, struct cli_web_answer *ret_answer);
/* Asks again until evt_clock_ms() is `deadline_ms`, when it broke off or the service asks for
 * patience; who looks on is told once. A stream goes on behind its last event. Exit status 4, and
 * no words but in the answer: the time is up. */
int cli_web_insist(const struct cli_web_request *request, int64_t deadline_ms,
                   struct cli_web_answer *ret_answer);
void cli_web_answer_release(struct cli_web_answer *answer);

#endif

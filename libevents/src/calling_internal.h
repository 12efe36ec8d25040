/* Calling, inside.
 *
 *     calling.c          its life, and the list into which others put their attempts
 *     calling_serve.c    the thread: what waits, what is under way, how it ends
 *     calling_attempt.c  an attempt as callers see it: what begin says and end hears
 *     calling_curl.c     an attempt as libcurl makes it
 *     calling_circuit.c  may a destination be called now */
#ifndef EVT_CALLING_INTERNAL_H
#define EVT_CALLING_INTERNAL_H

#include <evt/arena.h>
#include <evt/buf.h>
#include <evt/calling.h>

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>

/* ---- calling_circuit.c: told the time, so that it is tested without one ---- */

struct evt__circuit { /* a zeroed one is closed */
    int unknowns;     /* in a row */
    bool open;
    bool trying;           /* one was let through, and its end will tell */
    int64_t pause_ms;      /* how long it stays open, the next time */
    int64_t until_ms;      /* open until then */
    int64_t not_before_ms; /* as the provider asked */
};
enum evt__circuit_turn { EVT__CIRCUIT_STAYS, EVT__CIRCUIT_OPENS, EVT__CIRCUIT_CLOSES };

/* How long the next attempt has to wait; 0: not at all, INT64_MAX: for the end of the one that was
 * let through. */
int64_t evt__circuit_wait_ms(const struct evt__circuit *circuit, int64_t now_ms);
/* An attempt begins; true: it is the one that was let through. */
bool evt__circuit_begin(struct evt__circuit *circuit);
/* One ended. `let_through`: what evt__circuit_begin said of it. */
enum evt__circuit_turn evt__circuit_end(struct evt__circuit *circuit, bool let_through,
                                        bool definite, int64_t retry_after_ms, int64_t now_ms);

/* ---- the thread ---- */

struct evt__destination {
    const char *name;
    struct evt__circuit circuit;
    struct evt_attempt *first, **last; /* that wait, in order */
    int under_way;
    struct evt_metric *open;
};

/* A caller's metrics, and where it calls. */
struct evt__line {
    const struct evt_caller *caller;
    struct evt__destination *destination;
    struct evt_metric *ended[EVT_CALL_END_PARKED + 1];
    struct evt_metric *seconds;
};

struct evt_calling {
    struct evt_calling_options opt;
    struct evt__line *lines;
    size_t lines_n;
    struct evt__destination *destinations;
    size_t destinations_n;
    char *no_proxy;
    char *agent;

    CURLM *multi;
    pthread_t thread;
    CURL **spare; /* handles that were used before and are free */
    size_t spare_n;
    struct evt_attempt *running; /* that libcurl has */

    pthread_mutex_t lock;
    struct evt_attempt *fresh, **fresh_last; /* begun by others; under the lock */
    bool stop;                               /* under the lock */
};

enum evt__attempt_kind {
    EVT__ATTEMPT_NOTHING,
    EVT__ATTEMPT_HTTP,
    EVT__ATTEMPT_MAIL,
    EVT__ATTEMPT_DONE
};

struct evt_attempt {
    struct evt_attempt *next;
    struct evt_attempt **at; /* among those that run: who points to it */
    struct evt_calling *calling;
    const struct evt__line *line;
    void *of;
    struct evt_call_request request;
    struct evt_arena arena; /* all that is copied */
    int64_t queued_ms, began_us;
    bool let_through;

    /* What begin said. */
    enum evt__attempt_kind kind;
    const char *fault; /* why it cannot be sent; NULL: nothing is wrong */
    const char *url, *method;
    const char *user, *password;
    const char *from, *to;
    const uint8_t *body; /* or the mail */
    size_t body_len, body_at;
    struct curl_slist *headers;

    /* What came of it. */
    CURL *easy;
    struct curl_slist *recipients;
    char why[CURL_ERROR_SIZE];
    int status; /* of what was done by begin itself */
    struct evt_buf response;
    bool reply_ended; /* SMTP's: the next line begins another one */
    bool has_result;
    struct evt_bytes result;
};

/* calling_serve.c */
void *evt__calling_serve(void *calling);
/* Libcurl has it no longer; its handle is the caller's. */
CURL *evt__attempt_leave(struct evt_attempt *attempt);

/* calling_attempt.c */
struct evt_attempt *evt__attempt_new(struct evt_calling *calling, void *of,
                                     const struct evt_call_request *request);
void evt__attempt_free(struct evt_attempt *attempt);

/* calling_curl.c */
void evt__attempt_prepare(struct evt_attempt *attempt); /* its `easy`, from what begin said */
/* The answer's parts are the attempt's. */
void evt__attempt_answer(struct evt_attempt *attempt, CURLcode code,
                         struct evt_call_answer *ret_answer);

#endif

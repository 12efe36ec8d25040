/* Calling, the thread: what was begun by others is moved to its destination's queue; what may begin
 * begins; what has ended is told. */
#include "calling_internal.h"

#include <evt/clock.h>
#include <evt/log.h>
#include <evt/mem.h>

#include <stdio.h>
#include <string.h>

#define IDLE_MS 60000

/* ---- one attempt's end ---- */

static void tell(struct evt_attempt *attempt, enum evt_call_end end, struct evt_bytes response)
{
    const struct evt_calling_options *opt = &attempt->calling->opt;

    opt->ended(opt->arg, attempt->of, attempt->request.id, end, response);
    evt__attempt_free(attempt);
}

/* A bug of the service's own, and its words: nothing was sent. */
static void park(struct evt_attempt *attempt, const char *why)
{
    EVT_LOG(ERROR, "an outside call cannot be made: parked", EVT_FT("name", attempt->request.name),
            EVT_FN("id", attempt->request.id), EVT_FT("key", attempt->request.key),
            EVT_FT("reason", why));
    if (attempt->line)
        evt_metric_add(attempt->line->ended[EVT_CALL_END_PARKED], 1);
    tell(attempt, EVT_CALL_END_PARKED, (struct evt_bytes){(const uint8_t *)why, strlen(why)});
}

static void turn_circuit(const struct evt_attempt *attempt, enum evt_call_end end,
                         const struct evt_call_answer *answer)
{
    struct evt__destination *destination = attempt->line->destination;
    char status[32];

    switch (evt__circuit_end(&destination->circuit, attempt->let_through,
                             end != EVT_CALL_END_UNKNOWN, answer->retry_after_ms, evt_clock_ms())) {
    case EVT__CIRCUIT_STAYS:
        break;
    case EVT__CIRCUIT_OPENS:
        snprintf(status, sizeof(status), "status %d", answer->status);
        evt_metric_set(destination->open, 1);
        EVT_LOG(WARN, "circuit opens: calls wait", EVT_FT("destination", destination->name),
                EVT_FN("unknown_in_a_row", EVT_CALL_UNKNOWNS),
                EVT_FT("reason", answer->status ? status : answer->reason));
        break;
    case EVT__CIRCUIT_CLOSES:
        evt_metric_set(destination->open, 0);
        EVT_LOG(INFO, "circuit closes: calls go on", EVT_FT("destination", destination->name));
        break;
    }
}

static void end(struct evt_attempt *attempt, CURLcode code)
{
    const struct evt__line *line = attempt->line;
    struct evt_bytes response;
    struct evt_call_answer answer;
    enum evt_call_end how;

    evt__attempt_answer(attempt, code, &answer);
    how = line->caller->end(attempt, &answer);
    evt_metric_add(line->ended[how], 1);
    evt_metric_observe(line->seconds, evt_clock_us() - attempt->began_us);
    turn_circuit(attempt, how, &answer);
    if (how == EVT_CALL_END_UNKNOWN)
        EVT_LOG(DEBUG, "an outside call's end is unknown", EVT_FT("name", attempt->request.name),
                EVT_FN("id", attempt->request.id), EVT_FN("attempt", attempt->request.attempt),
                EVT_FN("status", answer.status), EVT_FT("reason", answer.reason));
    if (how == EVT_CALL_END_PARKED)
        EVT_LOG(ERROR, "an outside call is parked: a person decides",
                EVT_FT("name", attempt->request.name), EVT_FN("id", attempt->request.id),
                EVT_FT("key", attempt->request.key), EVT_FN("status", answer.status));
    response = attempt->has_result
                   ? attempt->result
                   : (struct evt_bytes){(const uint8_t *)answer.body, answer.body_len};
    tell(attempt, how, response);
}

/* ---- libcurl's ---- */

static CURL *take_handle(struct evt_calling *calling)
{
    CURL *easy = calling->spare_n ? calling->spare[--calling->spare_n] : curl_easy_init();

    EVT_BUG_ON(!easy);
    return easy;
}

static void give_handle(struct evt_calling *calling, CURL *easy)
{
    curl_easy_reset(easy); /* it points into the attempt */
    if (calling->spare_n < EVT_CALL_UNDER_WAY_MAX)
        calling->spare[calling->spare_n++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void run(struct evt_attempt *attempt)
{
    struct evt_calling *calling = attempt->calling;

    attempt->easy = take_handle(calling);
    evt__attempt_prepare(attempt);
    attempt->next = calling->running;
    attempt->at = &calling->running;
    if (attempt->next)
        attempt->next->at = &attempt->next;
    calling->running = attempt;
    attempt->line->destination->under_way++;
    EVT_BUG_ON(curl_multi_add_handle(calling->multi, attempt->easy) != CURLM_OK);
}

CURL *evt__attempt_leave(struct evt_attempt *attempt)
{
    *attempt->at = attempt->next;
    if (attempt->next)
        attempt->next->at = attempt->at;
    attempt->line->destination->under_way--;
    curl_multi_remove_handle(attempt->calling->multi, attempt->easy);
    return attempt->easy;
}

static void end_running(struct evt_calling *calling)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(calling->multi, &left))) {
        const CURLcode code = msg->data.result;
        struct evt_attempt *attempt;
        CURL *easy;

        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &attempt);
        easy = evt__attempt_leave(attempt);
        end(attempt, code);
        give_handle(calling, easy);
    }
}

/* ---- what waits ---- */

static void begin(struct evt_attempt *attempt)
{
    struct evt__destination *destination = attempt->line->destination;
    struct evt_error err = {.text = ""};

    attempt->began_us = evt_clock_us();
    if (attempt->line->caller->begin(attempt, &attempt->request, &err) != EVT_OK) {
        park(attempt, err.text);
        return;
    }
    if (attempt->kind == EVT__ATTEMPT_NOTHING)
        attempt->fault = "its caller's begin says nothing to be sent";
    if (attempt->fault) {
        park(attempt, attempt->fault);
        return;
    }
    attempt->let_through = evt__circuit_begin(&destination->circuit);
    if (attempt->kind == EVT__ATTEMPT_DONE)
        end(attempt, CURLE_OK);
    else
        run(attempt);
}

static struct evt_attempt *take_first(struct evt__destination *destination)
{
    struct evt_attempt *attempt = destination->first;

    destination->first = attempt->next;
    if (!destination->first)
        destination->last = &destination->first;
    return attempt;
}

static void begin_waiting(const struct evt_calling *calling, struct evt__destination *destination)
{
    while (destination->first && destination->under_way < EVT_CALL_UNDER_WAY_MAX &&
           evt__circuit_wait_ms(&destination->circuit, evt_clock_ms()) == 0)
        begin(take_first(destination));
    while (destination->first &&
           evt_clock_ms() - destination->first->queued_ms >= calling->opt.queued_ms_max)
        tell(take_first(destination), EVT_CALL_END_UNKNOWN, (struct evt_bytes){NULL, 0});
}

static int64_t wait_ms(const struct evt_calling *calling,
                       const struct evt__destination *destination, int64_t now_ms)
{
    int64_t wait, given_up;

    if (!destination->first)
        return IDLE_MS;
    given_up = destination->first->queued_ms + calling->opt.queued_ms_max - now_ms;
    if (destination->under_way == EVT_CALL_UNDER_WAY_MAX)
        return given_up;
    wait = evt__circuit_wait_ms(&destination->circuit, now_ms);
    return wait < given_up ? wait : given_up;
}

static void queue_fresh(struct evt_calling *calling)
{
    struct evt_attempt *attempt, *next;

    pthread_mutex_lock(&calling->lock);
    attempt = calling->fresh;
    calling->fresh = NULL;
    calling->fresh_last = &calling->fresh;
    pthread_mutex_unlock(&calling->lock);
    for (; attempt; attempt = next) {
        struct evt__destination *destination;

        next = attempt->next;
        if (!attempt->line) {
            park(attempt, "this version has no caller of that name");
            continue;
        }
        destination = attempt->line->destination;
        attempt->next = NULL;
        *destination->last = attempt;
        destination->last = &attempt->next;
    }
}

static bool stopping(struct evt_calling *calling)
{
    bool stop;

    pthread_mutex_lock(&calling->lock);
    stop = calling->stop;
    pthread_mutex_unlock(&calling->lock);
    return stop;
}

void *evt__calling_serve(void *arg)
{
    struct evt_calling *calling = arg;

    while (!stopping(calling)) {
        int64_t sleep_ms = IDLE_MS, now_ms;
        int left;

        queue_fresh(calling);
        curl_multi_perform(calling->multi, &left);
        end_running(calling);
        for (size_t i = 0; i < calling->destinations_n; i++)
            begin_waiting(calling, &calling->destinations[i]);
        now_ms = evt_clock_ms();
        for (size_t i = 0; i < calling->destinations_n; i++) {
            const int64_t wait = wait_ms(calling, &calling->destinations[i], now_ms);

            sleep_ms = wait < sleep_ms ? wait : sleep_ms;
        }
        /* What began just now has a timer of libcurl's own, which ends this sleep at once. */
        curl_multi_poll(calling->multi, NULL, 0, (int)(sleep_ms > 0 ? sleep_ms : 0), NULL);
    }
    return NULL;
}

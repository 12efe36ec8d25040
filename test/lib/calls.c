/* Calls: a calling thread, and what it says. */
#include "test/lib/calls.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const words[] = {[EVT_CALL_END_OK] = "ok",
                                    [EVT_CALL_END_REFUSED] = "refused",
                                    [EVT_CALL_END_UNKNOWN] = "unknown",
                                    [EVT_CALL_END_PARKED] = "parked"};

int64_t calls_queued_ms_max;
static struct calls *current; /* calls_end is told of no other */

enum evt_call_end calls_end(struct evt_attempt *attempt, const struct evt_call_answer *answer)
{
    const enum evt_call_end end =
        answer->status == 0 || answer->status == 429 || answer->status == 503 ? EVT_CALL_END_UNKNOWN
        : answer->status < 300                                                ? EVT_CALL_END_OK
                               : EVT_CALL_END_REFUSED;
    struct evt_buf *text = &current->ends[evt_attempt_request(attempt)->id].answer;

    ck_assert_int_eq(answer->body[answer->body_len], '\0');
    pthread_mutex_lock(&current->lock);
    evt_buf_clear(text);
    evt_buf_printf(text, "%s %d %s%s", words[end], answer->status, answer->body, answer->reason);
    if (answer->refused)
        evt_buf_add_text(text,
                         answer->refused == EVT_CALL_REFUSED_SENDER ? " sender" : " recipient");
    if (answer->replayed)
        evt_buf_add_text(text, " replayed");
    if (answer->retry_after_ms)
        evt_buf_printf(text, " retry %d", (int)answer->retry_after_ms);
    pthread_mutex_unlock(&current->lock);
    return end;
}

static void ended(void *arg, void *of, int64_t id, enum evt_call_end end, struct evt_bytes response)
{
    struct calls *calls = arg;
    struct calls_end *it = &calls->ends[id];

    ck_assert_ptr_eq(of, it);
    pthread_mutex_lock(&calls->lock);
    ck_assert(!it->ended);
    it->ended = true;
    it->end = end;
    evt_buf_add(&it->told, response.data, response.len);
    calls->n++;
    pthread_cond_broadcast(&calls->changed);
    pthread_mutex_unlock(&calls->lock);
}

void calls_start(struct calls *calls, const struct evt_caller *callers, const struct evt_conf *conf)
{
    struct evt_calling_options opt = {.callers = callers,
                                      .conf = conf,
                                      .service = "test",
                                      .queued_ms_max = calls_queued_ms_max,
                                      .ended = ended,
                                      .arg = calls};
    struct evt_error err;

    *calls = (struct calls){0};
    current = calls;
    folder_init(&calls->folder);
    ck_assert_ptr_nonnull(freopen(folder_path(&calls->folder, "log"), "w", stderr));
    pthread_mutex_init(&calls->lock, NULL);
    pthread_cond_init(&calls->changed, NULL);
    opt.metrics = calls->metrics = evt_metrics_new();
    ck_ok(evt_calling_start(&opt, &calls->calling, &err), err);
}

void calls_stop(struct calls *calls)
{
    evt_calling_stop(calls->calling);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        evt_buf_release(&calls->ends[i].told);
        evt_buf_release(&calls->ends[i].answer);
    }
    evt_metrics_free(calls->metrics);
    folder_release(&calls->folder);
}

void calls_begin(struct calls *calls, int id, const char *name, const char *ref,
                 const char *request)
{
    char key[32];
    const struct evt_call_request what = {
        .id = id,
        .name = name,
        .key = key,
        .ref = ref,
        .request = {(const uint8_t *)request, request ? strlen(request) : 0},
        .attempt = 1,
    };

    ck_assert_int_lt(id, CALLS_MAX);
    snprintf(key, sizeof(key), "key-%d", id);
    evt_calling_begin(calls->calling, &calls->ends[id], &what);
}

void calls_again(struct calls *calls, int id)
{
    struct calls_end *it = &calls->ends[id];

    pthread_mutex_lock(&calls->lock);
    ck_assert(it->ended);
    it->ended = false;
    evt_buf_clear(&it->told);
    calls->n--;
    pthread_mutex_unlock(&calls->lock);
}

static struct calls_end *await(struct calls *calls, int id)
{
    struct calls_end *it = &calls->ends[id];
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CALLS_WAIT_MS / 1000;
    pthread_mutex_lock(&calls->lock);
    while (!it->ended)
        ck_assert_msg(pthread_cond_timedwait(&calls->changed, &calls->lock, &until) == 0,
                      "call %d has not ended", id);
    pthread_mutex_unlock(&calls->lock);
    return it;
}

void calls_expect(struct calls *calls, int id, const char *want)
{
    ck_assert_str_eq(evt_buf_text(&await(calls, id)->answer), want);
}

void calls_expect_begin(struct calls *calls, int id, const char *want)
{
    const char *is = evt_buf_text(&await(calls, id)->answer);

    ck_assert_msg(strncmp(is, want, strlen(want)) == 0, "'%s' does not begin with '%s'", is, want);
}

void calls_expect_words(struct calls *calls, int id, const char *want)
{
    const char *is = evt_buf_text(&await(calls, id)->answer);

    ck_assert_msg(strstr(is, want) != NULL, "'%s' does not hold '%s'", is, want);
}

void calls_expect_told(struct calls *calls, int id, enum evt_call_end end, const char *want)
{
    const struct calls_end *it = await(calls, id);

    ck_assert_str_eq(words[it->end], words[end]);
    ck_assert_str_eq(evt_buf_text(&it->told), want);
}

size_t calls_len(struct calls *calls, int id)
{
    return await(calls, id)->told.len;
}

int64_t calls_metric(struct calls *calls, const char *name, const char *outcome)
{
    return evt_metric_value(evt_metric_get(calls->metrics, EVT_METRIC_COUNTER, "evt_calls_total",
                                           "Attempts at outside calls by what came of them.",
                                           (const char *const[]){"service", "test", "name", name,
                                                                 "outcome", outcome, NULL}));
}

int64_t calls_open(struct calls *calls, const char *destination)
{
    return evt_metric_value(
        evt_metric_get(calls->metrics, EVT_METRIC_GAUGE, "evt_circuit_open",
                       "1 while calls to this destination wait, because it does not answer.",
                       (const char *const[]){"service", "test", "destination", destination, NULL}));
}

void calls_expect_log(struct calls *calls, const char *want)
{
    size_t len;
    char *log = folder_read(&calls->folder, "log", &len);

    ck_assert_ptr_nonnull(log);
    ck_assert_msg(strstr(log, want) != NULL, "the log has no '%s': %s", want, log);
    evt_free(log);
}

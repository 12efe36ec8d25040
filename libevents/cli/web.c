/* Web: one request by libcurl, and the answer as JSON; or a stream of events, line by line. */
#include "web.h"

#include "cli.h"

#include <curl/curl.h>
#include <evt/caller.h>
#include <evt/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX  (4 * 1024 * 1024)
#define CONNECT_S 5L

struct transfer {
    const struct cli_web_request *request;
    struct cli_web_answer *answer;
    CURL *easy;
    struct evt_buf body;    /* of a stream: the line that is not whole yet */
    char event[64], id[64]; /* of the event that is being read */
    bool stopped;           /* by whoever is told the events */
};

/* The value of a header line, or of a field in a stream of events; NULL: it is another one's. */
static const char *value_of(const char *line, size_t len, const char *name)
{
    const size_t skip = strlen(name);

    if (len < skip || strncasecmp(line, name, skip) != 0)
        return NULL;
    return line + skip + strspn(line + skip, " ");
}

/* In milliseconds, an hour at most; a date counts as 0. */
static int64_t parse_seconds(const char *text)
{
    const long seconds = strtol(text, NULL, 10);

    return 1000 * (seconds < 0 ? 0 : seconds > 3600 ? 3600 : seconds);
}

static size_t header(char *text, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    struct cli_web_answer *answer = transfer->answer;
    const char *value;

    if ((value = value_of(text, size * n, "location:")) != NULL)
        snprintf(answer->location, sizeof(answer->location), "%.*s", (int)strcspn(value, "\r\n"),
                 value);
    if ((value = value_of(text, size * n, "retry-after:")) != NULL)
        answer->again_ms = parse_seconds(value);
    return size * n;
}

/* An event counts as told when its data was: what breaks off before is sent once more. */
static void take_line(struct transfer *transfer, const char *line)
{
    struct cli_web_events *events = transfer->request->events;
    const char *value;
    json_t *data;

    if ((value = value_of(line, strlen(line), "id:")) != NULL)
        snprintf(transfer->id, sizeof(transfer->id), "%s", value);
    if ((value = value_of(line, strlen(line), "event:")) != NULL)
        snprintf(transfer->event, sizeof(transfer->event), "%s", value);
    if ((value = value_of(line, strlen(line), "data:")) == NULL)
        return;
    data = json_loads(value, JSON_DECODE_ANY, NULL);
    if (data && !events->each(events->arg, transfer->event, data))
        transfer->stopped = true;
    json_decref(data);
    snprintf(events->last_id, sizeof(events->last_id), "%s", transfer->id);
}

static void take_lines(struct transfer *transfer)
{
    char *begin = (char *)transfer->body.data, *end;
    size_t rest;

    while (!transfer->stopped && (end = strchr(begin, '\n')) != NULL) {
        *end = '\0';
        begin[strcspn(begin, "\r")] = '\0';
        take_line(transfer, begin);
        begin = end + 1;
    }
    rest = strlen(begin);
    memmove(transfer->body.data, begin, rest + 1);
    transfer->body.len = rest;
}

static size_t body(char *bytes, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    long status = 0;

    if (transfer->body.len + size * n > BODY_MAX)
        return 0;
    evt_buf_add(&transfer->body, bytes, size * n);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->request->events && status == 200)
        take_lines(transfer);
    return transfer->stopped ? 0 : size * n;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    struct evt_buf line = {0};

    evt_buf_printf(&line, "%s: %s", name, value);
    list = curl_slist_append(list, evt_buf_text(&line));
    evt_buf_release(&line);
    return list;
}

static struct curl_slist *headers(const struct cli_web_request *request)
{
    struct curl_slist *list =
        curl_slist_append(NULL, request->body ? "Content-Type: application/json" : "Content-Type:");

    if (request->events)
        list = add_header(list, "Accept", "text/event-stream");
    if (request->events && *request->events->last_id)
        list = add_header(list, "Last-Event-ID", request->events->last_id);
    if (request->idempotency_key)
        list = add_header(list, "Idempotency-Key", request->idempotency_key);
    return list;
}

/* What nobody can say whether it was done: nobody was there, or the way there broke. */
static bool is_broken(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR ||
           code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE ||
           code == CURLE_OPERATION_TIMEDOUT;
}

static int no_answer(struct transfer *transfer, CURLcode code, const char *url, const char *why)
{
    struct cli_web_answer *answer = transfer->answer;

    answer->again_ms = is_broken(code) ? 0 : -1;
    snprintf(answer->why, sizeof(answer->why),
             "%s: %s: is the service there? (--order-url, --product-url)", url,
             *why ? why : curl_easy_strerror(code));
    return code == CURLE_OPERATION_TIMEDOUT ? EVT_EXIT_TIMEOUT : EVT_EXIT_FAILURE;
}

/* What the edge says of a request that it refuses; with Retry-After it asks for patience. */
static int problem(struct cli_web_answer *answer, const char *url)
{
    const char *detail = json_string_value(json_object_get(answer->json, "detail"));

    if (answer->again_ms < 0 && answer->status >= 502 && answer->status <= 504)
        answer->again_ms = 0; /* of whoever stands between */
    snprintf(answer->why, sizeof(answer->why), "%s: %ld %s", url, answer->status,
             detail ? detail : "without words");
    return answer->status == 404 ? EVT_EXIT_NOT_FOUND : EVT_EXIT_FAILURE;
}

static int finish(struct transfer *transfer, CURLcode code, const char *url, const char *why)
{
    struct cli_web_answer *answer = transfer->answer;

    if (code != CURLE_OK && !transfer->stopped)
        return no_answer(transfer, code, url, why);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (!transfer->request->events || answer->status != 200)
        answer->json =
            json_loadb(evt_buf_text(&transfer->body), transfer->body.len, JSON_DECODE_ANY, NULL);
    if (answer->status >= 400)
        return problem(answer, url);
    if (!transfer->request->events || answer->status != 200 || transfer->stopped)
        return EVT_EXIT_OK;
    answer->again_ms = 0; /* as a service does that is stopping; 204 says that there is no more */
    snprintf(answer->why, sizeof(answer->why), "%s: the stream broke off", url);
    return EVT_EXIT_FAILURE;
}

int cli_web_try(const struct cli_web_request *request, struct cli_web_answer *ret_answer)
{
    struct transfer transfer = {.request = request, .answer = ret_answer, .easy = curl_easy_init()};
    struct curl_slist *list = headers(request);
    char *text = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    char *no_proxy = evt_no_proxy();
    char why[CURL_ERROR_SIZE] = "";
    struct evt_buf url = {0};
    int status;

    memset(ret_answer, 0, sizeof(*ret_answer));
    ret_answer->again_ms = -1;
    evt_buf_printf(&url, "%s%s", request->base, request->path);
    curl_easy_setopt(transfer.easy, CURLOPT_URL, evt_buf_text(&url));
    curl_easy_setopt(transfer.easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(transfer.easy, CURLOPT_NOPROXY, no_proxy);
    curl_easy_setopt(transfer.easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(transfer.easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(transfer.easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(transfer.easy, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(transfer.easy, CURLOPT_HEADERFUNCTION, header);
    curl_easy_setopt(transfer.easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(transfer.easy, CURLOPT_WRITEFUNCTION, body);
    curl_easy_setopt(transfer.easy, CURLOPT_WRITEDATA, &transfer);
    if (text)
        curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, text);
    status = finish(&transfer, curl_easy_perform(transfer.easy), evt_buf_text(&url), why);
    curl_slist_free_all(list);
    curl_easy_cleanup(transfer.easy);
    evt_buf_release(&transfer.body);
    evt_buf_release(&url);
    evt_free(no_proxy);
    free(text);
    return status;
}

int cli_web_ask(const struct cli_web_request *request, struct cli_web_answer *ret_answer)
{
    const int status = cli_web_try(request, ret_answer);

    return status == EVT_EXIT_OK ? status : cli_refuse(status, "%s", ret_answer->why);
}

void cli_web_answer_release(struct cli_web_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

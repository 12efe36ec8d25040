/* Web: one request by libcurl, and the answer as JSON; or a stream of events, line by line. */
#include "web.h"

#include "cli.h"

#include <curl/curl.h>
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
    struct evt_buf body; /* of a stream: the line that is not whole yet */
    char event[64];
    bool stopped; /* by whoever is told the events */
};

static size_t header(char *text, size_t size, size_t n, void *arg)
{
    struct transfer *transfer = arg;
    static const char name[] = "location:";
    const size_t len = size * n;

    if (len > sizeof(name) && strncasecmp(text, name, sizeof(name) - 1) == 0) {
        const char *value = text + sizeof(name) - 1;

        value += strspn(value, " ");
        snprintf(transfer->answer->location, sizeof(transfer->answer->location), "%.*s",
                 (int)strcspn(value, "\r\n"), value);
    }
    return len;
}

static void take_line(struct transfer *transfer, const char *line)
{
    json_t *data;

    if (strncmp(line, "event:", 6) == 0)
        snprintf(transfer->event, sizeof(transfer->event), "%s", line + 6 + strspn(line + 6, " "));
    if (strncmp(line, "data:", 5) != 0)
        return;
    data = json_loads(line + 5, JSON_DECODE_ANY, NULL);
    if (data && !transfer->request->event(transfer->request->arg, transfer->event, data))
        transfer->stopped = true;
    json_decref(data);
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
    if (transfer->request->event && status == 200)
        take_lines(transfer);
    return transfer->stopped ? 0 : size * n;
}

static struct curl_slist *headers(const struct cli_web_request *request)
{
    struct curl_slist *list =
        curl_slist_append(NULL, request->body ? "Content-Type: application/json" : "Content-Type:");
    struct evt_buf key = {0};

    if (request->event)
        list = curl_slist_append(list, "Accept: text/event-stream");
    evt_buf_printf(&key, "Idempotency-Key: %s", request->idempotency_key);
    if (request->idempotency_key)
        list = curl_slist_append(list, evt_buf_text(&key));
    evt_buf_release(&key);
    return list;
}

/* What the edge says of a request that it refuses. */
static int problem(const struct cli_web_answer *answer, const char *url)
{
    const char *detail = json_string_value(json_object_get(answer->json, "detail"));

    return cli_refuse(answer->status == 404 ? EVT_EXIT_NOT_FOUND : EVT_EXIT_FAILURE, "%s: %ld %s",
                      url, answer->status, detail ? detail : "without words");
}

static int finish(struct transfer *transfer, CURLcode code, const char *url, const char *why)
{
    struct cli_web_answer *answer = transfer->answer;

    if (code != CURLE_OK && !transfer->stopped)
        return cli_refuse(code == CURLE_OPERATION_TIMEDOUT ? EVT_EXIT_TIMEOUT : EVT_EXIT_FAILURE,
                          "%s: %s: is the service there? (--order-url, --product-url)", url,
                          *why ? why : curl_easy_strerror(code));
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (!transfer->request->event || answer->status != 200)
        answer->json =
            json_loadb(evt_buf_text(&transfer->body), transfer->body.len, JSON_DECODE_ANY, NULL);
    return answer->status >= 400 ? problem(answer, url) : EVT_EXIT_OK;
}

int cli_web_ask(const struct cli_web_request *request, struct cli_web_answer *ret_answer)
{
    struct transfer transfer = {.request = request, .answer = ret_answer, .easy = curl_easy_init()};
    struct curl_slist *list = headers(request);
    char *text = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    char why[CURL_ERROR_SIZE] = "";
    struct evt_buf url = {0};
    int status;

    memset(ret_answer, 0, sizeof(*ret_answer));
    evt_buf_printf(&url, "%s%s", request->base, request->path);
    curl_easy_setopt(transfer.easy, CURLOPT_URL, evt_buf_text(&url));
    curl_easy_setopt(transfer.easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(transfer.easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(transfer.easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    curl_easy_setopt(transfer.easy, CURLOPT_TIMEOUT, request->timeout_s);
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
    free(text);
    return status;
}

void cli_web_answer_release(struct cli_web_answer *answer)
{
    json_decref(answer->json);
    answer->json = NULL;
}

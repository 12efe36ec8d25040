/* Calling, an attempt as libcurl makes it: a handle's settings, and the answer as callers see it.
 */
#include "calling_internal.h"

#include <evt/mem.h>

#include <string.h>

#define CONNECT_MS 5000 /* a host that is not there is known sooner than one that thinks */

/* Of a longer answer the rest is read and forgotten: whatever a provider says, the end is known. */
static void keep(struct evt_attempt *attempt, const char *text, size_t len)
{
    const size_t room = EVT_CALL_RESPONSE_MAX - attempt->response.len;

    evt_buf_add(&attempt->response, text, len < room ? len : room);
}

static size_t take_body(char *text, size_t size, size_t n, void *arg)
{
    keep(arg, text, size * n);
    return size * n;
}

/* Libcurl hands SMTP's replies out as headers. Kept is the last one, all of its lines; not that to
 * QUIT, which follows a refusal. */
static size_t take_reply(char *text, size_t size, size_t n, void *arg)
{
    struct evt_attempt *attempt = arg;
    size_t len = size * n;

    if (len >= 3 && memcmp(text, "221", 3) == 0)
        return len;
    if (attempt->reply_ended)
        evt_buf_clear(&attempt->response);
    attempt->reply_ended = len < 4 || text[3] != '-';
    while (len > 0 && strchr("\r\n", text[len - 1]))
        len--;
    if (attempt->response.len)
        keep(attempt, "\n", 1);
    keep(attempt, text, len);
    return size * n;
}

static size_t give_mail(char *text, size_t size, size_t n, void *arg)
{
    struct evt_attempt *attempt = arg;
    size_t len = attempt->body_len - attempt->body_at;

    if (len > size * n)
        len = size * n;
    memcpy(text, attempt->body + attempt->body_at, len);
    attempt->body_at += len;
    return len;
}

static void prepare_http(struct evt_attempt *attempt)
{
    CURL *easy = attempt->easy;

    if (strcmp(attempt->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        if (attempt->body || strcmp(attempt->method, "GET") != 0) {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)attempt->body_len);
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                             attempt->body ? (const char *)attempt->body : "");
        }
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, attempt->method);
    }
    if (!attempt->body) /* libcurl would name one */
        attempt->headers = curl_slist_append(attempt->headers, "Content-Type:");
    attempt->headers = curl_slist_append(attempt->headers, "Expect:"); /* bodies are small */
    EVT_BUG_ON(!attempt->headers);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, attempt->headers);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* A connection that breaks is one attempt's, not all of them. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, attempt->calling->agent);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, attempt);
}

static void prepare_mail(struct evt_attempt *attempt)
{
    CURL *easy = attempt->easy;

    attempt->recipients = curl_slist_append(NULL, attempt->to);
    EVT_BUG_ON(!attempt->recipients);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, attempt->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, attempt->recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)attempt->body_len);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_mail);
    curl_easy_setopt(easy, CURLOPT_READDATA, attempt);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, attempt);
    if (attempt->user)
        curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
}

void evt__attempt_prepare(struct evt_attempt *attempt)
{
    const long timeout_ms = (long)attempt->line->caller->timeout_ms;
    CURL *easy = attempt->easy;

    curl_easy_setopt(easy, CURLOPT_URL, attempt->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, attempt->calling->no_proxy);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* nothing waits for a name server */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     timeout_ms < CONNECT_MS ? timeout_ms : (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, attempt->why);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, attempt);
    if (attempt->user) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, attempt->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, attempt->password);
    }
    if (attempt->kind == EVT__ATTEMPT_MAIL)
        prepare_mail(attempt);
    else
        prepare_http(attempt);
}

/* Did the server say what becomes of this mail? A refusal before that is of us, not of the mail; a
 * reply that was not the last one says nothing yet. */
static bool is_of_mail(const struct evt_attempt *attempt, CURLcode code, long status)
{
    if (code == CURLE_OK)
        return true;
    return status >= 400 &&
           (code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && attempt->body_at > 0));
}

/* Libcurl names the command that was refused, in the words of its error alone. */
static enum evt_call_refused refused_by(const struct evt_attempt *attempt)
{
    if (strncmp(attempt->why, "MAIL ", 5) == 0)
        return EVT_CALL_REFUSED_SENDER;
    return strncmp(attempt->why, "RCPT ", 5) == 0 ? EVT_CALL_REFUSED_RECIPIENT
                                                  : EVT_CALL_REFUSED_MAIL;
}

/* Stripe's header, and of those who do as it does. */
static bool is_replayed(const struct evt_attempt *attempt)
{
    struct curl_header *header;

    return attempt->easy && attempt->kind != EVT__ATTEMPT_MAIL &&
           curl_easy_header(attempt->easy, "Idempotent-Replayed", 0, CURLH_HEADER, -1, &header) ==
               CURLHE_OK &&
           strcmp(header->value, "true") == 0;
}

void evt__attempt_answer(struct evt_attempt *attempt, CURLcode code,
                         struct evt_call_answer *ret_answer)
{
    long status = attempt->status;
    curl_off_t retry_after_s = 0;
    bool answered = status != 0;

    if (attempt->easy) {
        curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(attempt->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
        answered = attempt->kind == EVT__ATTEMPT_MAIL ? is_of_mail(attempt, code, status)
                                                      : code == CURLE_OK;
    }
    *ret_answer = (struct evt_call_answer){.reason = "", .body = ""};
    if (!answered) {
        ret_answer->reason = !attempt->easy    ? evt_buf_text(&attempt->response)
                             : attempt->why[0] ? attempt->why
                                               : curl_easy_strerror(code);
        return;
    }
    ret_answer->status = (int)status;
    ret_answer->body = evt_buf_text(&attempt->response);
    ret_answer->body_len = attempt->response.len;
    ret_answer->replayed = is_replayed(attempt);
    ret_answer->refused = refused_by(attempt);
    if (retry_after_s > 0 && retry_after_s <= EVT_CALL_RETRY_MS_MAX / 1000)
        ret_answer->retry_after_ms = retry_after_s * 1000;
    else if (retry_after_s > 0)
        ret_answer->retry_after_ms = EVT_CALL_RETRY_MS_MAX;
}

/* Web: reads answers that have a length, or come in pieces (chunks). */
#include "web.h"

#include <arpa/inet.h>
#include <check.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_S 10

void web_open(struct web *web, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct timeval patience = {PATIENCE_S, 0};
    const char *colon = strrchr(address, ':');

    ck_assert_ptr_nonnull(colon);
    *web = (struct web){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(web->fd, 0);
    setsockopt(web->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ck_assert_int_eq(connect(web->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

void web_close(struct web *web)
{
    close(web->fd);
    evt_buf_release(&web->in);
    evt_buf_release(&web->head);
    evt_buf_release(&web->body);
}

void web_send(struct web *web, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(web->fd, text, len, MSG_NOSIGNAL);

        if (n < 0) /* the server has closed: what it said before shows when it is read */
            return;
        text += n;
        len -= (size_t)n;
    }
}

static bool more(struct web *web)
{
    char piece[4096];
    ssize_t n = recv(web->fd, piece, sizeof(piece), 0);

    if (n <= 0)
        return false;
    evt_buf_add(&web->in, piece, (size_t)n);
    return true;
}

static void take(struct web *web, struct evt_buf *out, size_t len)
{
    evt_buf_clear(out);
    evt_buf_add(out, web->in.data, len);
    memmove(web->in.data, web->in.data + len, web->in.len - len);
    web->in.len -= len;
}

const char *web_header(const struct web *web, const char *name)
{
    static _Thread_local char value[1024];
    const char *line = evt_buf_text(&web->head);
    size_t len = strlen(name);

    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            line += len + 1 + strspn(line + len + 1, " ");
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
            return value;
        }
    }
    return NULL;
}

static bool read_one_head(struct web *web)
{
    const char *end;

    while (!(end = strstr(evt_buf_text(&web->in), "\r\n\r\n")))
        if (!more(web))
            return false;
    take(web, &web->head, (size_t)(end - evt_buf_text(&web->in)) + 4);
    ck_assert_int_eq(strncmp(evt_buf_text(&web->head), "HTTP/1.", 7), 0);
    web->status = (int)strtol(evt_buf_text(&web->head) + 9, NULL, 10);
    return true;
}

bool web_read_head(struct web *web)
{
    do {
        if (!read_one_head(web))
            return false;
    } while (web->status == 100);
    return true;
}

static bool is_chunked(const struct web *web)
{
    const char *coding = web_header(web, "Transfer-Encoding");

    return coding && strcmp(coding, "chunked") == 0;
}

/* "1a\r\n", 26 bytes, "\r\n"; the last one has none. */
bool web_read_piece(struct web *web)
{
    const char *end;
    size_t len, line;

    while (!(end = strstr(evt_buf_text(&web->in), "\r\n")))
        if (!more(web))
            return false;
    line = (size_t)(end - evt_buf_text(&web->in)) + 2;
    len = strtoul(evt_buf_text(&web->in), NULL, 16);
    while (web->in.len < line + len + 2)
        if (!more(web))
            return false;
    take(web, &web->body, line);
    take(web, &web->body, len + 2);
    web->body.data[web->body.len -= 2] = '\0';
    return len > 0;
}

static bool read_pieces(struct web *web)
{
    struct evt_buf all = {0};

    while (web_read_piece(web))
        evt_buf_add(&all, web->body.data, web->body.len);
    evt_buf_release(&web->body);
    web->body = all;
    return true;
}

bool web_read(struct web *web, bool head_only)
{
    const char *length;
    size_t len;

    if (!web_read_head(web))
        return false;
    if (is_chunked(web) && !head_only)
        return read_pieces(web);
    length = web_header(web, "Content-Length");
    len = length && !head_only ? strtoul(length, NULL, 10) : 0;
    while (web->in.len < len)
        if (!more(web))
            return false;
    take(web, &web->body, len);
    return true;
}

/* A line of JSON per exchange into the file that WEB_LOG names: what others check our answers by.
 */
static void log_exchange(const struct web *web, const char *line, const char *headers,
                         const char *body)
{
    const char *path = getenv("WEB_LOG");
    json_t *exchange;
    FILE *file;

    if (!path)
        return;
    file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    exchange =
        json_pack("{s:s, s:s, s:s*, s:i, s:s, s:s%}", "request", line, "headers",
                  headers ? headers : "", "body", body, "status", web->status, "head",
                  evt_buf_text(&web->head), "answer", evt_buf_text(&web->body), web->body.len);
    if (exchange) /* not when something is not UTF-8 */
        json_dumpf(exchange, file, JSON_COMPACT);
    fputs("\n", file);
    json_decref(exchange);
    ck_assert_int_eq(fclose(file), 0);
}

static void send_request(struct web *web, const char *line, const char *headers, const char *body)
{
    struct evt_buf out = {0};

    evt_buf_printf(&out, "%s HTTP/1.1\r\nHost: test\r\n%s", line, headers ? headers : "");
    if (body)
        evt_buf_printf(&out, "Content-Length: %zu\r\n", strlen(body));
    evt_buf_printf(&out, "\r\n%s", body ? body : "");
    web_send(web, evt_buf_text(&out));
    evt_buf_release(&out);
}

void web_ask(struct web *web, const char *line, const char *headers, const char *body)
{
    send_request(web, line, headers, body);
    ck_assert_msg(web_read(web, strncmp(line, "HEAD ", 5) == 0), "%s: no answer", line);
    log_exchange(web, line, headers, body);
}

void web_ask_stream(struct web *web, const char *line, const char *headers)
{
    send_request(web, line, headers, NULL);
    ck_assert_msg(web_read_head(web), "%s: no answer", line);
    evt_buf_clear(&web->body);
    ck_assert_msg(is_chunked(web), "%s: %d, and no stream", line, web->status);
    log_exchange(web, line, headers, NULL);
}

void web_ask_once(struct web *web, const char *address, const char *line, const char *headers,
                  const char *body)
{
    web_open(web, address);
    web_ask(web, line, headers, body);
}

void web_expect_problem(const struct web *web, int at, int status, const char *detail)
{
    json_t *json = json_loads(evt_buf_text(&web->body), JSON_REJECT_DUPLICATES, NULL);
    const char *type = web_header(web, "Content-Type");
    const char *have = json_string_value(json_object_get(json, "detail"));

    ck_assert_msg(web->status == status && have && strcmp(have, detail) == 0,
                  "line %d: %d %s, not %d %s", at, web->status, evt_buf_text(&web->body), status,
                  detail);
    ck_assert_msg(type && strcmp(type, "application/problem+json") == 0, "line %d: %s", at, type);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "status")), status);
    ck_assert_str_eq(json_string_value(json_object_get(json, "type")), "about:blank");
    ck_assert_ptr_nonnull(json_object_get(json, "title"));
    json_decref(json);
}

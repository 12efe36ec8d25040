/* Web: an HTTP client as simple as can be, on a plain socket, so that a test says every byte that
 * it sends and sees every byte that comes. */
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include <evt/buf.h>

struct web {
    int fd;
    struct evt_buf in; /* came and not read yet */
    int status;
    struct evt_buf head, body; /* of the answer that was read last */
};

/* "127.0.0.1:8081". */
void web_open(struct web *web, const char *address);
void web_close(struct web *web);
void web_send(struct web *web, const char *text);
/* Reads one answer; false: the connection ended before it did. Waits ten seconds at most. */
bool web_read(struct web *web, bool head_only);
/* Of an answer that comes piece by piece: its head; then each piece, in `body`. False: it ended. */
bool web_read_head(struct web *web);
bool web_read_piece(struct web *web);
/* A header of the answer, in a static buffer; NULL: it has none. */
const char *web_header(const struct web *web, const char *name);

/* Sends "<line> HTTP/1.1" with these header lines (each ending in \r\n; NULL: none) and this body
 * (NULL: none), and reads the answer. */
void web_ask(struct web *web, const char *line, const char *headers, const char *body);
/* The same, up to the head of an answer that comes piece by piece. */
void web_ask_stream(struct web *web, const char *line, const char *headers);
/* The same on a connection of its own; the answer is the caller's to close. */
void web_ask_once(struct web *web, const char *address, const char *line, const char *headers,
                  const char *body);

#define JSON_TYPE "Content-Type: application/json\r\n"

/* The answer is a problem with this status and exactly these words. */
void web_expect_problem(const struct web *web, int at, int status, const char *detail);
#define ck_problem(web, status, detail) web_expect_problem(web, __LINE__, status, detail)

#endif

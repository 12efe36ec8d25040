/* Client: HTTP as simple as can be, over a plain socket: the other side is ours, on this machine.
 */
#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 10

static enum evt_err away(struct evt_error *err, const char *address, const char *why)
{
    return evt_fail(err, EVT_E_AWAY,
                    "no psp answers at %.64s (%s): start one by `psp run`, or say "
                    "where it is (--http-addr HOST:PORT)",
                    address, why);
}

/* "127.0.0.1:12111", "[::1]:12111" */
static enum evt_err connect_to(const char *address, int *ret_fd, struct evt_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const struct timeval patience = {PATIENCE_S, 0};
    const char *colon = strrchr(address, ':');
    const size_t skip = *address == '[';
    struct addrinfo *info = NULL;
    char host[64];
    int fd, rc;

    if (!colon || colon < address + 2 * skip)
        return away(err, address, "that is not HOST:PORT");
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address - 2 * (int)skip), address + skip);
    if (getaddrinfo(host, colon + 1, &hints, &info) != 0)
        return away(err, address, "there is no such address");
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rc = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0
             ? -1
             : connect(fd, info->ai_addr, info->ai_addrlen);
    freeaddrinfo(info);
    if (rc != 0) {
        const char *why = strerrordesc_np(errno);

        if (fd >= 0)
            close(fd);
        return away(err, address, why);
    }
    *ret_fd = fd;
    return EVT_OK;
}

static bool send_all(int fd, const struct evt_buf *out)
{
    for (size_t sent = 0; sent < out->len;) {
        const ssize_t n = send(fd, out->data + sent, out->len - sent, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

/* To its end: the other side was asked to close. */
static bool read_all(int fd, struct evt_buf *in)
{
    char piece[16384];
    ssize_t n;

    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
        evt_buf_add(in, piece, (size_t)n);
    return n == 0;
}

static bool split(const struct evt_buf *in, int *ret_status, struct evt_buf *ret_body)
{
    const char *text = evt_buf_text(in), *end = strstr(text, "\r\n\r\n");

    if (strncmp(text, "HTTP/1.1 ", 9) != 0 || !end)
        return false;
    *ret_status = (int)strtol(text + 9, NULL, 10);
    evt_buf_add_text(ret_body, end + 4);
    return true;
}

enum evt_err psp_client_ask(const char *address, const char *method, const char *path,
                            const char *body, int *ret_status, struct evt_buf *ret_body,
                            struct evt_error *err)
{
    struct evt_buf out = {0}, in = {0};
    enum evt_err rc;
    int fd = -1;

    rc = connect_to(address, &fd, err);
    if (rc != EVT_OK)
        return rc;
    evt_buf_printf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, path,
                   address);
    if (body)
        evt_buf_printf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                       strlen(body));
    evt_buf_printf(&out, "\r\n%s", body ? body : "");
    if (!send_all(fd, &out) || !read_all(fd, &in) || !split(&in, ret_status, ret_body))
        rc = away(err, address, "it broke off");
    close(fd);
    evt_buf_release(&out);
    evt_buf_release(&in);
    return rc;
}

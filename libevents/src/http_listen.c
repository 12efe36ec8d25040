/* Http's socket: made by us and not by the daemon, so that port 0 shows what it became and a
 * failure says why. */
#include "http_internal.h"

#include <errno.h>
#include <evt/mem.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511 /* the kernel caps it by net.core.somaxconn */

/* "127.0.0.1:8081" or "[::1]:8081" into its two parts. */
static bool split(const char *address, char *host, size_t size, const char **ret_port)
{
    const char *colon = strrchr(address, ':'), *end = colon;

    if (!colon || colon == address || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    if (*address == '[') {
        address++;
        end--;
        if (*end != ']')
            return false;
    } else if (memchr(address, ':', (size_t)(colon - address))) {
        return false;
    }
    if (end <= address || (size_t)(end - address) >= size)
        return false;
    memcpy(host, address, (size_t)(end - address));
    host[end - address] = '\0';
    *ret_port = colon + 1;
    return true;
}

static bool real_address(int fd, char *text, size_t size)
{
    struct sockaddr_storage real = {0};
    socklen_t len = sizeof(real);
    char host[48], port[8]; /* an IPv6 address, 16 bits */

    if (getsockname(fd, (struct sockaddr *)&real, &len) < 0 ||
        getnameinfo((struct sockaddr *)&real, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(text, size, real.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return true;
}

static int open_socket(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

enum evt_err evt__http_listen(const char *address, int *ret_fd, char *ret_real, size_t size,
                              struct evt_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *info = NULL;
    const char *port;
    char host[256];
    int fd, rc;

    if (!split(address, host, sizeof(host), &port))
        return evt_fail(err, EVT_E_USAGE, "the address %s is not HOST:PORT, as 127.0.0.1:8081",
                        address);
    rc = getaddrinfo(host, port, &hints, &info);
    if (rc != 0)
        return evt_fail(err, EVT_E_USAGE, "the address %s is not one of this machine: %s", address,
                        gai_strerror(rc));
    fd = open_socket(info);
    freeaddrinfo(info);
    if (fd < 0)
        return evt_fail(err, EVT_E_IO, "cannot listen on %s: %s%s", address, strerrordesc_np(errno),
                        errno == EADDRINUSE ? "; stop what listens there, or choose another port"
                                            : "");
    if (!real_address(fd, ret_real, size)) {
        close(fd);
        return evt_fail(err, EVT_E_IO, "cannot tell the address of the socket on %s", address);
    }
    *ret_fd = fd;
    return EVT_OK;
}

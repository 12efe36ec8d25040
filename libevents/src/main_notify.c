/* Main's words to systemd, by its own small protocol: a datagram to a socket that the environment
 * names. A library for that would be larger than this file. */
#include "main_internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MESSAGE_MAX 512

/* The address of a file, or of a name without one, whose first byte is 0 and which begins with @
 * here. */
static bool address_of(const char *text, struct sockaddr_un *ret_to, socklen_t *ret_len)
{
    const size_t len = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof(ret_to->sun_path))
        return false;
    memset(ret_to, 0, sizeof(*ret_to));
    ret_to->sun_family = AF_UNIX;
    memcpy(ret_to->sun_path, text, len);
    if (text[0] == '@')
        ret_to->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

/* A limit that was meant for another process, our starter, is not ours. */
static int64_t watchdog_ms(const char *us, const char *pid)
{
    const int64_t limit_us = us ? strtoll(us, NULL, 10) : 0;

    if (limit_us <= 0 || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    return limit_us / 2000 > 0 ? limit_us / 2000 : 1; /* twice within the limit */
}

void evt__notify_open(struct evt_notify *notify, const char *address, const char *watchdog_us,
                      const char *watchdog_pid)
{
    /* Its queue holds ten messages; that we are ready must not be the eleventh. */
    const struct timeval patience = {.tv_sec = 1};

    notify->fd = -1;
    notify->watchdog_ms = 0;
    if (!address || !address_of(address, &notify->to, &notify->to_len))
        return;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0)
        return;
    setsockopt(notify->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    notify->watchdog_ms = watchdog_ms(watchdog_us, watchdog_pid);
}

void evt__notify_close(struct evt_notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void evt__notify(const struct evt_notify *notify, const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    int len;

    if (notify->fd < 0)
        return;
    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof(text))
        len = (int)sizeof(text) - 1;
    /* Whoever does not listen misses it: the service does not depend on being heard. */
    (void)!sendto(notify->fd, text, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&notify->to,
                  notify->to_len);
}

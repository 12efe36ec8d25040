/* Main's words to systemd, read from the other end. */
#include "libevents/src/main_internal.h"
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The end that systemd has; `address` as NOTIFY_SOCKET has it. */
static int listen_at(const char *address)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const size_t len = strlen(address);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    memcpy(at.sun_path, address, len);
    if (address[0] == '@')
        at.sun_path[0] = '\0';
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void ck_heard(int fd, const char *want)
{
    char text[1024];
    const ssize_t len = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    ck_assert_str_eq(text, want);
}

static void talk(const char *address)
{
    struct evt_notify notify;
    const int fd = listen_at(address);
    char long_text[600], want[512];

    evt__notify_open(&notify, address, NULL, NULL);
    evt__notify(&notify, "READY=1\nSTATUS=%s", "ready");
    ck_heard(fd, "READY=1\nSTATUS=ready");
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    evt__notify(&notify, "%s", long_text);
    memset(want, 'x', sizeof(want));
    want[sizeof(want) - 1] = '\0';
    ck_heard(fd, want);
    evt__notify_close(&notify);
    evt__notify(&notify, "STOPPING=1");
    ck_assert_int_lt(recv(fd, long_text, sizeof(long_text), MSG_DONTWAIT), 0);
    close(fd);
}

START_TEST(a_socket_with_a_file)
{
    struct folder folder;

    folder_init(&folder);
    talk(folder_path(&folder, "notify"));
    folder_release(&folder);
}
END_TEST

START_TEST(a_socket_without_one)
{
    char address[64];

    snprintf(address, sizeof(address), "@evt-check-%d", (int)getpid());
    talk(address);
}
END_TEST

START_TEST(nobody_to_be_told)
{
    static const char *const addresses[] = {NULL, "", "@", "/", "vsock:2:1", "relative"};
    struct evt_notify notify;
    char too_long[200];

    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
        evt__notify_open(&notify, addresses[i], "1000000", NULL);
        ck_assert_int_eq(notify.fd, -1);
        ck_assert_int_eq(notify.watchdog_ms, 0);
        evt__notify(&notify, "READY=1");
    }
    memset(too_long, 'x', sizeof(too_long));
    too_long[0] = '/';
    too_long[sizeof(too_long) - 1] = '\0';
    evt__notify_open(&notify, too_long, NULL, NULL);
    ck_assert_int_eq(notify.fd, -1);
}
END_TEST

/* Nobody is there any more: nothing is waited for and nothing breaks. */
START_TEST(nobody_who_listens)
{
    struct evt_notify notify;

    evt__notify_open(&notify, "@evt-check-nobody", NULL, NULL);
    evt__notify(&notify, "READY=1");
    evt__notify_close(&notify);
}
END_TEST

START_TEST(the_watchdog_hears_of_us_twice_within_its_limit)
{
    struct evt_notify notify;
    char pid[24];

    evt__notify_open(&notify, "@x", "3000000", NULL);
    ck_assert_int_eq(notify.watchdog_ms, 1500);
    evt__notify_close(&notify);
    evt__notify_open(&notify, "@x", "100", NULL);
    ck_assert_int_eq(notify.watchdog_ms, 1);
    evt__notify_close(&notify);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    evt__notify_open(&notify, "@x", "3000000", pid);
    ck_assert_int_eq(notify.watchdog_ms, 1500);
    evt__notify_close(&notify);
    evt__notify_open(&notify, "@x", "3000000", "1");
    ck_assert_int_eq(notify.watchdog_ms, 0);
    evt__notify_close(&notify);
    evt__notify_open(&notify, "@x", "soon", NULL);
    ck_assert_int_eq(notify.watchdog_ms, 0);
    evt__notify_close(&notify);
}
END_TEST

SUITE("main_notify", a_socket_with_a_file, a_socket_without_one, nobody_to_be_told,
      nobody_who_listens, the_watchdog_hears_of_us_twice_within_its_limit)

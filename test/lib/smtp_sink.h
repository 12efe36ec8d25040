/* SMTP sink: a mail server as simple as can be, on a thread of its own and for one client at a
 * time: it keeps what comes, and answers as the test says. */
#ifndef TEST_SMTP_SINK_H
#define TEST_SMTP_SINK_H

#include <evt/buf.h>

#include <pthread.h>

#define SMTP_SINK_MAILS 64

struct smtp_sink_mail {
    char from[128], to[128];
    char *text; /* as it was before its dots were doubled */
};

struct smtp_sink {
    char url[64]; /* "smtp://127.0.0.1:2525" */
    /* What it says at these points instead of "250 ok" and its like; "" closes the connection
     * without a word. NULL: nothing else. Set before anybody connects. */
    const char *greeting, *mail, *rcpt, *data, *end;

    pthread_mutex_t lock;
    struct smtp_sink_mail mails[SMTP_SINK_MAILS]; /* accepted; under the lock, as what follows */
    size_t mails_n;
    struct evt_buf said; /* every line that clients said, but the mails */
    int connections;
    int client; /* -1: none */
    bool stopping;
    int fd;
    pthread_t thread;
};

void smtp_sink_start(struct smtp_sink *sink);
void smtp_sink_stop(struct smtp_sink *sink);
/* What clients said so far, the caller frees it. */
char *smtp_sink_said(struct smtp_sink *sink);

#endif

/* SMTP sink: RFC 5321 as far as a client needs it to be told yes or no. */
#include "test/lib/smtp_sink.h"
#include "test/lib/suite.h"

#include <evt/mem.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
    struct smtp_sink *sink;
    FILE *in;
    int fd;
    struct smtp_sink_mail mail;
};

/* False: the connection is closed. */
static bool reply(struct session *session, const char *instead, const char *usual)
{
    const char *text = instead ? instead : usual;
    char line[512];
    int len = snprintf(line, sizeof(line), "%s\r\n", text);

    return *text && send(session->fd, line, (size_t)len, MSG_NOSIGNAL) == len;
}

static bool begins(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

/* "MAIL FROM:<ann@example.org> SIZE=17" */
static void take_address(const char *line, char ret_address[128])
{
    const char *begin = strchr(line, '<');
    const size_t len = begin ? strcspn(begin + 1, ">") : 0;

    snprintf(ret_address, 128, "%.*s", (int)len, begin ? begin + 1 : "");
}

/* Up to the line that is a dot; a dot that begins a line was doubled. False: it did not come. */
static bool take_text(struct session *session)
{
    struct evt_buf text = {0};
    char line[2048];
    bool ended = false;

    while (!ended && fgets(line, sizeof(line), session->in)) {
        ended = strcmp(line, ".\r\n") == 0;
        if (!ended)
            evt_buf_add_text(&text, line[0] == '.' ? line + 1 : line);
    }
    session->mail.text = evt_strdup(evt_buf_text(&text));
    evt_buf_release(&text);
    return ended;
}

static bool take_mail(struct session *session)
{
    struct smtp_sink *sink = session->sink;
    bool taken = take_text(session);

    if (taken && !sink->end) {
        pthread_mutex_lock(&sink->lock);
        ck_assert_uint_lt(sink->mails_n, SMTP_SINK_MAILS);
        sink->mails[sink->mails_n++] = session->mail;
        pthread_mutex_unlock(&sink->lock);
    } else {
        evt_free(session->mail.text);
    }
    return taken && reply(session, sink->end, "250 2.0.0 taken");
}

static bool answer(struct session *session, const char *line)
{
    struct smtp_sink *sink = session->sink;

    if (begins(line, "EHLO"))
        return reply(session, NULL, "250-sink\r\n250 8BITMIME");
    if (begins(line, "MAIL")) {
        take_address(line, session->mail.from);
        return reply(session, sink->mail, "250 2.1.0 ok");
    }
    if (begins(line, "RCPT")) {
        take_address(line, session->mail.to);
        return reply(session, sink->rcpt, "250 2.1.5 ok");
    }
    if (begins(line, "DATA"))
        return reply(session, sink->data, "354 go on") && (sink->data || take_mail(session));
    if (begins(line, "QUIT")) {
        (void)reply(session, NULL, "221 bye");
        return false;
    }
    return reply(session, NULL, begins(line, "RSET") ? "250 ok" : "502 not here");
}

static void serve_client(struct session *session)
{
    char line[1024];

    if (!reply(session, session->sink->greeting, "220 sink"))
        return;
    while (fgets(line, sizeof(line), session->in)) {
        pthread_mutex_lock(&session->sink->lock);
        evt_buf_add_text(&session->sink->said, line);
        pthread_mutex_unlock(&session->sink->lock);
        if (!answer(session, line))
            return;
    }
}

/* False: it stops. */
static bool set_client(struct smtp_sink *sink, int fd)
{
    bool go;

    pthread_mutex_lock(&sink->lock);
    go = !sink->stopping;
    sink->client = fd;
    sink->connections += fd >= 0;
    pthread_mutex_unlock(&sink->lock);
    return go;
}

static void *serve(void *arg)
{
    struct smtp_sink *sink = arg;
    int fd;

    while ((fd = accept(sink->fd, NULL, NULL)) >= 0) {
        struct session session = {.sink = sink, .fd = fd, .in = fdopen(fd, "r")};

        if (set_client(sink, fd))
            serve_client(&session);
        set_client(sink, -1);
        fclose(session.in);
    }
    return NULL;
}

void smtp_sink_start(struct smtp_sink *sink)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    pthread_mutex_init(&sink->lock, NULL);
    sink->client = -1;
    sink->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(sink->fd, 0);
    ck_assert_int_eq(bind(sink->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(sink->fd, 16), 0);
    ck_assert_int_eq(getsockname(sink->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(sink->url, sizeof(sink->url), "smtp://127.0.0.1:%d", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_create(&sink->thread, NULL, serve, sink), 0);
}

void smtp_sink_stop(struct smtp_sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    sink->stopping = true;
    shutdown(sink->fd, SHUT_RDWR);
    if (sink->client >= 0)
        shutdown(sink->client, SHUT_RDWR);
    pthread_mutex_unlock(&sink->lock);
    pthread_join(sink->thread, NULL);
    close(sink->fd);
    for (size_t i = 0; i < sink->mails_n; i++)
        evt_free(sink->mails[i].text);
    evt_buf_release(&sink->said);
    pthread_mutex_destroy(&sink->lock);
}

char *smtp_sink_said(struct smtp_sink *sink)
{
    char *said;

    pthread_mutex_lock(&sink->lock);
    said = evt_strdup(evt_buf_text(&sink->said));
    pthread_mutex_unlock(&sink->lock);
    return said;
}

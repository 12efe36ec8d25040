/* load BROKERS LINEAGE: publishes commands to the product service on a real broker while crash.py
 * breaks things, and never gives up on one. It is told by lines on stdin, and answers each "end":
 *
 *     begin ROUND SEED RATE LEDGER   commands from now on, RATE a second; see traffic.h
 *     end MIN                        when MIN were sent and all are acknowledged: "SENT REPEATED"
 *
 * The streams go on from round to round. Ends with stdin. */
#include "test/crash/traffic.h"

#include <evt/clock.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS  5
#define AWAY_MAX 4000 /* under way at once: while the broker is away no more are made */
#define LATE_MS  90000
#define LINE_LEN 512

struct load {
    struct sender *sender;
    struct traffic *traffic; /* NULL between rounds */
    FILE *ledger;
    int64_t begin_ms, ending_ms; /* 0: not told to end */
    size_t rate, min;
    char line[LINE_LEN];
    size_t line_len;
};

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "load: %s: %s\n", what, why);
    return 1;
}

static int begin(struct load *load, unsigned round, uint64_t seed, size_t rate, const char *path)
{
    load->ledger = fopen(path, "w");
    if (!load->ledger)
        return complain(path, strerror(errno));
    load->traffic = traffic_new(load->sender, round, seed, load->ledger);
    load->rate = rate;
    load->begin_ms = evt_clock_ms();
    load->ending_ms = 0;
    return 0;
}

/* The word at the line's begin; what follows it is left in `*line`. */
static bool is_word(const char **line, const char *word)
{
    const size_t len = strlen(word);

    if (strncmp(*line, word, len) != 0)
        return false;
    *line += len;
    return true;
}

static bool is_number(const char **line, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoull(*line, &end, 10);
    if (end == *line || errno != 0)
        return false;
    *line = *end == ' ' ? end + 1 : end;
    return true;
}

static int obey(struct load *load, const char *line)
{
    const char *rest = line;
    uint64_t round, seed, rate, min;

    if (!load->traffic && is_word(&rest, "begin ") && is_number(&rest, &round) &&
        is_number(&rest, &seed) && is_number(&rest, &rate) && *rest)
        return begin(load, (unsigned)round, seed, (size_t)rate, rest);
    if (load->traffic && is_word(&rest, "end ") && is_number(&rest, &min) && !*rest) {
        load->ending_ms = evt_clock_ms();
        load->min = (size_t)min;
        return 0;
    }
    return complain("not understood", line);
}

/* -1: stdin has ended. */
static int read_lines(struct load *load)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n;
    char *end;

    if (poll(&input, 1, 0) <= 0)
        return 0;
    n = read(STDIN_FILENO, load->line + load->line_len, sizeof(load->line) - 1 - load->line_len);
    if (n <= 0)
        return -1;
    load->line_len += (size_t)n;
    load->line[load->line_len] = '\0';
    while ((end = strchr(load->line, '\n'))) {
        *end = '\0';
        if (obey(load, load->line) != 0)
            return 1;
        load->line_len -= (size_t)(end + 1 - load->line);
        memmove(load->line, end + 1, load->line_len + 1);
    }
    return 0;
}

static bool enough(const struct load *load)
{
    return load->ending_ms && traffic_sent(load->traffic) >= load->min;
}

static void send_due(struct load *load)
{
    const size_t due = (size_t)(evt_clock_ms() - load->begin_ms) * load->rate / 1000;

    while (!enough(load) && traffic_sent(load->traffic) < due &&
           sender_unacknowledged(load->sender) < AWAY_MAX)
        traffic_send(load->traffic);
}

static int end_round(struct load *load)
{
    const size_t sent = traffic_sent(load->traffic);
    const int failed = ferror(load->ledger);

    traffic_free(load->traffic);
    load->traffic = NULL;
    if (fclose(load->ledger) != 0 || failed)
        return complain("the ledger", "not written");
    printf("%zu %zu\n", sent, sender_repeated(load->sender));
    return fflush(stdout) == 0 ? 0 : complain("stdout", strerror(errno));
}

/* One turn; 0: go on, -1: done. */
static int turn(struct load *load)
{
    struct evt_error err;
    int rc = read_lines(load);

    if (rc != 0)
        return rc;
    if (load->traffic)
        send_due(load);
    if (sender_tend(load->sender, TICK_MS, &err) != EVT_OK)
        return complain("the producer", err.text);
    if (!load->traffic || !enough(load))
        return 0;
    if (sender_unacknowledged(load->sender) == 0)
        return end_round(load);
    if (evt_clock_ms() - load->ending_ms > LATE_MS)
        return complain("the broker", "has not acknowledged all within 90 s");
    return 0;
}

int main(int argc, char **argv)
{
    static struct load load;
    struct evt_error err;
    int rc = 0;

    if (argc != 3)
        return complain("usage", "load BROKERS LINEAGE");
    if (sender_open(argv[1], argv[2], &load.sender, &err) != EVT_OK)
        return complain("the producer", err.text);
    while (rc == 0)
        rc = turn(&load);
    sender_close(load.sender);
    return rc < 0 ? 0 : rc;
}

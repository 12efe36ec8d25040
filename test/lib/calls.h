/* Calls: outside calls without a shard: begun by a test, their ends kept by number. */
#ifndef TEST_CALLS_H
#define TEST_CALLS_H

#include "test/lib/folder.h"

#include <evt/buf.h>
#include <evt/calling.h>

#include <pthread.h>

#define CALLS_MAX     256
#define CALLS_WAIT_MS 30000

struct calls_end {
    bool ended;
    enum evt_call_end end;
    struct evt_buf told;   /* what the handler would learn */
    struct evt_buf answer; /* "ok 200 <body>", as calls_end saw it: "unknown 0 <reason>" */
};

struct calls {
    struct evt_calling *calling;
    struct evt_metrics *metrics;
    struct folder folder; /* the log's lines are in it */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct calls_end ends[CALLS_MAX]; /* under the lock, as is n */
    size_t n;                         /* how many have ended */
};

extern int64_t calls_queued_ms_max; /* 0: the default; set before the start */

void calls_start(struct calls *calls, const struct evt_caller *callers,
                 const struct evt_conf *conf);
void calls_stop(struct calls *calls); /* what has ended can still be looked at */

/* An `end` for callers: 2xx is ok, none, 429 and 503 are unknown, the rest is refused. */
enum evt_call_end calls_end(struct evt_attempt *attempt, const struct evt_call_answer *answer);

/* Its key is "key-<id>"; `request` may be NULL. */
void calls_begin(struct calls *calls, int id, const char *name, const char *ref,
                 const char *request);
/* It has ended, and may be begun once more, under the same key. */
void calls_again(struct calls *calls, int id);
/* Waits for its end, as calls_end saw it: exactly, how it begins, or words within. */
void calls_expect(struct calls *calls, int id, const char *want);
void calls_expect_begin(struct calls *calls, int id, const char *want);
void calls_expect_words(struct calls *calls, int id, const char *want);
/* The same, as the handler would be told. */
void calls_expect_told(struct calls *calls, int id, enum evt_call_end end, const char *want);
size_t calls_len(struct calls *calls, int id); /* of what it would be told */

int64_t calls_metric(struct calls *calls, const char *name, const char *outcome);
int64_t calls_open(struct calls *calls, const char *destination);
/* The log has a line with these words by now. */
void calls_expect_log(struct calls *calls, const char *words);

#endif

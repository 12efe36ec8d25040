/* The parts of the edge, as they see each other.
 *
 *   edge.c           its life; the shards' stores, opened for reading
 *   edge_key.c       Idempotency-Key, and the command id that follows from it
 *   edge_letter.c    the record of a command
 *   edge_answer.c    a stored answer, and what is said where there is none
 *   edge_command.c   commands in flight: published, waited for, answered
 *   edge_wait.c      who waits for what a shard makes of a key
 *   edge_follow.c    server-sent events
 *   edge_list.c      lists over all shards
 *   edge_peers.c     who owns which shard, and what is passed on to whom
 *   edge_relay.c     requests of ours to other processes, on a thread of their own */
#ifndef EVT_EDGE_INTERNAL_H
#define EVT_EDGE_INTERNAL_H

#include <evt/edge.h>
#include <evt/envelope.h>
#include <evt/service.h>

#include <pthread.h>
#include <sys/types.h>

#define EVT__COMMAND_ID_LEN 32 /* hexadecimal characters */
#define EVT__KEY_MAX        255
#define EVT__HOP            "X-Forwarded-Hop" /* of a request that another process passed on */
#define EVT__MARGIN_MS      1000 /* for the way there and back, beside the owner's own wait */
#define EVT__STATEMENTS_MAX 16   /* of a store; a service names fewer */
#define EVT__WATCH_BUCKETS  1024 /* no fewer than the daemon has connections */

/* A command's identity, and what it asks for. */
struct evt__command {
    char id[EVT__COMMAND_ID_LEN + 1];
    int64_t request;
    int32_t partition;
};

struct evt__edge_shard {
    sqlite3 *db; /* NULL: not opened yet */
    struct {
        const char *sql; /* NULL: from here on none */
        sqlite3_stmt *stmt;
    } statements[EVT__STATEMENTS_MAX];
    ino_t inode; /* of the file that was opened */
    char *peer;  /* whose it is if not ours; NULL: nobody's */
    /* Under the edge's lock: */
    struct evt__wait *waits; /* commands in flight */
    int64_t committed;
    uint64_t commits;
    size_t watches_n; /* who waits or was woken; the shard's thread looks without the lock */
    bool touched_all; /* by what is not committed yet; nothing is left out */
    /* The shard's thread's: the keys of what it has applied since its last commit, hashed. */
    uint64_t *touched;
    size_t touched_n;
};

struct evt__relay;
struct evt__watch;

struct evt_edge {
    const struct evt_service *service;
    const struct evt_topic *inbox;
    struct evt_bus *bus;
    int64_t answer_ms, beat_ms;
    char source[8 + EVT_NAME_MAX]; /* "/edge/<service>" */
    struct evt__edge_shard *shards;
    char **peers; /* the other processes, each once */
    size_t peers_n;
    struct evt__relay *relay; /* NULL: no peers */
    pthread_mutex_t lock;
    struct evt__watch *watches[EVT__WATCH_BUCKETS]; /* by the hash of their key; under the lock */
};

/* edge_key.c. False: malformed. */
bool evt__key_parse(const char *header, char ret_key[EVT__KEY_MAX + 1]);
void evt__command_id(const struct evt_request *req, const char *key,
                     char ret_id[EVT__COMMAND_ID_LEN + 1]);

/* edge_letter.c. The record as it goes to the log; its texts are the request's and its own. */
struct evt__letter {
    struct evt_header headers[5];
    struct evt_buf value; /* to be released */
    char trace[EVT_TRACE_LEN + 1];
    struct evt_send send;
};
/* Fills the command's `request`, too; false: the request was answered. */
bool evt__letter_write(struct evt__letter *letter, const struct evt_edge *edge,
                       struct evt_request *req, const struct evt_type *type, const void *msg,
                       struct evt__command *command);

/* edge_answer.c, on the HTTP thread. True: there is a stored answer, or a reason why it cannot be
 * looked for, and the request is answered. */
bool evt__answer_stored(struct evt_edge *edge, struct evt_request *req,
                        const struct evt__command *command,
                        void (*answered)(struct evt_request *req, const struct evt_answer *answer));
void evt__reply_reused(struct evt_request *req);
void evt__reply_later(struct evt_request *req, int status, const char *fmt, ...) EVT_PRINTF(3, 4);

/* edge_command.c. What a bus that has stopped will not report on any more. */
void evt__waits_free(struct evt_edge *edge, int32_t partition);

/* edge_wait.c. Those who wait for what was committed go on. The lock is held. */
void evt__watches_wake(struct evt_edge *edge, int32_t partition);
/* ?wait=; -1: it is no number, or too large. */
int64_t evt__wait_hint_ms(const struct evt_request *req);

/* edge_key.c. False: the request was answered. */
bool evt__key_read(struct evt_request *req, char ret_key[EVT__KEY_MAX + 1]);

/* edge_list.c. Digits only, up to a character of `ends` or the end. */
bool evt__number_read(const char **at, const char *ends, int64_t max, int64_t *ret_number);

/* edge_peers.c */
/* Is `key` another process's? `ret_peer` says whose; NULL: the request was answered. */
bool evt__is_passed_on(struct evt_edge *edge, struct evt_request *req, const char *key,
                       char **ret_peer);
/* What the owner decides by, as "Name: value"; they are to be freed. */
#define EVT__PASSED_MAX 8
size_t evt__passed_headers(const struct evt_request *req, char *texts[EVT__PASSED_MAX]);
EVT_MUST_USE enum evt_err evt__peers_parse(struct evt_edge *edge, const char *peers,
                                           struct evt_error *err);

/* edge_relay.c. One request to another process. */
struct evt__errand {
    const char *method, *base, *target;
    const char *const *headers; /* "Name: value", ends with NULL */
    const char *body;
    size_t body_len;
    int64_t wait_ms;
    bool lingers; /* the other process is asked to wait, too: only so many do at a time */
};
struct evt__outcome {
    int status;       /* 0: no answer */
    bool unreachable; /* and nothing of the request has arrived */
    const char *why;
    struct evt_buf headers; /* of those that are passed back: name NUL value NUL … */
    struct evt_buf body;
};
/* For `done`, with the peer as `arg`: its answer becomes ours. */
void evt__pass_back(struct evt_request *req, void *arg, const struct evt__outcome *outcome);
EVT_MUST_USE enum evt_err evt__relay_new(struct evt__relay **ret_relay, struct evt_error *err);
void evt__relay_free(struct evt__relay *relay); /* NULL is fine */
/* Suspends the request; `done` is called on the HTTP thread. `gone` (may be NULL) is called instead
 * when the deadline came first, or too many wait already, after which the request was answered; a
 * stream is ended. */
void evt__relay_run(struct evt__relay *relay, struct evt_request *req,
                    const struct evt__errand *errand,
                    void (*done)(struct evt_request *req, void *arg,
                                 const struct evt__outcome *outcome),
                    void (*gone)(void *arg), void *arg);

#endif

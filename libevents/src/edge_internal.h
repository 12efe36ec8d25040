/* The parts of the edge, as they see each other.
 *
 *   edge.c           its life; the shards' stores, opened for reading
 *   edge_key.c       Idempotency-Key, and the command id that follows from it
 *   edge_letter.c    the record of a command
 *   edge_answer.c    a stored answer, and what is said where there is none
 *   edge_command.c   commands in flight: published, waited for, answered
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

/* A command's identity, and what it asks for. */
struct evt__command {
    char id[EVT__COMMAND_ID_LEN + 1];
    int64_t request;
    int32_t partition;
};

struct evt__edge_shard {
    sqlite3 *db;          /* NULL: not opened yet */
    sqlite3_stmt *answer; /* of edge_answer.c */
    ino_t inode;          /* of the file that was opened */
    char *peer;           /* whose it is if not ours; NULL: nobody's */
    /* Under the edge's lock: */
    struct evt__wait *waits; /* commands in flight */
    int64_t committed;
};

struct evt__relay;

struct evt_edge {
    const struct evt_service *service;
    const struct evt_topic *inbox;
    struct evt_bus *bus;
    int64_t answer_ms;
    char source[8 + EVT_NAME_MAX]; /* "/edge/<service>" */
    struct evt__edge_shard *shards;
    char **peers; /* the other processes, each once */
    size_t peers_n;
    struct evt__relay *relay; /* NULL: no peers */
    pthread_mutex_t lock;
};

/* edge_key.c. False: malformed. */
bool evt__key_parse(const char *header, char ret_key[EVT__KEY_MAX + 1]);
void evt__command_id(const struct evt_request *req, const char *user, const char *key,
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

/* edge_peers.c */
EVT_MUST_USE enum evt_err evt__peers_parse(struct evt_edge *edge, const char *peers,
                                           struct evt_error *err);

/* edge_relay.c. One request to another process. */
struct evt__errand {
    const char *method, *base, *target;
    const char *const *headers; /* "Name: value", ends with NULL */
    const char *body;
    size_t body_len;
    int64_t wait_ms;
};
struct evt__outcome {
    int status;       /* 0: no answer */
    bool unreachable; /* and nothing of the request has arrived */
    const char *why;
    struct evt_buf headers; /* of those that are passed back: name NUL value NUL … */
    struct evt_buf body;
};
EVT_MUST_USE enum evt_err evt__relay_new(struct evt__relay **ret_relay, struct evt_error *err);
void evt__relay_free(struct evt__relay *relay); /* NULL is fine */
/* Suspends the request; `done` is called on the HTTP thread. `gone` (may be NULL) is called instead
 * when the deadline came first, after which the request was answered. */
void evt__relay_run(struct evt__relay *relay, struct evt_request *req,
                    const struct evt__errand *errand,
                    void (*done)(struct evt_request *req, void *arg,
                                 const struct evt__outcome *outcome),
                    void (*gone)(void *arg), void *arg);

#endif

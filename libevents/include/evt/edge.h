/* Edge: a service's commands over HTTP. A request becomes a message on the service's own inbox and
 * is answered when the shard has committed what became of it.
 *
 * The command's id is a hash of user, route and Idempotency-Key, so a retry meets the same answer,
 * through any instance; equal requests in flight wait for the first one's. What another process
 * owns is passed on to it (PEERS), one hop. */
#ifndef EVT_EDGE_H
#define EVT_EDGE_H

#include <evt/bus.h>
#include <evt/http.h>
#include <evt/record.h>
#include <evt/type.h>
#include <sqlite3.h>

struct evt_edge;

struct evt_edge_options {
    const struct evt_service *service;
    struct evt_bus *bus;
    const char *peers; /* "0=http://127.0.0.1:8081,1=…": the owner of each shard; NULL: all ours */
    int64_t answer_ms; /* how long a command's answer is waited for; 0: 5000 */
    int64_t beat_ms;   /* a stream in which nothing happens says so this often; 0: 15000 */
};
/* The routes of a service have their edge as evt_request_arg. */
EVT_MUST_USE enum evt_err evt_edge_new(const struct evt_edge_options *opt,
                                       struct evt_edge **ret_edge, struct evt_error *err);
/* After the HTTP side and then the bus have stopped; NULL is fine. */
void evt_edge_free(struct evt_edge *edge);
/* For evt_bus_options.committed, and for its `applied`. */
void evt_edge_committed(void *edge, int32_t partition, int64_t position);
void evt_edge_applied(void *edge, int32_t partition, const struct evt_record *rec);

/* How a command was answered. */
struct evt_answer {
    int outcome; /* enum evt_command_outcome */
    const char *reason;
    const char *detail; /* JSON, or NULL */
};
/* True: it was done. Else the reason became a problem: 404 when it is `missing`, 409 for another
 * refusal, 422 for a message that was rejected. */
bool evt_answer_is_done(struct evt_request *req, const struct evt_answer *answer,
                        const char *missing);

/* Publishes `msg` and suspends the request; `answered` makes the HTTP answer of the command's. When
 * the answer does not come in time: 202 with `Location: <location>` and Retry-After. A missing or
 * malformed Idempotency-Key (400) and the same key with another body (422) are answered here. */
void evt_edge_command(struct evt_edge *edge, struct evt_request *req, const struct evt_type *type,
                      const void *msg, const char *location,
                      void (*answered)(struct evt_request *req, const struct evt_answer *answer));

/* The id of what a request creates: a UUID that follows from user, route and Idempotency-Key, as
 * the command's id does, so that a retry means the same thing and meets the same shard. False: the
 * key is missing or malformed, and the request was answered. */
#define EVT_EDGE_ID_LEN 36
bool evt_edge_new_id(struct evt_request *req, char ret_id[EVT_EDGE_ID_LEN + 1]);

/* ?wait=SECONDS, 0 without; false: it is none, and the request was answered. What is passed on is
 * waited for as much longer. */
#define EVT_EDGE_WAIT_MAX 60
bool evt_edge_wait_ms(struct evt_request *req, int64_t *ret_wait_ms);
/* Waits for what our shard makes of `key`. `look` reads the store and answers (true), or waits on;
 * it is called at once, after each commit of records with that key and, `last`, when the time is up
 * or the process stops: then it answers whatever there is. All on the HTTP thread, and with no read
 * of the store left open. */
void evt_edge_await(struct evt_edge *edge, struct evt_request *req, const char *key,
                    int64_t wait_ms, bool (*look)(struct evt_request *req, void *arg, bool last),
                    void *arg);

/* Server-sent events about `key`, one for each entry of a numbered history; Last-Event-ID resumes
 * it. The owner's process streams; another one follows the owner by long-polls. `read` appends what
 * comes after entry `after`, and moves it. */
enum evt_follow {
    EVT_FOLLOW_ON,
    EVT_FOLLOW_END, /* nothing will come behind that */
    EVT_FOLLOW_NONE,
    EVT_FOLLOW_UNREADABLE
};
void evt_edge_follow(struct evt_edge *edge, struct evt_request *req, const char *key,
                     enum evt_follow (*read)(sqlite3 *db, const char *key, int64_t *after,
                                             struct evt_buf *out),
                     const char *none); /* 404 for EVT_FOLLOW_NONE */
/* One event of it. `json`'s reference is taken. */
void evt_event_print(struct evt_buf *out, int64_t id, const char *event, struct json_t *json);

/* A list over all shards, page by page, as ?limit= and ?cursor= ask for; the cursor holds a
 * position per shard. */
struct evt_list {
    const char *path; /* "/v1/products" */
    const char *name; /* of the array in the body */
    const char *sql; /* rows above position ?1 in its order, at most ?2; column 0 is the position */
    struct json_t *(*show)(sqlite3_stmt *row);
};
void evt_edge_list(struct evt_edge *edge, struct evt_request *req, const struct evt_list *what);

/* Passes the request on when `key` is another process's: true, it is or will be answered.
 * evt_edge_command does so by itself. */
bool evt_edge_passed_on(struct evt_edge *edge, struct evt_request *req, const char *key);
/* A read-only connection to a shard's store, for short reads on the HTTP thread; NULL: not ours, or
 * it cannot be opened now. */
sqlite3 *evt_edge_store(struct evt_edge *edge, int32_t partition);
/* The same as a statement, which is prepared once: `sql` is a constant. To be reset by who has
 * stepped it, and not kept. */
sqlite3_stmt *evt_edge_statement(struct evt_edge *edge, int32_t partition, const char *sql);
/* 503: it cannot be read now. */
void evt_edge_unreadable(struct evt_request *req, int32_t partition);

/* For what is spread over all shards: which are ours, and the processes that own the others, each
 * once. */
int32_t evt_edge_partitions(const struct evt_edge *edge);
bool evt_edge_owns(const struct evt_edge *edge, int32_t partition);
int32_t evt_edge_unknown(const struct evt_edge *edge); /* a shard without a known owner; -1: none */
size_t evt_edge_peers(const struct evt_edge *edge);
/* Was it passed on by another process? Then it is about this one's own shards only. */
bool evt_edge_is_hop(const struct evt_request *req);
/* Asks a peer to GET `target` as a hop. The request waits, and goes on in `answered` on the HTTP
 * thread: status 0 and the reason as body when there was no answer. */
void evt_edge_ask(struct evt_edge *edge, struct evt_request *req, size_t peer, const char *target,
                  void (*answered)(struct evt_request *req, void *arg, int status, const char *body,
                                   size_t len),
                  void (*gone)(void *arg), void *arg);

#endif

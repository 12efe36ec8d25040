/* Commands in flight: published, waited for, answered.
 *
 * A command is in flight from its publication until the shard has committed it, or nobody waits any
 * more. Who waits is a request; whoever claims one (the commit, a failed report or its deadline)
 * takes it off the command and answers it. Reports and commits come from other threads; everything
 * that reads a store or answers with its content runs on the HTTP thread. */
#include "edge_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <jansson.h>
#include <string.h>

struct waiter {
    struct waiter *next;
    struct evt_edge *edge;
    struct evt_request *req;
    struct evt__command command;
    struct evt__wait *wait;
    bool joined; /* an equal request was there before */
    char *location;
    void (*answered)(struct evt_request *req, const struct evt_answer *answer);
};

struct evt__wait {
    struct evt__wait *prev, *next; /* of the same shard */
    struct evt_edge *edge;
    struct evt__command command;
    bool reported;
    int64_t offset; /* once reported; -1: the log did not take it */
    struct waiter *waiters;
};

/* As many as there are connections: a list per shard is short enough. */
static struct evt__wait *find(struct evt_edge *edge, const struct evt__command *command)
{
    struct evt__wait *wait = edge->shards[command->partition].waits;

    while (wait && strcmp(wait->command.id, command->id) != 0)
        wait = wait->next;
    return wait;
}

static void add(struct evt__wait *wait)
{
    struct evt__wait **first = &wait->edge->shards[wait->command.partition].waits;

    wait->next = *first;
    if (wait->next)
        wait->next->prev = wait;
    *first = wait;
}

/* Frees it when neither a report nor a request can come back to it. */
static void remove_unused(struct evt__wait *wait)
{
    if (!wait->reported || wait->waiters)
        return;
    if (wait->prev)
        wait->prev->next = wait->next;
    else
        wait->edge->shards[wait->command.partition].waits = wait->next;
    if (wait->next)
        wait->next->prev = wait->prev;
    evt_free(wait);
}

static void waiter_free(struct waiter *waiter)
{
    evt_free(waiter->location);
    evt_free(waiter);
}

static void reply_answer(struct evt_request *req, void *arg)
{
    struct waiter *waiter = arg;

    if (!evt__answer_stored(waiter->edge, req, &waiter->command, waiter->answered))
        evt_reply_problem(req, 500, "the command was taken, but its answer is not in the store");
    waiter_free(waiter);
}

static void reply_untaken(struct evt_request *req, void *arg)
{
    evt__reply_later(req, 503,
                     "the log does not take commands now; send the request again with "
                     "the same Idempotency-Key");
    waiter_free(arg);
}

/* All who wait go on, on the HTTP thread; those whose deadline was first are left to it. Locked. */
static void finish(struct evt__wait *wait, void (*fn)(struct evt_request *req, void *arg))
{
    struct waiter **at = &wait->waiters, *waiter;

    while ((waiter = *at)) {
        if (evt_request_claim(waiter->req)) {
            *at = waiter->next;
            evt_request_resume(waiter->req, fn, waiter);
        } else {
            at = &waiter->next;
        }
    }
    remove_unused(wait);
}

static void unlink_waiter(struct waiter *waiter)
{
    struct waiter **at = &waiter->wait->waiters;

    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

static void late(struct evt_request *req, void *arg)
{
    struct waiter *waiter = arg;
    struct evt__wait *wait = waiter->wait;
    bool taken;

    pthread_mutex_lock(&waiter->edge->lock);
    taken = wait->reported && wait->offset >= 0;
    unlink_waiter(waiter);
    remove_unused(wait);
    pthread_mutex_unlock(&waiter->edge->lock);
    if (!taken) {
        reply_untaken(req, waiter);
        return;
    }
    if (waiter->joined) {
        evt__reply_later(req, 409,
                         "an equal request is still being worked on; send this one again "
                         "with the same Idempotency-Key");
    } else {
        evt_reply_header(req, "Location", waiter->location);
        evt_reply_header(req, "Retry-After", "1");
        evt_reply(req, 202, json_pack("{s:s}", "status", "accepted"));
    }
    waiter_free(waiter);
}

void evt__waits_free(struct evt_edge *edge, int32_t partition)
{
    struct evt__wait *wait;

    while ((wait = edge->shards[partition].waits)) {
        EVT_BUG_ON(wait->waiters); /* the HTTP side has stopped, and answered all */
        wait->reported = true;
        remove_unused(wait);
    }
}

/* The delivery report, from a thread of the bus. */
static void reported(void *arg, enum evt_err rc, int64_t offset)
{
    struct evt__wait *wait = arg;
    struct evt_edge *edge = wait->edge;

    pthread_mutex_lock(&edge->lock);
    wait->reported = true;
    wait->offset = rc == EVT_OK ? offset : -1;
    if (rc != EVT_OK)
        finish(wait, reply_untaken);
    else if (edge->shards[wait->command.partition].committed >= offset)
        finish(wait, reply_answer);
    else
        remove_unused(wait); /* nobody waits: a retry finds the stored answer */
    pthread_mutex_unlock(&edge->lock);
}

void evt_edge_committed(void *arg, int32_t partition, int64_t position)
{
    struct evt_edge *edge = arg;
    struct evt__wait *wait, *next;

    pthread_mutex_lock(&edge->lock);
    edge->shards[partition].committed = position;
    for (wait = edge->shards[partition].waits; wait; wait = next) {
        next = wait->next;
        if (wait->reported && wait->offset >= 0 && wait->offset <= position)
            finish(wait, reply_answer);
    }
    evt__watches_wake(edge, partition);
    pthread_mutex_unlock(&edge->lock);
}

static struct waiter *waiter_new(struct evt_edge *edge, struct evt_request *req,
                                 const struct evt__command *command, const char *location,
                                 void (*answered)(struct evt_request *req,
                                                  const struct evt_answer *answer))
{
    struct waiter *waiter = evt_zalloc(sizeof(*waiter));

    waiter->edge = edge;
    waiter->req = req;
    waiter->command = *command;
    waiter->location = evt_strdup(location);
    waiter->answered = answered;
    return waiter;
}

/* Suspends the request and puts it on the command, so that it is found from now on. Locked. */
static void await(struct evt__wait *wait, struct waiter *waiter)
{
    waiter->wait = wait;
    waiter->next = wait->waiters;
    wait->waiters = waiter;
    evt_request_suspend(waiter->req, waiter->edge->answer_ms, late, waiter);
}

/* True: an equal request is in flight and this one waits with it, or another one has its key. */
static bool join(struct waiter *waiter)
{
    struct evt_edge *edge = waiter->edge;
    struct evt__wait *wait;
    bool other;

    pthread_mutex_lock(&edge->lock);
    wait = find(edge, &waiter->command);
    other = wait && wait->command.request != waiter->command.request;
    if (wait && !other) {
        waiter->joined = true;
        await(wait, waiter);
    }
    pthread_mutex_unlock(&edge->lock);
    if (other) {
        evt__reply_reused(waiter->req);
        waiter_free(waiter);
    }
    return wait != NULL;
}

static void publish(struct waiter *waiter, const struct evt_send *send)
{
    struct evt_edge *edge = waiter->edge;
    struct evt__wait *wait = evt_zalloc(sizeof(*wait));

    wait->edge = edge;
    wait->command = waiter->command;
    wait->offset = -1;
    pthread_mutex_lock(&edge->lock);
    add(wait);
    await(wait, waiter);
    pthread_mutex_unlock(&edge->lock);
    if (evt_bus_publish(edge->bus, send, reported, wait, NULL) != EVT_OK)
        reported(wait, EVT_E_AWAY, -1);
}

void evt_edge_command(struct evt_edge *edge, struct evt_request *req, const struct evt_type *type,
                      const void *msg, const char *location,
                      void (*answered)(struct evt_request *req, const struct evt_answer *answer))
{
    const char *key = evt_type_text(type, msg, type->key_field);
    struct evt__letter letter = {0};
    struct evt__command command;
    struct waiter *waiter;
    char idempotency[EVT__KEY_MAX + 1];

    if (!evt__key_read(req, idempotency) || evt_edge_passed_on(edge, req, key))
        return;
    evt__command_id(req, idempotency, command.id);
    command.partition = evt_partition_of(key, strlen(key), edge->inbox->partitions);
    if (evt__letter_write(&letter, edge, req, type, msg, &command)) {
        waiter = waiter_new(edge, req, &command, location, answered);
        /* In flight first: what is no longer in flight then is in the store. */
        if (!join(waiter)) {
            if (evt__answer_stored(edge, req, &command, answered))
                waiter_free(waiter);
            else
                publish(waiter, &letter.send);
        }
    }
    evt_buf_release(&letter.value);
}

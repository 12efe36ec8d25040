/* Fake bus: the few functions of the bus that the edge calls, over real shards on a log in memory.
 * It is code, for the one program that includes it: its definitions stand in for the library's.
 *
 * By itself it does everything at once: append, apply, commit, tell the edge. Held, it keeps what
 * was published until the test reports and commits it. */
#ifndef TEST_FAKE_BUS_H
#define TEST_FAKE_BUS_H

#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <events/evt.h>
#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/edge.h>
#include <evt/mem.h>
#include <evt/shard.h>
#include <evt/sim_log.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_BUS_SHARDS 2
#define FAKE_BUS_KEPT   128
#define FAKE_BUS_OTHERS 4 /* services that something is given of */

struct fake_bus_kept {
    struct evt_send *send;
    void (*done)(void *arg, enum evt_err rc, int64_t offset);
    void *arg;
};

/* A shard of another service, which sends to all of ours. */
struct fake_bus_other {
    const char *name;
    uint64_t number[FAKE_BUS_SHARDS], chain[FAKE_BUS_SHARDS];
};

struct evt_bus {
    const struct evt_service *service;
    struct folder folder;
    struct evt_sim_log *log;
    struct evt_shard *shards[FAKE_BUS_SHARDS]; /* NULL: not ours */
    char paths[FAKE_BUS_SHARDS][160];
    struct evt_edge *edge; /* whom commits are told; NULL: nobody yet */
    bool held, refusing;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct fake_bus_kept kept[FAKE_BUS_KEPT];
    size_t kept_n;
    struct fake_bus_other others[FAKE_BUS_OTHERS];
    pthread_mutex_t shard_lock; /* tests give while the HTTP thread publishes */
    int64_t now_ms;
    const char *trace; /* of what others say; NULL: none */
};

static struct evt_sim_partition *fake_bus_part(struct evt_bus *bus, int32_t p)
{
    const struct evt_topic *inbox =
        evt_registry_service_topic(bus->service->registry, bus->service->name, EVT_TOPIC_INBOX);

    ck_assert_int_eq(inbox->partitions, FAKE_BUS_SHARDS);
    return evt_sim_log_find(bus->log, inbox->name, p);
}

/* The lock is for the log's memory: what is published is kept in it, too. */
static int64_t fake_bus_append(struct evt_bus *bus, const struct evt_send *send)
{
    int64_t offset;

    pthread_mutex_lock(&bus->lock);
    offset = evt_sim_log_append(bus->log, fake_bus_part(bus, send->partition), send, bus->now_ms++)
                 ->offset;
    pthread_mutex_unlock(&bus->lock);
    return offset;
}

/* Applies what the partition holds, and commits. */
static void fake_bus_apply(struct evt_bus *bus, int32_t p)
{
    struct evt_shard *shard = bus->shards[p];
    const struct evt_record *rec;
    const struct evt_send *sends;
    struct evt_error err;

    for (;;) {
        pthread_mutex_lock(&bus->lock);
        rec = evt_sim_log_from(fake_bus_part(bus, p), evt_shard_next_offset(shard));
        pthread_mutex_unlock(&bus->lock);
        if (!rec)
            break;
        ck_ok(evt_shard_apply(shard, rec, &err), err);
    }
    evt_shard_acknowledged(shard, evt_shard_sends(shard, &sends));
    ck_ok(evt_shard_commit(shard, &err), err);
}

/* And tells the edge. */
static void fake_bus_commit(struct evt_bus *bus, int32_t p)
{
    pthread_mutex_lock(&bus->shard_lock);
    fake_bus_apply(bus, p);
    if (bus->edge)
        evt_edge_committed(bus->edge, p, evt_shard_position(bus->shards[p]));
    pthread_mutex_unlock(&bus->shard_lock);
}

static void fake_bus_birth(struct evt_bus *bus, int32_t p)
{
    const struct evt_log_begins birth = {"00000000000000c1", (int32_t)bus->service->generation};
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", "birth", 5},
        {"ce_source", "/cli/topics", 11},
        {"ce_type", evt_log_begins_type.name, strlen(evt_log_begins_type.name)},
    };
    struct evt_send send = {.partition = p, .headers = headers, .headers_n = 4};
    struct evt_buf value = {0};
    struct evt_error err;

    ck_ok(evt_log_begins_encode(&birth, &value, &err), err);
    send.value = value.data;
    send.value_len = value.len;
    fake_bus_append(bus, &send);
    evt_buf_release(&value);
}

static void fake_bus_observe(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                             const char *reason)
{
    struct evt_bus *bus = arg;

    (void)outcome;
    (void)reason;
    if (bus->edge)
        evt_edge_applied(bus->edge, rec->partition, rec);
}

static void fake_bus_open(struct evt_bus *bus, int32_t p)
{
    struct evt_shard_options opt = {
        .service = bus->service,
        .topic = fake_bus_part(bus, p)->topic,
        .partition = p,
        .observe = fake_bus_observe,
        .observe_arg = bus,
    };
    struct evt_error err;
    int64_t offset;

    snprintf(bus->paths[p], sizeof(bus->paths[p]), "%s/%d.db", bus->folder.path, (int)p);
    opt.store.path = bus->paths[p];
    ck_ok(evt_shard_open(&opt, &bus->shards[p], &err), err);
    while (evt_shard_join_next(bus->shards[p], &offset))
        ck_ok(evt_shard_join(bus->shards[p], evt_sim_log_from(fake_bus_part(bus, p), 0), 0, &err),
              err);
    fake_bus_commit(bus, p);
}

/* `owned`: a bit per partition. */
static struct evt_bus *fake_bus_new(const struct evt_service *service, unsigned owned)
{
    struct evt_bus *bus = evt_zalloc(sizeof(*bus));
    int32_t p;

    bus->service = service;
    bus->now_ms = 1700000000000;
    pthread_mutex_init(&bus->lock, NULL);
    pthread_mutex_init(&bus->shard_lock, NULL);
    pthread_cond_init(&bus->more, NULL);
    folder_init(&bus->folder);
    bus->log = evt_sim_log_new();
    evt_sim_log_create(bus->log, evt_registry_service_topic(service->registry, service->name,
                                                            EVT_TOPIC_INBOX));
    for (p = 0; p < FAKE_BUS_SHARDS; p++) {
        if (!(owned >> p & 1))
            continue;
        fake_bus_birth(bus, p);
        fake_bus_open(bus, p);
    }
    return bus;
}

static void fake_bus_free(struct evt_bus *bus)
{
    int32_t p;

    for (p = 0; p < FAKE_BUS_SHARDS; p++)
        evt_shard_close(bus->shards[p]);
    evt_sim_log_free(bus->log);
    folder_release(&bus->folder);
    pthread_mutex_destroy(&bus->lock);
    pthread_mutex_destroy(&bus->shard_lock);
    pthread_cond_destroy(&bus->more);
    evt_free(bus);
}

enum evt_err evt_bus_publish(struct evt_bus *bus, const struct evt_send *send,
                             void (*done)(void *arg, enum evt_err rc, int64_t offset), void *arg,
                             struct evt_error *err)
{
    if (bus->refusing)
        return evt_fail(err, EVT_E_AWAY, "too much waits");
    if (!bus->held) {
        done(arg, EVT_OK, fake_bus_append(bus, send));
        fake_bus_commit(bus, send->partition);
        return EVT_OK;
    }
    pthread_mutex_lock(&bus->lock);
    ck_assert_uint_lt(bus->kept_n, FAKE_BUS_KEPT);
    bus->kept[bus->kept_n++] = (struct fake_bus_kept){evt_sim_log_keep(bus->log, send), done, arg};
    bus->kept[bus->kept_n - 1].send->partition = send->partition;
    pthread_cond_signal(&bus->more);
    pthread_mutex_unlock(&bus->lock);
    return EVT_OK;
}

/* Waits until the `n`th was published while held: it, counted from 0. */
__attribute__((unused)) static const struct evt_send *fake_bus_await(struct evt_bus *bus, size_t n)
{
    struct evt_send *send;

    pthread_mutex_lock(&bus->lock);
    while (bus->kept_n <= n)
        pthread_cond_wait(&bus->more, &bus->lock);
    send = bus->kept[n].send;
    pthread_mutex_unlock(&bus->lock);
    return send;
}

/* The log takes the `n`th, or does not. */
__attribute__((unused)) static void fake_bus_report(struct evt_bus *bus, size_t n, enum evt_err rc)
{
    struct fake_bus_kept *kept = &bus->kept[n];
    int64_t offset = rc == EVT_OK ? fake_bus_append(bus, kept->send) : -1;

    kept->done(kept->arg, rc, offset);
}

static struct fake_bus_other *fake_bus_other(struct evt_bus *bus, const char *name)
{
    struct fake_bus_other *other = bus->others;

    while (other->name && strcmp(other->name, name) != 0)
        ck_assert(++other < bus->others + FAKE_BUS_OTHERS);
    other->name = name;
    return other;
}

static void fake_bus_append_numbered(struct evt_bus *bus, struct fake_bus_other *other, int32_t p,
                                     const struct evt_type *type, const char *key,
                                     const struct evt_buf *value)
{
    const char *stream = fake_bus_part(bus, p)->topic->stream;
    char source[128], id[128];
    struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, 0},
        {"ce_source", source, 0},
        {"ce_type", type->name, strlen(type->name)},
        {"traceparent", bus->trace, bus->trace ? strlen(bus->trace) : 0},
    };
    const struct evt_send send = {.partition = p,
                                  .key = key,
                                  .key_len = strlen(key),
                                  .value = value->data,
                                  .value_len = value->len,
                                  .headers = headers,
                                  .headers_n = bus->trace ? 5 : 4};

    evt_source_print(source, sizeof(source), other->name, 0, "00000000000000d1");
    if (other->number[p]++ == 0)
        other->chain[p] = evt_chain_first(source, strlen(source), stream, strlen(stream), p);
    other->chain[p] =
        evt_chain_next(other->chain[p], type->name, strlen(type->name), key, strlen(key),
                       value->data + EVT_FRAME_LEN, value->len - EVT_FRAME_LEN);
    evt_message_id_print(id, sizeof(id), stream, p, other->number[p], other->chain[p]);
    headers[1].len = strlen(id);
    headers[2].len = strlen(source);
    fake_bus_append(bus, &send);
}

/* What another service says to ours: appended, not applied yet. */
__attribute__((unused)) static void fake_bus_tell(struct evt_bus *bus, const char *service,
                                                  int32_t p, const char *key,
                                                  const struct evt_type *type, const void *msg)
{
    struct evt_buf value = {0};
    struct evt_error err;

    ck_ok(evt_type_encode(type, msg, &value, &err), err);
    fake_bus_append_numbered(bus, fake_bus_other(bus, service), p, type, key, &value);
    evt_buf_release(&value);
}

__attribute__((unused)) static void fake_bus_give(struct evt_bus *bus, const char *service,
                                                  const struct evt_type *type, const void *msg)
{
    const char *key = evt_type_text(type, msg, type->key_field);
    const int32_t p = evt_partition_of(key, strlen(key), FAKE_BUS_SHARDS);

    fake_bus_tell(bus, service, p, key, type, msg);
    fake_bus_commit(bus, p);
}

bool evt_bus_owns(const struct evt_bus *bus, int32_t partition)
{
    return bus->shards[partition] != NULL;
}

const char *evt_bus_store_path(const struct evt_bus *bus, int32_t partition)
{
    return bus->shards[partition] ? bus->paths[partition] : NULL;
}

#endif

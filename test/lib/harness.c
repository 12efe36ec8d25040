/* Harness: a driver with one shard, a log in memory and a clock that only moves when it is told to.
 * Stores are files in a folder of their own under TMPDIR. */
#include "harness_internal.h"

#include <evt/codec.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct evt_shard *harness__open(struct harness *h, const char *path, bool reverse)
{
    const struct evt_shard_options opt = {
        .service = h->service,
        .topic = h->inbox,
        .partition = h->partition,
        .store = {.path = path, .reverse_unordered = reverse},
    };
    struct evt_shard *shard;
    struct evt_error err;
    int64_t offset;

    ck_ok(evt_shard_open(&opt, &shard, &err), err);
    while (evt_shard_join_next(shard, &offset))
        ck_ok(evt_shard_join(shard, evt_sim_log_from(h->part, offset < 0 ? 0 : offset), 0, &err),
              err);
    return shard;
}

size_t harness__apply(struct harness *h, struct evt_shard *shard, const struct evt_send **ret_sends)
{
    const struct evt_record *rec;
    struct evt_error err;

    while ((rec = evt_sim_log_from(h->part, evt_shard_next_offset(shard))) != NULL)
        ck_ok(evt_shard_apply(shard, rec, &err), err);
    return evt_shard_sends(shard, ret_sends);
}

void harness__commit(struct evt_shard *shard, size_t sends_n)
{
    struct evt_error err;

    evt_shard_acknowledged(shard, sends_n);
    ck_ok(evt_shard_commit(shard, &err), err);
}

void harness__catch_up(struct harness *h)
{
    const struct evt_send *sends;
    size_t n = harness__apply(h, h->shard, &sends);

    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_lt(h->sent_n, SENT_MAX);
        h->sent[h->sent_n++] = evt_sim_log_keep(h->log, &sends[i]);
    }
    harness__commit(h->shard, n);
}

void harness__append(struct harness *h, const char *source, const char *id, const char *type,
                     const char *key, const struct evt_buf *value)
{
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, strlen(id)},
        {"ce_source", source, strlen(source)},
        {"ce_type", type, strlen(type)},
    };
    const struct evt_send send = {
        .key = key,
        .key_len = strlen(key),
        .value = value->data,
        .value_len = value->len,
        .headers = headers,
        .headers_n = sizeof(headers) / sizeof(*headers),
    };

    h->given_offset = evt_sim_log_append(h->log, h->part, &send, h->now_ms)->offset;
}

static void begin_log(struct harness *h)
{
    const struct evt_log_begins birth = {
        .lineage = HARNESS_LINEAGE,
        .generation = (int32_t)h->service->generation,
    };
    struct evt_buf value = {0};
    struct evt_error err;

    h->log = evt_sim_log_new();
    evt_sim_log_create(h->log, h->inbox);
    h->part = evt_sim_log_find(h->log, h->inbox->name, h->partition);
    ck_ok(evt_log_begins_encode(&birth, &value, &err), err);
    harness__append(h, "/test", "birth", evt_log_begins_type.name, "birth", &value);
    evt_buf_release(&value);
}

struct harness *harness_new(const struct evt_service *service, const char *key)
{
    struct harness *h = evt_zalloc(sizeof(*h));
    const char *tmp = getenv("TMPDIR");
    struct evt_error err;

    h->service = service;
    h->key = key;
    h->inbox = evt_registry_service_topic(service->registry, service->name, EVT_TOPIC_INBOX);
    h->partition = evt_partition_of(key, strlen(key), h->inbox->partitions);
    h->now_ms = HARNESS_NOW;
    snprintf(h->folder, sizeof(h->folder), "%s/evt-harness-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(h->folder));
    snprintf(h->lived_path, sizeof(h->lived_path), "%s/lived.db", h->folder);
    snprintf(h->rebuilt_path, sizeof(h->rebuilt_path), "%s/rebuilt.db", h->folder);
    begin_log(h);
    h->shard = harness__open(h, h->lived_path, false);
    h->due = evt_due_new(h->shard, 1);
    harness__catch_up(h);
    ck_ok(evt_shard_caught_up(h->shard, &err), err);
    return h;
}

static struct sender *find_sender(struct harness *h, const char *name)
{
    struct sender *sender = h->senders;

    while (sender < h->senders + h->senders_n && strcmp(sender->name, name) != 0)
        sender++;
    if (sender == h->senders + h->senders_n) {
        ck_assert_uint_lt(h->senders_n, SENDERS_MAX);
        h->senders_n++;
        sender->name = name;
    }
    return sender;
}

static void number(struct harness *h, struct sender *sender, const char *type, const char *key,
                   const struct evt_buf *value)
{
    const char *stream = h->inbox->stream;

    evt_source_print(h->given_source, sizeof(h->given_source), sender->name, 0, HARNESS_LINEAGE);
    if (sender->number++ == 0)
        sender->chain = evt_chain_first(h->given_source, strlen(h->given_source), stream,
                                        strlen(stream), h->partition);
    sender->chain = evt_chain_next(sender->chain, type, strlen(type), key, strlen(key),
                                   value->data + EVT_FRAME_LEN, value->len - EVT_FRAME_LEN);
    evt_message_id_print(h->given_id, sizeof(h->given_id), stream, h->partition, sender->number,
                         sender->chain);
}

void harness_give(struct harness *h, int at, const char *sender_name, const struct evt_type *type,
                  const void *msg)
{
    struct sender *sender = find_sender(h, sender_name);
    const char *key = type->key_field ? evt_type_text(type, msg, type->key_field) : h->key;
    struct evt_buf value = {0};
    struct evt_error err;

    ck_assert_int_eq(evt_partition_of(key, strlen(key), h->inbox->partitions), h->partition);
    harness_expect_nothing(h, at);
    ck_ok(evt_type_encode(type, msg, &value, &err), err);
    h->given_type = type;
    snprintf(h->given_sender, sizeof(h->given_sender), "%s", sender_name);
    snprintf(h->given_key, sizeof(h->given_key), "%s", key);
    h->given_numbered = strcmp(sender_name, "outside") != 0;
    if (h->given_numbered) {
        number(h, sender, type->name, key, &value);
    } else {
        snprintf(h->given_source, sizeof(h->given_source), "/cli/test");
        snprintf(h->given_id, sizeof(h->given_id), "command-%" PRIu64, ++sender->number);
    }
    harness__append(h, h->given_source, h->given_id, type->name, key, &value);
    evt_buf_release(&value);
    harness__catch_up(h);
}

static void publish(void *self, const struct evt_send *send)
{
    struct harness *h = self;

    evt_sim_log_append(h->log, h->part, send, h->now_ms);
}

/* The test ends it, when it likes. */
static void leave(void *self, const struct evt_call_request *request)
{
    (void)self;
    (void)request;
}

void harness_wait(struct harness *h, int64_t ms)
{
    const struct evt_due_driver driver = {.self = h, .publish = publish, .call = leave};
    const int64_t until_ms = h->now_ms + ms;
    struct evt_error err;
    int64_t next_ms;

    while ((next_ms = evt_due_next_ms(h->due, h->now_ms)) <= until_ms) {
        h->now_ms = next_ms > h->now_ms ? next_ms : h->now_ms;
        ck_ok(evt_due_run(h->due, h->now_ms, &driver, &err), err);
        harness__catch_up(h);
    }
    h->now_ms = until_ms;
}

void harness_skip(struct harness *h, int64_t ms)
{
    h->now_ms += ms;
}

int64_t harness_query(struct harness *h, const char *sql)
{
    sqlite3_stmt *stmt;
    int64_t value;

    ck_assert_int_eq(sqlite3_prepare_v2(evt_store_db(evt_shard_store(h->shard)), sql, -1, &stmt,
                                        NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void remove_store(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char name[200];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
}

void harness_end(struct harness *h)
{
    harness_expect_nothing(h, 0);
    harness__rebuild(h);
    evt_due_free(h->due);
    evt_shard_close(h->shard);
    remove_store(h->lived_path);
    remove_store(h->rebuilt_path);
    ck_assert_int_eq(rmdir(h->folder), 0); /* nothing else was left behind */
    evt_sim_log_free(h->log);
    evt_free(h);
}

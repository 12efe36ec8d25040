/* Replay, on librdkafka's stand-in: a store is built from its log, up to where it is asked for, and
 * compared. What only a real broker has is in test/kafka. */
#include "test/lib/fake_product.h"
#include "test/lib/folder.h"
#include "test/lib/suite.h"

#include <events/evt.h>
#include <events/product.h>
#include <evt/clock.h>
#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>
#include <evt/replay.h>
#include <evt/shard.h>
#include <evt/stand_in.h>

#include <inttypes.h>
#include <librdkafka/rdkafka_mock.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SILENCE_S     4
#define SEND_MS       20000
#define FETCH_REQUEST 1 /* Kafka's number of it */

static struct evt_error err;
static struct folder folder;
static struct evt_stand_in *stand_in;
static struct evt_kafka kafka;
static rd_kafka_t *sender;
static struct evt_replay_result result;
static int made; /* commands so far */

static void begin(void)
{
    folder_init(&folder);
    ck_ok(evt_stand_in_new(&fake_registry, &stand_in, &err), err);
    kafka = (struct evt_kafka){.brokers = evt_stand_in_brokers(stand_in), .client = "test"};
    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
}

static void end(void)
{
    evt_content_release(&result.content);
    rd_kafka_destroy(sender);
    evt_stand_in_free(stand_in);
    folder_release(&folder);
}

/* Memory is the arena's. */
static struct evt_send message(struct evt_arena *arena, const struct evt_type *type,
                               const void *msg, const char *id, const char *key)
{
    static const char source[] = "/cli/test";
    struct evt_header *headers = evt_arena_alloc(arena, 4 * sizeof(*headers));
    struct evt_send send = {.topic = "shop.product.inbox.v1",
                            .key = evt_arena_strndup(arena, key, strlen(key)),
                            .key_len = strlen(key),
                            .headers = headers,
                            .headers_n = 4};
    struct evt_buf value = {0};

    headers[0] = (struct evt_header){"ce_specversion", "1.0", 3};
    headers[1] = (struct evt_header){"ce_id", evt_arena_strndup(arena, id, strlen(id)), strlen(id)};
    headers[2] = (struct evt_header){"ce_source", source, strlen(source)};
    headers[3] = (struct evt_header){"ce_type", type->name, strlen(type->name)};
    ck_ok(evt_type_encode(type, msg, &value, &err), err);
    send.value = evt_arena_strndup(arena, (const char *)value.data, value.len);
    send.value_len = value.len;
    evt_buf_release(&value);
    return send;
}

/* In one request, as long as it is no more than one holds. The last one's offset. */
static int64_t create_many(size_t n)
{
    struct product_create_product msg = {.name = "any", .currency = "EUR"};
    struct evt_send *sends = evt_zalloc(n * sizeof(*sends));
    int64_t *offsets = evt_zalloc(n * sizeof(*offsets)), last;
    struct evt_arena arena = {0};

    for (size_t i = 0; i < n; i++) {
        char sku[16], id[24];

        do
            snprintf(sku, sizeof(sku), "tea-%d", ++made);
        while (evt_partition_of(sku, strlen(sku), 2) != 0);
        snprintf(id, sizeof(id), "create-%d", made);
        msg.sku = sku;
        sends[i] = message(&arena, &product_create_product_type, &msg, id, sku);
    }
    ck_ok(evt_kafka_send_all(sender, sends, n, SEND_MS, offsets, &err), err);
    last = offsets[n - 1];
    evt_arena_release(&arena);
    evt_free(offsets);
    evt_free(sends);
    return last;
}

/* A command for partition 0; each makes a fact. Its offset. */
static int64_t create(void)
{
    return create_many(1);
}

static int64_t boundary(int32_t generation)
{
    const struct evt_generation_begins msg = {.generation = generation, .version = "test"};

    struct evt_arena arena = {0};
    const struct evt_send send =
        message(&arena, &evt_generation_begins_type, &msg, "boundary", "boundary");
    int64_t offset = -1;

    ck_ok(evt_kafka_send_all(sender, &send, 1, SEND_MS, &offset, &err), err);
    evt_arena_release(&arena);
    return offset;
}

static struct evt_replay_options options(const char *out)
{
    return (struct evt_replay_options){.service = &fake_product,
                                       .kafka = kafka,
                                       .out = folder_path(&folder, out),
                                       .to_offset = -1,
                                       .to_ms = -1};
}

static enum evt_err replay(const struct evt_replay_options *opt)
{
    evt_content_release(&result.content);
    return evt_replay(opt, &result, &err);
}

static void rebuild(const char *out, int64_t to)
{
    struct evt_replay_options opt = options(out);

    opt.to_offset = to;
    ck_ok(replay(&opt), err);
}

static void note_table(void *arg, const char *table, int64_t rows, int64_t rows_other)
{
    evt_buf_printf(arg, "%s %" PRId64 " %" PRId64 "\n", table, rows, rows_other);
}

static bool compare(const char *name, const char *other, struct evt_buf *ret_said)
{
    char path[200];
    bool equal = false;

    snprintf(path, sizeof(path), "%s", folder_path(&folder, name));
    ck_ok(evt_replay_compare(path, folder_path(&folder, other), &equal, note_table, ret_said, &err),
          err);
    return equal;
}

static void change(const char *name, const char *sql)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(folder_path(&folder, name), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static bool exists(const char *name)
{
    return access(folder_path(&folder, name), F_OK) == 0;
}

START_TEST(the_same_log_makes_the_same_store)
{
    struct evt_buf said = {0};
    int64_t last = 0;

    begin();
    for (int i = 0; i < 5; i++)
        last = create();
    rebuild("a.db", -1);
    ck_assert_int_eq(result.records, 6); /* with the birth */
    ck_assert_int_eq(result.content.position, last);
    ck_assert(!result.superseded);
    ck_assert(exists("a.db"));
    ck_assert(!exists("a.db.lock"));
    rebuild("b.db", last);
    ck_assert(compare("a.db", "b.db", &said));
    ck_assert_str_eq(evt_buf_text(&said), "");
    end();
}
END_TEST

START_TEST(up_to_an_offset_or_a_time)
{
    struct evt_replay_options opt;
    int64_t second, between;

    begin();
    create();
    second = create();
    between = evt_clock_wall_ms();
    while (evt_clock_wall_ms() <= between) /* the stand-in's records have our clock's time */
        ;
    create();
    rebuild("offset.db", second);
    ck_assert_int_eq(result.content.position, second);
    opt = options("time.db");
    opt.to_ms = between;
    ck_ok(replay(&opt), err);
    ck_assert_int_eq(result.content.position, second);
    opt = options("early.db");
    opt.to_ms = 0;
    ck_ok(replay(&opt), err);
    ck_assert_int_eq(result.content.position, -1);
    rebuild("far.db", second + 1000); /* as far as there is */
    ck_assert_int_eq(result.content.position, second + 1);
    end();
}
END_TEST

struct told {
    size_t sends;
    char last_id[128];
    int64_t at, end;
};

static void note_send(void *arg, const struct evt_send *send)
{
    const struct evt_record rec = {.headers = send->headers, .headers_n = send->headers_n};
    const struct evt_header *id = evt_record_header(&rec, "ce_id");
    struct told *told = arg;

    told->sends += strcmp(send->topic, "shop.product.events.v1") == 0;
    snprintf(told->last_id, sizeof(told->last_id), "%.*s", (int)id->len, (const char *)id->value);
}

static void note_progress(void *arg, int64_t offset, int64_t end_offset)
{
    struct told *told = arg;

    told->at = offset;
    told->end = end_offset;
}

START_TEST(what_it_would_send_is_shown_and_not_sent)
{
    struct evt_kafka_reader *reader;
    struct evt_replay_options opt;
    struct told told = {0};
    int64_t low, high, last;

    begin();
    create();
    last = create();
    opt = options("a.db");
    opt.sends = note_send;
    opt.progress = note_progress;
    opt.arg = &told;
    ck_ok(replay(&opt), err);
    ck_assert_uint_eq(told.sends, 4); /* a fact and an answer for each */
    ck_assert_msg(strncmp(told.last_id, "product.events.0.4-", 19) == 0, "%s", told.last_id);
    ck_assert_int_eq(told.at, last);
    ck_assert_int_eq(told.end, last);
    ck_ok(evt_kafka_reader_new(&kafka, &reader, &err), err);
    ck_ok(evt_kafka_ends(evt_kafka_reader_client(reader), "shop.product.events.v1", 0, SEND_MS,
                         &low, &high, &err),
          err);
    ck_assert_int_eq(high, 1); /* the birth */
    evt_kafka_reader_free(reader);
    end();
}
END_TEST

START_TEST(a_file_that_exists_is_left_alone)
{
    struct evt_replay_options opt;
    char want[200];

    begin();
    folder_write(&folder, "mine", "x", 1);
    opt = options("mine");
    snprintf(want, sizeof(want), "wrong use: %s exists: name a new file", opt.out);
    ck_refused(replay(&opt), err, EVT_E_USAGE, want);
    ck_assert(exists("mine"));
    end();
}
END_TEST

START_TEST(it_stops_where_a_newer_generation_begins)
{
    int64_t last;

    begin();
    last = create();
    boundary(2);
    create();
    rebuild("a.db", -1);
    ck_assert(result.superseded);
    ck_assert_int_eq(result.content.position, last);
    ck_assert_int_eq(result.records, 2);
    end();
}
END_TEST

START_TEST(a_newer_generation_begins_at_its_snapshot)
{
    struct evt_replay_options opt;
    char live[200], snapshot[240];
    int64_t at, last, first;

    begin();
    first = create();
    at = boundary(2);
    last = create();
    opt = options("b.db");
    opt.service = &fake_product_2;
    snprintf(live, sizeof(live), "%s", folder_path(&folder, "live.db"));
    opt.from = live;
    ck_refused(replay(&opt), err, EVT_E_GENERATION_OLD,
               "records up to the boundary belong to an older generation: the log begins with "
               "generation 1 and there is no snapshot of generation 2: start version 1 once, it "
               "stops at the boundary");
    ck_assert(!exists("b.db"));
    ck_assert(!exists("b.db.lock"));

    rebuild("a.db", -1); /* as the old version leaves it */
    snprintf(snapshot, sizeof(snapshot), "%s.g2@%" PRId64, live, at);
    ck_assert_int_eq(rename(folder_path(&folder, "a.db"), snapshot), 0);
    ck_ok(replay(&opt), err);
    ck_assert_uint_eq(result.content.generation, 2);
    ck_assert_int_eq(result.content.position, last);
    ck_assert_int_eq(result.records, 2);

    opt.out = folder_path(&folder, "c.db");
    opt.to_offset = first - 1;
    ck_refused(replay(&opt), err, EVT_E_USAGE,
               "wrong use: offset 0 belongs to an older generation, or to a snapshot's past: this "
               "version begins at 2");
    ck_assert(!exists("c.db"));
    end();
}
END_TEST

START_TEST(a_log_of_this_generation_needs_no_snapshot)
{
    struct evt_replay_options opt;
    char live[200];

    begin();
    create();
    opt = options("a.db");
    snprintf(live, sizeof(live), "%s", folder_path(&folder, "live.db"));
    opt.from = live;
    folder_write(&folder, "live.db.g1@1", "no store at all", 15);
    ck_ok(replay(&opt), err);
    ck_assert_int_eq(result.records, 2);
    end();
}
END_TEST

START_TEST(a_table_that_differs_is_named)
{
    struct evt_buf said = {0};

    begin();
    create();
    rebuild("a.db", -1);
    rebuild("b.db", -1);
    change("b.db", "INSERT INTO notes (text) VALUES ('more')");
    ck_assert(!compare("a.db", "b.db", &said));
    ck_assert_str_eq(evt_buf_text(&said), "notes 1 2\n");
    evt_buf_clear(&said);
    change("a.db", "INSERT INTO notes (text) VALUES ('else')");
    ck_assert(!compare("a.db", "b.db", &said));
    ck_assert_str_eq(evt_buf_text(&said), "notes 2 2\n");
    evt_buf_clear(&said);
    change("a.db", "UPDATE notes SET text='more' WHERE text='else'");
    ck_assert(compare("a.db", "b.db", &said));
    change("a.db", "DROP TABLE waits");
    change("b.db", "DROP TABLE taken");
    ck_assert(!compare("a.db", "b.db", &said));
    ck_assert_str_eq(evt_buf_text(&said), "taken 0 -1\nwaits -1 0\n");
    evt_buf_release(&said);
    end();
}
END_TEST

START_TEST(another_position_is_a_difference)
{
    struct evt_buf said = {0};
    int64_t at;

    begin();
    at = create();
    create();
    rebuild("a.db", at);
    rebuild("b.db", -1);
    ck_assert(!compare("a.db", "b.db", &said));
    ck_assert_ptr_nonnull(strstr(evt_buf_text(&said), "evt_meta 1 1\n"));
    evt_buf_release(&said);
    end();
}
END_TEST

START_TEST(what_is_no_store_is_said)
{
    struct evt_content content;
    char path[200], want[400];

    folder_init(&folder);
    snprintf(path, sizeof(path), "%s", folder_path(&folder, "nothing.db"));
    snprintf(want, sizeof(want), "input or output error: %s: No such file or directory", path);
    ck_refused(evt_content_read(path, &content, &err), err, EVT_E_IO, want);
    ck_assert(!exists("nothing.db"));
    snprintf(path, sizeof(path), "%s", folder_path(&folder, "other.db"));
    change("other.db", "CREATE TABLE t (a)");
    snprintf(want, sizeof(want),
             "the store belongs to another service or partition: %s is no store of libevents: no "
             "such table: evt_meta",
             path);
    ck_refused(evt_content_read(path, &content, &err), err, EVT_E_STORE_OTHER, want);
    folder_release(&folder);
}
END_TEST

/* More than a batch, then one more record, which a consumer that fetches no more than it must has
 * not got yet when the batch is committed. */
static struct evt_replay_options long_log(const char *out)
{
    static const char *const properties[] = {"queued.min.messages=1", "fetch.error.backoff.ms=1",
                                             NULL};
    struct evt_replay_options opt;

    create_many(EVT_BATCH_MAX + 100);
    create();
    opt = options(out);
    opt.kafka.properties = properties;
    opt.silence_ms = SILENCE_S * 1000; /* a queue of one record is filled once a second by some */
    return opt;
}

struct trouble {
    rd_kafka_resp_err_t code; /* what every fetch gets; 0: the broker restarts */
    bool made;
};

static void make_trouble(void *arg, int64_t offset, int64_t end_offset)
{
    rd_kafka_mock_cluster_t *mock = evt_stand_in_mock(stand_in);
    struct trouble *trouble = arg;

    (void)offset;
    (void)end_offset;
    if (trouble->made)
        return;
    trouble->made = true;
    for (int i = 0; i < 20000 && trouble->code; i++)
        rd_kafka_mock_push_request_errors(mock, FETCH_REQUEST, 1, trouble->code);
    if (!trouble->code) {
        rd_kafka_mock_broker_set_down(mock, 1);
        rd_kafka_mock_broker_set_up(mock, 1);
    }
}

static void expect_silence(rd_kafka_resp_err_t code, const char *said)
{
    struct trouble trouble = {.code = code};
    struct evt_replay_options opt;
    char want[300];

    begin();
    opt = long_log("a.db");
    opt.progress = make_trouble;
    opt.arg = &trouble;
    snprintf(want, sizeof(want),
             "%s: shop.product.inbox.v1/0: no record came for %d s; it stands at %d%s",
             evt_err_str(EVT_E_AWAY), SILENCE_S, EVT_BATCH_MAX - 1, said);
    ck_refused(replay(&opt), err, EVT_E_AWAY, want);
    ck_assert(!exists("a.db"));
    end();
}

START_TEST(a_broker_that_says_nothing_is_given_up)
{
    expect_silence(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, "");
}
END_TEST

/* More often than it is asked: errors are no sign of life. */
START_TEST(a_broker_that_only_says_errors_is_given_up)
{
    expect_silence(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, ": Broker: Policy violation");
}
END_TEST

START_TEST(a_connection_that_breaks_costs_nothing)
{
    struct trouble trouble = {0};
    struct evt_replay_options opt;
    struct evt_buf said = {0};

    begin();
    opt = long_log("a.db");
    opt.silence_ms = 0;
    opt.progress = make_trouble;
    opt.arg = &trouble;
    ck_ok(replay(&opt), err);
    ck_assert(trouble.made);
    ck_assert_int_eq(result.records, EVT_BATCH_MAX + 102);
    rebuild("b.db", -1);
    ck_assert(compare("a.db", "b.db", &said));
    end();
}
END_TEST

SUITE("replay", the_same_log_makes_the_same_store, up_to_an_offset_or_a_time,
      what_it_would_send_is_shown_and_not_sent, a_file_that_exists_is_left_alone,
      it_stops_where_a_newer_generation_begins, a_newer_generation_begins_at_its_snapshot,
      a_log_of_this_generation_needs_no_snapshot, a_table_that_differs_is_named,
      another_position_is_a_difference, what_is_no_store_is_said,
      a_broker_that_says_nothing_is_given_up, a_broker_that_only_says_errors_is_given_up,
      a_connection_that_breaks_costs_nothing)

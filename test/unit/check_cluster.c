/* Cluster: what differs and what is mended, on librdkafka's stand-in. Settings, and topics that are
 * created, need a real broker: test/kafka. */
#include "test/lib/suite.h"

#include "libevents/src/cluster_internal.h"

#include <events/evt.h>
#include <evt/buf.h>
#include <evt/envelope.h>
#include <evt/mem.h>
#include <evt/stand_in.h>
#include <librdkafka/rdkafka_mock.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 10000

static struct evt_error err;
static struct evt_stand_in *stand_in;
static struct evt_kafka kafka;
static struct evt_cluster *cluster;
static struct evt_buf said;

static void begin(void)
{
    ck_ok(evt_stand_in_new(&evt_registry, &stand_in, &err), err);
    kafka = (struct evt_kafka){.brokers = evt_stand_in_brokers(stand_in), .client = "test"};
    ck_ok(evt_cluster_open(&kafka, WAIT_MS, &cluster, &err), err);
}

static void end(void)
{
    evt_cluster_close(cluster);
    evt_stand_in_free(stand_in);
    evt_buf_release(&said);
}

static void note(void *arg, const struct evt_topic_difference *d)
{
    evt_buf_printf(arg, "%d %s\n", (int)d->trouble, d->text);
}

static void note_text(void *arg, const char *text)
{
    evt_buf_printf(arg, "%s\n", text);
}

static const char *diff(const struct evt_topic *const *topics, size_t n)
{
    evt_buf_clear(&said);
    ck_ok(evt_cluster_diff(cluster, topics, n, note, &said, &err), err);
    return evt_buf_text(&said);
}

static const char *diff_one(const struct evt_topic *topic)
{
    return diff(&topic, 1);
}

static enum evt_err apply_one(const struct evt_topic *topic)
{
    evt_buf_clear(&said);
    return evt_cluster_apply(cluster, &evt_registry, &topic, 1, note_text, &said, &err);
}

/* A topic that topics.json does not have. */
static struct evt_topic topic_new(const char *name, int32_t partitions)
{
    return (struct evt_topic){.name = name,
                              .stream = "product.inbox",
                              .service = "product",
                              .kind = EVT_TOPIC_INBOX,
                              .partitions = partitions,
                              .retention_ms = -1,
                              .compression = "lz4"};
}

static void create(const char *name, int partitions)
{
    ck_assert_int_eq(rd_kafka_mock_topic_create(evt_stand_in_mock(stand_in), name, partitions, 1),
                     0);
}

static void put(const char *topic, int32_t partition)
{
    const struct evt_send send = {.topic = topic,
                                  .partition = partition,
                                  .value = "not a birth",
                                  .value_len = 11};
    rd_kafka_t *sender = NULL;

    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
    ck_ok(evt_kafka_send_all(sender, &send, 1, WAIT_MS, NULL, &err), err);
    rd_kafka_destroy(sender);
}

START_TEST(stand_in_has_all_topics)
{
    const struct evt_topic *topics[64];

    begin();
    ck_assert(evt_cluster_is_stand_in(cluster));
    ck_assert_uint_le(evt_registry.topics_n, 64);
    for (size_t i = 0; i < evt_registry.topics_n; i++)
        topics[i] = &evt_registry.topics[i];
    ck_assert_str_eq(diff(topics, evt_registry.topics_n), "");
    evt_buf_clear(&said);
    ck_ok(evt_cluster_apply(cluster, &evt_registry, topics, evt_registry.topics_n, note_text, &said,
                            &err),
          err);
    ck_assert_str_eq(evt_buf_text(&said), "");
    end();
}
END_TEST

START_TEST(birth_says_which_log)
{
    const struct evt_topic *inbox =
        evt_registry_service_topic(&evt_registry, "product", EVT_TOPIC_INBOX);
    char lineages[2][EVT_LINEAGE_LEN + 1];
    const struct evt_record *rec = NULL;
    int64_t low, high;

    begin();
    for (int32_t p = 0; p < 2; p++) {
        struct evt_log_begins *birth = NULL;
        struct evt_envelope env;

        ck_ok(evt_kafka_read(cluster->reader, inbox->name, p, 0, WAIT_MS, &rec, &low, &high, &err),
              err);
        ck_assert_ptr_nonnull(rec);
        ck_assert_int_eq(rec->offset, 0);
        ck_assert_int_eq(high, 1);
        ck_ok(evt_envelope_identify(rec, &env, &err), err);
        ck_ok(evt_envelope_check(rec, &env, &err), err);
        ck_assert(evt_text_is(env.source, "/cli/topics"));
        ck_ok(evt_log_begins_decode_new(rec->value, rec->value_len, &birth, &err), err);
        ck_assert_int_eq(birth->generation,
                         (int)evt_registry_declaration(&evt_registry, "product")->generation);
        ck_assert_uint_eq(strspn(birth->lineage, "0123456789abcdef"), EVT_LINEAGE_LEN);
        snprintf(lineages[p], sizeof(lineages[p]), "%s", birth->lineage);
        evt_log_begins_free(birth);
    }
    ck_assert_str_ne(lineages[0], lineages[1]);
    end();
}
END_TEST

START_TEST(missing)
{
    const struct evt_topic topic = topic_new("shop.new.inbox.v1", 2);

    begin();
    ck_assert_str_eq(diff_one(&topic), "0 shop.new.inbox.v1: is missing: stop `evt broker` and"
                                       " start it again, it creates its topics itself\n");
    ck_refused(apply_one(&topic), err, EVT_E_USAGE,
               "wrong use: shop.new.inbox.v1: is missing: stop `evt broker` and start it again, it"
               " creates its topics itself");
    end();
}
END_TEST

START_TEST(partitions)
{
    const struct evt_topic topic = topic_new("shop.new.inbox.v1", 2);

    begin();
    create(topic.name, 3);
    ck_assert_str_eq(diff_one(&topic),
                     "1 shop.new.inbox.v1: has 3 partitions, topics.json says 2: a partition count"
                     " never changes; if nothing in the topic is needed, delete it and run"
                     " `evt topics apply`, else correct topics.json\n");
    ck_refused(apply_one(&topic), err, EVT_E_USAGE,
               "wrong use: shop.new.inbox.v1: has 3 partitions, topics.json says 2: a partition"
               " count never changes; if nothing in the topic is needed, delete it and run"
               " `evt topics apply`, else correct topics.json");
    end();
}
END_TEST

START_TEST(birth_is_written_once)
{
    const struct evt_topic topic = topic_new("shop.new.inbox.v1", 2);
    int64_t low, high;

    begin();
    create(topic.name, 2);
    ck_assert_str_eq(diff_one(&topic),
                     "3 shop.new.inbox.v1/0: is empty, without its birth record: run `evt topics"
                     " apply`, it writes it\n"
                     "3 shop.new.inbox.v1/1: is empty, without its birth record: run `evt topics"
                     " apply`, it writes it\n");
    ck_ok(apply_one(&topic), err);
    ck_assert_str_eq(evt_buf_text(&said), "wrote 2 birth records\n");
    ck_assert_str_eq(diff_one(&topic), "");
    ck_ok(apply_one(&topic), err);
    ck_assert_str_eq(evt_buf_text(&said), "");
    ck_ok(evt_kafka_ends(cluster->rk, topic.name, 1, WAIT_MS, &low, &high, &err), err);
    ck_assert_int_eq(high, 1);
    end();
}
END_TEST

START_TEST(another_record_came_first)
{
    const struct evt_topic topic = topic_new("shop.new.inbox.v1", 2);

    begin();
    create(topic.name, 2);
    put(topic.name, 1);
    ck_assert_str_eq(diff_one(&topic),
                     "3 shop.new.inbox.v1/0: is empty, without its birth record: run `evt topics"
                     " apply`, it writes it\n"
                     "3 shop.new.inbox.v1/1: does not begin with a birth record, so no shard takes"
                     " it: delete the topic and run `evt topics apply`\n");
    ck_refused(apply_one(&topic), err, EVT_E_LOG_NO_BIRTH,
               "the log does not begin with a birth record: shop.new.inbox.v1/1: delete the topic"
               " and run `evt topics apply`");
    /* Nothing was done to the other one. */
    ck_assert_ptr_eq(strstr(diff_one(&topic), "3 shop.new.inbox.v1/0: is empty"),
                     evt_buf_text(&said));
    end();
}
END_TEST

START_TEST(nobody_answers)
{
    const struct evt_kafka nobody = {.brokers = "127.0.0.1:9", .client = "test"};
    struct evt_cluster *none = NULL;

    ck_refused(evt_cluster_open(&nobody, 300, &none, &err), err, EVT_E_AWAY,
               "Kafka does not do it now: no broker answered at 127.0.0.1:9 within"
               " 300 ms: start one there, or say where it is (KAFKA_BOOTSTRAP_SERVERS)");
    ck_assert_ptr_null(none);
}
END_TEST

static size_t threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t n = 0;

    ck_assert_ptr_nonnull(tasks);
    while (readdir(tasks))
        n++;
    closedir(tasks);
    return n;
}

/* A service waits so for a broker that is away, for as long as it takes. */
START_TEST(who_tries_again_does_not_grow)
{
    const struct evt_kafka nobody = {.brokers = "127.0.0.1:9", .client = "test"};
    struct evt_cluster *none = NULL;
    struct evt_kafka_reader *reader;
    size_t before;

    ck_ok(evt_kafka_reader_new(&nobody, &reader, &err), err);
    ck_assert_int_eq(evt_cluster_meet(&nobody, reader, 50, &none, &err), EVT_E_AWAY);
    before = threads();
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(evt_cluster_meet(&nobody, reader, 10, &none, &err), EVT_E_AWAY);
    ck_assert_uint_le(threads(), before);
    evt_kafka_reader_free(reader);
}
END_TEST

START_TEST(settings)
{
    struct evt_topic topic = topic_new("shop.new.inbox.v1", 2);
    struct evt__setting s[EVT__SETTINGS];

    evt__topic_settings(&topic, s);
    evt_buf_clear(&said);
    for (size_t i = 0; i < EVT__SETTINGS; i++)
        evt_buf_printf(&said, "%s=%s\n", s[i].name, s[i].value);
    ck_assert_str_eq(evt_buf_text(&said), "cleanup.policy=delete\n"
                                          "compression.type=producer\n"
                                          "max.message.bytes=1048588\n"
                                          "message.timestamp.type=LogAppendTime\n"
                                          "retention.ms=-1\n"
                                          "unclean.leader.election.enable=false\n");
    topic.kind = EVT_TOPIC_DLT;
    topic.retention_ms = 86400000;
    evt__topic_settings(&topic, s);
    ck_assert_str_eq(s[2].value, "1114124"); /* 64 KiB more than the source */
    ck_assert_str_eq(s[4].value, "86400000");
}
END_TEST

START_TEST(topics_of_a_service)
{
    const struct evt_topic *topics[64];
    const size_t n = evt_cluster_topics_of(&evt_registry, "product", topics);

    evt_buf_clear(&said);
    for (size_t i = 0; i < n; i++)
        evt_buf_printf(&said, "%s\n", topics[i]->stream);
    /* What it sends goes to order's inbox; what order sent wrongly is told there, too. */
    ck_assert_str_eq(evt_buf_text(&said),
                     "order.inbox\nproduct.events\nproduct.inbox\nproduct.inbox.dlt\n");
}
END_TEST

SUITE("cluster", stand_in_has_all_topics, birth_says_which_log, missing, partitions,
      birth_is_written_once, another_record_came_first, nobody_answers,
      who_tries_again_does_not_grow, settings, topics_of_a_service)

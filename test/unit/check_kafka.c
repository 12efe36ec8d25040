/* Kafka: what is refused of a person's settings, messages there and back with all their parts, and
 * single records read by their offset; on librdkafka's stand-in. */
#include "test/lib/suite.h"

#include <evt/kafka.h>
#include <evt/stand_in.h>
#include <evt/type.h>

#include <librdkafka/rdkafka_mock.h>
#include <string.h>

#define WAIT_MS 20000
#define INBOX   "shop.product.inbox.v1"
#define REFUSED "Kafka does not do it now: send to " INBOX "/1: Broker: Topic authorization failed"

static struct evt_error err;
static struct evt_stand_in *stand_in;
static struct evt_kafka kafka;

static void begin(void)
{
    ck_ok(evt_stand_in_new(&evt_registry, &stand_in, &err), err);
    kafka = (struct evt_kafka){.brokers = evt_stand_in_brokers(stand_in), .client = "test"};
}

static void end(void)
{
    evt_stand_in_free(stand_in);
}

static void refuse(enum evt_kafka_role role, const char *property, const char *words)
{
    const struct evt_kafka with = {.brokers = "127.0.0.1:1",
                                   .properties = (const char *const[]){property, NULL}};
    rd_kafka_conf_t *conf;

    ck_refused(evt_kafka_conf(&with, role, &conf, &err), err, EVT_E_USAGE, words);
}

START_TEST(a_property_is_refused_in_words)
{
    refuse(EVT_KAFKA_PRODUCER, "linger.ms",
           "wrong use: the property 'linger.ms' is not name=value");
    refuse(EVT_KAFKA_PRODUCER, "=5", "wrong use: the property '=5' is not name=value");
    refuse(EVT_KAFKA_PRODUCER, "no.such=5",
           "wrong use: no.such=5: No such configuration property: \"no.such\"");
    refuse(
        EVT_KAFKA_CONSUMER, "auto.offset.reset=earliest",
        "wrong use: auto.offset.reset=earliest: it is always error, what is stored depends on it");
    refuse(EVT_KAFKA_PRODUCER, "delivery.timeout.ms=5",
           "wrong use: delivery.timeout.ms=5: it is always 0, what is stored depends on it");
    refuse(EVT_KAFKA_PRODUCER, "enable.idempotence=false",
           "wrong use: enable.idempotence=false: it is always true, what is stored depends on it");
}
END_TEST

static void expect_property(enum evt_kafka_role role, const char *property, const char *name,
                            const char *value)
{
    const struct evt_kafka with = {.brokers = "127.0.0.1:1",
                                   .properties = (const char *const[]){property, NULL}};
    rd_kafka_conf_t *conf;
    char is[64] = "";
    size_t len = sizeof(is);

    ck_ok(evt_kafka_conf(&with, role, &conf, &err), err);
    ck_assert_int_eq(rd_kafka_conf_get(conf, name, is, &len), RD_KAFKA_CONF_OK);
    ck_assert_str_eq(is, value);
    rd_kafka_conf_destroy(conf);
}

START_TEST(a_property_goes_to_the_role_that_has_it)
{
    expect_property(EVT_KAFKA_PRODUCER, "linger.ms=7", "linger.ms", "7");
    expect_property(EVT_KAFKA_PRODUCER, "client.id=x", "linger.ms", "0");
    expect_property(EVT_KAFKA_BURST_PRODUCER, "client.id=x", "linger.ms", "2");
    expect_property(EVT_KAFKA_BURST_PRODUCER, "linger.ms=7", "linger.ms", "7");
    expect_property(EVT_KAFKA_BURST_PRODUCER, "fetch.wait.max.ms=7", "fetch.wait.max.ms", "500");
    expect_property(EVT_KAFKA_CONSUMER, "linger.ms=7", "linger.ms", "5"); /* its default, unused */
    expect_property(EVT_KAFKA_CONSUMER, "fetch.wait.max.ms=7", "fetch.wait.max.ms", "7");
    expect_property(EVT_KAFKA_READER, "fetch.wait.max.ms=7", "fetch.wait.max.ms", "7");
    expect_property(EVT_KAFKA_PRODUCER, "fetch.wait.max.ms=7", "fetch.wait.max.ms", "500");
    /* A rule may be repeated. */
    expect_property(EVT_KAFKA_CONSUMER, "auto.offset.reset=error", "auto.offset.reset", "error");
}
END_TEST

static const struct evt_header headers[] = {{"ce_id", "one", 3},
                                            {"empty", "", 0},
                                            {"none", NULL, 0},
                                            {"ce_id", "two", 3}};

static struct evt_send message(const char *value)
{
    return (struct evt_send){.topic = INBOX,
                             .partition = 1,
                             .key = "tea",
                             .key_len = 3,
                             .value = value,
                             .value_len = value ? strlen(value) : 0,
                             .headers = headers,
                             .headers_n = sizeof(headers) / sizeof(*headers)};
}

static void send_all(const struct evt_send *sends, size_t n, int64_t *ret_offsets)
{
    rd_kafka_t *sender;

    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
    ck_ok(evt_kafka_send_all(sender, sends, n, WAIT_MS, ret_offsets, &err), err);
    rd_kafka_destroy(sender);
}

START_TEST(a_message_comes_back_whole)
{
    const struct evt_send sends[] = {message("first"), message(NULL), message("third")};
    struct evt_kafka_reader *reader;
    const struct evt_record *rec;
    int64_t offsets[3], low, high;

    begin();
    send_all(sends, 3, offsets);
    ck_assert_int_eq(offsets[1], offsets[0] + 1);
    ck_assert_int_eq(offsets[2], offsets[0] + 2);
    ck_ok(evt_kafka_reader_new(&kafka, &reader, &err), err);
    /* In any order, and twice. */
    for (int i = 0; i < 2; i++) {
        ck_ok(evt_kafka_read(reader, INBOX, 1, offsets[2], WAIT_MS, &rec, &low, &high, &err), err);
        ck_assert_mem_eq(rec->value, "third", 5);
        ck_ok(evt_kafka_read(reader, INBOX, 1, offsets[0], WAIT_MS, &rec, &low, &high, &err), err);
    }
    ck_assert_str_eq(rec->topic, INBOX);
    ck_assert_int_eq(rec->partition, 1);
    ck_assert_int_eq(rec->offset, offsets[0]);
    ck_assert_int_gt(rec->time_ms, 1600000000000);
    ck_assert_uint_eq(rec->key_len, 3);
    ck_assert_mem_eq(rec->key, "tea", 3);
    ck_assert_uint_eq(rec->value_len, 5);
    ck_assert_uint_eq(rec->headers_n, 4);
    ck_assert_str_eq(rec->headers[0].name, "ce_id");
    ck_assert_mem_eq(rec->headers[0].value, "one", 3);
    ck_assert_uint_eq(rec->headers[1].len, 0);
    ck_assert_ptr_null(rec->headers[2].value);
    ck_assert_mem_eq(rec->headers[3].value, "two", 3);
    ck_ok(evt_kafka_read(reader, INBOX, 1, offsets[1], WAIT_MS, &rec, &low, &high, &err), err);
    ck_assert_ptr_null(rec->value);
    ck_assert_int_eq(low, 0);
    ck_assert_int_eq(high, offsets[2] + 1);
    evt_kafka_reader_free(reader);
    end();
}
END_TEST

START_TEST(nothing_lies_behind_the_end)
{
    struct evt_kafka_reader *reader;
    const struct evt_record *rec = (const struct evt_record *)1;
    int64_t low, high;

    begin();
    ck_ok(evt_kafka_reader_new(&kafka, &reader, &err), err);
    ck_ok(evt_kafka_read(reader, INBOX, 0, 1, WAIT_MS, &rec, &low, &high, &err), err);
    ck_assert_ptr_null(rec);
    ck_assert_int_eq(high, 1); /* its birth */
    ck_ok(evt_kafka_read(reader, INBOX, 0, 99, WAIT_MS, &rec, &low, &high, &err), err);
    ck_assert_ptr_null(rec);
    ck_refused(evt_kafka_read(reader, INBOX, 2, 0, WAIT_MS, &rec, &low, &high, &err), err,
               EVT_E_AWAY, "Kafka does not do it now: " INBOX "/2: Local: Unknown partition");
    evt_kafka_reader_free(reader);
    end();
}
END_TEST

START_TEST(partitions_are_told)
{
    rd_kafka_t *sender;
    int32_t n = -1;

    begin();
    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
    ck_ok(evt_kafka_partitions(sender, INBOX, WAIT_MS, &n, &err), err);
    ck_assert_int_eq(n, 2);
    rd_kafka_destroy(sender);
    end();
}
END_TEST

START_TEST(a_broker_that_is_away_is_said)
{
    const struct evt_kafka away = {.brokers = "127.0.0.1:1"};
    const struct evt_send send = message("lost");
    struct evt_kafka_reader *reader;
    const struct evt_record *rec;
    rd_kafka_t *sender;
    int64_t low, high;

    ck_ok(evt_kafka_reader_new(&away, &reader, &err), err);
    ck_refused(evt_kafka_read(reader, INBOX, 0, 0, 100, &rec, &low, &high, &err), err, EVT_E_AWAY,
               "Kafka does not do it now: " INBOX "/0: no broker answers");
    evt_kafka_reader_free(reader);
    ck_ok(evt_kafka_sender(&away, &sender, &err), err);
    ck_refused(evt_kafka_send_all(sender, &send, 1, 100, NULL, &err), err, EVT_E_AWAY,
               "Kafka does not do it now: send 1 message to " INBOX ": no broker answers");
    rd_kafka_destroy(sender);
}
END_TEST

/* What the broker refuses for good is told, not waited for. */
START_TEST(a_refusal_is_told)
{
    const struct evt_send send = message("no");
    rd_kafka_t *sender;

    begin();
    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
    rd_kafka_mock_push_request_errors(evt_stand_in_mock(stand_in), 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_refused(evt_kafka_send_all(sender, &send, 1, WAIT_MS, NULL, &err), err, EVT_E_AWAY,
               "Kafka does not do it now: send 1 message to " INBOX
               ": Broker: Topic authorization failed");
    /* From then on it takes nothing, and says why in the same words each time. */
    ck_assert(evt_kafka_fatal(sender, &err));
    ck_assert_str_eq(err.text, REFUSED);
    ck_refused(evt_kafka_produce(sender, &send, NULL, &err), err, EVT_E_AWAY, REFUSED);
    rd_kafka_destroy(sender);
    end();
}
END_TEST

START_TEST(a_question_wakes_and_tells_where_the_log_begins)
{
    const struct evt_kafka away = {.brokers = "127.0.0.1:1"};
    rd_kafka_t *sender;
    int64_t low = -1;

    begin();
    ck_ok(evt_kafka_sender(&kafka, &sender, &err), err);
    ck_assert(!evt_kafka_fatal(sender, &err));
    ck_assert(evt_kafka_wake(sender, INBOX, 1, WAIT_MS, &low));
    ck_assert_int_eq(low, 0);
    ck_assert(evt_kafka_wake(sender, INBOX, 1, WAIT_MS, NULL));
    rd_kafka_destroy(sender);
    ck_ok(evt_kafka_sender(&away, &sender, &err), err);
    low = -1;
    ck_assert(!evt_kafka_wake(sender, INBOX, 1, 100, &low));
    ck_assert_int_eq(low, -1);
    rd_kafka_destroy(sender);
    end();
}
END_TEST

SUITE("kafka", a_property_is_refused_in_words, a_property_goes_to_the_role_that_has_it,
      a_message_comes_back_whole, nothing_lies_behind_the_end, partitions_are_told,
      a_broker_that_is_away_is_said, a_refusal_is_told,
      a_question_wakes_and_tells_where_the_log_begins)

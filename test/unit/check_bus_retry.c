/* The bus, what is tried again and how often: on librdkafka's stand-in, which can be told to refuse
 * and to be away. */
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <evt/clock.h>

#include <inttypes.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS         "shop.product.events.v1"
#define ORDERS         "shop.order.inbox.v1"
#define ANSWERED       "shop.evt.v1.CommandAnswered"
#define ON_HAND        "SELECT received - committed FROM product"
#define PRODUCE        0 /* Kafka's numbers of requests */
#define OFFSET_COMMIT  8
#define BROKER_READ_MS 3000 /* how long a join waits for a broker that is away */

static void refuse_requests(struct running *run, int16_t request, rd_kafka_resp_err_t code, int n)
{
    for (int i = 0; i < n; i++)
        rd_kafka_mock_push_request_errors(evt_stand_in_mock(run->stand_in), request, 1, code);
}

static void bounce(struct running *run)
{
    rd_kafka_mock_broker_set_down(evt_stand_in_mock(run->stand_in), 1);
    rd_kafka_mock_broker_set_up(evt_stand_in_mock(run->stand_in), 1);
}

/* A shard that has something to send to where it may not. */
static void begin_refused(struct running *run)
{
    running_init(run);
    running_start(run);
    running_create(run, "tea");
    running_expect_records(run, EVENTS, ANSWERED, 1);
    running_stop(run);
    running_receive(run, "tea", 5);
    refuse_requests(run, PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 200);
    running_begin(run);
}

/* Waits for a pause of at least so many seconds. */
static void expect_pause(struct running *run, long seconds)
{
    const int64_t end_ms = evt_clock_ms() + 2 * RUNNING_WAIT_MS;
    struct evt_buf why = {0};
    const char *again;

    do {
        ck_assert_msg(evt_clock_ms() < end_ms, "%s", evt_buf_text(&why));
        evt_buf_clear(&why);
        ck_assert_int_eq(evt_bus_tend(run->bus), EVT_BUS_RUNNING);
        evt_bus_ready(run->bus, &why);
        usleep(1000);
        again = strstr(evt_buf_text(&why), "; again in ");
    } while (!again || strtol(again + strlen("; again in "), NULL, 10) < seconds);
    ck_assert_msg(strstr(evt_buf_text(&why), "Broker: Topic authorization failed") != NULL, "%s",
                  evt_buf_text(&why));
    evt_buf_release(&why);
}

START_TEST(a_pause_that_has_grown_ends_with_a_connection)
{
    struct running run;
    int64_t begin_ms;

    begin_refused(&run);
    expect_pause(&run, 6);
    rd_kafka_mock_clear_request_errors(evt_stand_in_mock(run.stand_in), PRODUCE);
    begin_ms = evt_clock_ms();
    bounce(&run);
    running_wait_ready(&run);
    ck_assert_int_lt(evt_clock_ms() - begin_ms, 4500);
    running_expect(&run, "tea", ON_HAND, 5);
    running_expect_records(&run, EVENTS, ANSWERED, 2);
    running_release(&run);
}
END_TEST

START_TEST(a_pause_that_has_grown_ends_with_a_stop)
{
    struct running run;
    int64_t begin_ms;

    begin_refused(&run);
    expect_pause(&run, 4); /* of which three are left */
    begin_ms = evt_clock_ms();
    running_stop(&run);
    ck_assert_int_lt(evt_clock_ms() - begin_ms, 2000);
    running_release(&run);
}
END_TEST

/* What a commit ends begins anew with the next failure. */
START_TEST(a_pause_begins_small_after_a_commit)
{
    struct running run;
    int64_t begin_ms;

    begin_refused(&run);
    expect_pause(&run, 2);
    rd_kafka_mock_clear_request_errors(evt_stand_in_mock(run.stand_in), PRODUCE);
    running_wait_ready(&run);
    running_expect(&run, "tea", ON_HAND, 5);
    refuse_requests(&run, PRODUCE, RD_KAFKA_RESP_ERR_NO_ERROR, 1); /* of the command itself */
    refuse_requests(&run, PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 2);
    begin_ms = evt_clock_ms();
    running_create(&run, "tea");
    running_expect_records(&run, EVENTS, ANSWERED, 3);
    ck_assert_int_lt(evt_clock_ms() - begin_ms, 2500);
    running_release(&run);
}
END_TEST

/* Whether this shard says that the broker is away. */
static bool says_away(struct running *run, int shard)
{
    const char *const begins[] = {"product shard 0: trying again", "product shard 1: trying again"};
    struct evt_buf why = {0};
    const char *line;
    bool away;

    ck_assert_int_eq(evt_bus_tend(run->bus), EVT_BUS_RUNNING);
    evt_bus_ready(run->bus, &why);
    line = strstr(evt_buf_text(&why), begins[shard]);
    away = line && memmem(line, strcspn(line, "\n"), "no broker answers", 17);
    evt_buf_release(&why);
    return away;
}

/* Else each would wait as long again, and a stop for all of them. */
START_TEST(shards_wait_together_for_a_broker_that_is_away)
{
    struct running run;
    int64_t begin_ms, said_ms[2] = {0, 0};

    running_init(&run);
    running_start(&run);
    rd_kafka_mock_broker_set_down(evt_stand_in_mock(run.stand_in), 1);
    begin_ms = evt_clock_ms();
    while (!said_ms[0] || !said_ms[1]) {
        for (int shard = 0; shard < 2; shard++)
            if (!said_ms[shard] && says_away(&run, shard))
                said_ms[shard] = evt_clock_ms();
        ck_assert_int_lt(evt_clock_ms() - begin_ms, RUNNING_WAIT_MS);
        usleep(1000);
    }
    ck_assert_int_lt(llabs(said_ms[0] - said_ms[1]), BROKER_READ_MS / 2);
    begin_ms = evt_clock_ms();
    running_stop(&run);
    ck_assert_int_lt(evt_clock_ms() - begin_ms, BROKER_READ_MS * 3 / 2);
    running_release(&run);
}
END_TEST

/* The last message of each of two streams, by a producer that has room for one. */
START_TEST(a_probe_that_finds_no_room_is_sent_later)
{
    static const char *const properties[] = {"queue.buffering.max.messages=1", NULL};
    struct running run;
    size_t events;
    int64_t end_ms;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_reserve(&run, "o-1", "tea", evt_clock_wall_ms() + 3600000);
    running_expect_records(&run, ORDERS, "shop.product.v1.StockReserved", 1);
    running_stop(&run);
    events = running_count(&run, EVENTS, NULL);
    run.opt.kafka.properties = properties;
    running_begin(&run);
    end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    while (running_count(&run, EVENTS, NULL) == events ||
           running_count(&run, ORDERS, "shop.product.v1.StockReserved") == 1)
        ck_assert_int_lt(evt_clock_ms(), end_ms);
    running_wait_ready(&run);
    running_release(&run);
}
END_TEST

/* What the group of this name holds for a partition; negative: nothing. */
static int64_t group_offset(rd_kafka_t *member, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list =
        evt_kafka_place("shop.product.inbox.v1", partition, RD_KAFKA_OFFSET_INVALID);
    int64_t offset = -1;

    if (rd_kafka_committed(member, list, RUNNING_WAIT_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

START_TEST(an_offset_that_the_group_did_not_take_is_told_again)
{
    struct running run;
    rd_kafka_conf_t *conf;
    rd_kafka_t *member;
    int64_t end_ms;
    char why[128];

    running_init(&run);
    ck_ok(evt_kafka_conf(&run.opt.kafka, EVT_KAFKA_CONSUMER, &conf, &run.err), run.err);
    ck_assert_int_eq(rd_kafka_conf_set(conf, "group.id", "product", why, sizeof(why)),
                     RD_KAFKA_CONF_OK);
    ck_ok(evt_kafka_client(conf, EVT_KAFKA_CONSUMER, &member, &run.err), run.err);
    /* One for each shard: nothing else comes that would tell another offset. */
    refuse_requests(&run, OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 2);
    running_start(&run);
    end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    while (group_offset(member, 0) != 1 || group_offset(member, 1) != 1) {
        ck_assert_int_eq(evt_bus_tend(run.bus), EVT_BUS_RUNNING);
        ck_assert_int_lt(evt_clock_ms(), end_ms);
    }
    rd_kafka_destroy(member);
    running_release(&run);
}
END_TEST

SUITE("bus retry", a_pause_that_has_grown_ends_with_a_connection,
      a_pause_that_has_grown_ends_with_a_stop, a_pause_begins_small_after_a_commit,
      shards_wait_together_for_a_broker_that_is_away, a_probe_that_finds_no_room_is_sent_later,
      an_offset_that_the_group_did_not_take_is_told_again)

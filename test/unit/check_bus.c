/* The bus: the product service's shards on librdkafka's stand-in, in this process. What needs a
 * real broker (truncated logs, settings, groups) is tested on one. */
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <evt/clock.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <librdkafka/rdkafka_mock.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVENTS          "shop.product.events.v1"
#define ORDERS          "shop.order.inbox.v1"
#define ANSWERED        "shop.evt.v1.CommandAnswered"
#define ON_HAND         "SELECT received - committed FROM product"
#define PRODUCE_REQUEST 0 /* Kafka's number of it */

START_TEST(commands_are_carried_out_and_answered)
{
    struct running run;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_expect(&run, "tea", ON_HAND, 5);
    running_expect_records(&run, EVENTS, ANSWERED, 2);
    running_expect_records(&run, EVENTS, "shop.product.v1.StockChanged", 1);
    running_release(&run);
}
END_TEST

/* Whoever waits for a key is told of its records before their commit. */
static struct {
    int applied, committed;
    bool told;
} tea;

static void note_applied(void *arg, int32_t partition, const struct evt_record *rec)
{
    ck_assert_ptr_eq(arg, &tea);
    ck_assert_int_eq(partition, rec->partition);
    if (rec->key_len == 3 && memcmp(rec->key, "tea", 3) == 0)
        tea.told = true;
}

static void note_committed(void *arg, int32_t partition, int64_t position)
{
    (void)partition;
    (void)position;
    ck_assert_ptr_eq(arg, &tea);
    tea.applied += tea.told;
    tea.told = false;
    tea.committed++;
}

START_TEST(what_is_applied_is_told_before_it_is_committed)
{
    const int32_t shard = evt_partition_of("tea", 3, 2);
    struct running run;

    running_init(&run);
    run.opt.applied = note_applied;
    run.opt.committed = note_committed;
    run.opt.committed_arg = &tea;
    run.opt.shards = &shard;
    run.opt.shards_n = 1;
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_expect(&run, "tea", ON_HAND, 5);
    running_stop(&run); /* its threads have ended */
    ck_assert_int_ge(tea.applied, 1);
    ck_assert_int_le(tea.applied, 2);
    ck_assert_int_ge(tea.committed, tea.applied);
    running_release(&run);
}
END_TEST

START_TEST(a_stop_and_a_start_lose_nothing)
{
    struct running run;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_stop(&run);
    running_receive(&run, "tea", 7);
    running_start(&run);
    running_expect(&run, "tea", ON_HAND, 12);
    running_expect_records(&run, EVENTS, ANSWERED, 3);
    running_release(&run);
}
END_TEST

START_TEST(a_store_that_was_removed_is_built_again)
{
    struct running run;
    size_t sent;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_expect(&run, "tea", ON_HAND, 5);
    running_expect_records(&run, EVENTS, ANSWERED, 2);
    running_stop(&run);
    sent = running_count(&run, EVENTS, ANSWERED);
    for (int p = 0; p < 2; p++) {
        char name[64];

        snprintf(name, sizeof(name), "product/%d.db", p);
        ck_assert_int_eq(unlink(folder_path(&run.folder, name)), 0);
    }
    running_start(&run);
    running_expect(&run, "tea", ON_HAND, 5);
    running_receive(&run, "tea", 1);
    running_expect(&run, "tea", ON_HAND, 6);
    /* The group's offset proves that all of it was acknowledged: nothing of it is sent again, but
     * the last message of each stream, which probes the tail. */
    running_expect_records(&run, EVENTS, ANSWERED, 3);
    ck_assert_uint_le(running_count(&run, EVENTS, ANSWERED), sent + 2);
    running_release(&run);
}
END_TEST

/* It ended in the middle of that, with sends held back that nobody knows of. */
START_TEST(a_store_that_was_being_built_is_built_anew)
{
    struct running run;
    sqlite3 *db;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_expect(&run, "tea", ON_HAND, 5);
    running_stop(&run);
    for (int p = 0; p < 2; p++) {
        char name[64];

        snprintf(name, sizeof(name), "product/%d.db", p);
        ck_assert_int_eq(sqlite3_open(folder_path(&run.folder, name), &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db,
                                      "UPDATE evt_meta SET held_back = 99;"
                                      "UPDATE product SET received = 1",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        sqlite3_close(db);
    }
    running_start(&run);
    running_expect(&run, "tea", ON_HAND, 5);
    running_release(&run);
}
END_TEST

START_TEST(a_timer_comes_back_through_the_inbox)
{
    struct running run;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_receive(&run, "tea", 5);
    running_reserve(&run, "o-1", "tea", evt_clock_wall_ms() + 300);
    running_expect_records(&run, ORDERS, "shop.product.v1.StockReserved", 1);
    running_expect_records(&run, "shop.product.inbox.v1", "shop.evt.v1.TimerFired", 1);
    running_expect(&run, "tea", "SELECT reserved FROM product", 0);
    running_expect(&run, "tea", "SELECT count(*) FROM evt_timers", 0);
    running_release(&run);
}
END_TEST

/* The producer's fatal error: the batch is rolled back, a new producer sends the same again. */
START_TEST(a_destination_that_refuses_is_waited_for_and_said)
{
    struct running run;

    running_init(&run);
    running_start(&run);
    running_create(&run, "tea");
    running_expect_records(&run, EVENTS, ANSWERED, 1);
    running_stop(&run);
    running_receive(&run, "tea", 5);
    for (int i = 0; i < 20; i++)
        rd_kafka_mock_push_request_errors(evt_stand_in_mock(run.stand_in), PRODUCE_REQUEST, 1,
                                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    running_begin(&run);
    running_expect_why(&run, "Topic authorization failed");
    rd_kafka_mock_clear_request_errors(evt_stand_in_mock(run.stand_in), PRODUCE_REQUEST);
    running_expect(&run, "tea", ON_HAND, 5);
    running_wait_ready(&run);
    running_expect_records(&run, EVENTS, ANSWERED, 2);
    running_release(&run);
}
END_TEST

START_TEST(a_broker_that_goes_and_returns_is_waited_for)
{
    struct running run;
    rd_kafka_mock_cluster_t *mock;

    running_init(&run);
    running_start(&run);
    mock = evt_stand_in_mock(run.stand_in);
    running_create(&run, "tea");
    running_expect_records(&run, EVENTS, ANSWERED, 1);
    rd_kafka_mock_broker_set_down(mock, 1);
    running_expect_why(&run, "no broker answers");
    rd_kafka_mock_broker_set_up(mock, 1);
    running_wait_ready(&run);
    running_receive(&run, "tea", 5);
    running_expect(&run, "tea", ON_HAND, 5);
    running_expect_records(&run, EVENTS, ANSWERED, 2);
    running_release(&run);
}
END_TEST

SUITE("bus", commands_are_carried_out_and_answered, what_is_applied_is_told_before_it_is_committed,
      a_stop_and_a_start_lose_nothing, a_store_that_was_removed_is_built_again,
      a_store_that_was_being_built_is_built_anew, a_timer_comes_back_through_the_inbox,
      a_destination_that_refuses_is_waited_for_and_said,
      a_broker_that_goes_and_returns_is_waited_for)

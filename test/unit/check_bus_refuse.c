/* The bus, what it refuses before anything begins: each in words that say what to do. */
#include "test/lib/running.h"
#include "test/lib/suite.h"

#include <librdkafka/rdkafka_mock.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define FETCH 1 /* Kafka's number of the request */

static void refuse(struct running *run, enum evt_err code, const char *words)
{
    struct evt_bus *bus;

    ck_assert_str_eq(evt_err_name(evt_bus_new(&run->opt, &bus, &run->err)), evt_err_name(code));
    ck_assert_msg(strstr(run->err.text, words) != NULL, "%s", run->err.text);
}

START_TEST(what_is_wrong_is_refused_before_anything_begins)
{
    struct running run;

    running_init(&run);
    run.opt.shards = (const int32_t[]){2};
    run.opt.shards_n = 1;
    refuse(&run, EVT_E_USAGE,
           "wrong use: there is no shard 2: shop.product.inbox.v1 has 2, from 0 on");
    run.opt.shards = NULL;
    run.opt.shards_n = 0;
    run.opt.data_dir = "/proc/nowhere";
    refuse(&run, EVT_E_IO, "/proc/nowhere: No such file or directory: name another data-dir");
    run.opt.data_dir = run.folder.path;
    run.opt.kafka.properties = (const char *const[]){"no.such=1", NULL};
    refuse(&run, EVT_E_USAGE, "no.such=1");
    run.opt.kafka.properties = NULL;
    running_start(&run); /* the store has an owner now */
    refuse(&run, EVT_E_STORE_LOCKED, "product/0.db.lock: stop that one, or name another data-dir");
    running_release(&run);
}
END_TEST

/* The path once, what is wrong, and what to do. */
static void refuse_store(struct running *run, enum evt_err code, const char *words)
{
    struct evt_bus *bus;
    char want[300];

    snprintf(want, sizeof(want), "%s: %s", folder_path(&run->folder, "product/0.db"), words);
    ck_refused(evt_bus_new(&run->opt, &bus, &run->err), run->err, code, want);
}

static void change_store(struct running *run, const char *sql)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(folder_path(&run->folder, "product/0.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(a_store_that_is_not_ours_is_refused)
{
    struct running run;
    char words[128];

    running_init(&run);
    running_start(&run);
    running_stop(&run);
    change_store(&run, "UPDATE evt_meta SET partition = 1");
    refuse_store(&run, EVT_E_STORE_OTHER,
                 "the store belongs to another service or partition: it is product's partition 1,"
                 " not product's 0: put it back where it belongs; one that is missing is rebuilt"
                 " from its log");
    change_store(&run, "UPDATE evt_meta SET partition = 0, generation = 99");
    snprintf(words, sizeof(words),
             "the store belongs to a newer generation: it is of generation 99, this version is %u:"
             " start the newer one",
             (unsigned)run.opt.service->generation);
    refuse_store(&run, EVT_E_STORE_NEWER, words);
    folder_write(&run.folder, "product/0.db", "this is no database, nor will it ever be", 40);
    refuse_store(&run, EVT_E_STORE_CORRUPT,
                 "the store is corrupt: file is not a database: remove it, and it is rebuilt from"
                 " its log");
    running_release(&run);
}
END_TEST

/* What a person must allow is not waited for. */
START_TEST(topics_that_may_not_be_read_are_refused)
{
    const bool stop = false;
    struct running run;

    running_init(&run);
    for (int i = 0; i < 10000; i++)
        rd_kafka_mock_push_request_errors(evt_stand_in_mock(run.stand_in), FETCH, 1,
                                          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_ok(evt_bus_new(&run.opt, &run.bus, &run.err), run.err);
    ck_refused(
        evt_bus_start(run.bus, &stop, &run.err), run.err, EVT_E_DENIED,
        "Kafka does not allow it: read the births of 8 partitions: allow this user Read there,"
        " by Kafka's ACLs");
    rd_kafka_mock_clear_request_errors(evt_stand_in_mock(run.stand_in), FETCH);
    running_release(&run);
}
END_TEST

SUITE("bus refuse", what_is_wrong_is_refused_before_anything_begins,
      a_store_that_is_not_ours_is_refused, topics_that_may_not_be_read_are_refused)

/* Saga bench, what was done. */
#include "saga_count.h"

#include "kafka_client.h"
#include "saga_order.h"

#include <evt/mem.h>
#include <evt/type.h>

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BUSY_MS  5000
#define QUIET_US 120e6 /* mails come after the order's end */
#define LOOK_MS  50

static void die(const char *path, const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", path, what);
    exit(EXIT_FAILURE);
}

/* One number of one shard's store, which its service goes on writing. */
static int64_t ask_shard(const struct kafka_service *service, int shard, const char *sql)
{
    char path[BENCH_PATH_MAX], name[64];
    sqlite3_stmt *row = NULL;
    sqlite3 *db = NULL;
    int64_t value;

    snprintf(name, sizeof(name), "data/%s/%d.db", service->name, shard);
    kafka_service_path(service, name, path);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db, BUSY_MS) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK || sqlite3_step(row) != SQLITE_ROW)
        die(path, sqlite3_errmsg(db));
    value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return value;
}

static int64_t ask(const struct kafka_service *service, const char *sql)
{
    int64_t sum = 0;

    for (int shard = 0; shard < KAFKA_SHARDS; shard++)
        sum += ask_shard(service, shard, sql);
    return sum;
}

/* Positions are read before the ends. Where both agree everywhere, no record came between the two,
 * and so there was a moment at which all had applied all. */
static bool is_quiet(const struct saga_shop *shop, const struct evt_kafka *kafka)
{
    int64_t applied[SAGA_SERVICES_N];

    for (size_t i = 0; i < SAGA_SERVICES_N; i++)
        applied[i] = ask(&shop->services[i],
                         "SELECT CASE WHEN EXISTS (SELECT 1 FROM evt_calls WHERE state = 0)"
                         " THEN -1000000000000 ELSE pos + 1 END FROM evt_meta");
    for (size_t i = 0; i < SAGA_SERVICES_N; i++) {
        const struct evt_topic *inbox =
            evt_registry_service_topic(&evt_registry, shop->services[i].name, EVT_TOPIC_INBOX);

        if (applied[i] != (int64_t)kafka_records(kafka, inbox->name, -1))
            return false;
    }
    return true;
}

void saga_wait_quiet(const struct saga_shop *shop, const struct evt_kafka *kafka)
{
    const struct timespec moment = {0, LOOK_MS * 1000000L};
    const double end_us = bench_now_us() + QUIET_US;

    while (!is_quiet(shop, kafka)) {
        if (bench_now_us() > end_us)
            die("the shop", "it does not come to rest; see the services' logs");
        nanosleep(&moment, NULL);
    }
}

size_t saga_records(const struct evt_kafka *kafka)
{
    size_t records = 0;

    for (size_t i = 0; i < evt_registry.topics_n; i++)
        records += kafka_records(kafka, evt_registry.topics[i].name, -1);
    return records;
}

static bool same(const char *what, int64_t is, int64_t should_be)
{
    if (is != should_be)
        fprintf(stderr, "bench: mismatch: %s: %" PRId64 ", not %" PRId64 "\n", what, is, should_be);
    return is == should_be;
}

/* Nothing of the shop's was rejected: a partition of dead letters holds its birth record alone. */
static bool no_dead_letters(const struct evt_kafka *kafka)
{
    bool ok = true;

    for (size_t i = 0; i < evt_registry.topics_n; i++)
        if (evt_registry.topics[i].kind == EVT_TOPIC_DLT)
            ok &= same(evt_registry.topics[i].name,
                       (int64_t)kafka_records(kafka, evt_registry.topics[i].name, -1),
                       evt_registry.topics[i].partitions);
    return ok;
}

bool saga_count(const struct saga_shop *shop, const struct evt_kafka *kafka,
                const struct saga_tally *tally)
{
    const int64_t placed = (int64_t)tally->placed, confirmed = (int64_t)tally->confirmed,
                  rejected = (int64_t)tally->rejected;
    const struct {
        int service;
        const char *what, *sql;
        int64_t should_be;
    } effects[] = {
        {SAGA_ORDER, "orders", "SELECT count(*) FROM orders", placed},
        {SAGA_ORDER, "orders confirmed", "SELECT count(*) FROM orders WHERE status = 'confirmed'",
         confirmed},
        {SAGA_ORDER, "orders rejected", "SELECT count(*) FROM orders WHERE status = 'rejected'",
         rejected},
        {SAGA_ORDER, "orders whose mail was sent",
         "SELECT count(*) FROM orders WHERE mail = 'sent'", placed},
        {SAGA_ORDER, "commands done", "SELECT count(*) FROM evt_answers WHERE outcome = 0", placed},
        {SAGA_PAYMENT, "payments", "SELECT count(*) FROM payment", placed},
        {SAGA_PAYMENT, "payments captured", "SELECT count(*) FROM payment WHERE state = 'captured'",
         confirmed},
        {SAGA_PAYMENT, "payments declined", "SELECT count(*) FROM payment WHERE state = 'declined'",
         rejected},
        {SAGA_PAYMENT, "money captured",
         "SELECT coalesce(sum(amount_minor), 0) FROM payment WHERE state = 'captured'",
         confirmed * SAGA_TOTAL},
        {SAGA_PRODUCT, "pieces committed", "SELECT coalesce(sum(committed), 0) FROM product",
         confirmed * SAGA_LINES},
        {SAGA_PRODUCT, "pieces still reserved", "SELECT coalesce(sum(reserved), 0) FROM product",
         0},
        {SAGA_PRODUCT, "reservations committed",
         "SELECT count(*) FROM reservation WHERE state = 'committed'", confirmed * SAGA_LINES},
        {SAGA_PRODUCT, "reservations released",
         "SELECT count(*) FROM reservation WHERE state = 'released'", rejected * SAGA_LINES},
        {SAGA_NOTIFY, "mails", "SELECT count(*) FROM mail", placed},
        {SAGA_NOTIFY, "mails of confirmed orders sent",
         "SELECT count(*) FROM mail WHERE kind = 'ORDER_CONFIRMED' AND state = 'sent'", confirmed},
        {SAGA_NOTIFY, "mails of rejected orders sent",
         "SELECT count(*) FROM mail WHERE kind = 'ORDER_REJECTED' AND state = 'sent'", rejected},
    };
    bool ok = same("ends that clients were told", confirmed + rejected, placed);

    ok &= same("ends that were none, wrong or told twice", (int64_t)tally->wrong, 0);
    ok &= same("facts: confirmed", (int64_t)tally->facts_confirmed, confirmed);
    ok &= same("facts: rejected", (int64_t)tally->facts_rejected, rejected);
    ok &= same("answers to commands on the topic", (int64_t)tally->answered,
               (int64_t)tally->over_topics);
    for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++)
        ok &= same(effects[i].what, ask(&shop->services[effects[i].service], effects[i].sql),
                   effects[i].should_be);
    return no_dead_letters(kafka) && ok;
}

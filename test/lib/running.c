/* Running: a bus, its stand-in, and words for both. */
#include "test/lib/running.h"

#include "svc-product/product_service.h"
#include "test/lib/suite.h"

#include <events/product.h>
#include <evt/clock.h>
#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INBOX "shop.product.inbox.v1"

static bool stop;

void running_init(struct running *run)
{
    *run = (struct running){0};
    folder_init(&run->folder);
    ck_ok(evt_stand_in_new(&evt_registry, &run->stand_in, &run->err), run->err);
    run->metrics = evt_metrics_new();
    run->opt = (struct evt_bus_options){
        .service = &product_service,
        .kafka = {.brokers = evt_stand_in_brokers(run->stand_in), .client = "product"},
        .data_dir = run->folder.path,
        .watchdog_ms = 60000,
        .metrics = run->metrics,
    };
    ck_ok(evt_kafka_sender(&run->opt.kafka, &run->sender, &run->err), run->err);
    ck_ok(evt_kafka_reader_new(&run->opt.kafka, &run->reader, &run->err), run->err);
}

void running_release(struct running *run)
{
    running_stop(run);
    rd_kafka_destroy(run->sender);
    evt_kafka_reader_free(run->reader);
    evt_stand_in_free(run->stand_in);
    evt_metrics_free(run->metrics);
    folder_release(&run->folder);
}

void running_wait_ready(struct running *run)
{
    const int64_t end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    struct evt_buf why = {0};

    while (!evt_bus_ready(run->bus, &why)) {
        ck_assert_msg(evt_bus_tend(run->bus) == EVT_BUS_RUNNING, "%s", evt_bus_why(run->bus));
        ck_assert_msg(evt_clock_ms() < end_ms, "%s", evt_buf_text(&why));
        evt_buf_clear(&why);
        usleep(1000);
    }
    evt_buf_release(&why);
}

void running_expect_why(struct running *run, const char *words)
{
    const int64_t end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    struct evt_buf why = {0};

    do {
        ck_assert_msg(evt_clock_ms() < end_ms, "not ready because: %s", evt_buf_text(&why));
        evt_buf_clear(&why);
        ck_assert_msg(evt_bus_tend(run->bus) == EVT_BUS_RUNNING, "%s", evt_bus_why(run->bus));
        evt_bus_ready(run->bus, &why);
        usleep(1000);
    } while (!strstr(evt_buf_text(&why), words));
    evt_buf_release(&why);
}

void running_begin(struct running *run)
{
    ck_ok(evt_bus_new(&run->opt, &run->bus, &run->err), run->err);
    ck_ok(evt_bus_start(run->bus, &stop, &run->err), run->err);
}

void running_start(struct running *run)
{
    running_begin(run);
    running_wait_ready(run);
}

void running_stop(struct running *run)
{
    if (!run->bus)
        return;
    ck_assert(evt_bus_stop(run->bus, RUNNING_WAIT_MS));
    evt_bus_free(run->bus);
    run->bus = NULL;
}

static void send_as(struct running *run, const char *source, const char *id,
                    const struct evt_type *type, const char *key, const struct evt_buf *value)
{
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},
        {"ce_id", id, strlen(id)},
        {"ce_source", source, strlen(source)},
        {"ce_type", type->name, strlen(type->name)},
    };
    const struct evt_send send = {
        .topic = INBOX,
        .partition = evt_partition_of(key, strlen(key), type->topic->partitions),
        .key = key,
        .key_len = strlen(key),
        .value = value->data,
        .value_len = value->len,
        .headers = headers,
        .headers_n = 4,
    };

    ck_ok(evt_kafka_send_all(run->sender, &send, 1, RUNNING_WAIT_MS, NULL, &run->err), run->err);
}

static void command(struct running *run, const struct evt_type *type, const void *msg)
{
    struct evt_buf value = {0};
    char id[32];

    snprintf(id, sizeof(id), "command-%d", ++run->commands);
    ck_ok(evt_type_encode(type, msg, &value, &run->err), run->err);
    send_as(run, "/test", id, type, evt_type_text(type, msg, "sku"), &value);
    evt_buf_release(&value);
}

void running_create(struct running *run, const char *sku)
{
    command(run, &product_create_product_type,
            &(const struct product_create_product){
                .sku = sku, .name = sku, .price_minor = 499, .currency = "EUR"});
}

void running_receive(struct running *run, const char *sku, int64_t quantity)
{
    command(run, &product_receive_stock_type,
            &(const struct product_receive_stock){.sku = sku, .quantity = quantity});
}

void running_reserve(struct running *run, const char *order_id, const char *sku,
                     int64_t deadline_ms)
{
    const struct evt_type *type = &product_reserve_stock_type;
    const struct product_reserve_stock msg = {
        .order_id = order_id, .line = 1, .sku = sku, .quantity = 1, .deadline = deadline_ms};
    const int32_t partition = evt_partition_of(sku, strlen(sku), type->topic->partitions);
    struct evt_buf value = {0};
    char source[128], id[128], lineage[EVT_LINEAGE_LEN + 1];
    uint64_t chain;

    /* A sender of its own for each, so that each is the first of its stream. */
    snprintf(lineage, sizeof(lineage), "%016d", ++run->commands);
    evt_source_print(source, sizeof(source), "order", 0, lineage);
    ck_ok(evt_type_encode(type, &msg, &value, &run->err), run->err);
    chain = evt_chain_first(source, strlen(source), type->topic->stream,
                            strlen(type->topic->stream), partition);
    chain = evt_chain_next(chain, type->name, strlen(type->name), sku, strlen(sku),
                           value.data + EVT_FRAME_LEN, value.len - EVT_FRAME_LEN);
    evt_message_id_print(id, sizeof(id), type->topic->stream, partition, 1, chain);
    send_as(run, source, id, type, sku, &value);
    evt_buf_release(&value);
}

static bool ask(const char *path, const char *sql, int64_t *ret_value)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    bool found = false;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(row, 0);
        found = true;
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    return found;
}

void running_expect(struct running *run, const char *sku, const char *sql, int64_t want)
{
    const int32_t partition = evt_partition_of(sku, strlen(sku), 2);
    const int64_t end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    int64_t value = INT64_MIN;
    char name[64];

    snprintf(name, sizeof(name), "product/%d.db", (int)partition);
    while (!ask(folder_path(&run->folder, name), sql, &value) || value != want) {
        ck_assert_msg(evt_clock_ms() < end_ms, "%s is %" PRId64 ", not %" PRId64, sql, value, want);
        if (run->bus)
            ck_assert_msg(evt_bus_tend(run->bus) == EVT_BUS_RUNNING, "%s", evt_bus_why(run->bus));
        usleep(1000);
    }
}

#define IDS_MAX 4096

static size_t count(struct running *run, const char *topic, const char *type, bool once)
{
    const struct evt_topic *declared = evt_registry_topic(&evt_registry, topic);
    char *ids[IDS_MAX];
    size_t n = 0;

    for (int32_t p = 0; p < declared->partitions; p++) {
        int64_t offset = 0, low, high = 1;

        while (offset < high) {
            const struct evt_record *rec;
            const struct evt_header *id;
            bool had = false;

            ck_ok(evt_kafka_read(run->reader, topic, p, offset, RUNNING_WAIT_MS, &rec, &low, &high,
                                 &run->err),
                  run->err);
            if (!rec)
                break;
            offset = rec->offset + 1;
            if (type && !evt_text_is(evt_envelope_type(rec), type))
                continue;
            id = evt_record_header(rec, "ce_id");
            for (size_t i = 0; once && i < n; i++)
                had = had || (strlen(ids[i]) == id->len && memcmp(ids[i], id->value, id->len) == 0);
            ck_assert_uint_lt(n, IDS_MAX);
            if (!had)
                ids[n++] = evt_strndup(id->value, id->len);
        }
    }
    for (size_t i = 0; i < n; i++)
        evt_free(ids[i]);
    return n;
}

size_t running_count(struct running *run, const char *topic, const char *type)
{
    return count(run, topic, type, false);
}

void running_expect_records(struct running *run, const char *topic, const char *type, size_t want)
{
    const int64_t end_ms = evt_clock_ms() + RUNNING_WAIT_MS;
    size_t is;

    while ((is = count(run, topic, type, true)) != want)
        ck_assert_msg(evt_clock_ms() < end_ms && is < want, "%s holds %zu %s, not %zu", topic, is,
                      type, want);
}

/* Traffic: records as their senders would write them, numbered and chained. */
#include "traffic.h"

#include "bench.h"

#include "events/evt.h"
#include "events/product.h"

#include <evt/codec.h>
#include <evt/envelope.h>
#include <evt/hash.h>
#include <evt/mem.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BEGIN_MS 1760000000000
#define LINEAGE  "00000000000000b1"

static void append(struct traffic *traffic, const char *source, const char *id,
                   const struct evt_type *type, const char *key, const struct evt_buf *value)
{
    char trace[EVT_TRACE_LEN + 1];
    const struct evt_header headers[] = {
        {"ce_specversion", "1.0", 3},          {"ce_id", id, strlen(id)},
        {"ce_source", source, strlen(source)}, {"ce_type", type->name, strlen(type->name)},
        {"traceparent", trace, EVT_TRACE_LEN},
    };
    const struct evt_send send = {
        .key = key,
        .key_len = strlen(key),
        .value = value->data,
        .value_len = value->len,
        .headers = headers,
        .headers_n = sizeof(headers) / sizeof(*headers),
    };

    evt_trace_print(trace, (struct evt_text){"", 0}, id, strlen(id), "bench", 0,
                    traffic->part->next);
    evt_sim_log_append(traffic->log, traffic->part, &send, traffic->now_ms++);
}

static void encode(const struct evt_type *type, const void *msg, struct evt_buf *buf)
{
    struct evt_error err;

    bench_need(evt_type_encode(type, msg, buf, &err), &err);
}

/* A command from outside. */
static void command(struct traffic *traffic, const struct evt_type *type, const void *msg)
{
    struct evt_buf value = {0};
    char id[32];

    encode(type, msg, &value);
    snprintf(id, sizeof(id), "command-%" PRIu64, ++traffic->commands);
    append(traffic, "/cli/bench", id, type, evt_type_text(type, msg, type->key_field), &value);
    evt_buf_release(&value);
}

/* A message of the order service's shard `from`. */
static void say(struct traffic *traffic, size_t from, const struct evt_type *type, const void *msg)
{
    struct traffic_sender *sender = &traffic->senders[from];
    const struct evt_sim_partition *part = traffic->part;
    const char *key = evt_type_text(type, msg, type->key_field);
    struct evt_buf value = {0};
    char id[128];

    encode(type, msg, &value);
    sender->chain = evt_chain_next(sender->chain, type->name, strlen(type->name), key, strlen(key),
                                   value.data + EVT_FRAME_LEN, value.len - EVT_FRAME_LEN);
    evt_message_id_print(id, sizeof(id), part->topic->stream, part->partition, ++sender->number,
                         sender->chain);
    append(traffic, sender->source, id, type, key, &value);
    evt_buf_release(&value);
}

static void name_senders(struct traffic *traffic)
{
    const struct evt_sim_partition *part = traffic->part;

    for (int32_t i = 0; i < TRAFFIC_SENDERS; i++) {
        struct traffic_sender *sender = &traffic->senders[i];

        evt_source_print(sender->source, sizeof(sender->source), "order", i, LINEAGE);
        sender->chain = evt_chain_first(sender->source, strlen(sender->source), part->topic->stream,
                                        strlen(part->topic->stream), part->partition);
    }
}

static void name_skus(struct traffic *traffic)
{
    const struct evt_sim_partition *part = traffic->part;
    uint64_t number = 100000;

    for (size_t i = 0; i < TRAFFIC_PRODUCTS; number++) {
        char *sku = traffic->skus[i];
        int len = snprintf(sku, sizeof(traffic->skus[i]), "SKU-%" PRIu64, number);

        if (evt_partition_of(sku, (size_t)len, part->topic->partitions) == part->partition)
            i++;
    }
}

struct traffic *traffic_new(int64_t deadline_ms)
{
    struct traffic *traffic = evt_zalloc(sizeof(*traffic));
    const struct evt_topic *inbox =
        evt_registry_service_topic(&evt_registry, "product", EVT_TOPIC_INBOX);
    const struct evt_log_begins birth = {.lineage = LINEAGE, .generation = 1};
    struct evt_buf value = {0};

    traffic->now_ms = BEGIN_MS;
    traffic->deadline_ms = deadline_ms;
    traffic->log = evt_sim_log_new();
    evt_sim_log_create(traffic->log, inbox);
    traffic->part = evt_sim_log_find(traffic->log, inbox->name, 0);
    evt_sim_rand_init(&traffic->rand, 1, 1);
    name_senders(traffic);
    name_skus(traffic);
    encode(&evt_log_begins_type, &birth, &value);
    append(traffic, "/bench", "birth", &evt_log_begins_type, "birth", &value);
    evt_buf_release(&value);
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    evt_sim_log_free(traffic->log);
    evt_free(traffic);
}

static void receive(struct traffic *traffic, const char *sku, int64_t quantity)
{
    const struct product_receive_stock msg = {.sku = sku, .quantity = quantity};

    command(traffic, &product_receive_stock_type, &msg);
}

void traffic_products(struct traffic *traffic)
{
    for (size_t i = 0; i < TRAFFIC_PRODUCTS; i++) {
        const struct product_create_product msg = {
            .sku = traffic->skus[i],
            .name = "Espresso beans, one kilogram",
            .price_minor = 1000 + (int64_t)i,
            .currency = "EUR",
        };

        command(traffic, &product_create_product_type, &msg);
        receive(traffic, traffic->skus[i], 900000000);
    }
}

static const char *some_sku(struct traffic *traffic)
{
    return traffic->skus[evt_sim_rand_below(&traffic->rand, TRAFFIC_PRODUCTS)];
}

/* Order ids are time-ordered UUIDs; every second order has two lines, both of one partition. */
static struct traffic_line next_line(struct traffic *traffic)
{
    uint64_t order = traffic->orders / 3 * 2 + (traffic->orders % 3 == 2), ms;
    struct traffic_line line = {
        .line = traffic->orders % 3 == 1 ? 2 : 1,
        .sku = some_sku(traffic),
    };

    traffic->orders++;
    ms = BEGIN_MS + order;
    snprintf(line.order_id, sizeof(line.order_id),
             "%08" PRIx64 "-%04" PRIx64 "-7%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
             (ms >> 16) & 0xffffffff, ms & 0xffff, order & 0xfff, 0x8000 | (order & 0x3fff),
             (order * 0x9e3779b97f4a7c15) >> 16);
    return line;
}

static size_t sender_of(const struct traffic_line *line)
{
    return (size_t)evt_partition_of(line->order_id, strlen(line->order_id), TRAFFIC_SENDERS);
}

static void reserve(struct traffic *traffic, const struct traffic_line *line)
{
    const struct product_reserve_stock msg = {
        .order_id = line->order_id,
        .line = line->line,
        .sku = line->sku,
        .quantity = evt_sim_rand_between(&traffic->rand, 1, 20),
        .deadline = traffic->now_ms + traffic->deadline_ms,
    };

    say(traffic, sender_of(line), &product_reserve_stock_type, &msg);
}

void traffic_reserve(struct traffic *traffic)
{
    const struct traffic_line line = next_line(traffic);

    reserve(traffic, &line);
}

static void commit(struct traffic *traffic, const struct traffic_line *line)
{
    const struct product_commit_stock msg = {.order_id = line->order_id,
                                             .line = line->line,
                                             .sku = line->sku};

    say(traffic, sender_of(line), &product_commit_stock_type, &msg);
}

static void release(struct traffic *traffic, const struct traffic_line *line)
{
    const struct product_release_stock msg = {.order_id = line->order_id,
                                              .line = line->line,
                                              .sku = line->sku};

    say(traffic, sender_of(line), &product_release_stock_type, &msg);
}

static void reprice(struct traffic *traffic)
{
    const struct product_change_price msg = {
        .sku = some_sku(traffic),
        .price_minor = evt_sim_rand_between(&traffic->rand, 100, 100000),
        .currency = "EUR",
    };

    command(traffic, &product_change_price_type, &msg);
}

static void open_line(struct traffic *traffic)
{
    struct traffic_line line = next_line(traffic);

    reserve(traffic, &line);
    if (!evt_sim_rand_chance(&traffic->rand, 100)) /* the others meet their deadline */
        traffic->open[traffic->open_n++] = line;
}

static void close_line(struct traffic *traffic)
{
    size_t at = evt_sim_rand_below(&traffic->rand, traffic->open_n);
    struct traffic_line line = traffic->open[at];

    traffic->open[at] = traffic->open[--traffic->open_n];
    if (evt_sim_rand_chance(&traffic->rand, 850))
        commit(traffic, &line);
    else
        release(traffic, &line);
}

void traffic_mixed(struct traffic *traffic)
{
    uint64_t draw = evt_sim_rand_below(&traffic->rand, 1000);

    if (draw < 20)
        reprice(traffic);
    else if (draw < 50)
        receive(traffic, some_sku(traffic), 100);
    else if (traffic->open_n == TRAFFIC_OPEN_MAX || (draw < 500 && traffic->open_n > 100))
        close_line(traffic);
    else
        open_line(traffic);
}

void traffic_own(struct traffic *traffic, const struct evt_send *send)
{
    evt_sim_log_append(traffic->log, traffic->part, send, traffic->now_ms++);
}

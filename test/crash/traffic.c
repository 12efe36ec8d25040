/* Traffic: a line of an order is chosen at random from those that were begun last, so its commands
 * come in all orders, and some more than once. */
#include "test/crash/traffic.h"

#include <evt/clock.h>
#include <evt/mem.h>
#include <events/product.h>

#include <inttypes.h>
#include <stdbool.h>

#define SKU_MAX       24
#define ORDER_MAX     32
#define LINES         128 /* begun last: older ones are left alone */
#define SCARCE        (TRAFFIC_SKUS - 1)
#define SCARCE_PIECES 101 /* of the one product that runs out */
#define QUANTITY_MAX  5
#define AGAIN_MAX     40
#define LATER_MS      (60LL * 60 * 1000) /* a deadline that no round sees */
#define SHORT_MS_MAX  1500

struct line {
    char order_id[ORDER_MAX];
    int32_t number;
    unsigned sku;
    int64_t quantity, deadline;
    bool is_short;
};

struct traffic {
    struct sender *sender;
    FILE *ledger;
    unsigned round;
    uint64_t random;
    size_t sent, outside, orders, numbers, received;
    char skus[TRAFFIC_SKUS][SKU_MAX];
    struct line lines[LINES];
    size_t lines_n;
};

/* SplitMix64. */
static unsigned below(struct traffic *traffic, unsigned n)
{
    uint64_t z = traffic->random += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (unsigned)((z ^ (z >> 31)) % n);
}

static void outside(struct traffic *traffic, const struct evt_type *type, const void *msg,
                    const char *sku, int64_t quantity)
{
    char id[SENDER_ID_MAX];

    snprintf(id, sizeof(id), "%u-%zu", traffic->round, traffic->outside++);
    sender_outside(traffic->sender, id, type, msg);
    fprintf(traffic->ledger, "outside\t%s\t%s\t%s\t%" PRId64 "\n", id, type->name, sku, quantity);
}

static void order(struct traffic *traffic, const struct line *line, const struct evt_type *type,
                  const void *msg, int64_t quantity)
{
    char id[SENDER_ID_MAX];

    sender_number(traffic->sender, line->order_id, type, msg, id);
    fprintf(traffic->ledger, "order\t%s\t%s\t%s\t%s\t%d\t%" PRId64 "\t%d\n", id, type->name,
            traffic->skus[line->sku], line->order_id, (int)line->number, quantity, line->is_short);
}

static void create(struct traffic *traffic, const char *sku)
{
    outside(traffic, &product_create_product_type,
            &(const struct product_create_product){sku, "made by a crash round", 499, "EUR"}, sku,
            0);
}

static void receive(struct traffic *traffic, const char *sku, int64_t quantity)
{
    outside(traffic, &product_receive_stock_type,
            &(const struct product_receive_stock){sku, quantity}, sku, quantity);
}

static void reserve(struct traffic *traffic, const struct line *line)
{
    order(traffic, line, &product_reserve_stock_type,
          &(const struct product_reserve_stock){line->order_id, line->number,
                                                traffic->skus[line->sku], line->quantity,
                                                line->deadline},
          line->quantity);
}

static void commit(struct traffic *traffic, const struct line *line)
{
    order(traffic, line, &product_commit_stock_type,
          &(const struct product_commit_stock){line->order_id, line->number,
                                               traffic->skus[line->sku]},
          line->quantity);
}

static void release(struct traffic *traffic, const struct line *line)
{
    order(traffic, line, &product_release_stock_type,
          &(const struct product_release_stock){line->order_id, line->number,
                                                traffic->skus[line->sku]},
          line->quantity);
}

static struct line make_line(struct traffic *traffic)
{
    struct line line = {.number = (int32_t)++traffic->numbers}; /* whichever order it is of */
    const int64_t now_ms = evt_clock_wall_ms();

    if (below(traffic, 3) == 0)
        traffic->orders++;
    snprintf(line.order_id, sizeof(line.order_id), "o%u-%zu", traffic->round, traffic->orders);
    line.sku = below(traffic, TRAFFIC_SKUS);
    line.quantity = 1 + below(traffic, QUANTITY_MAX);
    line.is_short = below(traffic, 12) == 0;
    line.deadline = now_ms + (line.is_short ? 1 + below(traffic, SHORT_MS_MAX) : LATER_MS);
    return line;
}

static const struct line *new_line(struct traffic *traffic)
{
    struct line *line = &traffic->lines[traffic->lines_n++ % LINES];

    *line = make_line(traffic);
    return line;
}

static void reserve_nothing(struct traffic *traffic)
{
    struct line line = make_line(traffic);

    line.quantity = 0;
    reserve(traffic, &line);
}

static void send_one(struct traffic *traffic)
{
    const struct line *old = &traffic->lines[below(traffic, LINES)];
    const unsigned choice = below(traffic, 100);

    if (below(traffic, 500) == 0)
        reserve_nothing(traffic);
    else if (choice < 42)
        reserve(traffic, new_line(traffic));
    else if (choice < 60)
        commit(traffic, old);
    else if (choice < 74)
        release(traffic, old);
    else if (choice < 78)
        reserve(traffic, old);
    else if (choice < 80)
        release(traffic, new_line(traffic)); /* before it is asked for */
    else
        receive(traffic, traffic->skus[below(traffic, SCARCE)],
                TRAFFIC_RECEIVE_MIN + 1 + 2 * (int64_t)traffic->received++);
}

void traffic_send(struct traffic *traffic)
{
    const size_t at = traffic->sent++;

    if (at < TRAFFIC_SKUS)
        create(traffic, traffic->skus[at]);
    else if (at == TRAFFIC_SKUS)
        receive(traffic, traffic->skus[SCARCE], SCARCE_PIECES);
    else if (traffic->lines_n < LINES)
        reserve(traffic, new_line(traffic));
    else
        send_one(traffic);
    if (below(traffic, 100) == 0)
        sender_again(traffic->sender, 1 + below(traffic, AGAIN_MAX));
}

size_t traffic_sent(const struct traffic *traffic)
{
    return traffic->sent;
}

struct traffic *traffic_new(struct sender *sender, unsigned round, uint64_t seed, FILE *ledger)
{
    struct traffic *traffic = evt_zalloc(sizeof(*traffic));

    traffic->sender = sender;
    traffic->ledger = ledger;
    traffic->round = round;
    traffic->random = seed;
    for (unsigned i = 0; i < TRAFFIC_SKUS; i++)
        snprintf(traffic->skus[i], sizeof(traffic->skus[i]), "r%u-%u", round, i);
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    evt_free(traffic);
}

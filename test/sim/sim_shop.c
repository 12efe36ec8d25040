/* Sim shop: what customers and clerks do in the whole shop: they pay with good and bad cards, want
 * what there is none of, or what somebody else wants at the same moment, see old prices, ask twice,
 * and change their minds at any time. */
#include "sim_world.h"

#include "events/order.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 3, LAST_ITEM = SIM_SKUS - 2, IN_DOLLARS = SIM_SKUS - 1 };

static struct evt_sim_rand *chance(struct sim_world *world)
{
    return &world->script_rand;
}

static void sku_name(char *buf, size_t size, int sku)
{
    snprintf(buf, size, sku < SIM_SKUS ? "SKU-%d" : "NO-%d", sku);
}

static void receive(struct sim_world *world, int sku, int64_t quantity)
{
    char name[16], id[40];
    const struct product_receive_stock msg = {.sku = name, .quantity = quantity};

    sku_name(name, sizeof name, sku);
    sim_script_id(world, id, sizeof id);
    sim_script_command(world, SIM_PRODUCT, &product_receive_stock_type, &msg, name, id);
}

void sim_shop_open(struct sim_world *world)
{
    for (int sku = 0; sku < SIM_SKUS; sku++) {
        char name[16], id[40];
        const struct product_create_product msg = {.sku = name,
                                                   .name = "A thing",
                                                   .price_minor = 100 + sku,
                                                   .currency = sku == IN_DOLLARS ? "USD" : "EUR"};

        world->prices[sku] = msg.price_minor;
        sku_name(name, sizeof name, sku);
        sim_script_id(world, id, sizeof id);
        sim_script_command(world, SIM_PRODUCT, &product_create_product_type, &msg, name, id);
        receive(world, sku, sku == LAST_ITEM ? 1 : evt_sim_rand_between(chance(world), 4, 60));
    }
}

static void clerk(struct sim_world *world)
{
    const int sku = (int)evt_sim_rand_below(chance(world), SIM_SKUS);
    char name[16], id[40];
    const struct product_change_price change = {.sku = name,
                                                .price_minor =
                                                    evt_sim_rand_between(chance(world), 50, 500),
                                                .currency = sku == IN_DOLLARS ? "USD" : "EUR"};
    const struct product_withdraw_product withdraw = {.sku = name};
    const uint64_t what = evt_sim_rand_below(chance(world), 10);

    sku_name(name, sizeof name, sku);
    sim_script_id(world, id, sizeof id);
    if (what < 6) {
        receive(world, sku, evt_sim_rand_between(chance(world), 1, 20));
    } else if (what < 9) { /* the pages show it before the shop knows, or never */
        sim_script_command(world, SIM_PRODUCT, &product_change_price_type, &change, name, id);
        if (evt_sim_rand_chance(chance(world), 700))
            world->prices[sku] = change.price_minor;
    } else {
        sim_script_command(world, SIM_PRODUCT, &product_withdraw_product_type, &withdraw, name, id);
    }
}

/* One that cannot be paid for now and then. */
static const char *some_token(struct sim_world *world)
{
    static const char *const tokens[] = {SIM_TOKEN_DECLINED, SIM_TOKEN_ACTION, SIM_TOKEN_CAPTURE,
                                         SIM_TOKEN_REFUND,   SIM_TOKEN_VOID,   SIM_TOKEN_VOID};

    return evt_sim_rand_chance(chance(world), 780) ? SIM_TOKEN_FINE
                                                   : tokens[evt_sim_rand_below(chance(world), 6)];
}

static const char *some_email(struct sim_world *world)
{
    static const char *const emails[] = {"ada@example.org",  "ben@example.org", "cy@example.org",
                                         "dora@example.org", "eve@example.org", "fay@example.org"};
    const uint64_t n = evt_sim_rand_below(chance(world), 1000);

    return n < 60 ? SIM_EMAIL_NOBODY : n < 110 ? SIM_EMAIL_FULL : emails[n % 6];
}

static void cancel(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct sim_order *order = what;
    const struct order_cancel_order msg = {.order_id = order->id, .reason = ""};

    (void)life;
    world->in_flight--;
    sim_script_id(world, order->cancel_id, sizeof order->cancel_id);
    sim_script_command(world, SIM_SHOP, &order_cancel_order_type, &msg, order->id,
                       order->cancel_id);
}

/* At once, while it is under way, or when it has long been confirmed. */
static void cancel_some_time(struct sim_world *world, struct sim_order *order)
{
    static const int64_t within_ms[] = {5, 60, 2000, 20 * 60 * 1000, 48 * 3600 * 1000};
    const int64_t in_ms =
        evt_sim_rand_between(chance(world), 0, within_ms[evt_sim_rand_below(chance(world), 5)]);

    world->in_flight++;
    evt_sim_queue_add(&world->queue, world->queue.now_us + in_ms * 1000, cancel, world, order, 0);
}

static void place(struct sim_world *world, struct order_order_line *lines, size_t lines_n,
                  int64_t total_minor, bool hopeless)
{
    struct sim_order *order = &world->orders[world->orders_n++];
    struct order_place_order msg = {.order_id = order->id,
                                    .lines = lines,
                                    .lines_n = lines_n,
                                    .total_minor = total_minor,
                                    .currency = "EUR",
                                    .address = {"Ada", "Main Street 1", "12345", "London", "GB"}};
    char id[40];

    *order = (struct sim_order){.token = some_token(world), .email = some_email(world)};
    snprintf(order->id, sizeof order->id, "o%" PRIu64, evt_sim_rand_u64(chance(world)) >> 30);
    order->hopeless = hopeless || strcmp(order->token, SIM_TOKEN_DECLINED) == 0 ||
                      strcmp(order->token, SIM_TOKEN_ACTION) == 0 ||
                      strcmp(order->token, SIM_TOKEN_CAPTURE) == 0;
    msg.payment_token = order->token;
    msg.email = order->email;
    sim_script_id(world, id, sizeof id);
    sim_script_command(world, SIM_SHOP, &order_place_order_type, &msg, order->id, id);
    if (evt_sim_rand_chance(chance(world), 30)) { /* as another command: the order exists already */
        sim_script_id(world, id, sizeof id);
        sim_script_command(world, SIM_SHOP, &order_place_order_type, &msg, order->id, id);
    }
    if (evt_sim_rand_chance(chance(world), 220))
        cancel_some_time(world, order);
}

/* Seldom the one with the other currency, more seldom one that does not exist. */
static int some_sku(struct sim_world *world)
{
    const uint64_t n = evt_sim_rand_below(chance(world), 1000);

    return n < 20 ? IN_DOLLARS : n < 30 ? SIM_SKUS : (int)(n % LAST_ITEM);
}

static void customer(struct sim_world *world)
{
    const size_t n = (size_t)evt_sim_rand_between(chance(world), 1, LINES_MAX);
    int64_t total = evt_sim_rand_chance(chance(world), 50); /* the customer sees another one */
    struct order_order_line lines[LINES_MAX];
    char names[LINES_MAX][16];
    bool hopeless = false;

    for (size_t i = 0; i < n; i++) {
        const int sku = some_sku(world);

        sku_name(names[i], sizeof names[i], sku);
        lines[i] = (struct order_order_line){names[i], evt_sim_rand_between(chance(world), 1, 3)};
        hopeless = hopeless || sku == IN_DOLLARS || sku == SIM_SKUS;
        total += sku == SIM_SKUS ? 1 : lines[i].quantity * world->prices[sku];
    }
    place(world, lines, n, total, hopeless);
}

/* Two want the last one at the same moment. */
static void rivals(struct sim_world *world)
{
    char name[16];
    struct order_order_line line = {name, 1};

    sku_name(name, sizeof name, LAST_ITEM);
    for (int i = 0; i < 2; i++)
        place(world, &line, 1, world->prices[LAST_ITEM], false);
}

void sim_shop_more(struct sim_world *world)
{
    const uint64_t what = evt_sim_rand_below(chance(world), 100);

    if (what < 15 || world->orders_n + 2 > SIM_ORDERS_MAX)
        clerk(world);
    else if (what < 22)
        rivals(world);
    else
        customer(world);
}

void sim_shop_retried(struct sim_world *world, const char *order_id)
{
    world->stats->orders_retried++;
    for (size_t i = 0; i < world->orders_n; i++)
        if (strcmp(world->orders[i].id, order_id) == 0 && !world->outage && !world->lossy &&
            strcmp(world->orders[i].token, SIM_TOKEN_REFUND) != 0 &&
            strcmp(world->orders[i].token, SIM_TOKEN_VOID) != 0)
            sim_fail(world, "order %s waits for a person, and nothing was in its way", order_id);
}

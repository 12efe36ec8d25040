/* Sim script: what customers, clerks and strangers send into the shop. Customers are impatient:
 * they send the same command again, or reuse its id for another. */
#include "sim_world.h"

#include "events/evt.h"
#include "events/order.h"

#include <evt/hash.h>
#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SKUS = 6, ACCOUNTS = 5, PURCHASES_MIN = 8, RECORDS_MIN = 170 };

static struct evt_sim_rand *chance(struct sim_world *world)
{
    return &world->script_rand;
}

void sim_script_command(struct sim_world *world, enum sim_kind kind, const struct evt_type *type,
                        const void *msg, const char *key, const char *id)
{
    struct evt_sim_partition *part = sim_inbox(world, kind, evt_partition_of(key, strlen(key), 2));
    /* Our own edge needs no CommandAnswered; everybody else gets one. */
    const char *source = evt_sim_rand_chance(chance(world), 500) ? "/cli/sim" : "/edge/order";

    sim_append_message(world, part, source, id, type, msg, key);
    if (evt_sim_rand_chance(chance(world), 60)) /* sent again: the stored answer counts */
        sim_append_message(world, part, source, id, type, msg, key);
}

void sim_script_id(struct sim_world *world, char *buf, size_t size)
{
    snprintf(buf, size, "c%" PRIu64, evt_sim_rand_u64(chance(world)) >> 20);
}

static void stock_the_shelves(struct sim_world *world)
{
    char sku[16], id[40];

    for (int i = 0; i < SKUS; i++) {
        const struct product_create_product create = {.sku = sku,
                                                      .name = "A thing",
                                                      .price_minor = 100 + i,
                                                      .currency = "EUR"};
        const struct product_receive_stock receive = {
            .sku = sku, .quantity = evt_sim_rand_between(chance(world), 5, 60)};

        snprintf(sku, sizeof sku, "SKU-%d", i);
        sim_script_id(world, id, sizeof id);
        sim_script_command(world, SIM_PRODUCT, &product_create_product_type, &create, sku, id);
        sim_script_id(world, id, sizeof id);
        sim_script_command(world, SIM_PRODUCT, &product_receive_stock_type, &receive, sku, id);
    }
}

static void clerk(struct sim_world *world)
{
    char sku[16], id[40];
    const struct product_receive_stock receive = {.sku = sku,
                                                  .quantity =
                                                      evt_sim_rand_between(chance(world), 1, 20)};
    struct product_change_price change = {.sku = sku,
                                          .price_minor =
                                              evt_sim_rand_between(chance(world), 50, 500),
                                          .currency = "EUR"};

    snprintf(sku, sizeof sku, "SKU-%d", (int)evt_sim_rand_below(chance(world), SKUS + 1));
    sim_script_id(world, id, sizeof id);
    if (evt_sim_rand_chance(chance(world), 500)) {
        sim_script_command(world, SIM_PRODUCT, &product_receive_stock_type, &receive, sku, id);
        return;
    }
    change.has_expected_version = evt_sim_rand_chance(chance(world), 300);
    change.expected_version = 1;
    sim_script_command(world, SIM_PRODUCT, &product_change_price_type, &change, sku, id);
}

static void customer(struct sim_world *world)
{
    char purchase_id[24], account[16], id[40], skus[3][16];
    const char *sku_list[3] = {skus[0], skus[1], skus[2]};
    const struct sim_start_purchase start = {
        .purchase_id = purchase_id,
        .skus = sku_list,
        .skus_n = (size_t)evt_sim_rand_between(chance(world), 1, 3),
        .quantity = evt_sim_rand_between(chance(world), 1, 3),
        .account = account,
        .amount_minor = evt_sim_rand_between(chance(world), 1, 10000),
        .patience_ms = evt_sim_rand_between(chance(world), 20, 4000)};
    const struct sim_cancel_purchase cancel = {.purchase_id = purchase_id};

    snprintf(purchase_id, sizeof purchase_id, "p%" PRIu64, evt_sim_rand_u64(chance(world)) >> 30);
    snprintf(account, sizeof account, "a%d", (int)evt_sim_rand_below(chance(world), ACCOUNTS));
    for (size_t i = 0; i < 3; i++)
        snprintf(skus[i], sizeof skus[i], "SKU-%d", (int)evt_sim_rand_below(chance(world), SKUS));
    sim_script_id(world, id, sizeof id);
    sim_script_command(world, SIM_ORDER, &sim_start_purchase_type, &start, purchase_id, id);
    if (evt_sim_rand_chance(chance(world), 100)) {
        sim_script_id(world, id, sizeof id);
        sim_script_command(world, SIM_ORDER, &sim_cancel_purchase_type, &cancel, purchase_id, id);
    }
}

/* A trip is started, one of the last is cancelled, or somebody believes that it needs a person. */
static void traveller(struct sim_world *world)
{
    char id[40], *ref = world->trips[world->trips_n % SIM_TRIPS_KEPT];
    const struct sim_start_trip start = {.ref = ref};
    struct sim_cancel_trip cancel;
    struct evt_retry_saga retry = {.saga = "trip"};

    sim_script_id(world, id, sizeof id);
    if (world->trips_n == 0 || evt_sim_rand_chance(chance(world), 700)) {
        world->trips_n++;
        snprintf(ref, sizeof world->trips[0], "t%" PRIu64, evt_sim_rand_u64(chance(world)) >> 30);
        sim_script_command(world, SIM_TRIP, &sim_start_trip_type, &start, ref, id);
        return;
    }
    ref =
        world->trips[(world->trips_n - 1 -
                      evt_sim_rand_below(chance(world), world->trips_n < 6 ? world->trips_n : 6)) %
                     SIM_TRIPS_KEPT];
    if (evt_sim_rand_chance(chance(world), 700)) {
        cancel.ref = ref;
        sim_script_command(world, SIM_TRIP, &sim_cancel_trip_type, &cancel, ref, id);
    } else {
        retry.ref = ref;
        sim_script_command(world, SIM_TRIP, &evt_retry_saga_type, &retry, ref, id);
    }
}

/* One more thing that somebody wants. */
void sim_script_more(struct sim_world *world)
{
    if (world->here[SIM_SHOP])
        sim_shop_more(world);
    else if (world->here[SIM_TRIP] &&
             (!world->here[SIM_ORDER] || evt_sim_rand_chance(chance(world), 400)))
        traveller(world);
    else if (evt_sim_rand_chance(chance(world), 150))
        clerk(world);
    else
        customer(world);
}

static void next_command(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;

    (void)what;
    (void)life;
    sim_script_more(world);
    if (world->commands_n > 1 || world->records >= RECORDS_MIN)
        world->commands_n--;
    if (world->commands_n > 0)
        evt_sim_queue_add(&world->queue,
                          world->queue.now_us +
                              evt_sim_rand_between(chance(world), 100, 160000) * world->pace,
                          next_command, world, NULL, 0);
}

void sim_script_begin(struct sim_world *world)
{
    if (world->here[SIM_SHOP])
        sim_shop_open(world);
    else if (world->here[SIM_PRODUCT])
        stock_the_shelves(world);
    world->commands_n = PURCHASES_MIN + (unsigned)evt_sim_rand_below(chance(world), 5);
    evt_sim_queue_add(&world->queue, world->queue.now_us + 1000, next_command, world, NULL, 0);
}

/* A key of the partition. */
void sim_script_key(struct sim_world *world, const struct evt_sim_partition *part, bool right,
                    char *buf, size_t size)
{
    do
        snprintf(buf, size, "k%d", (int)evt_sim_rand_below(&world->script_rand, 1000));
    while ((evt_partition_of(buf, strlen(buf), part->topic->partitions) == part->partition) !=
           right);
}

void sim_script_filler(struct sim_world *world, enum sim_kind kind, struct evt_sim_partition *part)
{
    char key[16], id[40];
    const struct product_receive_stock receive = {.sku = key, .quantity = 1};
    const struct sim_cancel_purchase cancel = {.purchase_id = key};
    const struct sim_cancel_trip cancel_trip = {.ref = key};
    const struct order_cancel_order cancel_order = {.order_id = key, .reason = ""};

    sim_script_key(world, part, true, key, sizeof key);
    sim_script_id(world, id, sizeof id);
    if (kind == SIM_PRODUCT)
        sim_append_message(world, part, "/cli/sim", id, &product_receive_stock_type, &receive, key);
    else if (kind == SIM_ORDER)
        sim_append_message(world, part, "/cli/sim", id, &sim_cancel_purchase_type, &cancel, key);
    else if (kind == SIM_TRIP)
        sim_append_message(world, part, "/cli/sim", id, &sim_cancel_trip_type, &cancel_trip, key);
    else if (kind == SIM_SHOP)
        sim_append_message(world, part, "/cli/sim", id, &order_cancel_order_type, &cancel_order,
                           key);
    /* bank, watcher, host, payment and notify take no commands from outside: their own traffic
     * refills them */
}

/* Sim directed: situations that seeds meet too rarely, each brought about at its exact moment. */
#include "sim_world.h"

#include "events/payment.h"

/* The first shard of a service whose batch is sent and not yet committed; NULL: none now. */
static struct sim_seat *waiting(struct sim_world *world, enum sim_kind kind)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++) {
            struct sim_seat *seat = &world->nodes[i].seats[s];

            if (world->nodes[i].up && world->nodes[i].kind == kind && seat->sub == NULL &&
                seat->state == SIM_SEAT_WAITING && seat->waiting > 0 && seat->part->n > 6)
                return seat;
        }
    return NULL;
}

/* The log loses what an open transaction has applied and sent: the committed position is still
 * good, and yet what went out came from records that are gone. */
static bool lose_open_batch(struct sim_world *world)
{
    struct sim_seat *seat = waiting(world, SIM_ORDER);

    if (seat == NULL)
        return false;
    sim_fault_lose(world, seat->part, evt_shard_next_offset(seat->sh) - 1);
    seat->batch++; /* its reports are lost with the connection */
    seat->state = SIM_SEAT_RUNNING;
    sim_seat_schedule(seat, 100);
    return true;
}

/* Everything is sent, perhaps some of it has arrived, nothing is committed. */
static bool die_between_send_and_commit(struct sim_world *world)
{
    struct sim_seat *seat = waiting(world, SIM_PRODUCT);

    if (seat == NULL)
        return false;
    sim_node_kill(seat->node, true);
    sim_node_restart_in(seat->node, 5000);
    return true;
}

/* The boundary's snapshot is taken, and the new version has not begun: then the power goes. */
static bool lose_power_at_boundary(struct sim_world *world)
{
    if (world->generation[SIM_BANK] == 1 && world->records > 120)
        sim_operator_deploy(world, SIM_BANK);
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; s < world->nodes[i].seats_n; s++) {
            const struct sim_seat *seat = &world->nodes[i].seats[s];

            if (world->nodes[i].kind != SIM_BANK || seat->generation != 2 ||
                seat->state != SIM_SEAT_OPENING)
                continue;
            sim_node_kill(&world->nodes[i], true);
            sim_node_restart_in(&world->nodes[i], 5000);
            return true;
        }
    return false;
}

/* The provider goes away when a payment is to be taken, for longer than goods are held: when it is
 * back it takes the money, and gives it back. */
static bool lose_provider_at_pivot(struct sim_world *world)
{
    for (int32_t p = 0; p < 2; p++) {
        const struct evt_sim_partition *part = sim_inbox(world, SIM_PAYMENT, p);

        if (!evt_text_is(evt_envelope_type(part->records[part->n - 1]),
                         payment_capture_payment_type.name))
            continue;
        world->provider_away_us = world->queue.now_us + INT64_C(20) * 60 * 1000000;
        return true;
    }
    return false;
}

/* A new definition of the order's saga begins while an order is asked about by the old one. */
static bool deploy_in_flight(struct sim_world *world)
{
    if (world->records < 150 || waiting(world, SIM_SHOP) == NULL)
        return false;
    sim_operator_deploy(world, SIM_SHOP);
    return true;
}

/* The payment service dies when the provider has done something and nobody has heard of it. */
static bool die_while_paying(struct sim_world *world)
{
    if (world->intents_n == 0)
        return false;
    for (size_t i = 0; i < world->nodes_n; i++)
        if (world->nodes[i].kind == SIM_PAYMENT && world->nodes[i].up) {
            sim_node_kill(&world->nodes[i], true);
            sim_node_restart_in(&world->nodes[i], 30000000);
        }
    return true;
}

const struct sim_directed sim_directed[] = {
    {"open-batch-lost", lose_open_batch, false, 0},
    {"death-between-send-and-commit", die_between_send_and_commit, false, 0},
    {"power-cut-at-boundary", lose_power_at_boundary, false, 0},
    {"provider-away-at-pivot", lose_provider_at_pivot, true, SIM_FAULT_STOCK_GONE},
    {"saga-deployed-in-flight", deploy_in_flight, true, 0},
    {"death-while-paying", die_while_paying, true, 0},
    {NULL, NULL, false, 0},
};

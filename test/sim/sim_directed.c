/* Sim directed: situations that seeds meet too rarely, each brought about at its exact moment. */
#include "sim_world.h"

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

const struct sim_directed sim_directed[] = {
    {"open-batch-lost", lose_open_batch},
    {"death-between-send-and-commit", die_between_send_and_commit},
    {"power-cut-at-boundary", lose_power_at_boundary},
    {0},
};

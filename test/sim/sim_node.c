/* Sim node: a process on a machine of its own, from its start to its kill or its last words. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

static void seat_add(struct sim_node *node, const struct evt_subscription *sub, const char *topic,
                     int32_t partition)
{
    struct sim_seat *seat = &node->seats[node->seats_n++];
    const char *name = sub != NULL ? sub->name : sim_service(node->kind, 1)->name;

    EVT_BUG_ON(node->seats_n > SIM_SEATS_MAX);
    *seat = (struct sim_seat){.node = node, .sub = sub, .generation = 1};
    seat->part = evt_sim_log_find(node->world->log, topic, partition);
    EVT_BUG_ON(seat->part == NULL);
    snprintf(seat->path, sizeof seat->path, "%s%s-%d.db", node->folder, name, (int)partition);
}

/* Subscriptions live where their subscriber lives. */
static void seats_add(struct sim_node *node, int32_t partition)
{
    const struct evt_registry *reg = &evt_registry;
    const char *service = sim_service(node->kind, 1)->name;

    seat_add(node, NULL, sim_inbox(node->world, node->kind, partition)->topic->name, partition);
    for (size_t i = 0; i < reg->subscriptions_n; i++)
        if (strcmp(reg->subscriptions[i].service, service) == 0 && !node->zombie)
            seat_add(node, &reg->subscriptions[i], reg->subscriptions[i].source->name, partition);
}

struct sim_node *sim_node_add(struct sim_world *world, enum sim_kind kind, int32_t partition,
                              bool zombie)
{
    struct sim_node *node = &world->nodes[world->nodes_n];
    struct evt_sim_process process = node->process;

    if (world->nodes_n == SIM_NODES_MAX)
        return NULL;
    world->nodes_n++;
    if (process.heap == NULL)
        evt_sim_process_init(&process, (int)world->nodes_n);
    *node = (struct sim_node){.world = world, .kind = kind, .zombie = zombie, .process = process};
    snprintf(node->folder, sizeof node->folder, "/m%zu/", world->nodes_n);
    for (int32_t p = 0; p < 2; p++)
        if (partition < 0 || partition == p)
            seats_add(node, p);
    return node;
}

void sim_node_start(struct sim_node *node)
{
    struct sim_world *world = node->world;
    const bool junk = evt_sim_rand_chance(&world->clock_rand, 300);

    EVT_BUG_ON(node->up);
    node->up = true;
    node->life++;
    world->stats->restarts++;
    evt_sim_heap_junk(node->process.heap,
                      junk ? (int)evt_sim_rand_below(&world->clock_rand, 256) : -1);
    sim_trace(world, "%s%s starts", node->folder, sim_kind_name(node->kind));
    for (size_t i = 0; i < node->seats_n; i++) {
        struct sim_seat *seat = &node->seats[i];

        seat->state = SIM_SEAT_OPENING;
        seat->step_us = evt_sim_rand_between(&world->clock_rand, 5, 200);
        seat->retries = 0;
        sim_seat_schedule(seat, evt_sim_rand_between(&world->clock_rand, 1, 1000));
    }
}

/* What was in the process's memory is gone; its files are as they are. */
static void forget(struct sim_node *node)
{
    struct sim_world *world = node->world;

    sim_producer_fail(node);
    for (size_t i = 0; i < node->seats_n; i++) {
        struct sim_seat *seat = &node->seats[i];

        seat->state = SIM_SEAT_DOWN;
        seat->sh = NULL;
        seat->due = NULL;
        seat->idle = seat->must_notice = seat->must_notice_batch = false;
        seat->ticket++;
        seat->life++;
    }
    evt_sim_disk_killed(world->disk, &node->process);
    node->up = false;
    node->armed = SIM_FAULT_KINDS;
}

void sim_node_kill(struct sim_node *node, bool power_cut)
{
    struct sim_world *world = node->world;

    if (!node->up)
        return;
    forget(node);
    if (power_cut) {
        const size_t lost = evt_sim_disk_power_cut(world->disk, node->folder);

        sim_trace(world, "%s power cut: %zu writes lost", node->folder, lost);
    } else {
        sim_trace(world, "%s killed", node->folder);
    }
}

static void restart(void *self, void *what, uint64_t life)
{
    struct sim_node *node = self;

    (void)what;
    node->world->in_flight--;
    if (!node->up && node->life == life)
        sim_node_start(node);
}

void sim_node_restart_in(struct sim_node *node, int64_t us)
{
    struct sim_world *world = node->world;

    world->in_flight++;
    evt_sim_queue_add(&world->queue, world->queue.now_us + us, restart, node, NULL, node->life);
}

static void close_all(void *arg)
{
    struct sim_node *node = arg;

    for (size_t i = 0; i < node->seats_n; i++) {
        evt_due_free(node->seats[i].due);
        evt_shard_close(node->seats[i].sh);
        node->seats[i].due = NULL;
        node->seats[i].sh = NULL;
    }
}

void sim_node_stop(struct sim_node *node)
{
    if (!node->up)
        return;
    (void)evt_sim_process_run(&node->process, close_all, node); /* or dies on its way out */
    forget(node);
    sim_trace(node->world, "%s stopped", node->folder);
}

/* It said why, and exits non-zero; sometimes it manages to close its files. */
static void exited(struct sim_node *node)
{
    struct sim_world *world = node->world;

    sim_trace(world, "%s exits: %s", node->folder, node->exit_text);
    if (evt_sim_rand_chance(&world->clock_rand, 500))
        (void)evt_sim_process_run(&node->process, close_all, node);
    world->stats->refusals++;
    forget(node);
    sim_operator_after_exit(node);
    node->exit_code = EVT_OK;
    node->exit_seat = NULL;
}

void sim_node_run(struct sim_node *node, void (*fn)(void *arg), void *arg)
{
    struct sim_world *world = node->world;
    bool lived, fired;

    EVT_BUG_ON(!node->up);
    lived = evt_sim_process_run(&node->process, fn, arg);
    fired = node->process.fired;
    if (fired) {
        node->process.fired = false;
        sim_count(world, node->armed);
        node->armed = SIM_FAULT_KINDS;
    }
    if (!lived) {
        const bool power_cut = evt_sim_rand_chance(&world->fault_rand, 300);

        if (!fired)
            sim_fail(world, "%s dies though nothing was done to it", node->folder);
        node->exit_code = EVT_OK;
        sim_node_kill(node, power_cut);
        if (!node->zombie)
            sim_node_restart_in(node, evt_sim_rand_between(&world->clock_rand, 1000, 300000));
    } else if (node->exit_code != EVT_OK) {
        exited(node);
    }
}

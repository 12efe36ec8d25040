/* Sim producer: one idempotent producer per process. Per partition the order is kept; reports come
 * late; when the producer dies, some prefix of what was on its way still lands, later than what
 * the next one sends perhaps, and nobody is told. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    const struct evt_send *send;
    struct sim_seat *seat; /* who waits for the report; NULL: nobody */
    uint64_t seat_life, batch, producer;
};

struct sim_lane {
    struct sim_lane *next;
    struct sim_node *node;
    struct evt_sim_partition *part;
    struct entry *head, **tail;
    int64_t append_us, report_us; /* nothing of the lane is appended or reported before */
};

static struct entry *pop(struct sim_lane *lane)
{
    struct entry *entry = lane->head;

    if (entry == NULL)
        return NULL;
    lane->head = entry->next;
    if (lane->head == NULL)
        lane->tail = &lane->head;
    return entry;
}

static void report(void *self, void *what, uint64_t life)
{
    struct sim_node *node = self;
    struct entry *entry = what;

    node->world->in_flight--;
    if (node->producer == life && entry->seat != NULL)
        sim_seat_reported(entry->seat, entry->seat_life, entry->batch);
}

static int64_t report_delay(struct sim_world *world)
{
    if (world->reports_late && evt_sim_rand_chance(&world->clock_rand, 300)) {
        sim_count(world, SIM_FAULT_REPORT_LATE);
        return evt_sim_rand_between(&world->clock_rand, 50000, 3000000);
    }
    return evt_sim_rand_between(&world->clock_rand, 20, 400);
}

static void deliver(void *self, void *what, uint64_t life)
{
    struct sim_lane *lane = self;
    struct sim_world *world = lane->node->world;
    const int64_t refuses_until = world->refuses_until_us[sim_partition_place(world, lane->part)];
    struct entry *entry;

    (void)what;
    if (lane->head == NULL) { /* it was dropped with its producer */
        world->in_flight--;
        return;
    }
    if (refuses_until > world->queue.now_us) {
        evt_sim_queue_add(&world->queue, refuses_until, deliver, lane, NULL, life);
        return;
    }
    entry = pop(lane);
    sim_append(world, lane->part, entry->send);
    lane->report_us = lane->report_us > world->queue.now_us ? lane->report_us : world->queue.now_us;
    lane->report_us += report_delay(world);
    evt_sim_queue_add(&world->queue, lane->report_us, report, lane->node, entry, entry->producer);
}

static struct sim_lane *lane_to(struct sim_node *node, struct evt_sim_partition *part)
{
    struct sim_lane *lane;

    for (lane = node->lanes; lane != NULL; lane = lane->next)
        if (lane->part == part)
            return lane;
    lane = evt_sim_log_memory(node->world->log, sizeof *lane);
    *lane = (struct sim_lane){.next = node->lanes, .node = node, .part = part};
    lane->tail = &lane->head;
    node->lanes = lane;
    return lane;
}

void sim_producer_send(struct sim_node *node, const struct evt_send *send, struct sim_seat *seat)
{
    struct sim_world *world = node->world;
    struct evt_sim_partition *part = evt_sim_log_find(world->log, send->topic, send->partition);
    struct entry *entry = evt_sim_log_memory(world->log, sizeof *entry);
    struct sim_lane *lane;

    EVT_BUG_ON(part == NULL);
    lane = lane_to(node, part);
    *entry = (struct entry){.send = evt_sim_log_keep(world->log, send),
                            .seat = seat,
                            .seat_life = seat == NULL ? 0 : seat->life,
                            .batch = seat == NULL ? 0 : seat->batch,
                            .producer = node->producer};
    *lane->tail = entry;
    lane->tail = &entry->next;
    if (lane->append_us < world->queue.now_us)
        lane->append_us = world->queue.now_us;
    lane->append_us += evt_sim_rand_between(&world->clock_rand, 5, 300);
    world->in_flight++;
    evt_sim_queue_add(&world->queue, lane->append_us, deliver, lane, NULL, 0);
}

void sim_producer_fail(struct sim_node *node)
{
    struct sim_world *world = node->world;

    for (struct sim_lane *lane = node->lanes; lane != NULL; lane = lane->next) {
        size_t n = 0, landing;

        for (const struct entry *entry = lane->head; entry != NULL; entry = entry->next)
            n++;
        landing = evt_sim_rand_below(&world->clock_rand, n + 1);
        lane->tail = &lane->head;
        for (; landing > 0 && *lane->tail != NULL; landing--)
            lane->tail = &(*lane->tail)->next;
        *lane->tail = NULL; /* the events of those that are dropped find the lane empty */
    }
    node->lanes = NULL; /* the next producer has lanes of its own */
    node->producer++;
}

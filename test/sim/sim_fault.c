/* Sim fault: what goes wrong in a history, and when: some number of faults at random times, each of
 * a random kind with random victims. Log loss is kept to few histories, because what depends on
 * lost records cannot be checked there. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

static struct evt_sim_rand *chance(struct sim_world *world)
{
    return &world->fault_rand;
}

#define HOUR_US (INT64_C(3600) * 1000000)

static int64_t short_pause_us(struct sim_world *world)
{
    return evt_sim_rand_chance(chance(world), 800)
               ? evt_sim_rand_between(chance(world), 500, 200000)
               : evt_sim_rand_between(chance(world), 200000, 5000000);
}

/* Not all day: whoever waits asks again and again. */
static int64_t pauses_us(struct sim_world *world, int64_t n)
{
    const int64_t pause = n * short_pause_us(world) * world->pace;

    return pause < 3 * HOUR_US ? pause : 3 * HOUR_US;
}

static int64_t pause_us(struct sim_world *world)
{
    return pauses_us(world, 1);
}

/* A process that is up and no zombie; NULL: none. */
static struct sim_node *some_node(struct sim_world *world, int kind)
{
    for (int tries = 0; tries < 8; tries++) {
        struct sim_node *node = &world->nodes[evt_sim_rand_below(chance(world), world->nodes_n)];

        if (node->up && !node->zombie && (kind < 0 || (int)node->kind == kind))
            return node;
    }
    return NULL;
}

static struct sim_seat *some_seat(struct sim_world *world, struct sim_node *node)
{
    return &node->seats[evt_sim_rand_below(chance(world), node->seats_n)];
}

static void kill_and_restart(struct sim_world *world, struct sim_node *node, bool power_cut)
{
    sim_node_kill(node, power_cut);
    sim_node_restart_in(node, pause_us(world));
}

/* Waits in the process until its disk or its allocator is used for the nth time. */
static void arm(struct sim_world *world, struct sim_node *node, enum sim_fault count_as,
                enum evt_sim_fault fault, uint64_t within)
{
    if (node->process.fault != EVT_SIM_FAULT_NONE)
        return;
    node->armed = count_as;
    evt_sim_process_fault(&node->process, fault, 1 + evt_sim_rand_below(chance(world), within));
}

static void producer_error(void *arg)
{
    struct sim_node *node = arg;

    for (size_t i = 0; i < node->seats_n; i++)
        sim_seat_producer_failed(&node->seats[i]);
}

static void reconnect(void *arg)
{
    struct sim_node *node = arg;

    for (size_t i = 0; i < node->seats_n; i++)
        if (node->seats[i].state >= SIM_SEAT_RUNNING) {
            sim_seat_reconnect(&node->seats[i]);
            sim_seat_schedule(&node->seats[i], 500);
        }
}

static void stop_reporting_late(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;

    (void)what;
    (void)life;
    world->reports_late = false;
}

static void refuse(struct sim_world *world)
{
    size_t n = 0;

    while (evt_sim_log_nth(world->log, n) != NULL)
        n++;
    world->refuses_until_us[evt_sim_rand_below(chance(world), n)] =
        world->queue.now_us + short_pause_us(world);
    sim_count(world, SIM_FAULT_REFUSE);
}

/* The store of a stopped process is gone, perhaps with its snapshots. */
static void delete_store(struct sim_world *world, struct sim_node *node)
{
    struct sim_seat *seat = some_seat(world, node);
    struct evt_error err;

    sim_node_kill(node, false);
    if (evt_sim_rand_chance(chance(world), 300))
        evt_sim_disk_remove(world->disk, seat->path);
    else if (evt_store_remove(evt_sim_disk_fs(world->disk), seat->path, &err) != EVT_OK)
        sim_fail(world, "%s: %s", seat->path, err.text);
    sim_count(world, SIM_FAULT_STORE_DELETED);
    sim_node_restart_in(node, pause_us(world));
}

/* A copy is made now and put in the store's place later, as a backup would be. */
struct backup {
    struct sim_node *node;
    struct sim_seat *seat;
    char path[80];
};

static void restore(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct backup *backup = what;
    struct evt_error err;

    (void)life;
    if (!backup->node->up || world->healing)
        return;
    sim_node_kill(backup->node, false);
    if (evt_store_remove(evt_sim_disk_fs(world->disk), backup->seat->path, &err) != EVT_OK)
        sim_fail(world, "%s: %s", backup->seat->path, err.text);
    evt_sim_disk_copy(world->disk, backup->path, backup->seat->path);
    sim_count(world, SIM_FAULT_STORE_OLD);
    sim_node_restart_in(backup->node, pause_us(world));
}

static void back_up(struct sim_world *world, struct sim_node *node)
{
    struct backup *backup = evt_sim_log_memory(world->log, sizeof *backup);

    *backup = (struct backup){.node = node, .seat = some_seat(world, node)};
    snprintf(backup->path, sizeof backup->path, "/backup%s", backup->seat->path);
    if (evt_sim_disk_copy(world->disk, backup->seat->path, backup->path))
        evt_sim_queue_add(&world->queue, world->queue.now_us + 2 * pause_us(world), restore, world,
                          backup, 0);
}

/* Whoever has committed what is lost now must say so. */
static void must_notice(struct sim_world *world, const struct evt_sim_partition *part,
                        int64_t offset)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; world->nodes[i].up && s < world->nodes[i].seats_n; s++) {
            struct sim_seat *seat = &world->nodes[i].seats[s];

            if (seat->part != part || seat->sh == NULL)
                continue;
            if (evt_shard_position(seat->sh) >= offset)
                seat->must_notice = true;
            else if (seat->state == SIM_SEAT_WAITING && evt_shard_next_offset(seat->sh) > offset)
                seat->must_notice_batch = true;
            if (seat->idle) {
                seat->idle = false;
                sim_seat_schedule(seat, 100);
            }
        }
}

static void forget_hostile(struct sim_world *world, const struct evt_sim_partition *part,
                           int64_t offset)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->hostile_n; i++)
        if (world->hostile[i].part != part || world->hostile[i].offset < offset)
            world->hostile[kept++] = world->hostile[i];
    world->hostile_n = kept;
}

void sim_fault_lose(struct sim_world *world, struct evt_sim_partition *part, int64_t offset)
{
    world->lossy = true;
    sim_trace(world, "%s/%d loses its tail from %lld", part->topic->name, (int)part->partition,
              (long long)offset);
    evt_sim_log_truncate(part, offset);
    forget_hostile(world, part, offset);
    must_notice(world, part, offset);
}

/* The tail of an inbox, or of what a subscription reads, is lost; refilled, other records stand
 * where they stood. */
static void lose_tail(struct sim_world *world, bool refill)
{
    struct sim_node *node = some_node(world, -1);
    struct sim_seat *seat = node == NULL ? NULL : some_seat(world, node);

    if (seat == NULL || seat->part->n < 4 || world->generation[node->kind] > 1)
        return;
    sim_fault_lose(
        world, seat->part,
        seat->part->records[seat->part->n - 1 - evt_sim_rand_below(chance(world), 3)]->offset);
    sim_count(world, refill ? SIM_FAULT_TAIL_REFILLED : SIM_FAULT_TAIL_LOST);
    for (int i = 0; refill && i < 4 && seat->sub == NULL; i++)
        sim_script_filler(world, node->kind, seat->part);
}

static void recreate(struct sim_world *world)
{
    struct sim_node *node = some_node(world, -1);
    struct sim_seat *seat = node == NULL ? NULL : some_seat(world, node);

    if (seat == NULL || world->generation[node->kind] > 1)
        return;
    world->lossy = true;
    if (seat->sh != NULL)
        snprintf(seat->was, sizeof seat->was, "%s", evt_shard_source(seat->sh));
    evt_sim_log_recreate(seat->part);
    forget_hostile(world, seat->part, 0);
    sim_birth(world, seat->part);
    must_notice(world, seat->part, 0);
    sim_count(world, SIM_FAULT_RECREATED);
}

static void end_zombie(void *self, void *what, uint64_t life)
{
    struct sim_node *node = what;

    (void)self;
    if (node->life == life)
        sim_node_kill(node, false);
}

/* A second owner with a copy of the store, of today's generation or of the one before. */
static void zombie(struct sim_world *world, bool old)
{
    struct sim_node *owner = some_node(world, -1), *node;
    const struct sim_seat *seat = owner == NULL ? NULL : &owner->seats[0];

    if (seat == NULL || (old && seat->generation < 2))
        return;
    node = sim_node_add(world, owner->kind, seat->part->partition, true);
    if (node == NULL)
        return;
    node->seats[0].generation = old ? 1 : seat->generation;
    if (!old) {
        evt_sim_disk_copy(world->disk, seat->path, node->seats[0].path);
    } else { /* its store is from before the boundary, or it starts from nothing */
        char backup[80];

        snprintf(backup, sizeof backup, "/backup%s", seat->path);
        evt_sim_disk_copy(world->disk, backup, node->seats[0].path);
    }
    sim_count(world, old ? SIM_FAULT_ZOMBIE_OLD : SIM_FAULT_ZOMBIE);
    sim_node_start(node);
    evt_sim_queue_add(&world->queue, world->queue.now_us + 20 * pause_us(world), end_zombie, world,
                      node, node->life);
}

/* Longer than the provider remembers a key: what nobody knows the end of waits for a person. */
static void night(struct sim_world *world)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        if (world->nodes[i].up && !world->nodes[i].zombie)
            kill_and_restart(world, &world->nodes[i], evt_sim_rand_chance(chance(world), 500));
    world->queue.now_us += 24 * HOUR_US;
    world->outage = true;
    sim_count(world, SIM_FAULT_NIGHT);
}

static void deploy(struct sim_world *world, enum sim_fault how)
{
    const enum sim_kind kind = sim_some_kind(world, chance(world));

    if (world->generation[kind] == 2)
        return;
    sim_operator_deploy(world, kind);
    sim_count(world, how);
    if (kind == SIM_ORDER && world->generation[SIM_BANK] == 1)
        sim_count(world, SIM_FAULT_NEW_TYPE);
    for (size_t i = 0; i < world->nodes_n && how != SIM_FAULT_DEPLOY; i++) {
        struct sim_node *node = &world->nodes[i];

        if (!node->up || node->zombie || node->kind != kind)
            continue;
        for (size_t s = 0; s < node->seats_n && how == SIM_FAULT_DEPLOY_MISSING; s++)
            if (node->seats[s].sub == NULL)
                node->seats[s].generation = 2; /* the new version is started too early */
        kill_and_restart(world, node, how == SIM_FAULT_DEPLOY_POWER);
    }
}

/* Some of what a shard sent before is sent again while it goes on sending. */
static void resend(struct sim_world *world)
{
    struct sim_node *node = some_node(world, -1);
    const struct evt_sim_partition *part;
    int again = 0;

    if (node == NULL)
        return;
    part = node->seats[0].part;
    for (size_t i = evt_sim_rand_below(chance(world), part->n); i < part->n && again < 6; i++) {
        const struct evt_record *rec = part->records[i];
        const struct evt_send send = {rec->topic, rec->partition, rec->key,     rec->key_len,
                                      rec->value, rec->value_len, rec->headers, rec->headers_n};
        struct evt_envelope env;
        struct evt_error err;

        if (evt_envelope_identify(rec, &env, &err) != EVT_OK || !env.numbered ||
            evt_text_is(env.id, "") || env.number.partition != part->partition)
            continue;
        sim_append(world, node->seats[0].part, &send);
        again++;
    }
    if (again > 0)
        sim_count(world, SIM_FAULT_RESEND);
}

static void cut(void *self, void *what, uint64_t life)
{
    struct sim_world *world = self;
    struct sim_node *node = what;

    if (!node->up || node->life != life || world->healing)
        return;
    sim_count(world, node->cut_as);
    kill_and_restart(world, node, node->cut_as == SIM_FAULT_POWER_CUT);
}

void sim_fault_burst(struct sim_node *node)
{
    struct sim_world *world = node->world;

    if (!node->cut_at_burst)
        return;
    node->cut_at_burst = false;
    evt_sim_queue_add(&world->queue,
                      world->queue.now_us + evt_sim_rand_between(chance(world), 1, 400), cut, world,
                      node, node->life);
}

/* The provider for minutes or hours, seldom for more than it remembers a key; the mail server for
 * hours or days. */
static void outage(struct sim_world *world, enum sim_fault fault)
{
    const bool mail = fault == SIM_FAULT_MAIL_AWAY;
    const int64_t hours = evt_sim_rand_chance(chance(world), 40) ? 30 : mail ? 130 : 2;
    const int64_t until_us =
        world->queue.now_us +
        evt_sim_rand_between(chance(world), 1,
                             evt_sim_rand_chance(chance(world), 500) ? HOUR_US : hours * HOUR_US);

    if (!world->here[SIM_SHOP])
        return;
    *(mail ? &world->mail_away_us : &world->provider_away_us) = until_us;
    world->outage = true;
    sim_count(world, fault);
}

static void happen_to(struct sim_world *world, enum sim_fault fault, struct sim_node *node)
{
    switch (fault) {
    case SIM_FAULT_KILL:
    case SIM_FAULT_POWER_CUT:
        if (evt_sim_rand_chance(chance(world), 300)) { /* at the worst moment */
            node->cut_at_burst = true;
            node->cut_as = fault;
            break;
        }
        kill_and_restart(world, node, fault == SIM_FAULT_POWER_CUT);
        sim_count(world, fault);
        break;
    case SIM_FAULT_STOP:
        sim_node_stop(node);
        sim_node_restart_in(node, pause_us(world));
        sim_count(world, fault);
        break;
    case SIM_FAULT_KILL_DISK:
        arm(world, node, fault, EVT_SIM_FAULT_KILL, 60);
        break;
    case SIM_FAULT_DISK_FULL:
        arm(world, node, fault, EVT_SIM_FAULT_FULL, 30);
        break;
    case SIM_FAULT_WRITE_ERROR:
        arm(world, node, fault, EVT_SIM_FAULT_WRITE, 30);
        break;
    case SIM_FAULT_SYNC_ERROR:
        arm(world, node, fault, EVT_SIM_FAULT_SYNC, 3);
        break;
    case SIM_FAULT_NOMEM:
        arm(world, node, fault, EVT_SIM_FAULT_ALLOC, 2000);
        break;
    case SIM_FAULT_PRODUCER:
        sim_producer_fail(node);
        sim_count(world, fault);
        sim_node_run(node, producer_error, node);
        break;
    case SIM_FAULT_RECONNECT:
        sim_count(world, fault);
        sim_node_run(node, reconnect, node);
        break;
    case SIM_FAULT_SLOW:
        some_seat(world, node)->step_us = evt_sim_rand_between(chance(world), 2000, 40000);
        sim_count(world, fault);
        break;
    case SIM_FAULT_STORE_DELETED:
        delete_store(world, node);
        break;
    case SIM_FAULT_STORE_OLD:
        back_up(world, node);
        break;
    default:
        break;
    }
}

static void happen(void *self, void *what, uint64_t kind)
{
    struct sim_world *world = self;
    const enum sim_fault fault = (enum sim_fault)kind;
    struct sim_node *node;

    (void)what;
    if (world->healing)
        return;
    switch (fault) {
    case SIM_FAULT_REPORT_LATE:
        world->reports_late = true;
        evt_sim_queue_add(&world->queue, world->queue.now_us + 5 * pause_us(world),
                          stop_reporting_late, world, NULL, 0);
        break;
    case SIM_FAULT_REFUSE:
        refuse(world);
        break;
    case SIM_FAULT_NIGHT:
        night(world);
        break;
    case SIM_FAULT_ANSWER_LOST:
        world->provider_away_us = world->queue.now_us + pauses_us(world, 10);
        break;
    case SIM_FAULT_TAIL_LOST:
    case SIM_FAULT_TAIL_REFILLED:
        lose_tail(world, fault == SIM_FAULT_TAIL_REFILLED);
        break;
    case SIM_FAULT_RECREATED:
        recreate(world);
        break;
    case SIM_FAULT_ZOMBIE:
    case SIM_FAULT_ZOMBIE_OLD:
        zombie(world, fault == SIM_FAULT_ZOMBIE_OLD);
        break;
    case SIM_FAULT_DEPLOY:
    case SIM_FAULT_DEPLOY_KILL:
    case SIM_FAULT_DEPLOY_POWER:
    case SIM_FAULT_DEPLOY_MISSING:
        deploy(world, fault);
        break;
    case SIM_FAULT_RESEND:
        if (!world->lossy)
            resend(world);
        break;
    case SIM_FAULT_HOSTILE:
        sim_hostile(world);
        break;
    case SIM_FAULT_PSP_AWAY:
    case SIM_FAULT_MAIL_AWAY:
        outage(world, fault);
        break;
    default:
        node = some_node(world, -1);
        if (node != NULL)
            happen_to(world, fault, node);
        break;
    }
}

static bool loses_log(enum sim_fault fault)
{
    return fault == SIM_FAULT_TAIL_LOST || fault == SIM_FAULT_TAIL_REFILLED ||
           fault == SIM_FAULT_RECREATED;
}

void sim_fault_plan(struct sim_world *world)
{
    /* One history in twenty has no faults at all: the rest of the checks stands on it. */
    const bool none = evt_sim_rand_chance(chance(world), 50);
    const bool may_lose = evt_sim_rand_chance(chance(world), 250);
    const int n = none ? 0 : (int)evt_sim_rand_between(chance(world), 5, 24);

    for (int i = 0; i < n; i++) {
        enum sim_fault fault =
            (enum sim_fault)evt_sim_rand_below(chance(world), SIM_FAULTS_PLANNED);

        if (loses_log(fault) && !may_lose)
            continue;
        if (i == 0 && may_lose)
            fault =
                (enum sim_fault)(SIM_FAULT_TAIL_LOST + (int)evt_sim_rand_below(chance(world), 3));
        evt_sim_queue_add(&world->queue,
                          world->queue.now_us +
                              evt_sim_rand_between(chance(world), 1000, 900000) * world->pace,
                          happen, world, NULL, (uint64_t)fault);
    }
}

/* Sim seat: a shard as a driver runs it, one small step an event: open, join, apply, send all,
 * wait, commit; at the end of the log timers, calls and probes. Steps run inside the process. */
#include "sim_world.h"

#include <evt/mem.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct sim_world *world_of(const struct sim_seat *seat)
{
    return seat->node->world;
}

static void trace(const struct sim_seat *seat, const char *what)
{
    if (world_of(seat)->trace)
        sim_trace(world_of(seat), "%s %s", seat->path, what);
}

static void observe(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                    const char *reason)
{
    const struct sim_seat *seat = arg;
    struct sim_world *world = world_of(seat);
    const struct evt_text type = evt_envelope_type(rec);

    world->stats->held += outcome == EVT_PARKED;
    if (world->trace)
        sim_trace(world, "%s %s/%d@%" PRId64 " %.*s key=%.*s: %s%s%s", seat->path, rec->topic,
                  (int)rec->partition, rec->offset, (int)type.len, type.text, (int)rec->key_len,
                  rec->key == NULL ? "" : (const char *)rec->key, evt_outcome_str(outcome),
                  reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

struct evt_shard_options sim_shard_options(struct sim_world *world, enum sim_kind kind,
                                           int generation, const struct evt_subscription *sub,
                                           struct evt_sim_partition *part, const char *path)
{
    return (struct evt_shard_options){.service = sim_service(kind, generation),
                                      .subscription = sub,
                                      .topic = part->topic,
                                      .partition = part->partition,
                                      .store = {.fs = evt_sim_disk_fs(world->disk), .path = path}};
}

/* The process ends with these words; sim_node_run sees to the rest. */
static void leave(struct sim_seat *seat, enum evt_err code, const struct evt_error *err)
{
    struct sim_node *node = seat->node;

    node->exit_code = code;
    node->exit_seat = seat;
    snprintf(node->exit_text, sizeof node->exit_text, "%s", err->text);
}

/* RETRY: rolled back and tried again; FATAL: the process ends. REJECT never comes out of the core.
 */
static void failed(struct sim_seat *seat, enum evt_err code, const struct evt_error *err)
{
    struct sim_world *world = world_of(seat);
    int64_t pause_us;

    if (world->trace)
        sim_trace(world, "%s %s: %s", seat->path, evt_class_str(evt_err_class(code)), err->text);
    if (evt_err_class(code) != EVT_CLASS_RETRY) {
        leave(seat, code, err);
        return;
    }
    seat->batch++;
    if (seat->sh == NULL) {
        seat->state = SIM_SEAT_OPENING;
    } else {
        evt_shard_rollback(seat->sh);
        seat->must_notice_batch = false;
        if (seat->state == SIM_SEAT_WAITING)
            seat->state = SIM_SEAT_RUNNING;
    }
    pause_us = (int64_t)1000 << (seat->retries < 10 ? seat->retries : 10);
    seat->retries++;
    if (seat->retries > 200)
        sim_fail(world, "%s: tries again for ever: %s", seat->path, err->text);
    sim_seat_schedule(seat, pause_us);
}

static const char *name_of(const struct sim_seat *seat)
{
    return seat->sub != NULL ? seat->sub->name : sim_kind_name(seat->node->kind);
}

static struct sim_group *group_of(const struct sim_seat *seat)
{
    struct sim_world *world = world_of(seat);
    const char *name = name_of(seat);
    struct sim_group *group;

    for (size_t i = 0; i < world->groups_n; i++)
        if (world->groups[i].partition == seat->part->partition &&
            strcmp(world->groups[i].name, name) == 0)
            return &world->groups[i];
    EVT_BUG_ON(world->groups_n == SIM_SHARDS_MAX);
    group = &world->groups[world->groups_n++];
    *group = (struct sim_group){.partition = seat->part->partition, .offset = -1};
    snprintf(group->name, sizeof group->name, "%s", name);
    return group;
}

/* A lost store is rebuilt without sending again what the group's offset says was acknowledged. */
static enum evt_err hold_back(struct sim_seat *seat, struct evt_error *err)
{
    const struct sim_group *group = group_of(seat);

    if (evt_shard_position(seat->sh) >= 0 || group->offset < 0 || seat->no_hold_back)
        return EVT_OK;
    world_of(seat)->stats->rebuilds++;
    return evt_shard_hold_back(seat->sh, group->offset, group->proof, err);
}

static enum evt_err open_shard(struct sim_seat *seat, struct evt_error *err)
{
    struct sim_world *world = world_of(seat);
    struct evt_shard_options opt = sim_shard_options(world, seat->node->kind, seat->generation,
                                                     seat->sub, seat->part, seat->path);
    enum evt_err rc;

    opt.observe = observe;
    opt.observe_arg = seat;
    opt.store.reverse_unordered = evt_sim_rand_chance(&world->clock_rand, 200);
    opt.store.checkpoint_pages = evt_sim_rand_chance(&world->clock_rand, 500)
                                     ? (int)evt_sim_rand_between(&world->clock_rand, 1, 60)
                                     : 0;
    /* Later, a store that is missing was lost, and is rebuilt from nothing. */
    if (seat->node->life == 1 && evt_sim_rand_chance(&world->clock_rand, 960))
        sim_template_use(world, seat->node->kind, seat->sub, seat->part, seat->path);
    rc = evt_shard_open(&opt, &seat->sh, err);
    if (rc != EVT_OK)
        return rc;
    seat->due = evt_due_new(seat->sh, evt_sim_rand_u64(&world->clock_rand));
    seat->state = SIM_SEAT_JOINING;
    return hold_back(seat, err);
}

static void probe(void *arg, const struct evt_send *send)
{
    sim_producer_send(arg, send, NULL);
}

static enum evt_err join(struct sim_seat *seat, struct evt_error *err)
{
    const struct evt_sim_partition *part = seat->part;
    enum evt_err rc = EVT_OK;
    int64_t offset;

    seat->epoch = part->epoch;
    seat->end_at_join = part->n == 0 ? -1 : part->records[part->n - 1]->offset;
    while (rc == EVT_OK && evt_shard_join_next(seat->sh, &offset)) {
        const struct evt_record *rec =
            offset < 0 ? evt_sim_log_from(part, 0) : evt_sim_log_at(part, offset);

        rc = evt_shard_join(seat->sh, rec, part->low, err);
    }
    if (rc != EVT_OK)
        return rc;
    if (seat->must_notice || seat->must_notice_batch)
        sim_fail(world_of(seat), "%s: joined a log that lost what it had applied", seat->path);
    seat->state = SIM_SEAT_RUNNING;
    trace(seat, "joined");
    return evt_shard_probes(seat->sh, probe, seat->node, err);
}

static enum evt_err burst(struct sim_seat *seat)
{
    const struct evt_send *sends;
    const size_t n = evt_shard_sends(seat->sh, &sends);

    seat->batch++;
    seat->waiting = n;
    seat->reported = 0;
    seat->state = SIM_SEAT_WAITING;
    for (size_t i = 0; i < n; i++)
        sim_producer_send(seat->node, &sends[i], seat);
    if (n > 0)
        sim_fault_burst(seat->node);
    return EVT_OK;
}

static enum evt_err commit(struct sim_seat *seat, struct evt_error *err)
{
    struct sim_world *world = world_of(seat);
    enum evt_err rc;

    if (seat->waiting > 0)
        evt_shard_acknowledged(seat->sh, seat->waiting);
    seat->waiting = 0;
    rc = evt_shard_commit(seat->sh, err);
    if (rc != EVT_OK)
        return rc;
    seat->retries = 0;
    seat->state = SIM_SEAT_RUNNING;
    /* A group's offset may lag, or never be written: it is only a help. */
    if (evt_sim_rand_chance(&world->clock_rand, 300)) {
        struct sim_group *group = group_of(seat);

        if (evt_shard_proof(seat->sh, group->proof))
            group->offset = evt_shard_position(seat->sh);
    }
    return EVT_OK;
}

/* A boundary is next, and all before it is committed. */
static enum evt_err supersede(struct sim_seat *seat, struct evt_error *err)
{
    struct sim_world *world = world_of(seat);
    const enum evt_err rc = evt_shard_supersede(seat->sh, err);
    uint32_t generation;
    int64_t boundary, found = -1;
    struct evt_error ignored;

    if (rc != EVT_OK)
        return rc;
    if (!evt_shard_superseded(seat->sh, &generation, &boundary) ||
        evt_snapshot_find(evt_sim_disk_fs(world->disk), seat->path, generation, &found, &ignored) !=
            EVT_OK ||
        found != boundary)
        sim_fail(world, "%s: stops at a boundary and leaves no snapshot of it", seat->path);
    trace(seat, "superseded");
    evt_due_free(seat->due);
    evt_shard_close(seat->sh);
    seat->due = NULL;
    seat->sh = NULL;
    seat->life++;
    seat->state = SIM_SEAT_DOWN;
    if (seat->node->zombie)
        return EVT_OK;
    /* Exit status 6: the operator starts the new version. */
    seat->generation = 2;
    seat->state = SIM_SEAT_OPENING;
    sim_seat_schedule(seat, evt_sim_rand_between(&world->clock_rand, 100, 500000));
    return EVT_OK;
}

/* What waits in a store that is behind its log may have ended long ago. */
static void check_caught_up(const struct sim_seat *seat, const char *what)
{
    if (evt_shard_position(seat->sh) < seat->end_at_join)
        sim_fail(world_of(seat), "%s: %s at %" PRId64 ", before it has caught up to %" PRId64,
                 seat->path, what, evt_shard_position(seat->sh), seat->end_at_join);
}

static void publish(void *self, const struct evt_send *send)
{
    struct sim_seat *seat = self;
    struct sim_world *world = world_of(seat);

    check_caught_up(seat, "fires");
    if (!world->healing && evt_sim_rand_chance(&world->fault_rand, 20)) {
        sim_count(world, SIM_FAULT_OUTCOME_LOST);
        return;
    }
    sim_producer_send(seat->node, send, NULL);
    if (!world->healing && evt_sim_rand_chance(&world->fault_rand, 20)) {
        sim_count(world, SIM_FAULT_OUTCOME_REPEATED);
        sim_producer_send(seat->node, send, NULL);
    }
}

static void call(void *self, const struct evt_call_request *request)
{
    check_caught_up(self, "calls");
    sim_provider_call(self, request);
}

/* Nothing waits: what the shard itself has to do, and when to look again. */
static enum evt_err idle(struct sim_seat *seat, struct evt_error *err)
{
    const struct evt_due_driver driver = {.self = seat, .publish = publish, .call = call};
    const int64_t now_ms = sim_now_ms(world_of(seat));
    enum evt_err rc = EVT_OK;
    int64_t next_ms;

    if (!evt_shard_is_caught_up(seat->sh)) {
        rc = evt_shard_caught_up(seat->sh, err);
        if (rc != EVT_OK)
            return rc;
        seat->no_hold_back = false;
        trace(seat, "caught up");
    }
    rc = evt_due_run(seat->due, now_ms, &driver, err);
    if (rc != EVT_OK)
        return rc;
    seat->idle = true;
    next_ms = evt_due_next_ms(seat->due, now_ms);
    if (next_ms != INT64_MAX)
        sim_seat_schedule(seat, next_ms > now_ms ? (next_ms - now_ms) * 1000 : 1000);
    return EVT_OK;
}

static enum evt_err run(struct sim_seat *seat, struct evt_error *err)
{
    struct sim_world *world = world_of(seat);
    const int64_t now_us = world->queue.now_us;
    const size_t batch = evt_shard_batch(seat->sh);
    const struct evt_record *rec;
    uint32_t generation;
    int64_t boundary;

    if (evt_shard_superseded(seat->sh, &generation, &boundary))
        return batch > 0 ? burst(seat) : supersede(seat, err);
    rec = evt_sim_log_from(seat->part, evt_shard_next_offset(seat->sh));
    if (batch > 0 && (rec == NULL || batch >= seat->batch_max || now_us - seat->begun_us > 20000))
        return burst(seat);
    if (rec == NULL)
        return idle(seat, err);
    if (batch == 0) {
        seat->begun_us = now_us;
        seat->batch_max = evt_sim_rand_chance(&world->clock_rand, 300)
                              ? EVT_BATCH_MAX
                              : (size_t)evt_sim_rand_between(&world->clock_rand, 1, 12);
        if (seat->retries > 0)
            seat->batch_max = 1; /* what came before the record that waits is not held up with it */
    }
    return evt_shard_apply(seat->sh, rec, err);
}

static void step(void *arg)
{
    struct sim_seat *seat = arg;
    struct evt_error err = {.text = ""};
    const uint64_t life = seat->life;
    enum evt_err rc = EVT_OK;

    seat->idle = false;
    if (seat->state > SIM_SEAT_JOINING && seat->epoch != seat->part->epoch)
        sim_seat_reconnect(seat);
    switch (seat->state) {
    case SIM_SEAT_DOWN:
        return;
    case SIM_SEAT_OPENING:
        rc = open_shard(seat, &err);
        break;
    case SIM_SEAT_JOINING:
        rc = join(seat, &err);
        break;
    case SIM_SEAT_RUNNING:
        rc = run(seat, &err);
        break;
    case SIM_SEAT_WAITING:
        break;
    }
    if (rc == EVT_OK && seat->state == SIM_SEAT_WAITING) {
        if (seat->reported < seat->waiting)
            return;
        rc = commit(seat, &err);
    }
    if (rc != EVT_OK)
        failed(seat, rc, &err);
    else if (seat->life == life && !seat->idle && seat->state != SIM_SEAT_WAITING)
        sim_seat_schedule(seat, seat->step_us);
}

static void step_event(void *self, void *what, uint64_t life)
{
    struct sim_seat *seat = self;

    (void)what;
    if (seat->ticket != life || seat->state == SIM_SEAT_DOWN)
        return;
    world_of(seat)->steps++;
    sim_node_run(seat->node, step, seat);
}

/* The one step that comes next: it takes the place of one that was planned before. */
void sim_seat_schedule(struct sim_seat *seat, int64_t in_us)
{
    struct sim_world *world = world_of(seat);

    evt_sim_queue_add(&world->queue, world->queue.now_us + in_us, step_event, seat, NULL,
                      ++seat->ticket);
}

void sim_seat_wake(struct sim_world *world, const struct evt_sim_partition *part)
{
    for (size_t i = 0; i < world->nodes_n; i++)
        for (size_t s = 0; world->nodes[i].up && s < world->nodes[i].seats_n; s++) {
            struct sim_seat *seat = &world->nodes[i].seats[s];

            if (seat->part == part && seat->idle) {
                seat->idle = false;
                sim_seat_schedule(seat, evt_sim_rand_between(&world->clock_rand, 10, 300));
            }
        }
}

void sim_seat_reported(struct sim_seat *seat, uint64_t life, uint64_t batch)
{
    if (seat->life != life || seat->batch != batch || seat->state != SIM_SEAT_WAITING)
        return;
    if (++seat->reported == seat->waiting)
        sim_seat_schedule(seat, 10);
}

/* Inside the process. What was sent may be acknowledged or not: the batch is applied again. */
void sim_seat_reconnect(struct sim_seat *seat)
{
    if (seat->sh == NULL)
        return;
    trace(seat, "reconnected");
    evt_shard_reconnected(seat->sh);
    seat->batch++;
    seat->state = SIM_SEAT_JOINING;
}

/* Inside the process. */
void sim_seat_producer_failed(struct sim_seat *seat)
{
    if (seat->sh == NULL || seat->state < SIM_SEAT_RUNNING)
        return;
    evt_shard_rollback(seat->sh);
    seat->must_notice_batch = false;
    seat->batch++;
    seat->state = SIM_SEAT_RUNNING;
    sim_seat_schedule(seat, 1000);
}

struct ended {
    struct sim_seat *seat;
    int64_t id;
    enum evt_call_end end;
    const char *response;
};

static void end_call(void *arg)
{
    const struct ended *ended = arg;
    const struct evt_bytes response = {(const uint8_t *)ended->response, strlen(ended->response)};

    evt_due_call_ended(ended->seat->due, ended->id, ended->end, response,
                       sim_now_ms(world_of(ended->seat)));
    if (!ended->seat->idle)
        return;
    ended->seat->idle = false;
    sim_seat_schedule(ended->seat, 10);
}

void sim_seat_call_ended(struct sim_seat *seat, uint64_t life, int64_t id, enum evt_call_end end,
                         const char *response)
{
    struct ended ended = {seat, id, end, response};

    if (seat->life == life && seat->due != NULL)
        sim_node_run(seat->node, end_call, &ended);
}

/* Sim replay: a shard rebuilt in a scratch file from nothing but its log, by the binary of each of
 * its generations in turn. What it would send is the truth that logs are compared with, and what a
 * resend sends. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>
#include <string.h>

#define SCRATCH "/scratch/replay.db"

struct run {
    struct sim_world *world;
    enum sim_kind kind;
    const struct evt_subscription *sub;
    struct evt_sim_partition *part;
    struct sim_replay *replay;
    struct evt_shard *sh;
    size_t said; /* of the open batch's sends */
    struct evt_error err;
    enum evt_err rc;
};

static void say(struct run *run)
{
    const struct evt_send *sends;
    const size_t n = evt_shard_sends(run->sh, &sends);

    for (; run->said < n; run->said++)
        if (run->replay->send != NULL)
            run->replay->send(run->replay->arg, &sends[run->said]);
}

/* One record may let others in that waited: each has said its own when the next is observed. */
static void observe(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                    const char *reason)
{
    struct run *run = arg;

    if (run->replay->observe != NULL)
        run->replay->observe(run->replay->arg, rec, outcome, reason);
    say(run);
}

static enum evt_err commit(struct run *run, struct evt_shard *sh)
{
    const struct evt_send *sends;
    const size_t n = evt_shard_sends(sh, &sends);

    say(run);
    run->said = 0;
    evt_shard_acknowledged(sh, n);
    return evt_shard_commit(sh, &run->err);
}

/* Applies all that this generation may. True: a newer one goes on. */
static enum evt_err apply_all(struct run *run, struct evt_shard *sh, bool *ret_superseded)
{
    const struct evt_record *rec;
    uint32_t generation;
    int64_t boundary;
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && !evt_shard_superseded(sh, &generation, &boundary) &&
           (rec = evt_sim_log_from(run->part, evt_shard_next_offset(sh))) != NULL) {
        rc = evt_shard_apply(sh, rec, &run->err);
        if (rc == EVT_OK)
            say(run);
        if (rc == EVT_OK && evt_shard_batch(sh) == EVT_BATCH_MAX)
            rc = commit(run, sh);
    }
    if (rc == EVT_OK)
        rc = commit(run, sh);
    *ret_superseded = evt_shard_superseded(sh, &generation, &boundary);
    return rc;
}

static enum evt_err join(struct run *run, struct evt_shard *sh)
{
    enum evt_err rc = EVT_OK;
    int64_t offset;

    while (rc == EVT_OK && evt_shard_join_next(sh, &offset))
        rc = evt_shard_join(sh,
                            offset < 0 ? evt_sim_log_from(run->part, 0)
                                       : evt_sim_log_at(run->part, offset),
                            run->part->low, &run->err);
    return rc;
}

void sim_note_table(void *arg, const char *table, int64_t rows, uint64_t hash)
{
    struct sim_tables *tables = arg;
    struct sim_table *note = &tables->tables[tables->n];

    EVT_BUG_ON(tables->n == SIM_TABLES_MAX);
    tables->n++;
    *note = (struct sim_table){.rows = rows, .hash = hash};
    snprintf(note->name, sizeof note->name, "%s", table);
}

static enum evt_err run_generation(struct run *run, int generation, bool *ret_superseded)
{
    struct evt_shard_options opt =
        sim_shard_options(run->world, run->kind, generation, run->sub, run->part, SCRATCH);
    struct evt_shard *sh = NULL;
    enum evt_err rc;

    opt.observe = observe;
    opt.observe_arg = run;
    run->replay->generation = generation;
    rc = evt_shard_open(&opt, &sh, &run->err);
    run->sh = sh;
    if (rc == EVT_OK)
        rc = join(run, sh);
    if (rc == EVT_OK)
        rc = apply_all(run, sh, ret_superseded);
    if (rc == EVT_OK && !*ret_superseded)
        rc = evt_shard_caught_up(sh, &run->err);
    if (rc == EVT_OK && !*ret_superseded)
        rc = evt_store_content_hash(evt_shard_store(sh), &run->replay->hash, sim_note_table,
                                    &run->replay->tables, &run->err);
    if (rc == EVT_OK)
        snprintf(run->replay->source, sizeof run->replay->source, "%s", evt_shard_source(sh));
    evt_shard_close(sh);
    return rc;
}

static void run_all(void *arg)
{
    struct run *run = arg;
    bool superseded = true;

    if (evt_sim_rand_chance(&run->world->clock_rand, 960))
        sim_template_use(run->world, run->kind, run->sub, run->part, SCRATCH);
    for (int generation = 1; superseded && run->rc == EVT_OK && generation <= SIM_GENERATIONS;
         generation++) {
        superseded = false;
        run->rc = run_generation(run, generation, &superseded);
    }
}

bool sim_replay(struct sim_world *world, enum sim_kind kind, const struct evt_subscription *sub,
                struct evt_sim_partition *part, struct sim_replay *replay)
{
    struct run run = {world, kind, sub, part, replay, .rc = EVT_OK};
    const bool lived = evt_sim_process_run(&world->scratch, run_all, &run);

    world->stats->rebuilds++;
    if (!lived || run.rc != EVT_OK)
        sim_fail(world, "rebuild of %s/%d: %s", part->topic->name, (int)part->partition,
                 lived ? run.err.text : "it died");
    evt_sim_disk_killed(world->disk, &world->scratch);
    evt_sim_disk_remove(world->disk, SCRATCH);
    return lived && run.rc == EVT_OK;
}

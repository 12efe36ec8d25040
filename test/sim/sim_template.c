/* Sim template: stores that have applied their log's birth and nothing else, made once by the core
 * itself. Creating tables and checking their schema costs more than a hundred records do, so most
 * stores begin as a copy of one; the others begin from nothing. */
#include "sim_world.h"

#include <evt/mem.h>
#include <stdio.h>

#define FOLDER SIM_TEMPLATES

/* Two kinds have the name "order". */
static void path_of(char *buf, size_t size, enum sim_kind kind, const struct evt_subscription *sub,
                    const struct evt_sim_partition *part)
{
    snprintf(buf, size, FOLDER "%d-%s-%d.db", (int)kind,
             sub != NULL ? sub->name : sim_kind_name(kind), (int)part->partition);
}

struct making {
    struct sim_world *world;
    enum sim_kind kind;
    const struct evt_subscription *sub;
    struct evt_sim_partition *part;
};

static enum evt_err apply_birth(struct evt_shard *sh, const struct evt_sim_partition *part,
                                struct evt_error *err)
{
    const struct evt_record *birth = part->records[0];
    int64_t offset;
    enum evt_err rc = EVT_OK;

    while (rc == EVT_OK && evt_shard_join_next(sh, &offset))
        rc = evt_shard_join(sh, birth, part->low, err);
    if (rc == EVT_OK)
        rc = evt_shard_apply(sh, birth, err);
    return rc == EVT_OK ? evt_shard_commit(sh, err) : rc;
}

static void make(void *arg)
{
    const struct making *making = arg;
    struct evt_shard_options opt;
    struct evt_shard *sh = NULL;
    struct evt_error err;
    char path[64];

    path_of(path, sizeof path, making->kind, making->sub, making->part);
    opt = sim_shard_options(making->world, making->kind, 1, making->sub, making->part, path);
    if (evt_shard_open(&opt, &sh, &err) != EVT_OK || apply_birth(sh, making->part, &err) != EVT_OK)
        sim_fail(making->world, "template %s: %s", path, err.text);
    evt_shard_close(sh);
}

static void make_for(struct sim_world *world, enum sim_kind kind,
                     const struct evt_subscription *sub, const char *topic)
{
    for (int32_t p = 0; p < 2; p++) {
        struct making making = {world, kind, sub, evt_sim_log_find(world->log, topic, p)};

        world->births[sim_partition_place(world, making.part)] =
            evt_record_hash(making.part->records[0]);
        EVT_BUG_ON(!evt_sim_process_run(&world->scratch, make, &making));
        evt_sim_disk_killed(world->disk, &world->scratch);
    }
}

void sim_templates_make(struct sim_world *world)
{
    for (int k = 0; k < SIM_KINDS; k++) {
        const enum sim_kind kind = (enum sim_kind)k;

        make_for(world, kind, NULL, sim_inbox(world, kind, 0)->topic->name);
    }
    for (size_t i = 0; i < evt_registry.subscriptions_n; i++)
        make_for(world, SIM_WATCHER, &evt_registry.subscriptions[i],
                 evt_registry.subscriptions[i].source->name);
}

void sim_template_use(struct sim_world *world, enum sim_kind kind,
                      const struct evt_subscription *sub, const struct evt_sim_partition *part,
                      const char *path)
{
    char template[64];

    /* The tables of trips, by which their generation is known, are others in every history. */
    if ((kind == SIM_TRIP && sub == NULL) || evt_sim_disk_has(world->disk, path) || part->n == 0 ||
        evt_record_hash(part->records[0]) != world->births[sim_partition_place(world, part)])
        return; /* the topic was created anew */
    path_of(template, sizeof template, kind, sub, part);
    evt_sim_disk_copy(world->disk, template, path);
}

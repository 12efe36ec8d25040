/* Core: the life of the shard under test, and its batches. */
#include "test/lib/core.h"

#include <evt/mem.h>
#include <evt/snapshot.h>

#include <stdlib.h>
#include <string.h>

static void observe(void *arg, const struct evt_record *rec, enum evt_outcome outcome,
                    const char *reason)
{
    struct core *core = arg;

    evt_buf_printf(&core->told, "%s%lld %s%s%s", core->told.len ? "\n" : "", (long long)rec->offset,
                   evt_outcome_str(outcome), reason ? ": " : "", reason ? reason : "");
}

struct core *core_new_log(const struct evt_service *service, const struct evt_subscription *sub)
{
    struct core *core = evt_zalloc(sizeof(*core));
    const struct evt_log_begins birth = {CORE_LINEAGE, (int32_t)service->generation};

    folder_init(&core->folder);
    core->store = "lived.db";
    core->now_ms = CORE_NOW;
    core->opt = (struct evt_shard_options){
        .service = service,
        .subscription = sub,
        .topic =
            sub ? sub->source
                : evt_registry_service_topic(service->registry, service->name, EVT_TOPIC_INBOX),
        .partition = CORE_PARTITION,
        .observe = observe,
        .observe_arg = core,
    };
    core->log = evt_sim_log_new();
    evt_sim_log_create(core->log, core->opt.topic);
    core->part = evt_sim_log_find(core->log, core->opt.topic->name, CORE_PARTITION);
    core_append(core, core_outside(core, "/cli/topics", "birth", &evt_log_begins_type, &birth));
    return core;
}

struct core *core_new(const struct evt_service *service)
{
    struct core *core = core_new_log(service, NULL);

    core_start(core);
    core_run(core);
    core_told(core);
    return core;
}

void core_free(struct core *core)
{
    evt_shard_close(core->sh);
    evt_sim_log_free(core->log);
    evt_buf_release(&core->told);
    folder_release(&core->folder);
    evt_free(core);
}

enum evt_err core_open(struct core *core)
{
    core->opt.store.path = folder_path(&core->folder, core->store);
    core->err.text[0] = '\0';
    return evt_shard_open(&core->opt, &core->sh, &core->err);
}

enum evt_err core_join(struct core *core)
{
    enum evt_err rc = EVT_OK;
    int64_t offset = 0;

    core->err.text[0] = '\0';
    while (rc == EVT_OK && evt_shard_join_next(core->sh, &offset))
        rc = evt_shard_join(core->sh,
                            offset < 0 ? evt_sim_log_from(core->part, 0)
                                       : evt_sim_log_at(core->part, offset),
                            core->part->low, &core->err);
    return rc;
}

void core_start(struct core *core)
{
    core_ok(core, core_open(core));
    core_ok(core, core_join(core));
}

void core_use(struct core *core, const char *store)
{
    evt_shard_close(core->sh);
    core->sh = NULL;
    core->store = store;
}

void core_restore(struct core *core, uint32_t generation, int64_t offset)
{
    struct evt_store_lock *lock = NULL;

    core_ok(core,
            evt_store_lock_new(NULL, folder_path(&core->folder, core->store), &lock, &core->err));
    core_ok(core, evt_snapshot_restore(lock, generation, offset, &core->err));
    evt_store_lock_free(lock);
}

void core_restart(struct core *core)
{
    core_use(core, core->store);
    core_start(core);
}

enum evt_err core_apply_some(struct core *core, size_t n)
{
    const struct evt_record *rec;
    enum evt_err rc = EVT_OK;
    uint32_t generation;
    int64_t offset;

    core->err.text[0] = '\0';
    for (; n > 0 && rc == EVT_OK && !evt_shard_superseded(core->sh, &generation, &offset); n--) {
        rec = evt_sim_log_from(core->part, evt_shard_next_offset(core->sh));
        if (!rec)
            break;
        rc = evt_shard_apply(core->sh, rec, &core->err);
    }
    return rc;
}

enum evt_err core_apply(struct core *core)
{
    return core_apply_some(core, SIZE_MAX);
}

enum evt_err core_commit(struct core *core)
{
    const struct evt_send *sends;
    size_t n = evt_shard_sends(core->sh, &sends);

    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_lt(core->sent_n, CORE_SENT_MAX);
        core->sent[core->sent_n++] = evt_sim_log_keep(core->log, &sends[i]);
    }
    evt_shard_acknowledged(core->sh, n);
    return evt_shard_commit(core->sh, &core->err);
}

void core_run(struct core *core)
{
    core_ok(core, core_apply(core));
    core_ok(core, core_commit(core));
}

uint64_t core_hash(struct core *core)
{
    uint64_t hash;

    core_ok(core, evt_store_content_hash(evt_shard_store(core->sh), &hash, NULL, NULL, &core->err));
    return hash;
}

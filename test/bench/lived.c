/* Lived: the shortest driver that a shard can have. */
#include "lived.h"

#include "bench.h"
#include "svc-product/product_service.h"

#include <evt/mem.h>

void lived_open(struct lived *lived, const char *name, const struct evt_sim_partition *part)
{
    char path[BENCH_PATH_MAX];
    const struct evt_shard_options opt = {
        .service = &product_service,
        .topic = part->topic,
        .partition = part->partition,
        .store = {.path = path},
    };
    struct evt_error err;
    int64_t offset;

    bench_path(path, name);
    bench_need(evt_shard_open(&opt, &lived->shard, &err), &err);
    while (evt_shard_join_next(lived->shard, &offset))
        bench_need(evt_shard_join(lived->shard, evt_sim_log_from(part, offset < 0 ? 0 : offset), 0,
                                  &err),
                   &err);
    lived->part = part;
}

void lived_close(struct lived *lived)
{
    evt_shard_close(lived->shard);
    lived->shard = NULL;
}

static void commit(struct lived *lived)
{
    const struct evt_send *sends;
    struct evt_error err;

    evt_shard_acknowledged(lived->shard, evt_shard_sends(lived->shard, &sends));
    bench_need(evt_shard_commit(lived->shard, &err), &err);
}

void lived_apply(struct lived *lived, size_t n, size_t batch)
{
    /* The log has no holes: a record's place is its offset. */
    struct evt_record *const *recs = lived->part->records + evt_shard_next_offset(lived->shard);
    struct evt_error err;

    EVT_BUG_ON((size_t)evt_shard_next_offset(lived->shard) + n > lived->part->n);
    for (size_t i = 0; i < n; i++) {
        bench_need(evt_shard_apply(lived->shard, recs[i], &err), &err);
        if ((i + 1) % batch == 0 || i + 1 == n)
            commit(lived);
    }
}

void lived_catch_up(struct lived *lived, size_t batch)
{
    lived_apply(lived, lived->part->n - (size_t)evt_shard_next_offset(lived->shard), batch);
}

uint64_t lived_hash(const char *name)
{
    char path[BENCH_PATH_MAX];
    const struct evt_store_options opt = {.path = path,
                                          .service = product_service.name,
                                          .read_only = true};
    struct evt_store *st;
    struct evt_error err;
    uint64_t hash;

    bench_path(path, name);
    bench_need(evt_store_open(&opt, &st, &err), &err);
    bench_need(evt_store_content_hash(st, &hash, NULL, NULL, &err), &err);
    evt_store_close(st);
    return hash;
}

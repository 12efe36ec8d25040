/* Rebuild bench: a lost store of svc-product made again from an in-memory log of a shop's mixed
 * traffic, beside the same row changes with prepared statements alone.
 *
 *     rebuild [folder]     where the stores lie; default TMPDIR, else /tmp
 *
 * The log is lived through once, so that it holds the timers that came due. Every rebuilt store
 * must equal the one that lived, and so must the floor's. */
#include "bench.h"
#include "floor.h"
#include "lived.h"
#include "traffic.h"

#include <evt/due.h>
#include <evt/store.h>

#include <stdio.h>
#include <stdlib.h>

#define PASSES  7
#define RECORDS 50000
#define BATCH   1000 /* EVT_BATCH_MAX: nobody waits while a store is rebuilt */

static void publish(void *self, const struct evt_send *send)
{
    traffic_own(self, send);
}

/* Writes the log and applies it as it grows. */
static struct traffic *live(char ret_proof[EVT_PROOF_LEN])
{
    struct traffic *traffic = traffic_new(5000);
    const struct evt_due_driver driver = {.self = traffic, .publish = publish};
    struct lived lived;
    struct evt_due *due;
    struct evt_error err;

    traffic_products(traffic);
    lived_open(&lived, "lived.db", traffic->part);
    due = evt_due_new(lived.shard, 1);
    while (traffic->part->n < RECORDS) {
        for (int i = 0; i < 100; i++)
            traffic_mixed(traffic);
        lived_catch_up(&lived, BATCH);
        bench_need(evt_shard_caught_up(lived.shard, &err), &err);
        bench_need(evt_due_run(due, traffic->now_ms, &driver, &err), &err);
    }
    lived_catch_up(&lived, BATCH);
    if (!evt_shard_proof(lived.shard, ret_proof))
        ret_proof[0] = '\0'; /* nothing is held back here */
    evt_due_free(due);
    lived_close(&lived);
    return traffic;
}

/* A store of the birth record alone: tables and migrations are there. */
static void begin(const struct traffic *traffic)
{
    struct lived lived;

    lived_open(&lived, "begin.db", traffic->part);
    lived_apply(&lived, 1, 1);
    lived_close(&lived);
}

static void open_lost(struct lived *lived, const struct traffic *traffic, const char *proof)
{
    struct evt_error err;

    bench_copy("begin.db", "core.db");
    lived_open(lived, "core.db", traffic->part);
    /* What it sent was acknowledged, as the group's offset proves. */
    bench_need(evt_shard_hold_back(lived->shard, (int64_t)traffic->part->n - 1, proof, &err), &err);
}

static struct floor *record(const struct traffic *traffic, const char *proof, bool reads)
{
    struct lived lived;
    struct floor *floor;

    open_lost(&lived, traffic, proof);
    floor = floor_record(evt_store_db(evt_shard_store(lived.shard)), reads);
    lived_catch_up(&lived, BATCH);
    floor_record_end(floor);
    lived_close(&lived);
    return floor;
}

/* Seconds of each pass. */
struct passes {
    double core[PASSES], floor[PASSES], reads[PASSES];
};

static double floor_batch(struct floor *floor)
{
    double begin_us = bench_now_us();

    floor_run(floor, 1);
    return (bench_now_us() - begin_us) / 1e6;
}

static double core_batch(struct lived *lived, size_t n)
{
    double begin_us = bench_now_us();

    lived_apply(lived, n, BATCH);
    return (bench_now_us() - begin_us) / 1e6;
}

static void open_floor(struct floor *floor, const char *name)
{
    bench_copy("begin.db", name);
    floor_open(floor, name);
}

/* One rebuild of each, batch by batch in turns. */
static bool run(const struct traffic *traffic, const char *proof, struct floor *floor,
                struct floor *reads, struct passes *passes, size_t at)
{
    struct lived lived;
    uint64_t hash = lived_hash("lived.db");

    open_lost(&lived, traffic, proof);
    open_floor(floor, "floor.db");
    open_floor(reads, "reads.db");
    passes->core[at] = passes->floor[at] = passes->reads[at] = 0;
    for (size_t left = traffic->part->n - 1, n; left > 0; left -= n) {
        n = left < BATCH ? left : BATCH;
        passes->core[at] += core_batch(&lived, n);
        passes->floor[at] += floor_batch(floor);
        passes->reads[at] += floor_batch(reads);
    }
    lived_close(&lived);
    floor_close(floor);
    floor_close(reads);
    return lived_hash("core.db") == hash && lived_hash("floor.db") == hash &&
           lived_hash("reads.db") == hash;
}

static bool compare(const struct traffic *traffic, const char *proof)
{
    struct floor *floor = record(traffic, proof, false);
    struct floor *reads = record(traffic, proof, true);
    struct passes passes;
    double records = (double)(traffic->part->n - 1), core_rate, floor_rate, reads_rate;
    bool exact = true;

    for (size_t i = 0; i < PASSES; i++)
        exact = run(traffic, proof, floor, reads, &passes, i) && exact;
    core_rate = records / bench_median(passes.core, PASSES);
    floor_rate = records / bench_median(passes.floor, PASSES);
    reads_rate = records / bench_median(passes.reads, PASSES);
    printf("bench=rebuild batch=%d folder=%s records=%.0f changes_per_record=%.2f core_per_s=%.0f "
           "floor_per_s=%.0f ratio=%.2f aim=0.60 floor_with_reads_per_s=%.0f "
           "ratio_with_reads=%.2f check=%s\n",
           BATCH, bench_folder(), records, (double)floor_changes(floor) / records, core_rate,
           floor_rate, core_rate / floor_rate, reads_rate, core_rate / reads_rate,
           exact ? "exact" : "mismatch");
    floor_free(floor);
    floor_free(reads);
    return exact;
}

int main(int argc, char **argv)
{
    char proof[EVT_PROOF_LEN];
    struct traffic *traffic;
    bool exact;

    bench_begin(argc > 1 ? argv[1] : NULL);
    traffic = live(proof);
    begin(traffic);
    exact = compare(traffic, proof);
    traffic_free(traffic);
    return exact ? EXIT_SUCCESS : EXIT_FAILURE;
}

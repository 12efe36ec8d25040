/* Shard bench: ReserveStock through the whole core (mark, decoding, svc-product's handler,
 * encoding, queue, commit) beside the same row changes with prepared statements alone.
 *
 *     shard [folder]     where the stores lie; default TMPDIR, else /tmp
 *
 * Both stores grow round by round alike, and must be equal at the end: else the figures mean
 * nothing. "with reads" is the floor that makes the handler's two look-ups, too: without them
 * nobody could decide. */
#include "bench.h"
#include "floor.h"
#include "lived.h"
#include "traffic.h"

#include <evt/mem.h>
#include <evt/store.h>

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 101

struct size {
    size_t batch, per_round;
};

struct rounds {
    double core[ROUNDS], floor[ROUNDS], reads[ROUNDS];
};

/* The log, and a store that has applied the products but no reservation. */
static struct traffic *prepare(size_t reservations)
{
    struct traffic *traffic = traffic_new(3600000);
    struct lived lived;

    traffic_products(traffic);
    lived_open(&lived, "begin.db", traffic->part);
    lived_catch_up(&lived, 1000);
    lived_close(&lived);
    for (size_t i = 0; i < reservations; i++)
        traffic_reserve(traffic);
    return traffic;
}

static struct floor *record(const struct traffic *traffic, const char *name, size_t batch,
                            bool reads)
{
    struct lived lived;
    struct floor *floor;

    bench_copy("begin.db", name);
    lived_open(&lived, name, traffic->part);
    floor = floor_record(evt_store_db(evt_shard_store(lived.shard)), reads);
    lived_catch_up(&lived, batch);
    floor_record_end(floor);
    lived_close(&lived);
    bench_copy("begin.db", name);
    floor_open(floor, name);
    return floor;
}

static double floor_round(struct floor *floor, const struct size *size)
{
    double begin = bench_now_us();

    floor_run(floor, size->per_round / size->batch);
    return (bench_now_us() - begin) / (double)size->per_round;
}

static double core_round(struct lived *lived, const struct size *size)
{
    double begin = bench_now_us();

    lived_apply(lived, size->per_round, size->batch);
    return (bench_now_us() - begin) / (double)size->per_round;
}

static bool compare(const struct size *size)
{
    size_t messages = ROUNDS * size->per_round;
    struct traffic *traffic = prepare(messages);
    struct floor *floor = record(traffic, "floor.db", size->batch, false);
    struct floor *reads = record(traffic, "reads.db", size->batch, true);
    struct lived lived;
    struct rounds rounds;
    double core_us, floor_us, reads_us;
    bool exact;

    bench_copy("begin.db", "core.db");
    lived_open(&lived, "core.db", traffic->part);
    for (size_t i = 0; i < ROUNDS; i++) {
        rounds.core[i] = core_round(&lived, size);
        rounds.floor[i] = floor_round(floor, size);
        rounds.reads[i] = floor_round(reads, size);
    }
    lived_close(&lived);
    floor_close(floor);
    floor_close(reads);
    exact = lived_hash("core.db") == lived_hash("floor.db") &&
            lived_hash("core.db") == lived_hash("reads.db");
    core_us = bench_median(rounds.core, ROUNDS);
    floor_us = bench_median(rounds.floor, ROUNDS);
    reads_us = bench_median(rounds.reads, ROUNDS);
    printf("bench=shard batch=%zu folder=%s messages=%zu changes_per_message=%.2f core_us=%.2f "
           "floor_us=%.2f ratio=%.2f aim=%s floor_with_reads_us=%.2f ratio_with_reads=%.2f "
           "check=%s\n",
           size->batch, bench_folder(), messages, (double)floor_changes(floor) / (double)messages,
           core_us, floor_us, core_us / floor_us, size->batch == 100 ? "1.60" : "none", reads_us,
           core_us / reads_us, exact ? "exact" : "mismatch");
    fflush(stdout);
    floor_free(floor);
    floor_free(reads);
    traffic_free(traffic);
    return exact;
}

int main(int argc, char **argv)
{
    static const struct size sizes[] = {{1, 100}, {10, 500}, {100, 1000}};
    bool exact = true;

    bench_begin(argc > 1 ? argv[1] : NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        exact = compare(&sizes[i]) && exact;
    return exact ? EXIT_SUCCESS : EXIT_FAILURE;
}

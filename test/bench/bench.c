/* Bench: time, medians, and a folder for stores. */
#include "bench.h"

#include <evt/fs.h>
#include <evt/mem.h>
#include <evt/snapshot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPIN_US 60 /* sleeping wakes up late */

static char parent_folder[BENCH_PATH_MAX], folder[BENCH_PATH_MAX];

double bench_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

void bench_sort(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), by_size);
}

double bench_median(const double *rounds, size_t n)
{
    double sorted[BENCH_ROUNDS_MAX];

    EVT_BUG_ON(n == 0 || n > BENCH_ROUNDS_MAX);
    memcpy(sorted, rounds, n * sizeof(*sorted));
    bench_sort(sorted, n);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_quantile(const double *sorted, size_t n, double q)
{
    EVT_BUG_ON(n == 0);
    return sorted[(size_t)((double)(n - 1) * q + 0.5)];
}

void bench_wait_until(double at_us)
{
    const double left_us = at_us - bench_now_us() - SPIN_US;

    if (left_us > 0) {
        const struct timespec left = {(time_t)(left_us / 1e6),
                                      (long)((int64_t)(left_us * 1e3) % 1000000000)};

        nanosleep(&left, NULL);
    }
    while (bench_now_us() < at_us) {
    }
}

void bench_need(enum evt_err rc, const struct evt_error *err)
{
    if (rc == EVT_OK)
        return;
    fprintf(stderr, "bench: %s\n", err->text);
    exit(EXIT_FAILURE);
}

static void remove_file(void *arg, const char *name)
{
    char path[BENCH_PATH_MAX];

    (void)arg;
    bench_path(path, name);
    (void)unlink(path);
}

static void remove_folder(void)
{
    if (evt_fs_posix.list(evt_fs_posix.self, folder, remove_file, NULL, NULL) == EVT_OK)
        (void)rmdir(folder);
}

void bench_begin(const char *parent)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(parent_folder, sizeof(parent_folder), "%s", parent ? parent : tmp ? tmp : "/tmp");
    snprintf(folder, sizeof(folder), "%.200s/evt-bench-XXXXXX", parent_folder);
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    atexit(remove_folder);
}

const char *bench_folder(void)
{
    return parent_folder;
}

void bench_path(char ret_path[BENCH_PATH_MAX], const char *name)
{
    snprintf(ret_path, BENCH_PATH_MAX, "%.220s/%.32s", folder, name);
}

void bench_copy(const char *from, const char *to)
{
    char from_path[BENCH_PATH_MAX], to_path[BENCH_PATH_MAX];
    struct evt_error err;

    bench_path(from_path, from);
    bench_path(to_path, to);
    bench_need(evt_store_remove(NULL, to_path, &err), &err);
    bench_need(evt_fs_posix.copy(evt_fs_posix.self, from_path, to_path, &err), &err);
}

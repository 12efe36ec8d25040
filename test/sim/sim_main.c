/* Sim main: runs seeds, one history each, and sums up. */
#include "sim_world.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, FAILURES_MAX = 10, SEEDS_FOR_ALL_KINDS = 1000 };

static const char usage[] =
    "usage: sim [--seed N | --seeds N [--from M] [--jobs J]]\n"
    "  --seed N    one history, with a trace of what happened where\n"
    "  --directed NAME  the same of a directed history; all: every one, without traces\n"
    "  --seeds N   so many histories (1000)\n"
    "  --from M    the first seed (1)\n"
    "  --jobs J    processes that share them (1)\n"
    "  --stop      end at the first that fails, not at the tenth\n";

struct options {
    uint64_t seed, seeds, from;
    unsigned jobs;
    bool one;
    const char *directed;
    uint64_t failures_max;
};

/* What a process of its own reports through shared memory. */
struct share {
    struct sim_stats stats;
    uint64_t failures;
    uint64_t at; /* the seed that runs now: a crash is its failure */
    uint64_t first_failed;
};

static volatile uint64_t *seed_now; /* for the handler below */

/* Of what may be called here, write is enough. */
static void say_seed(int signal_number)
{
    char text[] = "\nseed                     died\n";
    size_t at = 25;

    for (uint64_t rest = *seed_now; at > 6; rest /= 10) {
        text[at--] = (char)('0' + rest % 10);
        if (rest < 10)
            break;
    }
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(3);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static bool number(const char *text, uint64_t *ret_number)
{
    char *end;

    *ret_number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool parse(int argc, char **argv, struct options *opt)
{
    static const struct option longs[] = {{"seed", required_argument, NULL, 's'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"directed", required_argument, NULL, 'd'},
                                          {"stop", no_argument, NULL, 'x'},
                                          {NULL, 0, NULL, 0}};
    uint64_t jobs = 1;
    bool right = true;
    int c;

    *opt = (struct options){.seeds = 1000, .from = 1, .failures_max = FAILURES_MAX};
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
        switch (c) {
        case 's':
            opt->one = true;
            right = number(optarg, &opt->seed) && right;
            break;
        case 'n':
            right = number(optarg, &opt->seeds) && opt->seeds > 0 && right;
            break;
        case 'f':
            right = number(optarg, &opt->from) && right;
            break;
        case 'j':
            right = number(optarg, &jobs) && jobs >= 1 && jobs <= JOBS_MAX && right;
            break;
        case 'd':
            opt->directed = optarg;
            break;
        case 'x':
            opt->failures_max = 1;
            break;
        default:
            return false;
        }
    opt->jobs = (unsigned)jobs;
    return right && optind == argc;
}

static void run_seeds(const struct options *opt, unsigned job, struct share *share)
{
    struct sim_world *world = sim_world_new(&share->stats);

    for (uint64_t i = job; i < opt->seeds && share->failures < opt->failures_max; i += opt->jobs) {
        const uint64_t seed = opt->from + i;

        share->at = seed;
        if (sim_world_run(world, seed, false))
            continue;
        if (share->failures++ == 0)
            share->first_failed = seed;
        printf("failed: seed %" PRIu64 ": %s\n", seed, world->failure);
        fflush(stdout);
    }
    sim_world_free(world);
}

static void add(struct sim_stats *sum, const struct sim_stats *stats)
{
    sum->histories += stats->histories;
    sum->records += stats->records;
    sum->held += stats->held;
    sum->dead_letters += stats->dead_letters;
    sum->rebuilds += stats->rebuilds;
    sum->restarts += stats->restarts;
    sum->refusals += stats->refusals;
    sum->effects += stats->effects;
    sum->trips += stats->trips;
    sum->trips_undone += stats->trips_undone;
    sum->trips_retried += stats->trips_retried;
    sum->trips_settled += stats->trips_settled;
    sum->orders += stats->orders;
    sum->confirmed += stats->confirmed;
    sum->rejected += stats->rejected;
    sum->cancelled += stats->cancelled;
    sum->refunded += stats->refunded;
    sum->orders_retried += stats->orders_retried;
    for (size_t i = 0; i < SIM_FAULT_KINDS; i++)
        sum->faults[i] += stats->faults[i];
}

/* Faults that were planned, so that noise like holes does not count as one. */
static uint64_t faults_of(const struct sim_stats *stats)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < SIM_FAULT_KINDS; i++)
        if (i != SIM_FAULT_HOLE && i != SIM_FAULT_REPORT_LATE && i != SIM_FAULT_ANSWER_LOST &&
            i != SIM_FAULT_OUTCOME_LOST && i != SIM_FAULT_OUTCOME_REPEATED)
            sum += stats->faults[i];
    return sum;
}

/* Returns the kinds that never happened. */
static unsigned sum_up(const struct sim_stats *stats, double seconds)
{
    const double n = stats->histories > 0 ? (double)stats->histories : 1;
    unsigned missing = 0;

    printf("%" PRIu64 " histories, %.0f a second (each %.0f records, %.1f faults, %.1f starts): ",
           stats->histories, n / seconds, (double)stats->records / n, (double)faults_of(stats) / n,
           (double)stats->restarts / n);
    for (size_t i = 0; i < SIM_FAULT_KINDS; i++) {
        printf("%s%s %" PRIu64, i == 0 ? "" : ", ", sim_fault_str((enum sim_fault)i),
               stats->faults[i]);
        missing += stats->faults[i] == 0;
    }
    printf("; held %" PRIu64 ", dead letters %" PRIu64 ", rebuilds %" PRIu64 ", sagas %" PRIu64
           ", undone %" PRIu64 ", taken up again %" PRIu64 ", settled %" PRIu64 "\n",
           stats->held, stats->dead_letters, stats->rebuilds, stats->trips, stats->trips_undone,
           stats->trips_retried, stats->trips_settled);
    printf("orders %" PRIu64 ": confirmed %" PRIu64 ", rejected %" PRIu64 ", cancelled %" PRIu64
           ", refunded %" PRIu64 "; taken up again %" PRIu64 "\n",
           stats->orders, stats->confirmed, stats->rejected, stats->cancelled, stats->refunded,
           stats->orders_retried);
    return missing;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int run_one(uint64_t seed)
{
    struct share share = {.at = seed};
    struct sim_world *world;
    bool held;

    seed_now = &share.at;
    world = sim_world_new(&share.stats);
    held = sim_world_run(world, seed, true);
    if (!held)
        printf("failed: seed %" PRIu64 ": %s\n", seed, world->failure);
    else
        sum_up(&share.stats, 1);
    sim_world_free(world);
    return held ? 0 : 1;
}

static int run_directed(const char *name)
{
    const bool all = strcmp(name, "all") == 0;
    struct share share = {.at = 0};
    struct sim_world *world;
    unsigned passed = 0, failed = 0;

    seed_now = &share.at;
    world = sim_world_new(&share.stats);
    for (const struct sim_directed *directed = sim_directed; directed->name != NULL; directed++) {
        if (!all && strcmp(name, directed->name) != 0)
            continue;
        if (sim_world_run_directed(world, directed, !all)) {
            passed++;
            continue;
        }
        failed++;
        printf("failed: %s: %s\n", directed->name, world->failure);
    }
    sim_world_free(world);
    if (passed + failed == 0)
        fprintf(stderr, "sim: there is no directed history %s\n", name);
    printf("%u passed, %u failed\n", passed, failed);
    return passed > 0 && failed == 0 ? 0 : 1;
}

static int run_all(const struct options *opt)
{
    struct share *shares = mmap(NULL, opt->jobs * sizeof *shares, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sim_stats sum = {.histories = 0};
    const double begun = now();
    uint64_t failures = 0;
    unsigned missing;
    bool died = false;

    if (shares == MAP_FAILED) {
        perror("sim: mmap");
        return 1;
    }
    for (unsigned job = 0; job < opt->jobs && opt->jobs > 1; job++) {
        const pid_t pid = fork();

        if (pid == 0) {
            seed_now = &shares[job].at;
            run_seeds(opt, job, &shares[job]);
            exit(0);
        }
        died = died || pid < 0;
    }
    if (opt->jobs == 1) {
        seed_now = &shares[0].at;
        run_seeds(opt, 0, &shares[0]);
    }
    for (int status; wait(&status) > 0;)
        died = died || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    for (unsigned job = 0; job < opt->jobs; job++) {
        add(&sum, &shares[job].stats);
        failures += shares[job].failures;
    }
    munmap(shares, opt->jobs * sizeof *shares);
    failures += died;
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n",
           sum.histories > failures ? sum.histories - failures : 0, failures);
    missing = sum_up(&sum, now() - begun);
    if (opt->seeds >= SEEDS_FOR_ALL_KINDS && missing > 0 && failures == 0) {
        printf("%u kinds of faults never happened\n", missing);
        return 1;
    }
    return failures > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options opt;

    if (!parse(argc, argv, &opt)) {
        fputs(usage, stderr);
        return 2;
    }
    signal(SIGABRT, say_seed);
    signal(SIGSEGV, say_seed);
    if (opt.directed != NULL)
        return run_directed(opt.directed);
    return opt.one ? run_one(opt.seed) : run_all(&opt);
}
